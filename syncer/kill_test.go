package syncer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// mortal lets so many things happen and then nothing more: what the engine
// does to records, ledger and destination from then on does not happen, as
// after a kill. With late the last thing still happens, but its answer is lost.
type mortal struct {
	mu    sync.Mutex
	left  int
	late  bool
	died  func()
	trace []string
}

var errKilled = errors.New("killed")

// do counts one thing that happens.
func (m *mortal) do(name string, thing func() error) error {
	m.mu.Lock()
	m.left--
	left := m.left
	if left >= 0 {
		m.trace = append(m.trace, name)
	}
	m.mu.Unlock()
	if left > 0 {
		return thing()
	}
	if left == 0 && m.late {
		_ = thing()
	}
	m.died()
	return errKilled
}

type mortalRecords struct {
	Records
	*mortal
}

// PutDestination may be the last thing that happens; so may the others.
func (m mortalRecords) PutDestination(ctx context.Context, d store.Destination) error {
	return m.do("put destination", func() error { return m.Records.PutDestination(ctx, d) })
}

func (m mortalRecords) PutActiveRun(ctx context.Context, r store.ActiveRun) error {
	return m.do("put run "+r.Status, func() error { return m.Records.PutActiveRun(ctx, r) })
}

func (m mortalRecords) DeleteActiveRun(ctx context.Context, id store.ID) error {
	return m.do("delete run", func() error { return m.Records.DeleteActiveRun(ctx, id) })
}

type mortalLedger struct {
	Ledger
	*mortal
}

// Do may be the last thing that happens.
func (m mortalLedger) Do(ctx context.Context, r store.Request, cmd store.Command) (receipt store.Receipt, err error) {
	err = m.do("finish run", func() error { receipt, err = m.Ledger.Do(ctx, r, cmd); return err })
	return receipt, err
}

func TestARunThatWasKilledAnywhereGoesOn(t *testing.T) {
	for _, c := range []struct{ late, keyed bool }{{false, true}, {true, true}, {true, false}} {
		ended := false
		for n := 1; !ended; n++ {
			t.Run(fmt.Sprintf("after %d things, answered %v, with a key %v", n, !c.late, c.keyed), func(t *testing.T) {
				simulate(t, func(t *testing.T) { ended = killAfter(t, n, c.late, c.keyed) })
			})
			if n > 100 {
				t.Fatal("it never ends by itself")
			}
		}
	}
}

// killAfter kills an engine after so many things and lets another go on; it
// tells whether the first one got to its end.
func killAfter(t *testing.T, n int, late, keyed bool) (ended bool) {
	c, m := &chain{most: 3}, &mortal{left: n, late: late}
	b := open(t, func(b *bench) { b.cfg.FirstContact = time.Hour }, c)
	for range 5 {
		b.sell()
	}
	b.stop()
	all := b.Head().Seq
	c.fault = func(_ context.Context, call string) error { return m.do(call, func() error { return nil }) }
	b.deps.Records, b.deps.Ledger = mortalRecords{b.db, m}, mortalLedger{b.Shop.Ledger, m}
	killed := make(chan struct{})
	m.died = sync.OnceFunc(func() { close(killed) })
	b.start()
	request := storetest.Request
	if keyed {
		request.Key = &store.IdempotencyKey{Hash: [16]byte{1}}
	}
	first, _, err := b.Request(t.Context(), request, store.RunRequest{Type: store.SyncFull})
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	pass(10 * time.Second)
	select {
	case <-killed:
	default:
		ended = true
	}
	b.stop()

	c.fault = nil
	b.deps.Records, b.deps.Ledger = b.db, b.Shop.Ledger
	b.start()
	pass(time.Minute)
	run := first
	if keyed || first == nil {
		// The client, which may have had no answer, asks again.
		var replayed bool
		run, replayed, err = b.Request(t.Context(), request, store.RunRequest{Type: store.SyncFull})
		if err != nil || (first != nil && (!replayed || run.ID != first.ID)) {
			t.Fatalf("killed after %v the same request gives %+v, %v, %v", m.trace, run, replayed, err)
		}
	}
	synctest.Wait()
	done := b.finished(run.ID, store.RunSucceeded, "")
	if (keyed || first != nil) && done.Counts.Sent != all {
		t.Errorf("killed after %v it counted %+v of %d", m.trace, done.Counts, all)
	}
	if c.has() < all || c.compared == 0 {
		t.Errorf("killed after %v it has %d of %d, compared %d times", m.trace, c.has(), all, c.compared)
	}
	if left, err := b.db.ListActiveRuns(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("killed after %v records are left: %v, %v", m.trace, left, err)
	}
	return ended
}
