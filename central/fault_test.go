package central_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// patient pushes everything, whatever fails in between, and says how often
// something did. What it is told must be a refusal to come back after.
func (o *outlet) patient(t *testing.T) (failures int) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		c, err := o.cursorAt("")
		for err == nil && c.AckedSeq < o.Head().Seq {
			var ack *wire.Ack
			if ack, err = o.put(o.batch(o.at(c.AckedSeq), o.Head().Seq)); err == nil {
				c.AckedSeq = ack.AckedSeq
			}
		}
		if err == nil {
			return failures
		}
		if p, ok := errors.AsType[*wire.Problem](err); !ok || p.Code != wire.ProblemUnavailable || p.RetryAfter == 0 {
			t.Errorf("told %v", err)
			return failures
		}
		failures++
	}
	t.Error("never came to the end")
	return failures
}

func TestFault_loses_and_doubles_nothing_when_PostgreSQL_goes_away(t *testing.T) {
	cluster := centraltest.NewCluster(t)
	d := openDeskOver(t, cluster.Database(t))
	var outlets []*outlet
	for n := range 4 {
		o, _ := d.traded(400 + n)
		o.limits.Entries = 5
		outlets = append(outlets, o)
	}
	var all sync.WaitGroup
	failures := make([]int, len(outlets))
	for n, o := range outlets {
		all.Go(func() { failures[n] = o.patient(t) })
	}
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 4 {
		acked := ask[int64](d, "SELECT sum(acked_seq) FROM store")
		for want := acked + r.Int64N(120); acked < want && acked < total(outlets); {
			acked = ask[int64](d, "SELECT sum(acked_seq) FROM store")
		}
		stop := cluster.Kill
		if n%2 == 0 {
			stop = cluster.Stop
		}
		if err := errors.Join(stop(), cluster.Start()); err != nil {
			t.Fatal(err)
		}
		d.db.Reset()
	}
	all.Wait()
	if failed := failures[0] + failures[1] + failures[2] + failures[3]; failed == 0 {
		t.Error("nobody noticed")
	}
	for _, o := range outlets {
		d.equal(o)
	}
}

func total(outlets []*outlet) (n int64) {
	for _, o := range outlets {
		n += o.Head().Seq
	}
	return n
}

func TestFault_acknowledges_nothing_before_it_is_committed(t *testing.T) {
	d := openDesk(t)
	o, s := d.traded(50)
	o.push()
	s.trade(20)
	before := o.cursor().AckedSeq
	for _, statement := range []string{
		"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'at commit'; END $$",
		"CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON store DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
	} {
		if _, err := d.db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, err := o.put(o.batch(o.at(before), o.Head().Seq))
		if p := refusedWith(t, err, wire.ProblemUnavailable); p.RetryAfter == 0 {
			t.Fatalf("%+v", p)
		}
	}
	if _, err := d.db.Exec(t.Context(), "DROP TRIGGER fail ON store"); err != nil {
		t.Fatal(err)
	}
	if c := o.cursor(); c.AckedSeq != before {
		t.Fatalf("%+v", c)
	}
	o.push()
	d.equal(o)
}
