package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestACopyIsOfOneMomentWhileOthersWrite(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 500)
	defer shut(t, d)
	ctx, stop := context.WithCancel(t.Context())
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		for ctx.Err() == nil {
			c.sales(t, d, 20)
		}
	}()
	for n := range 5 {
		before, err := d.Meta(t.Context())
		must(t, err)
		to := options(t.TempDir())
		copied, err := Copy(t.Context(), o.Dir, filepath.Join(to.Dir, FileName))
		must(t, err)
		if copied.Store != id(1) || copied.Head.Seq < before.Seq || copied.Version != "1.2.3" || copied.Bytes == 0 {
			t.Fatalf("copy %d has %+v; before it the head was %d", n, copied, before.Seq)
		}
		to.ReadOnly = true
		again := open(t, to)
		m, err := again.Meta(t.Context())
		if err != nil || m.Seq != copied.Head.Seq || m.Hash != copied.Head.Hash || !m.Clean {
			t.Errorf("copy %d opens with %+v, %v; want %+v, closed in order", n, m, err, copied.Head)
		}
		var chain store.Hash
		must(t, again.Scan(t.Context(), 0, m.Seq, func(s *store.Stored) error { chain = chain.Next(s.Bytes); return nil }))
		if chain != m.Hash {
			t.Errorf("the chain of copy %d does not end at its head", n)
		}
		shut(t, again)
	}
	stop()
	<-wrote
}

func TestACopyOfNothingIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Copy(t.Context(), dir, filepath.Join(dir, "copy")); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("without a ledger: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("hello", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), dir, filepath.Join(dir, "copy")); !errors.Is(err, ErrForeign) {
		t.Errorf("of a text: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "copy")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was copied: %v", err)
	}
}

func TestPathsOfACopyMayBeRelative(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 3)
	shut(t, d)
	t.Chdir(filepath.Dir(o.Dir))
	copied, err := Copy(t.Context(), filepath.Base(o.Dir), "copy.db")
	if err != nil || copied.Head.Seq != 3 {
		t.Errorf("got %+v, %v", copied, err)
	}
}

func TestALedgerThatLacksWhatWasSavedIsNotCopied(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	c.sales(t, d, 3)
	shut(t, d)
	older, err := os.ReadFile(filepath.Join(o.Dir, FileName))
	must(t, err)
	d = open(t, o)
	c.sales(t, d, 3)
	shut(t, d)
	must(t, os.WriteFile(filepath.Join(o.Dir, FileName), older, 0o600))
	to := filepath.Join(t.TempDir(), "copy.db")
	if _, err := Copy(t.Context(), o.Dir, to); !errors.Is(err, ErrLost) || exists(to) {
		t.Errorf("got %v", err)
	}
}
