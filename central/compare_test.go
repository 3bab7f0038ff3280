package central_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestCompare_folds_anew_what_differs(t *testing.T) {
	d := openDesk(t)
	o, s := d.traded(200)
	o.push()
	d.equal(o)
	for _, damage := range []string{
		"UPDATE stock SET quantity = quantity + 1 WHERE no = 2", "DELETE FROM stock WHERE no = 1",
		"UPDATE document SET seq = 1 WHERE type = 'product'",
	} {
		if _, err := d.db.Exec(t.Context(), damage); err != nil {
			t.Fatal(err)
		}
		if c := o.compare(); !c.Equal || !c.Refolded {
			t.Fatalf("%s: %+v", damage, c)
		}
		d.equal(o)
		// What was in memory is of the fold before.
		s.trade(20)
		o.push()
		d.equal(o)
	}
	s.trade(10)
	head, digest := o.StateDigest()
	ask := wire.Compare{Epoch: 1, Seq: head.Seq, Hash: head.Hash, Digest: digest}
	if p := refusedWith(t, o.post(wire.PathCompare, ask, nil), wire.ProblemGap); p.Wanted != o.cursor().AckedSeq+1 {
		t.Fatalf("%+v", p)
	}
}

func TestCompare_lets_no_copy_go_on_with_what_was_wrong(t *testing.T) {
	d := openDesk(t)
	other := openDeskOver(t, d.database)
	shop := storetest.Open(t)
	item := shop.Stocked("A", 100)
	o := d.enrol(shop)
	o.push()
	if _, err := d.db.Exec(t.Context(), "UPDATE stock SET value = value + 5"); err != nil {
		t.Fatal(err)
	}
	twin := *o
	twin.url = other.url
	sell := func() { shop.Adjust(item, -1, store.Sale) }
	sell()
	twin.push() // has the wrong value in memory now
	if c := o.compare(); !c.Equal || !c.Refolded {
		t.Fatalf("%+v", c)
	}
	// Everything is as it was for the other copy, but for the fold.
	sell()
	twin.push()
	d.equal(o)
}
