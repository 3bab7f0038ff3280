package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// restored opens a copy of a shop as it is now, as from a backup. The copy
// shares the clock.
func restored(t testing.TB, s *storetest.Shop) *storetest.Shop {
	t.Helper()
	c := *s
	c.Wrap, c.Dir = nil, s.Crash(t)
	if err := c.TryOpen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Ledger.Close() })
	return &c
}

// branchAt is the branch at an entry that a shop has.
func branchAt(t testing.TB, s *storetest.Shop, epoch, seq int64) *store.OpenEpoch {
	t.Helper()
	stored, err := s.Journal().FindEntry(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	return &store.OpenEpoch{Branch: store.Position{Epoch: epoch, Seq: seq}, Hash: stored.Hash, Reason: store.EpochRestored}
}

// whole checks that a shop's ledger is the same however it is folded, and
// that verify finds nothing wrong with it.
func whole(t testing.TB, s *storetest.Shop) store.Report {
	t.Helper()
	live := s.Dump()
	refolded, err := s.Refold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "folded from the first entry", refolded, live)
	report, err := s.Verify()
	if err != nil {
		t.Fatal(err)
	}
	crashed := restored(t, s) // from the last full state and a tail
	head := crashed.Head().Seq
	if head > s.Head().Seq+1 {
		t.Fatalf("the crash added %d entries", head-s.Head().Seq)
	}
	s.Reopen()
	sameDump(t, "reopened", s.Dump(), live)
	return report
}

func TestEpoch_begins_with_the_entry_that_opens_it(t *testing.T) {
	s := furnished(t)
	item := s.Stocked("LAST", 9)
	before := s.Head()
	if p, h := s.Branch(); !p.IsZero() || h != (store.Hash{}) || !s.Again().IsZero() {
		t.Fatalf("branched at %v %v", p, h)
	}
	open := branchAt(t, s, 1, before.Seq-2)
	r := s.Must(open)
	if got := r.Facts[0].Entry.Position; got != (store.Position{Epoch: 2, Seq: before.Seq + 1}) || s.Head().Epoch != 2 {
		t.Fatalf("it opened at %s, head %+v", got, s.Head())
	}
	if p, h := s.Branch(); p != open.Branch || h != open.Hash || s.Again() != open.Branch {
		t.Fatalf("branched at %v %v, again %v", p, h, s.Again())
	}
	sale := s.Adjust(item, -1, store.Sale).Facts[0].Entry.Position
	if sale != (store.Position{Epoch: 2, Seq: before.Seq + 2}) {
		t.Fatalf("the next entry is %s", sale)
	}
	for _, p := range []store.Position{{Epoch: 1, Seq: 1}, {Epoch: 1, Seq: before.Seq}, {Epoch: 2, Seq: before.Seq + 1}, sale} {
		if f, err := s.Fact(t.Context(), p); err != nil || f.Entry.Position != p {
			t.Errorf("%s: %+v, %v", p, f.Entry, err)
		}
		p.Epoch = 3 - p.Epoch
		if _, err := s.Fact(t.Context(), p); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("%s: %v", p, err)
		}
	}
	if r := whole(t, s); r.Head.Epoch != 2 || r.Head.Hash != s.Head().Hash {
		t.Fatalf("%+v", r)
	}
	if p, h := s.Branch(); p != open.Branch || h != open.Hash || s.Head().Epoch != 2 {
		t.Fatalf("after a restart branched at %v %v, %+v", p, h, s.Head())
	}
}

func TestEpoch_opened_twice_from_one_branch_is_opened_once(t *testing.T) {
	s := furnished(t)
	open := branchAt(t, s, 1, s.Head().Seq)
	s.Must(open)
	head := s.Head()
	again := *open
	if r := s.Must(&again); len(r.Facts) != 0 || s.Head() != head {
		t.Fatalf("it was opened again: %+v", r)
	}
}

func TestEpoch_is_newer_than_the_one_it_leaves(t *testing.T) {
	s := furnished(t)
	for _, c := range []struct{ from, want int64 }{{1, 2}, {1, 3}, {7, 8}, {2, 9}} {
		if s.Must(branchAt(t, s, c.from, s.Head().Seq)); s.Head().Epoch != c.want {
			t.Fatalf("from epoch %d it opened %d, want %d", c.from, s.Head().Epoch, c.want)
		}
	}
	whole(t, s)
}

func TestEpoch_is_not_opened_from_what_the_ledger_does_not_have(t *testing.T) {
	s := furnished(t)
	head := s.Head()
	for name, spoil := range map[string]func(*store.OpenEpoch){
		"another hash":    func(c *store.OpenEpoch) { c.Hash[3]++ },
		"no hash":         func(c *store.OpenEpoch) { c.Hash = store.Hash{} },
		"beyond the head": func(c *store.OpenEpoch) { c.Branch.Seq = head.Seq + 1 },
		"no entry":        func(c *store.OpenEpoch) { c.Branch.Seq, c.Hash = 0, store.Hash{} },
		"no epoch":        func(c *store.OpenEpoch) { c.Branch.Epoch = 0 },
		"no reason":       func(c *store.OpenEpoch) { c.Reason = "because" },
	} {
		open := branchAt(t, s, 1, head.Seq-1)
		spoil(open)
		if code := s.Refused(open); code != store.CodeInvalid || s.Head() != head {
			t.Errorf("%s: %s", name, code)
		}
	}
}

func TestVerify_finds_epochs_that_do_not_fit(t *testing.T) {
	s := furnished(t)
	base := s.Head().Seq
	s.Must(branchAt(t, s, 1, base))
	s.Stocked("NEW", 3)
	chained := func(seq int64, from, to string) func(*storetest.Shop) {
		return func(c *storetest.Shop) { storetest.Rewrite(t, c.Dir, seq, from, to) }
	}
	for name, c := range map[string]struct {
		at    int64
		spoil func(*storetest.Shop)
	}{
		"an entry of the epoch before":    {base + 2, chained(base+2, fmt.Sprintf(`"2-%d"`, base+2), fmt.Sprintf(`"1-%d"`, base+2))},
		"an entry of an epoch not opened": {base + 2, chained(base+2, fmt.Sprintf(`"2-%d"`, base+2), fmt.Sprintf(`"3-%d"`, base+2))},
		"an epoch that is not newer":      {base + 1, chained(base+1, fmt.Sprintf(`"2-%d"`, base+1), fmt.Sprintf(`"1-%d"`, base+1))},
		"a branch at another entry":       {base + 1, chained(base+1, fmt.Sprintf(`"seq":%d`, base), fmt.Sprintf(`"seq":%d`, base-1))},
		"a branch ahead of it":            {base + 1, chained(base+1, fmt.Sprintf(`"seq":%d`, base), fmt.Sprintf(`"seq":%d`, base+3))},
		"a fact again of its own epoch":   {base + 2, chained(base+2, `,"source":"api"`, `,"source":"api","again":"2-90"`)},
		"a fact again before the branch":  {base + 2, chained(base+2, `,"source":"api"`, fmt.Sprintf(`,"source":"api","again":"1-%d"`, base))},
	} {
		t.Run(name, func(t *testing.T) {
			other := *s
			other.Dir = s.Crash(t)
			c.spoil(&other)
			if r, err := other.Verify(); damageAt(err) != c.at {
				t.Fatalf("entry %d is wrong: %v (%+v)", c.at, err, r)
			}
			if err := other.TryOpen(); strings.Contains(name, "epoch") && !strings.Contains(name, "again") && damageAt(err) != c.at {
				t.Fatalf("it was opened: %v", err)
			} else if err == nil {
				_ = other.Ledger.Close()
			}
		})
	}
}

func TestEpoch_that_was_only_tried_leaves_nothing(t *testing.T) {
	s := furnished(t)
	r := storetest.Request
	r.DryRun = true
	head := s.Head()
	if _, err := s.Do(t.Context(), r, branchAt(t, s, 1, head.Seq)); err != nil || s.Head() != head {
		t.Fatalf("%+v, %v", s.Head(), err)
	}
	s.Stocked("NEXT", 1)
	if p, _ := s.Branch(); !p.IsZero() || s.Head().Epoch != 1 {
		t.Fatalf("branched at %s, %+v", p, s.Head())
	}
	whole(t, s)
}
