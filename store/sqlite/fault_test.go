package sqlite

import (
	"testing"

	"github.com/shelfd/shelfd/store"
)

// fill appends until the disk is full and gives the chain of what was
// acknowledged.
func fill(t *testing.T, d *DB, c *chain) *chain {
	t.Helper()
	for {
		good, b := *c, &store.Batch{}
		for range 50 {
			b.Rows = append(b.Rows, c.row(movement(1, 1, 1), 1, 0))
		}
		err := d.Append(t.Context(), b)
		if store.CodeOf(err) == store.CodeStorageFull {
			return &good
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskLosesNothingAndBlocksNothing(t *testing.T) {
	o := options(t.TempDir())
	o.maxPages = 60
	d := open(t, o)
	good := fill(t, d, &chain{})
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != good.seq || m.Hash != good.hash {
		t.Fatalf("after a full disk the head is %d, %v; want %d", m.Seq, err, good.seq)
	}
	if _, err := d.writer.conn.integer("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	good.sales(t, d, 100)
	shut(t, d)
	d = open(t, options(o.Dir))
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != good.seq || !m.Clean {
		t.Fatalf("reopened: %+v, %v", m, err)
	}
	shut(t, d)
}

// A constraint that is checked in COMMIT is the one failure of COMMIT that needs
// no failing disk.
func TestAnyOtherFailureOfCommitIsUnknown(t *testing.T) {
	d, c := opened(t), &chain{}
	err := d.writer.tx("test", func(c *conn) error {
		return c.script(`CREATE TABLE a (x INTEGER PRIMARY KEY);
			CREATE TABLE b (x INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED);
			INSERT INTO b VALUES (1)`)
	})
	if store.CodeOf(err) != store.CodeOutcomeUnknown {
		t.Fatalf("a failed COMMIT: %v", err)
	}
	err = d.Append(t.Context(), &store.Batch{Rows: []store.Row{c.row(movement(1, 1, 1), 1, 0)}})
	if store.CodeOf(err) != store.CodeOutcomeUnknown {
		t.Fatalf("the next batch: %v", err)
	}
}

func TestTheLogIsCheckpointedBetweenBatches(t *testing.T) {
	d, c := opened(t), &chain{}
	c.sales(t, d, 80_000)
	s, err := d.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	if s.WAL == 0 || s.WAL > 2*checkpointPages*page {
		t.Errorf("the log has %d bytes", s.WAL)
	}
	if s.Database < 10<<20 || s.Free == 0 {
		t.Errorf("size %+v", s)
	}
}
