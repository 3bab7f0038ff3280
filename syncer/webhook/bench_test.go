package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// BenchmarkMovementsWithEndpoints appends 1,000 movements a second for a while
// and gives how long after its commit an event arrived, with endpoints that
// are all well, and with one that never answers. The receivers run on the same
// machine.
func BenchmarkMovementsWithEndpoints(b *testing.B) {
	for _, c := range []struct{ endpoints, dead int }{{0, 0}, {1, 0}, {20, 0}, {20, 1}} {
		b.Run(fmt.Sprintf("endpoints=%d/dead=%d", c.endpoints, c.dead), func(b *testing.B) {
			for b.Loop() {
				movements(b, c.endpoints, c.dead)
			}
		})
	}
}

// lags is when events were booked, and when they arrived.
type lags struct {
	mu   sync.Mutex
	sold map[string]time.Time
	got  []arrival
}

type arrival struct {
	id string
	at time.Time
}

func (l *lags) arrived(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, arrival{id, time.Now()})
}

func (l *lags) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.got)
}

// late gives how long after its answer each event arrived.
func (l *lags) late() (list []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.got {
		if at, ok := l.sold[a.id]; ok {
			list = append(list, max(0, a.at.Sub(at)))
		}
	}
	return list
}

// sell books so many movements a second from several tills at once, and gives
// how long each took.
func (l *lags) sell(b *bench, perSecond, seconds int) (took []time.Duration) {
	const tills = 8
	var group sync.WaitGroup
	began := time.Now()
	for till := range tills {
		group.Go(func() {
			for i := till; i < perSecond*seconds; i += tills {
				<-b.hub.Clock.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
				at := time.Now()
				r, err := b.Do(b.t.Context(), storetest.Request, &store.Adjust{Item: b.item, Change: -10_000, Reason: store.Sale})
				if err != nil {
					b.t.Error(err)
					return
				}
				l.mu.Lock()
				took = append(took, time.Since(at))
				l.sold[r.Facts[0].Entry.Position.String()] = time.Now()
				l.mu.Unlock()
			}
		})
	}
	group.Wait()
	return took
}

func movements(tb *testing.B, endpoints, dead int) {
	const perSecond, seconds = 1000, 5
	b := opened(tb, 0)
	b.stop()
	l := &lags{sold: map[string]time.Time{}}
	for i := range endpoints {
		ill := i < dead
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if ill {
				<-r.Context().Done()
				return
			}
			l.arrived(r.Header.Get("webhook-id"))
		}))
		tb.Cleanup(server.CloseClientConnections)
		b.add(fmt.Sprint(i), server.URL)
	}
	dialer := &net.Dialer{}
	b.start()
	b.hub.Deps.Dial = dialer.DialContext
	for _, s := range b.hub.senders {
		s.http.Transport.(*http.Transport).DialContext = dialer.DialContext
	}
	began := time.Now()
	patch := l.sell(b, perSecond, seconds)
	took := time.Since(began)
	want := (endpoints - dead) * perSecond * seconds
	for l.count() < want && time.Since(began) < time.Minute {
		<-b.hub.Clock.After(10 * time.Millisecond)
	}
	caughtUp := time.Since(began) - took
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	tb.ReportMetric(perSecond*seconds/took.Seconds(), "movements/s")
	tb.ReportMetric(float64(p99(patch).Microseconds())/1000, "p99-append-ms")
	tb.ReportMetric(float64(p99(l.late()).Microseconds())/1000, "p99-late-ms")
	tb.ReportMetric(caughtUp.Seconds(), "s-behind")
	tb.ReportMetric(float64(m.HeapInuse)/(1<<20), "heap-MB")
	b.stop()
}

func p99(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)*99/100]
}
