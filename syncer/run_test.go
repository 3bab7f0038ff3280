package syncer

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestARunCountsWhatItDid(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{most: 2}
		b := open(t, func(b *bench) { b.cfg.FirstContact = time.Hour }, c)
		for range 7 {
			b.sell()
		}
		head := b.Head().Seq
		run := b.ask(store.SyncIncremental, "")
		if run.Status != store.RunQueued || run.Destination != "a" || run.RequestedAt == 0 {
			t.Errorf("it begins as %+v", run)
		}
		done := b.finished(run.ID, store.RunSucceeded, "")
		if want := (store.RunCounts{Scanned: head, Sent: head}); done.Counts != want {
			t.Errorf("counts %+v, want %+v", done.Counts, want)
		}
	})
}

func TestARunSaysHowFarItIs(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, gate := &chain{most: 1, left: 42}, make(chan struct{})
		c.fault = func(_ context.Context, call string) error {
			if call == "push" || call == "compare" {
				<-gate
			}
			return nil
		}
		b := open(t, func(b *bench) { b.cfg.FirstContact = time.Hour }, c)
		head := b.Head().Seq
		run := b.ask(store.SyncFull, "")
		for sent := range head {
			synctest.Wait()
			if r, _ := b.Find(run.ID); r.Status != store.RunRunning || r.Counts.Sent != sent || r.Left != head-sent || r.StartedAt == 0 {
				t.Fatalf("after %d of %d it is %+v", sent, head, r)
			}
			gate <- struct{}{}
		}
		synctest.Wait()
		close(gate)
		b.finished(run.ID, store.RunSucceeded, "")
	})
}

func TestASecondRequestJoins(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, gate := &chain{}, make(chan struct{})
		c.fault = func(context.Context, string) error { <-gate; return nil }
		b := open(t, nil, c)
		full, incremental := b.ask(store.SyncFull, ""), b.ask(store.SyncIncremental, "")
		if full.ID == incremental.ID {
			t.Error("a full and an incremental run are one")
		}
		if again := b.ask(store.SyncFull, "a"); again.ID != full.ID {
			t.Error("the second request for a full run did not join")
		}
		forced, _, err := b.Request(t.Context(), storetest.Request, store.RunRequest{Type: store.SyncFull, Force: true})
		if err != nil || forced.ID == full.ID {
			t.Errorf("one that forces joined one that does not: %v", err)
		}
		if n := len(b.Engine.Runs()); n != 3 {
			t.Errorf("%d runs go on", n)
		}
		close(gate)
		for _, id := range []store.ID{full.ID, incremental.ID, forced.ID} {
			b.finished(id, store.RunSucceeded, "")
		}
		if c.compared != 2 || c.forced != 1 {
			t.Errorf("compared %d times, forced %d times", c.compared, c.forced)
		}
		if later := b.ask(store.SyncFull, ""); later.ID == full.ID {
			t.Error("a request joined a run that had finished")
		}
	})
}

func TestARunIsAskedForOnceByItsKey(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, gate := &chain{}, make(chan struct{})
		c.fault = func(context.Context, string) error { <-gate; return nil }
		b := open(t, nil, c)
		keyed := func(key, request byte) (*store.Run, bool, error) {
			r := storetest.Request
			r.Key = &store.IdempotencyKey{Hash: [16]byte{key}, Print: [16]byte{request}}
			return b.Request(t.Context(), r, store.RunRequest{Type: store.SyncFull})
		}
		same := func(when string, want store.ID) {
			t.Helper()
			for _, key := range []byte{1, 2} {
				if run, replayed, err := keyed(key, key); err != nil || !replayed || run.ID != want {
					t.Errorf("%s key %d gives %+v, %v, %v", when, key, run, replayed, err)
				}
				if _, _, err := keyed(key, 9); store.CodeOf(err) != store.CodeIdempotencyMismatch {
					t.Errorf("%s key %d for another request: %v", when, key, err)
				}
			}
		}
		first, replayed, err := keyed(1, 1)
		if err != nil || replayed {
			t.Fatal(replayed, err)
		}
		if joined, replayed, err := keyed(2, 2); err != nil || replayed || joined.ID != first.ID {
			t.Fatal(joined, replayed, err)
		}
		same("under way", first.ID)
		close(gate)
		b.finished(first.ID, store.RunSucceeded, "")
		same("finished", first.ID)
		b.restart()
		if run, replayed, err := keyed(1, 1); err != nil || !replayed || run.ID != first.ID || run.Status != store.RunSucceeded {
			t.Errorf("after a restart %+v, %v, %v", run, replayed, err)
		}
	})
}

func TestADryRunAsksForNothing(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := open(t, nil, &chain{})
		r := storetest.Request
		r.DryRun = true
		run, _, err := b.Request(t.Context(), r, store.RunRequest{Type: store.SyncFull})
		synctest.Wait()
		if err != nil || run.Status != store.RunQueued || len(b.Engine.Runs())+len(b.Shop.Runs()) != 0 {
			t.Errorf("%+v, %v; %v", run, err, b.Engine.Runs())
		}
	})
}

func TestARequestFindsItsDestination(t *testing.T) {
	simulate(t, func(t *testing.T) {
		var here, there store.ID
		b := open(t, func(b *bench) {
			here, there = b.Location, b.AddLocation("There", "America/Denver")
			d := b.cfg.Destinations
			d[1].LocationID, d[1].Primary = here, true
			d[2].LocationID = there
		}, &chain{}, &chain{}, &chain{})
		for _, c := range []struct {
			location          store.ID
			destination, want string
		}{{store.ID{}, "", "b"}, {here, "", "b"}, {there, "", "a"}, {there, "c", "c"}, {here, "c", ""}, {here, "z", ""}} {
			run, _, err := b.Request(t.Context(), storetest.Request, store.RunRequest{Type: store.SyncFull, Location: c.location, Destination: c.destination})
			if c.want == "" {
				if store.CodeOf(err) != store.CodeNotFound {
					t.Errorf("%+v gives %+v, %v", c, run, err)
				}
			} else if err != nil || run.Destination != c.want {
				t.Errorf("%+v gives %+v, %v", c, run, err)
			}
		}
	})
}

func TestWithoutADestinationARunFailsAndSaysSo(t *testing.T) {
	simulate(t, func(t *testing.T) {
		b := open(t, nil)
		b.finished(b.ask(store.SyncFull, "").ID, store.RunFailed, CodeNoDestination)
	})
}

func TestCancel(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{most: 1}
		b := open(t, nil, c)
		hang := func(ctx context.Context, call string) error {
			if call == "compare" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		cancel := func(id store.ID) {
			t.Helper()
			if run, err := b.Cancel(t.Context(), id); err != nil || run.Status != store.RunCanceled {
				t.Fatalf("%+v, %v", run, err)
			}
			b.finished(id, store.RunCanceled, "")
		}
		c.fault = hang
		first := b.ask(store.SyncFull, "")
		synctest.Wait()
		behind := b.ask(store.SyncIncremental, "")
		cancel(behind.ID)
		if run, _ := b.Find(first.ID); run.Status != store.RunRunning {
			t.Errorf("the one before it is %+v", run)
		}
		cancel(first.ID)

		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		waits := b.ask(store.SyncFull, "")
		synctest.Wait()
		cancel(waits.ID)

		c.fail(nil)
		pass(time.Minute)
		done := b.ask(store.SyncFull, "")
		b.finished(done.ID, store.RunSucceeded, "")
		if run, err := b.Cancel(t.Context(), done.ID); err != nil || run.Status != store.RunSucceeded {
			t.Errorf("one that had finished: %+v, %v", run, err)
		}
		if _, err := b.Cancel(t.Context(), b.item); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("one that never was: %v", err)
		}
		if left, err := b.db.ListActiveRuns(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("records are left: %v, %v", left, err)
		}
	})
}

func TestACanceledRunIsNotTakenUpAgain(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) { b.cfg.FirstContact = time.Hour }, c)
		c.fault = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		run := b.ask(store.SyncIncremental, "")
		synctest.Wait()
		if _, err := b.Cancel(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}
		c.saw()
		pass(20 * time.Minute)
		isCalls(t, c)
		c.fail(nil)
		pass(20 * time.Minute)
		if b.finished(run.ID, store.RunCanceled, ""); c.has() != b.Head().Seq {
			t.Error("what nobody asked for is not pushed after a run was canceled")
		}
		c.saw()
		b.sell()
		isCalls(t, c, "push", "ack")
	})
}

func TestAFullDiskKeepsTheEndOfARunForLater(t *testing.T) {
	simulate(t, func(t *testing.T) {
		full := &fullDisk{}
		b := open(t, func(b *bench) { full.Ledger = b.deps.Ledger; b.deps.Ledger = full }, &chain{})
		full.yes.Store(true)
		run := b.ask(store.SyncFull, "")
		synctest.Wait()
		if r, ok := b.Find(run.ID); !ok || r.Status != store.RunRunning {
			t.Fatalf("while the disk is full it is %+v", r)
		}
		// A ledger that is full is still pushed.
		b.sell()
		if s := b.state("a"); s.Lag != 0 {
			t.Errorf("while the disk is full %d entries wait", s.Lag)
		}
		full.yes.Store(false)
		pass(time.Minute)
		b.finished(run.ID, store.RunSucceeded, "")
	})
}

func TestACanceledRunLeavesNothingUnsent(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		b.sell()
		pass(time.Minute)
		c.mu.Lock()
		c.fault = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		c.mu.Unlock()
		run := b.ask(store.SyncFull, "")
		synctest.Wait()
		go func() {
			// The line is there again by the time that it is canceled.
			c.fail(nil)
			if _, err := b.Cancel(t.Context(), run.ID); err != nil {
				t.Error(err)
			}
		}()
		pass(10 * time.Minute)
		b.finished(run.ID, store.RunCanceled, "")
		if c.has() != b.Head().Seq {
			t.Errorf("it has %d of %d", c.has(), b.Head().Seq)
		}
	})
}

func TestARunWhoseDestinationIsGoneEnds(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		run := b.ask(store.SyncFull, "")
		synctest.Wait()
		b.stop()
		b.cfg.Destinations = nil
		b.start()
		b.finished(run.ID, store.RunFailed, CodeNoDestination)
		if left, err := b.db.ListActiveRuns(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("records are left: %v, %v", left, err)
		}
	})
}

func TestARunThatIsBeingCanceledIsNotTakenUpMeanwhile(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, slow := &chain{}, &slowDisk{}
		b := open(t, func(b *bench) { slow.Ledger = b.deps.Ledger; b.deps.Ledger = slow }, c)
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		run := b.ask(store.SyncFull, "")
		synctest.Wait()
		// The next try comes due while the ledger is still busy with the end.
		if ended, err := b.Cancel(t.Context(), run.ID); err != nil || ended.Status != store.RunCanceled {
			t.Fatalf("%+v, %v", ended, err)
		}
		pass(time.Minute)
		b.finished(run.ID, store.RunCanceled, "")
	})
}

// slowDisk is a ledger that takes ten seconds for everything.
type slowDisk struct{ Ledger }

// Do takes its time.
func (s *slowDisk) Do(ctx context.Context, r store.Request, cmd store.Command) (store.Receipt, error) {
	wait(10 * time.Second)
	return s.Ledger.Do(ctx, r, cmd)
}

// fullDisk is a ledger that cannot take anything now.
type fullDisk struct {
	Ledger
	yes atomic.Bool
}

// Do refuses while the disk is full.
func (f *fullDisk) Do(ctx context.Context, r store.Request, cmd store.Command) (store.Receipt, error) {
	if f.yes.Load() {
		return store.Receipt{}, &store.Error{Code: store.CodeStorageFull, Message: "The disk is full."}
	}
	return f.Ledger.Do(ctx, r, cmd)
}

// TestARunEndsOnceHoweverItIsCanceled lets several cancel each run at every
// moment of its life.
func TestARunEndsOnceHoweverItIsCanceled(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, moment := &chain{}, time.Duration(0)
		c.fault = func(_ context.Context, call string) error {
			wait(3 * time.Millisecond)
			if call == "compare" && moment%2 == 0 {
				return &Failure{Class: Retry, Code: "unreachable"}
			}
			return nil
		}
		b := open(t, nil, c)
		pass(time.Minute)
		for moment = range 30 {
			run := b.ask(store.SyncFull, "")
			var group sync.WaitGroup
			for n := range 3 {
				group.Go(func() {
					wait((moment + time.Duration(n)) * time.Millisecond)
					if _, err := b.Cancel(t.Context(), run.ID); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			pass(time.Minute)
			ended, _ := b.Find(run.ID)
			b.finished(run.ID, ended.Status, ended.Error)
			if b.Resume(t.Context(), "a") != nil || ended.Status == store.RunRunning {
				t.Fatalf("%+v", ended)
			}
			pass(time.Minute)
		}
	})
}
