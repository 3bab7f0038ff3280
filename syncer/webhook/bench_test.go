package webhook

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// load is what a benchmark does: so many movements a second, endpoints, and how
// many of them never answer. Receivers that are apart run in a process of their
// own.
type load struct {
	perSecond, endpoints, dead int
	apart                      bool
}

// BenchmarkMovementsWithEndpoints appends movements for a while and gives how
// long after its commit an event arrived, with endpoints that are all well, and
// with one that never answers. The receivers run on the same machine.
func BenchmarkMovementsWithEndpoints(b *testing.B) {
	for _, l := range []load{
		{perSecond: 1000},
		{perSecond: 1000, endpoints: 20},
		{perSecond: 1000, endpoints: 20, apart: true},
		{perSecond: 1000, endpoints: 20, dead: 1},
		{perSecond: 100},
		{perSecond: 100, endpoints: 20},
	} {
		b.Run(fmt.Sprintf("movements=%d/endpoints=%d/dead=%d/apart=%v", l.perSecond, l.endpoints, l.dead, l.apart), func(b *testing.B) {
			for b.Loop() {
				movements(b, l)
			}
		})
	}
}

// receiverEnv tells this program to be nothing but a receiver.
const receiverEnv = "SHELFD_BENCH_RECEIVER"

func TestMain(m *testing.M) {
	if os.Getenv(receiverEnv) == "" {
		os.Exit(m.Run())
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	_, _ = fmt.Fprintln(os.Stdout, server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the one who started it ends
}

// apart starts receivers in a process of their own, and gives their address.
func apart(b *testing.B) string {
	c := exec.CommandContext(b.Context(), os.Args[0])
	c.Env = append(os.Environ(), receiverEnv+"=1")
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(address)
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

func movements(tb *testing.B, c load) {
	const seconds = 5
	b := opened(tb, 0)
	b.stop()
	l := &lags{sold: map[string]time.Time{}}
	elsewhere := ""
	if c.apart {
		elsewhere = apart(tb)
	}
	for i := range c.endpoints {
		b.add(fmt.Sprint(i), cmp.Or(elsewhere, l.receiver(tb, i < c.dead)))
	}
	b.startForReal()
	began := time.Now()
	patch := l.sell(b, c.perSecond, seconds)
	took := time.Since(began)
	want := (c.endpoints - c.dead) * c.perSecond * seconds
	for !c.apart && l.count() < want && time.Since(began) < time.Minute {
		<-b.hub.Clock.After(10 * time.Millisecond)
	}
	caughtUp := time.Since(began) - took
	tb.ReportMetric(float64(c.perSecond*seconds)/took.Seconds(), "movements/s")
	tb.ReportMetric(float64(p99(patch).Microseconds())/1000, "p99-append-ms")
	tb.ReportMetric(float64(p99(l.late()).Microseconds())/1000, "p99-late-ms")
	tb.ReportMetric(caughtUp.Seconds(), "s-behind")
	b.stop()
}

// receiver is one in this process, which never answers when it is ill.
func (l *lags) receiver(tb *testing.B, ill bool) string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if ill {
			<-r.Context().Done()
			return
		}
		l.arrived(r.Header.Get("webhook-id"))
	}))
	tb.Cleanup(server.CloseClientConnections)
	return server.URL
}

// startForReal starts what dials the machine's own network.
func (b *bench) startForReal() {
	dialer := &net.Dialer{}
	b.start()
	b.hub.Deps.Dial = dialer.DialContext
	for _, s := range b.hub.senders {
		s.http.Transport.(*http.Transport).DialContext = dialer.DialContext
	}
}

// BenchmarkBacklog tells an endpoint 2,000 events out of so many that wait, and
// has others wait for one that is dead, and gives how much more memory is in
// use then.
func BenchmarkBacklog(b *testing.B) {
	for _, waiting := range []int{2000, 200_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			for b.Loop() {
				backlog(b, waiting)
			}
		})
	}
}

func backlog(tb *testing.B, waiting int) {
	b := opened(tb, 0)
	b.stop()
	var got atomic.Int64
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if got.Add(1) == 2000 {
			close(enough)
		}
	}))
	tb.Cleanup(server.CloseClientConnections)
	b.add("well", server.URL)
	b.add("dead", "http://127.0.0.1:1/")
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			for range waiting / 100 {
				b.sell()
			}
		})
	}
	group.Wait()
	before := inUse()
	b.startForReal()
	<-enough
	tb.ReportMetric(float64(inUse()-before)/(1<<20), "MB-more")
	b.stop()
}

// inUse is how many bytes of the heap are in use.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func p99(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)*99/100]
}
