package syncer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
)

func (b *bench) lastSync(id store.ID) store.Instant {
	b.t.Helper()
	item, ok := b.Item(id)
	if !ok {
		b.t.Fatalf("there is no item %s", id)
	}
	return b.LastSync(item)
}

func TestLastSyncIsWhenTheNewestEntryWasConfirmed(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, func(b *bench) { b.cfg.FirstContact = 2 * time.Minute }, c)
		if at := b.lastSync(b.item); at != 0 {
			t.Errorf("before the first success it is %s", at)
		}
		pass(time.Minute)
		first := b.now()
		if at := b.lastSync(b.item); at != first {
			t.Errorf("after it %s, want %s", at, first)
		}
		pass(time.Minute)
		other := b.Stocked("B", 1)
		synctest.Wait()
		if b.lastSync(b.item) != b.now() || b.lastSync(other) != b.now() {
			t.Errorf("at %s: %s, %s", b.now(), b.lastSync(b.item), b.lastSync(other))
		}
		before := b.now()

		// Offline: what changes says until when it was safe, what is new says
		// that it never was, and a success with less does not tell otherwise.
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		pass(time.Minute)
		b.sell()
		young := b.Stocked("C", 1)
		pass(time.Minute)
		changed, _ := b.Item(b.item)
		if at := b.lastSync(b.item); at > before || at >= changed.UpdatedAt || at == 0 {
			t.Errorf("one that changed at %s since says %s; the last success was at %s", changed.UpdatedAt, at, before)
		}
		if b.lastSync(other) != before || b.lastSync(young) != 0 {
			t.Errorf("one that did not change says %s, a new one %s", b.lastSync(other), b.lastSync(young))
		}
		was := b.lastSync(b.item)
		b.restart()
		if b.lastSync(b.item) != was || b.lastSync(other) != before || b.lastSync(young) != 0 {
			t.Errorf("after a restart %s, %s, %s", b.lastSync(b.item), b.lastSync(other), b.lastSync(young))
		}
	})
}

func TestASuccessThatDidNotGetToTheNewestEntrySaysNothingOfIt(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c, pushes := &chain{most: 1}, 0
		b := open(t, nil, c)
		other := b.Stocked("B", 5)
		synctest.Wait()
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		pass(time.Minute)
		b.Adjust(other, -1, store.Sale)
		pass(time.Minute)
		b.sell()
		pass(time.Minute)
		// One entry gets over before the line breaks again.
		c.mu.Lock()
		c.fault = func(_ context.Context, call string) error {
			if call == "push" {
				if pushes++; pushes > 1 {
					return &Failure{Class: Pause, Code: "broken"}
				}
			}
			return nil
		}
		c.mu.Unlock()
		pass(10 * time.Minute)
		sent, _ := b.Item(other)
		waits, _ := b.Item(b.item)
		if at := b.lastSync(other); at <= waits.UpdatedAt || b.state("a").Lag != 1 {
			t.Fatalf("what got over says %s, and %d lack", at, b.state("a").Lag)
		}
		if at := b.lastSync(b.item); at >= waits.UpdatedAt || at < sent.UpdatedAt {
			t.Errorf("what waits since %s says %s", waits.UpdatedAt, at)
		}
	})
}

// TestAnotherHistoryConfirmsNothing: a destination that a copy of this ledger
// pushed to does not have what this one did since.
func TestAnotherHistoryConfirmsNothing(t *testing.T) {
	simulate(t, func(t *testing.T) {
		c := &chain{}
		b := open(t, nil, c)
		other := b.Stocked("B", 5)
		synctest.Wait()
		before := b.lastSync(other)
		c.fail(&Failure{Class: Retry, Code: "unreachable"})
		pass(time.Minute)
		b.sell()
		pass(time.Minute)
		c.mu.Lock()
		c.head.Seq, c.head.Hash = b.Head().Seq, store.Hash{1}
		c.synced = b.now()
		c.mu.Unlock()
		c.fail(nil)
		pass(time.Hour)
		sold, _ := b.Item(b.item)
		if at := b.lastSync(b.item); at >= sold.UpdatedAt {
			t.Errorf("what it does not have, of %s, says %s", sold.UpdatedAt, at)
		}
		if at := b.lastSync(other); at != before {
			t.Errorf("what it has says %s, want %s", at, before)
		}
		b.restart()
		pass(time.Hour)
		if at := b.lastSync(b.item); at >= sold.UpdatedAt {
			t.Errorf("after a restart what it does not have says %s", at)
		}
	})
}

func TestLastSyncIsThatOfTheLocationsPrimaryDestination(t *testing.T) {
	simulate(t, func(t *testing.T) {
		dead := &chain{}
		dead.fail(&Failure{Class: Retry, Code: "unreachable"})
		b := open(t, func(b *bench) {
			b.cfg.Destinations[2].LocationID, b.cfg.Destinations[2].Primary = b.Location, true
		}, &chain{}, &chain{}, dead)
		if at := b.lastSync(b.item); at != 0 {
			t.Errorf("where the location's own is dead it is %s", at)
		}
		b.stop()
		b.cfg.Destinations[2].Primary = false
		b.start()
		if at := b.lastSync(b.item); at != b.now() {
			t.Errorf("that of all locations says %s", at)
		}
		b.stop()
		b.cfg.Destinations[0].Primary = false
		b.start()
		if at := b.lastSync(b.item); at != 0 {
			t.Errorf("without a primary destination it is %s", at)
		}
	})
}
