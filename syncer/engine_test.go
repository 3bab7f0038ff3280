package syncer

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestWhatIsNewIsPushedAtOnce(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		isCalls(t, c, "cursor", "push", "ack")
		b.sell()
		isCalls(t, c, "push", "ack")
		if s := b.state("a"); s.Lag != 0 || s.OldestUnsent != 0 || s.State != store.DestinationIdle || s.Cursor.Hash != b.Head().Hash {
			t.Errorf("status %+v", s)
		}
	})
}

func TestManyCommitsDuringOnePushAreOneMore(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, gate := &chain{}, make(chan struct{})
		b := open(t, nil, c)
		c.saw()
		c.fault = func(_ context.Context, call string) error {
			if call == "push" {
				<-gate
			}
			return nil
		}
		for range 50 {
			b.sell()
		}
		close(gate)
		synctest.Wait()
		isCalls(t, c, "push", "ack", "push", "ack")
		if c.has() != b.Head().Seq {
			t.Errorf("it has %d of %d", c.has(), b.Head().Seq)
		}
	})
}

func TestAQuietStoreCallsNobody(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		b.sell()
		b.ask(store.SyncFull, "")
		synctest.Wait()
		before := b.Head().Seq
		c.saw()
		pass(time.Hour)
		isCalls(t, c)
		if b.Head().Seq != before {
			t.Errorf("the ledger grew from %d to %d by itself", before, b.Head().Seq)
		}
	})
}

func TestTheEventOfARunWakesNobodyAndGoesAlong(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, other := &chain{}, &chain{}
		b := open(t, nil, c, other)
		c.saw()
		other.saw()
		run := b.ask(store.SyncFull, "a")
		b.finished(run.ID, store.RunSucceeded, "")
		isCalls(t, c, "compare", "push", "ack")
		isCalls(t, other)
		if c.has() != b.Head().Seq || b.state("b").Lag != 1 {
			t.Errorf("a has %d of %d, b lags %d", c.has(), b.Head().Seq, b.state("b").Lag)
		}
		pass(time.Hour)
		isCalls(t, c)
		isCalls(t, other)
	})
}

func TestTheFirstContactIsSpreadButARequestIsNot(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) { b.cfg.FirstContact = time.Minute }, c)
		pass(29 * time.Second)
		b.sell()
		isCalls(t, c)
		pass(time.Second)
		isCalls(t, c, "cursor", "push", "ack")
		b.restart()
		b.finished(b.ask(store.SyncIncremental, "").ID, store.RunSucceeded, "")
		if calls := c.saw(); len(calls) == 0 || calls[0] != "cursor" {
			t.Errorf("calls %v", calls)
		}
	})
}

// TestTheFirstContactIsSpreadAlsoWhenRunsAreOverdue: after a night without
// power all stores of a chain have runs to catch up with.
func TestTheFirstContactIsSpreadAlsoWhenRunsAreOverdue(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) {
			b.cfg.Destinations[0].Incremental, b.cfg.Destinations[0].Full = "59 23 * * *", "30 2 * * *"
			b.cfg.FirstContact = 10 * time.Minute
		}, c)
		b.finished(b.ask(store.SyncFull, "").ID, store.RunSucceeded, "")
		b.finished(b.ask(store.SyncIncremental, "").ID, store.RunSucceeded, "")
		b.stop()
		pass(72 * time.Hour)
		c.saw()
		b.start()
		pass(4 * time.Minute)
		isCalls(t, c)
		pass(2 * time.Minute)
		if calls := c.saw(); !slices.Contains(calls, "compare") {
			t.Errorf("when it is its turn it is not caught up with: %v", calls)
		}
	})
}

func TestADeadDestinationDelaysNoOther(t *testing.T) {
	simulate(t, func(t *testing.T) {
		dead, c := &chain{}, &chain{}
		dead.fault = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		b := open(t, nil, dead, c)
		stuck := b.ask(store.SyncFull, "a")
		c.saw()
		for range 3 {
			b.sell()
			isCalls(t, c, "push", "ack")
		}
		b.finished(b.ask(store.SyncFull, "b").ID, store.RunSucceeded, "")
		if run, _ := b.Find(stuck.ID); run.Status != store.RunQueued {
			t.Errorf("the run behind the dead push is %+v", run)
		}
	})
}

func TestATargetThatPanicsIsAFailure(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{fault: func(context.Context, string) error { panic("oops") }}
		b := open(t, nil, c)
		if s := b.state("a"); s.State != store.DestinationWaiting || s.Code != "internal" {
			t.Errorf("status %+v", s)
		}
		c.fail(nil)
		pass(time.Second)
		if s := b.state("a"); s.State != store.DestinationIdle || s.Code != "" || s.Lag != 0 {
			t.Errorf("afterwards %+v", s)
		}
	})
}

func TestATargetThatStopsShortIsAFailure(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := open(t, nil, lazy{})
		if s := b.state("a"); s.State != store.DestinationWaiting || s.Code != "incomplete" {
			t.Errorf("status %+v", s)
		}
	})
}

// lazy says that it has sent everything, and sends nothing.
type lazy struct{}

func (lazy) Cursor(context.Context) (store.Head, store.Instant, error) {
	return store.Head{}, 0, ErrNoCursor
}

func (lazy) Push(context.Context, Ledger, store.Head, int64, func(Step) error) error {
	return nil
}
func (lazy) Compare(context.Context, Ledger, bool, func(Step) error) error { return nil }

func TestTheCursorIsWrittenDownNowAndThen(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, counted := &chain{most: 1}, &puts{}
		b := open(t, func(b *bench) { counted.Records = b.deps.Records; b.deps.Records = counted }, c)
		for range 200 {
			b.sell()
		}
		if n := counted.n.Load(); n > 2 {
			t.Errorf("the cursor was written down %d times at once", n)
		}
		pass(10 * time.Second)
		list, err := b.db.ListDestinations(t.Context())
		if err != nil || len(list) != 1 || list[0].Cursor.Seq != b.Head().Seq {
			t.Errorf("after a while %+v, %v is written down", list, err)
		}
		n := counted.n.Load()
		pass(time.Hour)
		if counted.n.Load() != n {
			t.Errorf("it was written down %d times in a quiet hour", counted.n.Load()-n)
		}
	})
}

// puts counts how often a destination is written down.
type puts struct {
	Records
	n atomic.Int64
}

// PutDestination counts.
func (p *puts) PutDestination(ctx context.Context, d store.Destination) error {
	p.n.Add(1)
	return p.Records.PutDestination(ctx, d)
}

func TestTheDestinationsCursorWins(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		pass(10 * time.Second)
		b.stop()
		// The destination was put back to nothing meanwhile.
		c.head = store.Head{}
		c.saw()
		b.start()
		isCalls(t, c, "cursor", "push", "ack")
		if c.has() != b.Head().Seq {
			t.Errorf("it has %d", c.has())
		}
	})
}

func TestScheduledRunsStart(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) {
			b.cfg.Destinations[0].Incremental, b.cfg.Destinations[0].Full = "*/15 * * * *", "30 2 * * *"
		}, c)
		pass(10*time.Hour - time.Minute)
		counts := map[string]int{}
		for _, r := range b.Shop.Runs() {
			counts[r.SyncType+" "+r.Status+" "+r.Destination]++
		}
		// The clock starts at midnight UTC, which is 18:00 in Chicago.
		if counts["incremental succeeded a"] != 39 || counts["full succeeded a"] != 1 || len(counts) != 2 {
			t.Errorf("runs %v", counts)
		}
		s := b.state("a")
		if got := s.NextIncremental.String() + " " + s.NextFull.String(); got != "2000-01-01T10:00:00Z 2000-01-02T08:30:00Z" {
			t.Errorf("next %s", got)
		}
	})
}

func TestARunWithNothingToSendAsksAllTheSame(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.saw()
		b.finished(b.ask(store.SyncIncremental, "").ID, store.RunSucceeded, "")
		isCalls(t, c, "cursor", "push", "ack")
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		run := b.ask(store.SyncIncremental, "")
		pass(time.Minute)
		b.finished(run.ID, store.RunFailed, "unreachable")
	})
}

func TestTheDestinationSaysWhenItConfirmed(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		pass(time.Minute)
		c.synced = b.now() + 123
		b.restart()
		if got := b.lastSync(b.item); got != c.synced || b.state("a").SyncedAt != c.synced {
			t.Errorf("it says %s, want %s", got, c.synced)
		}
	})
}
