package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// twoLedgers is a data directory with an old ledger of 10 entries, killed so
// that its log is there, and a new one of 20 in its staging folder.
func twoLedgers(t *testing.T) Options {
	t.Helper()
	from, o := options(t.TempDir()), options(t.TempDir())
	d, c := open(t, from), &chain{}
	c.sales(t, d, 10)
	copyLedger(t, from.Dir, o.Dir)
	shut(t, d)
	must(t, os.WriteFile(filepath.Join(o.Dir, "ledger.key"), []byte("old"), 0o600))
	staged := o
	staged.Dir = filepath.Join(o.Dir, StagingName)
	d, c = open(t, staged), &chain{}
	c.sales(t, d, 20)
	shut(t, d)
	return o
}

func (o Options) seq(t *testing.T) int64 {
	t.Helper()
	d := open(t, o)
	defer shut(t, d)
	m, err := d.Meta(t.Context())
	must(t, err)
	return m.Seq
}

func TestALedgerTakesThePlaceOfAnother(t *testing.T) {
	o := twoLedgers(t)
	must(t, os.Rename(filepath.Join(o.Dir, StagingName), filepath.Join(o.Dir, "kept")))
	h, err := TakeHold(o.Dir)
	must(t, err)
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrLocked) {
		t.Errorf("a held directory opens: %v", err)
	}
	must(t, os.Rename(filepath.Join(o.Dir, "kept"), filepath.Join(o.Dir, StagingName)))
	must(t, errors.Join(h.Replace("before", []string{"ledger.key", "not there"}), h.Close()))
	if got := o.seq(t); got != 20 {
		t.Errorf("the ledger ends at %d, want the new one's 20", got)
	}
	aside := o
	aside.Dir = filepath.Join(o.Dir, "before")
	if got := aside.seq(t); got != 10 {
		t.Errorf("the ledger aside ends at %d, want the old one's 10 out of its log", got)
	}
	if _, err := os.Stat(filepath.Join(aside.Dir, "ledger.key")); err != nil {
		t.Error(err)
	}
}

// TestAKilledReplaceLeavesTheOldOrTheNew cuts it off before each of its steps,
// and lets the next start meet what is left.
func TestAKilledReplaceLeavesTheOldOrTheNew(t *testing.T) {
	for n := 0; ; n++ {
		o := twoLedgers(t)
		left, cut := n, errors.New("killed")
		s := &swap{Aside: "before", Also: []string{"ledger.key"}, dir: o.Dir, cut: func() error {
			if left--; left < 0 {
				return cut
			}
			return nil
		}}
		err := s.start()
		if err == nil {
			if n < 6 {
				t.Fatalf("it has only %d steps", n)
			}
			return
		}
		t.Run(fmt.Sprint("before step ", n), func(t *testing.T) {
			there, err := Exists(o.Dir)
			if err != nil || !there {
				t.Errorf("the directory counts as empty: %v", err)
			}
			reader := o
			reader.ReadOnly = true
			want := int64(20)
			if n == 0 {
				want = 10
			} else if d, err := Open(t.Context(), reader); err == nil {
				t.Error("a reader does not hear of it")
				shut(t, d)
			}
			if got := o.seq(t); got != want {
				t.Errorf("the next start finds %d entries, want %d", got, want)
			}
			for _, name := range []string{StagingName, swapFile} {
				if exists(filepath.Join(o.Dir, name)) {
					t.Errorf("%s is still there", name)
				}
			}
		})
	}
}

func TestAFailedReplaceSaysWhatComesNext(t *testing.T) {
	o := twoLedgers(t)
	h := &Hold{dir: o.Dir}
	// A file where the folder belongs.
	must(t, os.WriteFile(filepath.Join(o.Dir, "before"), nil, 0o600))
	err := h.Replace("before", nil)
	if said, ok := errors.AsType[*store.Error](err); !ok || said.Message == "" {
		t.Fatalf("got %v", err)
	}
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("it opens as if nothing were left to do")
	}
	must(t, os.Remove(filepath.Join(o.Dir, "before")))
	if got := o.seq(t); got != 20 {
		t.Errorf("the next start finds %d entries", got)
	}
}

func TestALedgerThatWasNotClosedTakesNoPlace(t *testing.T) {
	o := twoLedgers(t)
	h := &Hold{dir: o.Dir}
	staged := filepath.Join(o.Dir, StagingName, FileName)
	must(t, os.WriteFile(staged+"-wal", []byte("entries"), 0o600))
	if err := h.Replace("before", nil); err == nil {
		t.Fatal("what is in its log is lost")
	}
	if !exists(staged) || exists(filepath.Join(o.Dir, swapFile)) {
		t.Error("something was moved")
	}
	if got := o.seq(t); got != 10 {
		t.Errorf("the ledger in use ends at %d", got)
	}
}
