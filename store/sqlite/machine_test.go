package sqlite

import (
	"bytes"
	"errors"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// on opens a ledger on a machine and tells whether it was moved there.
func on(t *testing.T, o Options, machine string) (*DB, bool) {
	t.Helper()
	o.Machine = machine
	d := open(t, o)
	m, err := d.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d, m.Moved
}

func wantMoved(t *testing.T, o Options, machine string, want bool) {
	t.Helper()
	d, moved := on(t, o, machine)
	defer shut(t, d)
	if moved != want {
		t.Errorf("on %q moved is %v; want %v", machine, moved, want)
	}
}

func TestALedgerIsBoundToTheMachineItWasMadeOn(t *testing.T) {
	o := options(t.TempDir())
	wantMoved(t, o, "shop", false)
	wantMoved(t, o, "shop", false)
	wantMoved(t, o, "copy", true)
	wantMoved(t, o, "copy", true)
	wantMoved(t, o, "shop", false)
	wantMoved(t, o, "", false)
	if bytes.Contains(read(t, o.Dir), []byte("shop")) {
		t.Error("the file tells the id of the machine")
	}
}

func TestALedgerFromBeforeIsBoundToTheFirstMachineThatSaysItsName(t *testing.T) {
	o := options(t.TempDir())
	wantMoved(t, o, "", false)
	wantMoved(t, o, "shop", false)
	wantMoved(t, o, "copy", true)
}

func TestAMovedLedgerStillTakesEntriesAndIsBoundByBind(t *testing.T) {
	o := options(t.TempDir())
	wantMoved(t, o, "shop", false)
	d, moved := on(t, o, "copy")
	if new(chain).sales(t, d, 1); !moved {
		t.Fatal("the copy was not noticed")
	}
	if err := d.Bind(t.Context(), "copy"); err != nil {
		t.Fatal(err)
	}
	if m, err := d.Meta(t.Context()); err != nil || m.Moved {
		t.Errorf("after binding: %+v, %v", m, err)
	}
	shut(t, d)
	wantMoved(t, o, "copy", false)
	wantMoved(t, o, "shop", true)
}

func TestALedgerThatIsLetGoIsBoundAnew(t *testing.T) {
	o := options(t.TempDir())
	d, _ := on(t, o, "shop")
	if err := d.Bind(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	wantMoved(t, o, "copy", false)
	wantMoved(t, o, "shop", true)
}

func TestACrashBeforeTheFirstCommitBindsNothing(t *testing.T) {
	from, to := options(t.TempDir()), options(t.TempDir())
	d, _ := on(t, from, "shop")
	copyLedger(t, from.Dir, to.Dir)
	shut(t, d)
	wantMoved(t, to, "shop", false)
	wantMoved(t, to, "copy", true)
}

func TestACopyOnAFullDiskIsNoticed(t *testing.T) {
	o := options(t.TempDir())
	d, _ := on(t, o, "shop")
	new(chain).sales(t, d, 100)
	shut(t, d)
	o.maxPages = 1
	d, moved := on(t, o, "copy")
	if !moved {
		t.Error("the copy was not noticed")
	}
	if err := d.Bind(t.Context(), "copy"); err == nil {
		if m, err := d.Meta(t.Context()); err != nil || m.Moved {
			t.Errorf("%+v, %v", m, err)
		}
	}
	shut(t, d)
}

func TestTheEpochIsThatOfTheNewestEntry(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 3)
	r := c.row(event(`{}`), 0, 0)
	r.Entry.Epoch = 2
	c.hash = store.Hash{7}
	r.Bytes, r.Hash = store.AppendEntry(nil, r.Entry), c.hash
	write(t, d, &store.Batch{Rows: []store.Row{r}})
	shut(t, d)
	d = open(t, o)
	defer shut(t, d)
	if m, err := d.Meta(t.Context()); err != nil || m.Epoch != 1 || m.Head.Epoch != 2 || m.Seq != 4 {
		t.Errorf("meta %+v, %v", m, err)
	}
}

func TestALastEntryThatIsNotOneIsDamage(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 3)
	r := c.row(event(`{}`), 0, 0)
	r.Bytes = []byte(`{"id":`)
	write(t, d, &store.Batch{Rows: []store.Row{r}})
	_, err := d.Meta(t.Context())
	if damage, ok := errors.AsType[*store.DamageError](err); !ok || damage.Seq != 4 {
		t.Errorf("meta gives %v", err)
	}
	shut(t, d)
}
