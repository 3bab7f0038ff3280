package sqlite

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name())
	}
	slices.Sort(names)
	return names
}

// read gives the bytes of a database that nobody has open.
func read(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(dir + "/" + FileName)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readOnly(dir string) Options {
	o := options(dir)
	o.ReadOnly = true
	return o
}

func TestReadOnlyBesideARunningServer(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 10)
	r := open(t, readOnly(o.Dir))
	c.sales(t, d, 10)
	if m, err := r.Meta(t.Context()); err != nil || m.Seq != 20 || m.Hash != c.hash {
		t.Fatalf("beside the server the head is %v, %v; want 20", m.Seq, err)
	}
	err := r.Append(t.Context(), &store.Batch{Rows: []store.Row{c.row(movement(1, 1, 1), 1, 0)}})
	if store.CodeOf(err) != store.CodeReadOnly {
		t.Fatalf("appending to a read-only ledger: %v", err)
	}
	if err := r.pool.with(t.Context(), func(c *conn) error { return c.run("DELETE FROM head") }); err == nil {
		t.Fatal("a reading connection could write")
	}
	shut(t, r)
	shut(t, d)
}

func TestReadOnlyMakesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), readOnly(dir+"/sub")); store.CodeOf(err) != store.CodeNotFound {
		t.Fatalf("opening a missing ledger to read: %v", err)
	}
	if names := files(t, dir); len(names) != 0 {
		t.Fatalf("opening to read made %v", names)
	}
}

func TestReadOnlyOfAClosedLedgerLeavesTheDatabaseAsItWas(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 10)
	shut(t, d)
	before := read(t, o.Dir)
	r := open(t, readOnly(o.Dir))
	if m, err := r.Meta(t.Context()); err != nil || m.Seq != 10 || !m.Clean {
		t.Fatalf("meta of a closed ledger: %+v, %v", m, err)
	}
	shut(t, r)
	if !bytes.Equal(before, read(t, o.Dir)) {
		t.Error("reading changed the database")
	}
	d = open(t, o)
	if m, err := d.Meta(t.Context()); err != nil || !m.Clean {
		t.Fatalf("after a reading the ledger is %+v, %v", m, err)
	}
	shut(t, d)
}

func TestReadOnlyOfALedgerLeftInAHurry(t *testing.T) {
	from, to := options(t.TempDir()), options(t.TempDir())
	d, c := open(t, from), &chain{}
	c.sales(t, d, 10)
	copyLedger(t, from.Dir, to.Dir)
	shut(t, d)
	r := open(t, readOnly(to.Dir))
	if m, err := r.Meta(t.Context()); err != nil || m.Seq != 10 || m.Clean {
		t.Fatalf("meta of a ledger that was not closed: %+v, %v", m, err)
	}
	shut(t, r)
}

// copyLedger copies the files as a power cut would leave them. They are read
// with SQLite holding them, which is safe only because nothing writes.
func copyLedger(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{FileName, FileName + "-wal"} {
		b, err := os.ReadFile(from + "/" + name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+"/"+name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
