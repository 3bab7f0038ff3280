package central_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
)

// restored pushes, takes a backup, sells so many more and pushes them, and
// goes on with the backup. One of a running store notes at its first start
// that it was not closed.
func restored(t *testing.T, lost int) *branchStore {
	t.Helper()
	s := open(t)
	s.mustPush()
	return s.loseAfter(s.Crash(t), lost)
}

func (s *branchStore) loseAfter(backup string, lost int) *branchStore {
	s.t.Helper()
	t := s.t
	s.sell(lost)
	ask := store.Request{Actor: "a", Source: "api", Key: &store.IdempotencyKey{Hash: [16]byte{1}, Print: [16]byte{2}}}
	_, err := s.Do(t.Context(), ask, &store.Adjust{Item: s.item, Change: -1_0000, Reason: store.Sale, Notes: "remembered"})
	must(t, err)
	s.mustPush()
	s.Dir = backup
	s.Reopen()
	s.l = s.Ledger
	s.client = s.another(central.Deps{})
	return s
}

func TestRestore_a_backup_gets_back_what_came_after_it_once(t *testing.T) {
	for name, backup := range map[string]func(*branchStore) string{
		"of a running store": func(s *branchStore) string { return s.Crash(t) },
		"of a closed store": func(s *branchStore) string {
			must(t, s.Ledger.Close())
			dir := s.Crash(t)
			must(t, s.TryOpen())
			s.l = s.Ledger
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.mustPush()
			checkRestored(t, s.loseAfter(backup(s), 400))
		})
	}
}

func checkRestored(t *testing.T, s *branchStore) {
	t.Helper()
	s.mustPush()
	if got := s.Ledger.Head().Epoch; got != 2 {
		t.Fatalf("epoch %d", got)
	}
	if got := s.quantity(); got != 579_0000 || s.sold(t, 2) != 421_0000 {
		t.Errorf("%s are left here; %s were sold by central's account", got, s.sold(t, 2))
	}
	ask := store.Request{Actor: "a", Source: "api", Key: &store.IdempotencyKey{Hash: [16]byte{1}, Print: [16]byte{2}}}
	r, err := s.Do(t.Context(), ask, &store.Adjust{Item: s.item, Change: -1_0000, Reason: store.Sale, Notes: "remembered"})
	if err != nil || !r.Replayed {
		t.Errorf("a till that retries sells again: %v %v", r.Replayed, err)
	}
	last := s.streams[2].lines[len(s.streams[2].lines)-1]
	if last.Notes == nil || last.Notes.Body != "remembered" {
		t.Errorf("the last entry lost its note: %s", last.Bytes)
	}
	if _, err := s.Verify(); err != nil {
		t.Error(err)
	}
	s.sell(1)
	s.requests()
	s.mustPush()
	if got := s.requests(); len(got) != 2 {
		t.Errorf("later pushes take %v", got)
	}
}

// TestRestore_is_safe_to_be_interrupted_anywhere ends bringing back at every
// request, goes on with a new client over the ledger as it then is on disk,
// and counts.
func TestRestore_is_safe_to_be_interrupted_anywhere(t *testing.T) {
	for stop := range 12 {
		s := restored(t, 30)
		// Small pages, so that there is much to interrupt.
		n := 0
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && r.URL.Path == wire.PathEntries {
				q := r.URL.Query()
				q.Set(wire.ParamLimit, "7")
				r.URL.RawQuery = q.Encode()
			}
			if n++; n == stop {
				panic(http.ErrAbortHandler)
			}
			return false
		})
		if err := s.push(t.Context()); err != nil {
			s.Reopen()
			s.l = s.Ledger
			s.client = s.another(central.Deps{})
			s.mustPush()
		}
		s.mustEqual()
		if got := s.quantity(); got != 949_0000 || s.sold(t, 2) != 51_0000 || s.Ledger.Head().Epoch != 2 {
			t.Fatalf("interrupted at request %d: %s are left, %s sold at central, epoch %d", stop, got, s.sold(t, 2), s.Ledger.Head().Epoch)
		}
	}
}

// TestRestore_takes_no_tail_that_does_not_continue_the_chain changes what
// central gives back, in every way.
func TestRestore_takes_no_tail_that_does_not_continue_the_chain(t *testing.T) {
	for name, change := range map[string]func(first *store.Head, lines []wire.Line) []wire.Line{
		"nothing":              func(_ *store.Head, _ []wire.Line) []wire.Line { return nil },
		"after another entry":  func(at *store.Head, lines []wire.Line) []wire.Line { at.Hash[0]++; return lines },
		"not the next":         func(at *store.Head, lines []wire.Line) []wire.Line { at.Seq++; return lines },
		"less, and then other": func(_ *store.Head, lines []wire.Line) []wire.Line { lines[4].Bytes[40]++; return lines },
	} {
		t.Run(name, func(t *testing.T) {
			s := restored(t, 5)
			at, whole := s.Ledger.Head(), s.streams[1]
			// The entry that says how the backup was left is not central's.
			at.Seq--
			at.Hash, _ = whole.hash(at.Seq)
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || r.URL.Path != wire.PathEntries {
					return false
				}
				var lines []wire.Line
				for _, l := range whole.lines[at.Seq:] {
					lines = append(lines, wire.Line{Seq: l.Seq, Bytes: bytes.Clone(l.Bytes)})
				}
				e := wire.NewEncoder()
				from := at
				lines = change(&from, lines)
				e.Start(1, store.Position{}, from)
				for i := range lines {
					e.Add(&store.Stored{Seq: from.Seq + int64(i) + 1, Bytes: lines[i].Bytes}, nil)
				}
				b, err := e.Finish()
				must(t, err)
				wire.WriteBatch(w, b)
				return true
			})
			before := s.quantity()
			failure(t, s.push(t.Context()), syncer.Alarm, "tail", "could not be brought back")
			if s.quantity() != before || s.acked().Epoch != 1 {
				t.Error("something was appended, or pushed")
			}
			s.on(nil)
			s.mustPush()
			if got := s.quantity(); got != 974_0000 {
				t.Errorf("afterwards %s are left", got)
			}
		})
	}
}

// forked has two copies of one ledger sell on, of which the first has pushed.
func forked(t *testing.T) (first, second *branchStore) {
	t.Helper()
	first = open(t)
	first.mustPush()
	second = first.clone()
	first.sell(7)
	first.mustPush()
	second.sell(3)
	return first, second
}

func TestFork_pauses_and_says_how_far_both_are_one(t *testing.T) {
	s, other := forked(t)
	// The copy noted that it was not closed orderly, and sold three.
	shared := other.Ledger.Head().Seq - 4
	s.requests()
	other.fails(syncer.Pause, "fork", fmt.Sprintf("the same up to entry %d ", shared))
	if n := len(s.requests()); n > 9 || s.forks != 1 {
		t.Errorf("finding out took %d requests, central heard of %d forks", n, s.forks)
	}
	// Longer than central, it is a fork as well.
	other.sell(20)
	other.fails(syncer.Pause, "fork")
	if other.acked() != s.acked() || s.acked().Seq != s.Ledger.Head().Seq {
		t.Error("something was pushed")
	}
}

func TestFork_met_while_pushing_pauses(t *testing.T) {
	s, other := forked(t)
	// It still believes what it knew before the other went on.
	from := store.Head{Epoch: 1, Seq: other.Ledger.Head().Seq - 3}
	stored, err := other.Journal().FindEntry(t.Context(), from.Seq)
	must(t, err)
	from.Hash = stored.Hash
	once := true
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != wire.PathCursor || !once {
			return false
		}
		once = false
		wire.WriteAnswer(w, http.StatusOK, &wire.Cursor{Epoch: 1, AckedSeq: from.Seq, AckedHash: from.Hash})
		return true
	})
	failure(t, other.client.Push(t.Context(), other.Ledger, from, other.Ledger.Head().Seq, other.note), syncer.Pause, "fork")
}

func TestAdopt_goes_on_with_everything_that_either_copy_did(t *testing.T) {
	s, other := forked(t)
	other.fails(syncer.Pause, "fork")
	must(t, other.client.Adopt(t.Context(), other.Ledger))
	must(t, other.client.Adopt(t.Context(), other.Ledger))
	other.mustPush()
	if got := other.quantity(); got != 970_0000 || other.sold(t, 2) != 30_0000 {
		t.Fatalf("%s are left, %s sold at central", got, other.sold(t, 2))
	}
	// The first one is told, and stays out until somebody decides again.
	s.sell(2)
	s.fails(syncer.Pause, "superseded")
	must(t, s.client.Adopt(t.Context(), s.Ledger))
	s.mustPush()
	if got := s.Ledger.Head().Epoch; got != 3 {
		t.Fatalf("epoch %d", got)
	}
	if got := s.sold(t, 3); got != 32_0000 || s.quantity() != 968_0000 {
		t.Errorf("%s sold at central, %s left here", got, s.quantity())
	}
	other.fails(syncer.Pause, "superseded")
}

func TestAdopt_a_copy_on_another_machine_pauses_until_then(t *testing.T) {
	s := open(t)
	s.mustPush()
	moved, bound := true, 0
	s.client = s.another(central.Deps{
		Moved: func() bool { return moved },
		Bind: func(context.Context) error {
			if s.Ledger.Head().Epoch != 2 {
				t.Error("it is bound before its epoch is open")
			}
			moved, bound = false, bound+1
			return nil
		},
	})
	s.requests()
	s.fails(syncer.Pause, "moved")
	failure(t, s.client.Push(t.Context(), s.Ledger, s.acked(), 1, s.note), syncer.Pause, "moved")
	failure(t, s.client.Listen(t.Context(), s.Ledger), syncer.Pause, "moved")
	failure(t, s.client.Compare(t.Context(), s.Ledger, false, s.note), syncer.Pause, "moved")
	if got := s.requests(); len(got) > 0 {
		t.Fatalf("it asked %v", got)
	}
	must(t, s.client.Adopt(t.Context(), s.Ledger))
	s.mustPush()
	if got := s.Ledger.Head(); bound != 1 || got.Epoch != 2 || s.quantity() != 980_0000 {
		t.Errorf("bound %d times, epoch %d, %s left", bound, got.Epoch, s.quantity())
	}
}

func TestAdopt_binds_nothing_when_central_cannot_be_asked(t *testing.T) {
	s := open(t)
	s.client = s.another(central.Deps{Moved: func() bool { return true }, Bind: func(context.Context) error {
		t.Error("it was bound")
		return nil
	}})
	s.on(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
	failure(t, s.client.Adopt(t.Context(), s.Ledger), syncer.Retry, "unreachable")
}

func TestAdopt_refuses_a_ledger_that_has_nothing_in_common(t *testing.T) {
	s := open(t)
	other := open(t)
	other.mustPush()
	s.client = s.connect(central.Config{URL: other.url, Key: key}, central.Deps{})
	failure(t, s.client.Adopt(t.Context(), s.Ledger), syncer.Pause, "fork")
}

func TestRestore_a_ledger_of_a_later_epoch_begins_at_a_new_central(t *testing.T) {
	s := restored(t, 5)
	s.mustPush()
	s.fake.mu.Lock()
	fresh := newFake(t)
	s.epoch, s.streams = 1, fresh.streams
	s.fake.mu.Unlock()
	s.mustPush()
	s.sell(1)
	s.mustPush()
	if s.acked().Epoch != 2 {
		t.Errorf("central has %+v", s.acked())
	}
}

func TestRestore_a_central_from_before_the_branch_is_caught_up(t *testing.T) {
	s := restored(t, 5)
	s.mustPush()
	s.fake.mu.Lock()
	s.epoch = 1
	s.streams = map[int64]*fakeStream{1: {lines: s.streams[1].lines[:9]}}
	s.fake.mu.Unlock()
	s.mustPush()
	s.sell(1)
	s.mustPush()
	if got := s.streams[2].branch; got != (store.Position{Epoch: 1, Seq: 9}) {
		t.Errorf("the stream branches at %s", got)
	}
}

func TestRestore_a_central_that_lost_an_epoch_is_a_fork(t *testing.T) {
	s := restored(t, 5)
	s.mustPush()
	must(t, s.client.Adopt(t.Context(), s.Ledger))
	s.mustPush()
	s.fake.mu.Lock()
	s.epoch = 1
	delete(s.streams, 2)
	delete(s.streams, 3)
	s.fake.mu.Unlock()
	s.fails(syncer.Pause, "fork")
}
