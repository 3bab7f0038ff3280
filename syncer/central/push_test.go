package central_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
)

func TestPush_brings_the_whole_ledger_and_then_only_what_is_new(t *testing.T) {
	s := open(t)
	s.mustPush()
	all := s.Ledger.Head()
	if n := len(s.steps); n != 1 || s.steps[0].Cursor.Seq != all.Seq || s.steps[0].Counts.Sent != all.Seq {
		t.Fatalf("steps %+v", s.steps)
	}
	if got := s.steps[0].SyncedAt; got != 1769509800000 {
		t.Errorf("confirmed at %s, not when central said", got)
	}
	if got := s.fake.health; got.Head.Seq != all.Seq || got.Time == 0 {
		t.Errorf("central was told %+v", got)
	}
	s.sell(3)
	s.requests()
	if err := s.client.Push(t.Context(), s.Ledger, s.steps[0].Cursor, all.Seq+3, s.note); err != nil {
		t.Fatal(err)
	}
	s.mustEqual()
	if got := s.requests(); !slices.Equal(got, []string{"POST entries"}) {
		t.Errorf("three more entries took %v", got)
	}
	if last := s.steps[len(s.steps)-1]; last.Counts.Sent != 3 {
		t.Errorf("the last step is %+v", last)
	}
}

func TestPush_sends_notes_and_keys_beside_the_entries(t *testing.T) {
	s := open(t)
	ask := store.Request{Actor: "a", Source: "api", Key: &store.IdempotencyKey{Hash: [16]byte{1}, Print: [16]byte{2}}}
	if _, err := s.Do(t.Context(), ask, &store.Adjust{Item: s.item, Change: -1_0000, Reason: store.Sale, Notes: "beside"}); err != nil {
		t.Fatal(err)
	}
	s.mustPush()
	last := s.streams[1].lines[s.Ledger.Head().Seq-1]
	if last.Notes == nil || last.Notes.Body != "beside" || last.Key == nil || last.Key.Hash != ask.Key.Hash || last.Key.Count != 1 {
		t.Fatalf("central has %+v", last)
	}
}

func TestPush_finds_the_keys_of_a_long_ledger(t *testing.T) {
	s := open(t)
	want := map[int64]byte{}
	for n := range byte(4) {
		bulk := &store.BulkAdjust{}
		for range 900 {
			bulk.Lines = append(bulk.Lines, &store.Adjust{Item: s.item, Change: 1, Reason: store.Return})
		}
		ask := store.Request{Actor: "a", Source: "api", Key: &store.IdempotencyKey{Hash: [16]byte{n}}}
		want[s.Ledger.Head().Seq+1] = n
		_, err := s.Do(t.Context(), ask, bulk)
		must(t, err)
	}
	s.mustPush()
	for _, l := range s.streams[1].lines {
		if n, keyed := want[l.Seq]; keyed != (l.Key != nil) || keyed && (l.Key.Hash[0] != n || l.Key.Count != 900) {
			t.Errorf("entry %d has key %+v", l.Seq, l.Key)
		}
	}
}

func TestPush_goes_in_batches_of_the_size_that_central_wants(t *testing.T) {
	s := open(t)
	var sizes []int
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != wire.PathCursor {
			return false
		}
		wire.WriteAnswer(w, http.StatusOK, &wire.Cursor{Epoch: 1, Limits: wire.Limits{Entries: 7, Bytes: 1 << 20}})
		return true
	})
	s.after = func(_ http.ResponseWriter, ack *wire.Ack) bool {
		sizes = append(sizes, int(ack.AckedSeq))
		return false
	}
	s.mustPush()
	if len(s.steps) != int(s.Ledger.Head().Seq+6)/7 || sizes[0] != 7 {
		t.Errorf("batches end at %v", sizes)
	}
}

func TestPush_stops_when_the_step_says_so(t *testing.T) {
	s := open(t)
	enough := errors.New("enough")
	err := s.client.Push(t.Context(), s.Ledger, store.Head{Epoch: 1}, 5, func(syncer.Step) error { return enough })
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func TestPush_an_ack_lost_between_send_and_receipt_sends_nothing_twice(t *testing.T) {
	s := open(t)
	s.after = func(w http.ResponseWriter, _ *wire.Ack) bool {
		panic(http.ErrAbortHandler)
	}
	s.fails(syncer.Retry, "unreachable")
	if s.acked().Seq != s.Ledger.Head().Seq {
		t.Fatal("the batch did not arrive")
	}
	s.after = nil
	s.client = s.another(central.Deps{})
	s.sell(2)
	s.mustPush()
	if len(s.steps) != 1 || s.steps[0].Counts.Sent != 2 {
		t.Errorf("steps %+v", s.steps)
	}
}

func TestPush_a_stale_cursor_sends_a_batch_twice_and_changes_nothing(t *testing.T) {
	s := open(t)
	s.mustPush()
	lines := len(s.streams[1].lines)
	// Central answers an old cursor once, as a copy behind a balancer might.
	first := true
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != wire.PathCursor || !first {
			return false
		}
		first = false
		wire.WriteAnswer(w, http.StatusOK, &wire.Cursor{Epoch: 1, Limits: wire.DefaultLimits})
		return true
	})
	s.mustPush()
	if len(s.streams[1].lines) != lines {
		t.Errorf("central has %d entries", len(s.streams[1].lines))
	}
}

// TestPush_the_cursor_moves_only_by_a_verified_ack has central acknowledge
// what was not sent, in every way.
func TestPush_the_cursor_moves_only_by_a_verified_ack(t *testing.T) {
	for name, lie := range map[string]func(*wire.Ack){
		"of another epoch":       func(a *wire.Ack) { a.Epoch = 2 },
		"beyond what was sent":   func(a *wire.Ack) { a.AckedSeq++ },
		"before what was sent":   func(a *wire.Ack) { a.AckedSeq = 0 },
		"with another hash":      func(a *wire.Ack) { a.AckedHash[0] ^= 1 },
		"of less with this hash": func(a *wire.Ack) { a.AckedSeq-- },
		"of nothing":             func(a *wire.Ack) { *a = wire.Ack{} },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.after = func(w http.ResponseWriter, ack *wire.Ack) bool {
				lie(ack)
				return false
			}
			s.fails(syncer.Alarm, "bad_ack")
		})
	}
}

func TestPush_an_ack_of_less_goes_on_from_there(t *testing.T) {
	s := open(t)
	once := true
	s.after = func(w http.ResponseWriter, ack *wire.Ack) bool {
		if once {
			once = false
			s.fake.mu.Lock()
			s.streams[1].lines = s.streams[1].lines[:9]
			head := s.head()
			s.fake.mu.Unlock()
			ack.AckedSeq, ack.AckedHash = head.Seq, head.Hash
		}
		return false
	}
	s.mustPush()
	if len(s.steps) != 2 || s.steps[0].Cursor.Seq != 9 {
		t.Errorf("steps %+v", s.steps)
	}
}

func TestPush_a_central_that_lost_entries_gets_them_again(t *testing.T) {
	s := open(t)
	s.mustPush()
	from := s.steps[0].Cursor
	s.streams[1].lines = s.streams[1].lines[:5]
	s.sell(1)
	// The client believes that central has all but the last.
	if err := s.client.Push(t.Context(), s.Ledger, from, s.Ledger.Head().Seq, s.note); err != nil {
		t.Fatal(err)
	}
	s.mustEqual()
}

func TestPush_verdicts_are_counted_and_stop_nothing(t *testing.T) {
	s := open(t)
	s.after = func(_ http.ResponseWriter, ack *wire.Ack) bool {
		ack.Verdicts = []wire.Verdict{{Seq: 3, Code: wire.VerdictUnparsed}, {Seq: 4, Code: wire.VerdictInconsistent}}
		return false
	}
	s.mustPush()
	if s.steps[0].Verdicts != 2 {
		t.Errorf("%+v", s.steps[0])
	}
}

// TestPush_a_batch_that_is_refused_is_split_down_to_one_entry has central
// refuse whatever holds a certain entry.
func TestPush_a_batch_that_is_refused_is_split_down_to_one_entry(t *testing.T) {
	for _, code := range []wire.ProblemCode{wire.ProblemInvalidBatch, wire.ProblemTooLarge} {
		t.Run(string(code), func(t *testing.T) {
			s := open(t)
			const bad = 13
			s.on(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost {
					return false
				}
				in, err := wire.ReadBatch(r.Body, r.Header)
				if err != nil {
					t.Error(err)
					return false
				}
				if head := in.Head(); in.First <= bad && head.Seq >= bad {
					wire.WriteProblem(w, wire.NewProblem(code, "Not this."))
					return true
				}
				s.fake.mu.Lock()
				ack, err := s.take(in)
				s.fake.mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				wire.WriteAnswer(w, http.StatusOK, ack)
				return true
			})
			failure(t, s.push(t.Context()), syncer.Alarm, string(code))
			if got := s.acked().Seq; got != bad-1 {
				t.Errorf("central has %d entries", got)
			}
			if n := len(s.requests()); n > 20 {
				t.Errorf("it took %d requests", n)
			}
		})
	}
}

func TestCompare_of_equal_stores_is_one_request(t *testing.T) {
	s := open(t)
	s.mustPush()
	s.digest = func() [32]byte { _, d := s.StateDigest(); return d }
	s.requests()
	s.steps = nil
	must(t, s.client.Compare(t.Context(), s.Ledger, false, s.note))
	if got := s.requests(); !slices.Equal(got, []string{"POST compare"}) {
		t.Errorf("it took %v", got)
	}
	if len(s.steps) != 1 || s.steps[0].Counts.Scanned != 1 || s.steps[0].SyncedAt == 0 {
		t.Errorf("steps %+v", s.steps)
	}
}

func TestCompare_pushes_what_came_in_between(t *testing.T) {
	s := open(t)
	s.digest = func() [32]byte { _, d := s.StateDigest(); return d }
	must(t, s.client.Compare(t.Context(), s.Ledger, true, s.note))
	s.mustEqual()
	s.sell(1)
	must(t, s.client.Compare(t.Context(), s.Ledger, true, s.note))
	s.mustEqual()
	s.streams[1].lines = s.streams[1].lines[:7]
	must(t, s.client.Compare(t.Context(), s.Ledger, true, s.note))
	s.mustEqual()
}

func TestCompare_a_central_that_cannot_come_to_the_same_stock_is_an_alarm(t *testing.T) {
	s := open(t)
	s.mustPush()
	s.digest = func() [32]byte { return [32]byte{1} }
	failure(t, s.client.Compare(t.Context(), s.Ledger, false, s.note), syncer.Alarm, "differs")
	s.refolded, s.digest = 1, func() [32]byte { _, d := s.StateDigest(); return d }
	must(t, s.client.Compare(t.Context(), s.Ledger, false, s.note))
}
