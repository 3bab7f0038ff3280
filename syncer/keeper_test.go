package syncer

import (
	"context"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// night is a keeper with one job, and when that was started, by both clocks.
type night struct {
	keeper
	c      *storetest.Clock
	starts []time.Duration
	shown  []string
}

func newNight(t testing.TB, expression, zone string, at time.Time) *night {
	t.Helper()
	n := &night{c: storetest.NewClock(at)}
	n.keeper = keeper{clock: n.c, mu: &sync.Mutex{}}
	place := zoneOf(t, zone)
	n.add(&job{
		schedule: mustParse(t, expression), name: "central", syncType: store.SyncFull,
		zone: func() *time.Location { return place },
		start: func(context.Context) {
			n.starts = append(n.starts, n.c.Mono())
			n.shown = append(n.shown, n.c.Wall().In(place).Format(time.DateTime))
		},
	}, 0)
	n.keeper.mono, n.keeper.shown = n.c.Mono(), n.c.Wall()
	return n
}

// pass lets time pass, looking as the keeper asks to.
func (n *night) pass(t testing.TB, d time.Duration) {
	t.Helper()
	for end := n.c.Mono() + d; n.c.Mono() < end; {
		n.c.Advance(min(n.look(t.Context()), end-n.c.Mono()))
	}
	n.look(t.Context())
}

func (n *night) is(t *testing.T, want ...string) {
	t.Helper()
	if len(n.shown) != len(want) {
		t.Fatalf("started at %v, want %v", n.shown, want)
	}
	for i := range want {
		if n.shown[i] != want[i] {
			t.Errorf("started at %v, want %v", n.shown, want)
		}
	}
	n.shown = nil
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRunsStartOnTimeOverClockChanges(t *testing.T) {
	n := newNight(t, "30 2 * * *", "America/New_York", at(t, "2026-03-06T12:00:00-05:00"))
	n.pass(t, 3*24*time.Hour)
	n.is(t, "2026-03-07 02:30:00", "2026-03-08 03:00:00", "2026-03-09 02:30:00")
	n = newNight(t, "30 1 * * *", "America/New_York", at(t, "2026-10-31T12:00:00-04:00"))
	n.pass(t, 2*24*time.Hour)
	n.is(t, "2026-11-01 01:30:00", "2026-11-02 01:30:00")
}

func TestAClockThatIsSetBackADayDelaysNothing(t *testing.T) {
	n := newNight(t, "*/15 * * * *", "UTC", at(t, "2026-05-05T10:07:00Z"))
	n.pass(t, 10*time.Minute)
	n.is(t, "2026-05-05 10:15:00")
	n.c.Step(-24 * time.Hour)
	n.pass(t, 30*time.Minute)
	n.is(t, "2026-05-04 10:30:00", "2026-05-04 10:45:00")
}

func TestAClockThatIsSetForwardADayStartsOnce(t *testing.T) {
	n := newNight(t, "*/15 * * * *", "UTC", at(t, "2026-05-05T10:07:00Z"))
	n.c.Step(24 * time.Hour)
	n.pass(t, 10*time.Minute)
	n.is(t, "2026-05-06 10:07:00", "2026-05-06 10:15:00")
	n.c.Step(-24 * time.Hour)
	n.pass(t, 15*time.Minute)
	n.is(t, "2026-05-05 10:30:00")
}

func TestNoJobIsSilentForMoreThanTwiceItsIntervalWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		expression := rapid.SampledFrom([]string{"*/15 * * * *", "30 2 * * *", "5 * * * *", "@every 40m", "0 8,20 * * *"}).Draw(r, "expression")
		n := newNight(t, expression, "America/New_York", at(t, "2026-03-07T22:00:00-05:00"))
		interval := n.jobs[0].interval
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			n.pass(t, time.Duration(rapid.Int64Range(1, int64(interval)).Draw(r, "pass")))
			n.c.Step(time.Duration(rapid.Int64Range(-int64(26*time.Hour), int64(26*time.Hour)).Draw(r, "step")))
		}
		last := time.Duration(0)
		for _, start := range append(n.starts, n.c.Mono()) {
			if silent := start - last; silent > 2*interval {
				r.Fatalf("%s was silent for %s", expression, silent)
			}
			last = start
		}
	})
}

func TestTheClockThatCreepsBackIsCaughtByTheBackstop(t *testing.T) {
	n := newNight(t, "0 * * * *", "UTC", at(t, "2026-05-05T10:01:00Z"))
	for range 5 * 60 {
		n.pass(t, time.Minute)
		n.c.Step(-time.Minute)
	}
	if len(n.starts) < 2 || len(n.starts) > 5 {
		t.Errorf("started at %v of a clock that stands still", n.starts)
	}
}

func TestNightlyRunsAreSpreadByStore(t *testing.T) {
	seen := map[time.Duration]bool{}
	for n := range 200 {
		id := store.ID{byte(n), 7}
		late := spread(id, time.Hour)
		if late < 0 || late >= time.Hour || late != spread(id, time.Hour) {
			t.Fatalf("store %d is late by %s", n, late)
		}
		seen[late.Truncate(6*time.Minute)] = true
	}
	if len(seen) != 10 {
		t.Errorf("200 stores share %d of 10 slots", len(seen))
	}
	late := newNight(t, "30 2 * * *", "UTC", at(t, "2026-05-05T02:00:00Z"))
	late.jobs[0].late = 40 * time.Minute
	late.plan(late.jobs[0], late.c.Wall())
	late.pass(t, 48*time.Hour)
	late.is(t, "2026-05-05 03:10:00", "2026-05-06 03:10:00")
}
