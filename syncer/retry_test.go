package syncer

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
)

func TestBackoffGrowsToItsBoundAndJitterIsFull(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		failures := rapid.Int64Range(1, 1e6).Draw(r, "failures")
		random := rapid.Float64Range(0, 0.999999).Draw(r, "random")
		most := 5 * time.Minute
		if failures <= 9 {
			most = min(most, time.Second<<(failures-1))
		}
		got := backoff(failures, random)
		if got < 0 || got >= most {
			r.Fatalf("after %d failures it waits %s, at most %s", failures, got, most)
		}
		if share := float64(got) / float64(most); share < random-0.001 || share > random+0.001 {
			r.Fatalf("%f of %s is %s", random, most, got)
		}
		f := &Failure{RetryAfter: time.Duration(rapid.Int64Range(-10, 1e5).Draw(r, "asked")) * time.Second}
		wait, asked := f.wait(failures, random)
		if wait < min(f.RetryAfter, time.Hour) || asked < 0 || asked > time.Hour || wait < got || wait > max(got, time.Hour) {
			r.Fatalf("asked to wait %s it waits %s, %s", f.RetryAfter, wait, asked)
		}
	})
}

// times are when a target was called, since the start of the simulation.
type times struct {
	list  []time.Duration
	clock store.Clock
}

func (s *times) note() { s.list = append(s.list, s.clock.Mono()) }

func TestAfterFailuresItTriesLessAndLess(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, tried := &chain{}, &times{clock: store.SystemClock()}
		c.fault = func(context.Context, string) error { tried.note(); return &Failure{Class: Retry, Code: "unreachable"} }
		b := open(t, func(b *bench) { b.deps.Random = func() float64 { return 0.999 } }, c)
		for range 60 {
			b.sell() // news do not shorten the wait
			pass(time.Minute)
		}
		for i, most := 1, time.Second; i < len(tried.list); i, most = i+1, min(2*most, 5*time.Minute) {
			if gap := tried.list[i] - tried.list[i-1]; gap > most || gap < most*9/10 {
				t.Errorf("try %d comes after %s, want up to %s", i+1, gap, most)
			}
		}
		if len(tried.list) < 18 {
			t.Errorf("it was tried %d times in an hour", len(tried.list))
		}
		s := b.state("a")
		if s.State != store.DestinationWaiting || s.Code != "unreachable" || s.NextTry == 0 || s.Failures != int64(len(tried.list)) || s.Retries != s.Failures-1 {
			t.Errorf("status %+v", s)
		}
		if oldest := b.now().Sub(s.OldestUnsent); oldest < 59*time.Minute || s.Lag != b.Head().Seq {
			t.Errorf("it lags %d entries and %s", s.Lag, oldest)
		}
		c.fail(nil)
		pass(5 * time.Minute)
		if s := b.state("a"); s.Lag != 0 || s.Failures != 0 || s.NextTry != 0 {
			t.Errorf("afterwards %+v", s)
		}
	})
}

func TestWhatIsConfirmedEndsTheBackoff(t *testing.T) {
	simulate(t, func(t *testing.T) {
		// Every attempt gets one entry over before the line breaks.
		c, sent, clock := &chain{most: 1}, 0, store.SystemClock()
		c.fault = func(_ context.Context, call string) error {
			if call == "push" {
				sent++
				if sent%2 == 0 {
					return &Failure{Class: Retry, Code: "timeout", Unknown: true}
				}
			}
			return nil
		}
		b := open(t, func(b *bench) {
			for range 30 {
				b.sell()
			}
		}, c)
		for c.has() < b.Head().Seq {
			pass(time.Second)
		}
		if took := clock.Mono(); took > 40*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.fail(&Failure{Class: Retry, Code: "rate_limited", RetryAfter: 90 * time.Second})
		b.sell()
		c.saw()
		run := b.ask(store.SyncFull, "")
		pass(89 * time.Second)
		isCalls(t, c)
		c.fail(nil)
		pass(time.Second)
		isCalls(t, c, "cursor", "push", "ack", "compare", "push", "ack")
		b.finished(run.ID, store.RunSucceeded, "")
	})
}

func TestARunGivesUpAfterThreeTriesAndPushingGoesOn(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		c.saw()
		run := b.ask(store.SyncFull, "")
		pass(10 * time.Second)
		b.finished(run.ID, store.RunFailed, "unreachable")
		if n := len(c.saw()); n < runTries {
			t.Errorf("it was tried %d times", n)
		}
		once := b.ask(store.SyncFull, "")
		b.finished(once.ID, store.RunFailed, "unreachable")
		c.fail(nil)
		pass(5 * time.Minute)
		if c.has() != b.Head().Seq {
			t.Errorf("it has %d of %d", c.has(), b.Head().Seq)
		}
	})
}

func TestARefusedKeyPausesUntilSomebodyActs(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) { b.cfg.Destinations[0].Incremental = "*/15 * * * *" }, c)
		c.fail(&Failure{Class: Pause, Code: "unauthorized", Detail: "The key is not known."})
		b.sell()
		c.saw()
		before := len(b.Shop.Runs())
		for range 60 {
			b.sell()
			pass(time.Minute)
		}
		isCalls(t, c)
		if s := b.state("a"); s.State != store.DestinationPaused || s.Code != "unauthorized" || s.NextTry != 0 || len(b.Shop.Runs()) != before {
			t.Errorf("status %+v, runs %d", s, len(b.Shop.Runs())-before)
		}
		b.finished(b.ask(store.SyncFull, "").ID, store.RunFailed, "unauthorized")
		isCalls(t, c)
		c.fail(nil)
		if err := b.Resume(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := b.state("a"); s.State != store.DestinationIdle || s.Lag != 0 || s.Code != "" {
			t.Errorf("afterwards %+v", s)
		}
		if err := b.Resume(t.Context(), "z"); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("an unknown one: %v", err)
		}
	})
}

func TestARestartTriesWhatWasPaused(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.fail(&Failure{Class: Pause, Code: "revoked"})
		b.sell()
		b.stop()
		list, err := b.db.ListDestinations(t.Context())
		if err != nil || list[0].State != store.DestinationPaused || list[0].Code != "revoked" {
			t.Errorf("written down: %+v, %v", list, err)
		}
		c.fail(nil)
		b.start()
		if s := b.state("a"); s.State != store.DestinationIdle || s.Lag != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAnAlarmIsNoLoop(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, tried := &chain{}, &times{clock: store.SystemClock()}
		c.fault = func(context.Context, string) error {
			tried.note()
			return &Failure{Class: Alarm, Code: "invalid_batch"}
		}
		b := open(t, nil, c)
		pass(3*time.Hour + time.Minute)
		if want := []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour}; !slices.Equal(tried.list, want) {
			t.Errorf("tried at %v", tried.list)
		}
		b.finished(b.ask(store.SyncFull, "").ID, store.RunFailed, "invalid_batch")
	})
}

// radio is a chain that also listens.
type radio struct {
	chain
	listening, heard atomic.Int64
	failure          atomic.Pointer[Failure]
}

// Listen waits half a minute for something.
func (r *radio) Listen(ctx context.Context, _ Ledger) error {
	r.listening.Add(1)
	defer r.listening.Add(-1)
	r.heard.Add(1)
	if f := r.failure.Load(); f != nil {
		return f
	}
	select {
	case <-ctx.Done():
	case <-store.SystemClock().After(30 * time.Second):
	}
	return ctx.Err()
}

func TestATargetListensOnceItHasAnswered(t *testing.T) {
	simulate(t, func(t *testing.T) {
		r := &radio{}
		r.fail(&Failure{Class: Retry, Code: "unreachable"})
		b := open(t, nil, r)
		pass(10 * time.Second)
		if r.heard.Load() != 0 {
			t.Error("it listened to one that never answered")
		}
		// One that may lack what it did before must not be told to do it again.
		r.mu.Lock()
		r.fault = func(_ context.Context, call string) error {
			if call == "push" {
				return &Failure{Class: Retry, Code: "restoring"}
			}
			return nil
		}
		r.mu.Unlock()
		pass(time.Minute)
		if r.heard.Load() != 0 {
			t.Error("it listened before anything was confirmed")
		}
		r.fail(nil)
		pass(time.Minute)
		if n := r.heard.Load(); n < 1 || r.listening.Load() != 1 {
			t.Errorf("it listened %d times", n)
		}
		r.failure.Store(&Failure{Class: Retry, Code: "timeout"})
		before := r.heard.Load()
		pass(time.Hour)
		if n := r.heard.Load() - before; n < 10 || n > 50 {
			t.Errorf("with a dead line it listened %d times in an hour", n)
		}
		if s := b.state("a"); s.State != store.DestinationIdle {
			t.Errorf("status %+v", s)
		}
		r.failure.Store(&Failure{Class: Pause, Code: "revoked"})
		pass(10 * time.Minute)
		if s := b.state("a"); s.State != store.DestinationPaused || s.Code != "revoked" {
			t.Errorf("status %+v", s)
		}
		r.failure.Store(nil)
		before = r.heard.Load()
		pass(time.Hour)
		if n := r.heard.Load() - before; n != 0 {
			t.Errorf("while paused it listened %d times", n)
		}
		if err := b.Resume(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Minute)
		if r.listening.Load() != 1 {
			t.Error("after going on it does not listen")
		}
		b.stop()
		if r.listening.Load() != 0 {
			t.Error("it listens after the engine has ended")
		}
	})
}
