package central_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// until waits for something that happens soon.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen that " + what)
		}
	}
}

// lock runs a statement in a transaction of its own, and leaves that open.
func (d *desk) lock(statement string, args ...any) pgx.Tx {
	d.t.Helper()
	tx, err := d.db.Begin(context.Background())
	if err == nil {
		_, err = tx.Exec(d.t.Context(), statement, args...)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

// waiting counts the statements that wait for a lock.
func (d *desk) waiting(like string) int {
	return ask[int](d, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`, like)
}

func TestCompare_that_nobody_waits_for_holds_no_slot(t *testing.T) {
	d := openDesk(t, func(c *central.Config) { c.InFlight, c.Patience = 1, 2*time.Second })
	o, _ := d.traded(5)
	other, _ := d.traded(6)
	o.push()
	leave := d.Occupy(o.id)
	head, digest := o.StateDigest()
	q := wire.Compare{Epoch: 1, Seq: head.Seq, Hash: head.Hash, Digest: digest}
	refusedWith(t, o.post(wire.PathCompare, q, nil), wire.ProblemUnavailable)
	other.push()
	leave()
	if c := o.compare(); !c.Equal {
		t.Fatalf("%+v", c)
	}
}

func TestClose_ends_what_waits_for_a_store(t *testing.T) {
	d := openDesk(t, func(c *central.Config) { c.Patience = time.Minute })
	o, _ := d.traded(5)
	d.lock("SELECT FROM store FOR UPDATE")
	failed := make(chan error)
	go func() {
		_, err := o.put(o.batch(o.at(0), 5))
		failed <- err
	}()
	until(t, "the push waits", func() bool { return d.waiting("%FOR UPDATE%") == 1 })
	start := time.Now()
	d.Close()
	refusedWith(t, <-failed, wire.ProblemUnavailable)
	if took := time.Since(start); took > 20*time.Second {
		t.Fatalf("closing took %s", took)
	}
}

func TestOpen_waits_for_the_copy_that_changes_the_schema(t *testing.T) {
	d := openDesk(t)
	changing := d.lock("SELECT pg_advisory_xact_lock(x'7368656c6664'::bigint)")
	opened := make(chan error)
	cfg := central.Config{Database: d.database, Clock: store.SystemClock(), Patience: 50 * time.Millisecond}
	go func() {
		c, err := central.Open(t.Context(), cfg)
		if err == nil {
			c.Close()
		}
		opened <- err
	}()
	patient := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND wait_event = 'advisory' AND now() - query_start > interval '300 ms'`
	until(t, "it waits", func() bool {
		select {
		case err := <-opened:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		return ask[int](d, patient) == 1
	})
	if err := changing.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}

func TestOpen_folds_on_beside_everything_else_and_until_it_is_done(t *testing.T) {
	database := centraltest.Start(t)
	d := openDeskOver(t, database)
	o, _ := d.traded(30)
	o.push()
	if _, err := d.db.Exec(t.Context(), "UPDATE store SET folded_seq = 0, items = 0"); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"stock", "document", "document_version"} {
		if _, err := d.db.Exec(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	held := d.lock("SELECT FROM store FOR UPDATE")
	openDeskOver(t, database, func(c *central.Config) { c.Patience = 100 * time.Millisecond })
	until(t, "both listen", func() bool {
		return ask[int](d, "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN shelfd_command' AND datname = current_database()") == 2
	})
	until(t, "it gave up once", func() bool { return d.waiting("%FOR UPDATE%") == 1 })
	until(t, "it gave up once", func() bool { return d.waiting("%FOR UPDATE%") == 0 })
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "it is folded", func() bool { return ask[int](d, "SELECT count(*) FROM store WHERE folded_seq < acked_seq") == 0 })
	d.equal(o)
}

func TestOpen_survives_an_entry_that_panics(t *testing.T) {
	d := openDesk(t)
	o, _ := d.traded(30)
	o.push()
	if _, err := d.db.Exec(t.Context(), "UPDATE store SET folded_seq = folded_seq - 1"); err != nil {
		t.Fatal(err)
	}
	d.Older(func([]byte) bool { panic("an entry") })
	if err := d.FoldOnce(t.Context(), o.id); err == nil || !strings.Contains(err.Error(), "an entry") {
		t.Fatal(err)
	}
	d.Older(func([]byte) bool { return false })
	if c := o.compare(); !c.Equal || !c.Refolded {
		t.Fatalf("%+v", c)
	}
}
