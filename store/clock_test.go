package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// entries reads the ledger's entries after a seq.
func entries(t testing.TB, s *storetest.Shop, after int64) (list []*store.Entry) {
	t.Helper()
	err := s.Journal().Scan(t.Context(), after, s.Head().Seq, func(row *store.Stored) error {
		e, err := row.Entry()
		list = append(list, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// events counts the events of a type, and gives the body of the newest.
func events(t testing.TB, s *storetest.Shop, kind store.EventType) (n int, body map[string]any) {
	t.Helper()
	for _, e := range entries(t, s, 0) {
		if e.Event != nil && e.Event.Type == kind {
			n, body = n+1, map[string]any{}
			if err := json.Unmarshal(e.Event.Body, &body); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n, body
}

// says tells whether an event has a field with a value.
func says(body map[string]any, field string, value any) bool { return body[field] == value }

// checkTimes holds that time never decreases along the ledger.
func checkTimes(t testing.TB, s *storetest.Shop) {
	t.Helper()
	last := store.Instant(0)
	for _, e := range entries(t, s, 0) {
		if e.RecordedAt < last {
			t.Fatalf("entry %s was recorded at %s, the one before at %s", e.Position, e.RecordedAt, last)
		}
		last = e.RecordedAt
	}
}

func TestClock_that_steps_is_not_trusted_until_it_agrees_again(t *testing.T) {
	for name, by := range map[string]time.Duration{"back a day": -24 * time.Hour, "forward a year": 365 * 24 * time.Hour, "forward three centuries": 290 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := storetest.Open(t)
			item := s.Stocked("A", 10)
			hold := s.Must(&store.Reserve{Item: item, Quantity: units(1), Seconds: 60}).Facts[0].Of.(*store.Reservation)
			token := issue(t, s, time.Hour)
			start := s.Head().RecordedAt

			s.Clock.Step(by)
			s.Clock.Advance(2 * time.Minute)
			s.Look()
			if n, body := events(t, s, store.EventClock); n != 1 || !says(body, "clock_ok", false) {
				t.Fatalf("%d clock events, %v", n, body)
			}
			sale := s.Adjust(item, -1, store.Sale).Facts[0].Entry
			if want := start.Add(2 * time.Minute); sale.RecordedAt != want || sale.ClockOK {
				t.Fatalf("recorded at %s, clock_ok %v; want %s", sale.RecordedAt, sale.ClockOK, want)
			}
			if i, _ := s.Item(item); i.Reserved != units(1) {
				t.Fatal("a hold expired while the clock was not trusted")
			}
			if now, ok := s.Now(); ok || now != sale.RecordedAt || !s.Valid(token) {
				t.Fatalf("now %s, trusted %v, token valid %v", now, ok, s.Valid(token))
			}
			s.Must(&store.EndReservation{ID: hold.ID, Sell: true}) // its time is over, but who knows

			s.Clock.Step(-by)
			s.Look()
			if n, body := events(t, s, store.EventClock); n != 2 || !says(body, "clock_ok", true) {
				t.Fatalf("%d clock events, %v", n, body)
			}
			if e := s.Adjust(item, -1, store.Sale).Facts[0].Entry; !e.ClockOK || e.RecordedAt != sale.RecordedAt {
				t.Fatalf("in step again: clock_ok %v at %s", e.ClockOK, e.RecordedAt)
			}
			checkTimes(t, s)
			checkWhole(t, s)
		})
	}
}

// issue makes a token that lasts so long.
func issue(t testing.TB, s *storetest.Shop, d time.Duration) *store.Token {
	t.Helper()
	r, err := asManager(s, &store.IssueToken{Name: "till", Role: store.RoleTerminal, Hash: store.HashToken("secret"), ExpiresAt: s.Head().RecordedAt.Add(d)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Of.(*store.Token)
}

func TestClock_drifts_within_two_minutes_without_a_word(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 1000)
	token := issue(t, s, time.Hour)
	for range 20 {
		s.Clock.Step(-time.Minute)
		s.Clock.Advance(30 * time.Second)
		s.Look()
		if e := s.Adjust(item, -1, store.Sale).Facts[0].Entry; !e.ClockOK {
			t.Fatalf("not trusted at %s", e.RecordedAt)
		}
	}
	if n, _ := events(t, s, store.EventClock); n != 0 {
		t.Fatalf("%d clock events", n)
	}
	checkTimes(t, s)
	s.Clock.Advance(2 * time.Hour)
	if s.Valid(token) {
		t.Fatal("a token outlived its time")
	}
}

func TestClock_that_someone_confirms_is_trusted_from_then_on(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	s.Must(&store.Reserve{Item: item, Quantity: units(1), Seconds: 60})
	s.Clock.Step(365 * 24 * time.Hour)
	s.Look()
	s.Must(store.ConfirmClock{})
	e := s.Adjust(item, -1, store.Sale).Facts[0].Entry
	if want := store.InstantOf(storetest.Start).Add(365 * 24 * time.Hour); !e.ClockOK || e.RecordedAt != want {
		t.Fatalf("clock_ok %v at %s, want %s", e.ClockOK, e.RecordedAt, want)
	}
	s.Look()
	if i, _ := s.Item(item); i.Reserved != 0 {
		t.Fatal("the hold did not expire")
	}
	if n, _ := events(t, s, store.EventClockConfirmed); n != 1 {
		t.Fatalf("%d confirmations", n)
	}
	checkTimes(t, s)
}

func TestClock_behind_the_ledger_at_start_is_a_step_back(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	s.Must(&store.Reserve{Item: item, Quantity: units(1), Seconds: 60})
	last := s.Head().RecordedAt
	s.Clock.Step(-24 * time.Hour)
	s.Reopen()
	if n, body := events(t, s, store.EventClock); n != 1 || !says(body, "clock_ok", false) {
		t.Fatalf("%d clock events, %v", n, body)
	}
	s.Clock.Advance(5 * time.Minute)
	s.Look()
	e := s.Adjust(item, -1, store.Sale).Facts[0].Entry
	if e.ClockOK || e.RecordedAt != last.Add(5*time.Minute) {
		t.Fatalf("clock_ok %v at %s", e.ClockOK, e.RecordedAt)
	}
	if i, _ := s.Item(item); i.Reserved != units(1) {
		t.Fatal("a hold expired while the clock was not trusted")
	}
	checkTimes(t, s)
}

// ticking is a clock that is later each time it is asked.
type ticking struct {
	*storetest.Clock
}

func (c ticking) Wall() time.Time {
	c.Advance(time.Millisecond)
	return c.Clock.Wall()
}

func TestClock_steps_are_recorded_in_order_while_time_passes(t *testing.T) {
	clock := ticking{storetest.NewClock(storetest.Start)}
	s := storetest.OpenAt(t, clock)
	item := s.Stocked("A", 1000)
	for n := range 20 {
		clock.Step(time.Duration(1-n%2*2) * time.Hour)
		s.Adjust(item, -1, store.Sale)
	}
	if n, _ := events(t, s, store.EventClock); n == 0 {
		t.Fatal("no step was seen")
	}
	checkTimes(t, s)
	checkWhole(t, s)
}

func TestLots_do_not_expire_by_a_clock_that_is_not_trusted(t *testing.T) {
	s := openShelf(t)
	s.Clock.Step(-time.Hour)
	s.Clock.Advance(48 * time.Hour) // its last day is over, if the time is right
	s.Adjust(s.expiring, -1, store.Sale)
	s.Must(store.ConfirmClock{})
	if _, err := try(s.Shop, &store.Adjust{Item: s.expiring, Change: units(-1), Reason: store.Sale}); store.CodeOf(err) != store.CodeRoomNotSellable {
		t.Fatalf("sold after its last day: %v", err)
	}
}
