package central_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// TestAHerdThatComesAtOnceIsCaughtUp lets every store of a chain come at the
// same moment, as after an hour without central. Whoever is sent away comes
// back when it was told to; all are caught up.
func TestAHerdThatComesAtOnceIsCaughtUp(t *testing.T) {
	d := openDeskOver(t, centraltest.StartDurable(t))
	transport := http.DefaultTransport.(*http.Transport)
	transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = 6000, 6000 // two files each
	t.Cleanup(func() { transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = 0, 0 })
	outlets, work := make([]*outlet, herdStores), make([]*wire.Batch, herdStores)
	enc := wire.NewEncoder()
	for n := range outlets {
		outlets[n] = d.unreal()
		a := newAuthor(uint64(n), enc)
		for _, b := range a.open(5) {
			if _, err := outlets[n].put(b); err != nil {
				t.Fatal(err)
			}
		}
		work[n] = a.sell(20)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	var away int
	begin := make(chan struct{})
	for n := range outlets {
		all.Go(func() {
			<-begin
			started := time.Now()
			times := 0
			ack, err := outlets[n].put(work[n])
			for ; err != nil; ack, err = outlets[n].put(work[n]) {
				p, ok := errors.AsType[*wire.Problem](err)
				if !ok || p.RetryAfter <= 0 {
					t.Errorf("store %d: %v", n, err)
					return
				}
				times++
				<-time.After(time.Duration(p.RetryAfter) * time.Second)
			}
			if ack.AckedSeq != work[n].Last || ack.AckedHash != work[n].Hash {
				t.Errorf("store %d: %+v", n, ack)
			}
			mu.Lock()
			waits, away = append(waits, time.Since(started)), away+times
			mu.Unlock()
		})
	}
	close(begin)
	all.Wait()
	if t.Failed() {
		return
	}
	slices.Sort(waits)
	t.Logf("%d stores: half after %s, all after %s; sent away %d times", len(waits), waits[len(waits)/2], waits[len(waits)-1], away)
}
