package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
)

const secretOne, secretTwo = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0IG51bWJlciB0d28gaXMgaGVyZQ=="

// receiver is an endpoint, which verifies what it gets with the library of
// Standard Webhooks.
type receiver struct {
	t testing.TB
	*synclist
	// answer is asked for a status; nil for 204.
	answer func(w http.ResponseWriter, r *http.Request)
	verify string
	conns  chan net.Conn
	away   bool
	tls    *tls.Config
}

type synclist struct {
	mu   sync.Mutex
	ids  []string
	body map[string]string
	at   []time.Time
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	hook, _ := standardwebhooks.NewWebhook(r.verify)
	if err := hook.Verify(body, req.Header); err != nil {
		r.t.Errorf("an event that does not verify: %v", err)
	}
	id := req.Header.Get("webhook-id")
	r.mu.Lock()
	if before, ok := r.body[id]; ok && before != string(body) {
		r.t.Errorf("%s was another one before", id)
	}
	r.body[id] = string(body)
	r.at = append(r.at, time.Now())
	answer := r.answer
	if answer == nil {
		r.ids = append(r.ids, id)
	}
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) set(answer func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) saw() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

func (r *receiver) tries() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (r *receiver) Accept() (net.Conn, error) {
	c, ok := <-r.conns
	if !ok {
		return nil, net.ErrClosed
	}
	if r.tls != nil {
		c = tls.Server(c, r.tls)
	}
	return c, nil
}
func (r *receiver) Close() error   { return nil }
func (r *receiver) Addr() net.Addr { return &net.TCPAddr{} }

// bench is a shop and the endpoints that it tells.
type bench struct {
	*storetest.Shop
	*syncer.Engine
	t         testing.TB
	db        *sqlite.DB
	item      store.ID
	hub       *Hub
	receivers map[string]*receiver
	hooks     []store.Webhook
	records   *mortal
	stop      func()
}

// mortal is a database that nothing can be written to any more.
type mortal struct {
	*sqlite.DB
	mu   sync.Mutex
	dead bool
}

var errDead = errors.New("killed")

func (m *mortal) kill(dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = dead
}

func (m *mortal) PutDestination(ctx context.Context, d store.Destination) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	return m.DB.PutDestination(ctx, d)
}

func (m *mortal) PutDeliveries(ctx context.Context, list []store.Delivery, progress map[store.ID]store.WebhookProgress) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	return m.DB.PutDeliveries(ctx, list, progress)
}

func simulate(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	synctest.Test(t, f)
}

// opened starts an engine that tells so many endpoints.
func opened(t testing.TB, endpoints int) *bench {
	t.Helper()
	b := &bench{t: t, Shop: storetest.OpenAt(t, store.SystemClock()), receivers: map[string]*receiver{}}
	b.db = b.Journal().(*sqlite.DB)
	b.records = &mortal{DB: b.db}
	b.item = b.Stocked("A", 1_000_000)
	for i := range endpoints {
		host := netip.AddrFrom4([4]byte{93, 184, 216, byte(i + 1)}).String()
		b.add(host, "http://"+host+"/hook")
	}
	b.start()
	return b
}

// add adds an endpoint and its receiver, from the newest entry on.
func (b *bench) add(host, url string) *receiver {
	b.t.Helper()
	r := &receiver{t: b.t, synclist: &synclist{body: map[string]string{}}, verify: secretOne, conns: make(chan net.Conn)}
	server := &http.Server{Handler: r, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	b.receivers[host] = r
	go func() { _ = server.Serve(r) }()
	b.t.Cleanup(func() { close(r.conns); _ = server.Close() })
	w := store.Webhook{ID: storetest.NewID(), Version: 1, URL: url, Active: true, LAN: true, CreatedAt: 1, Secret: []byte("sealed")}
	b.hooks = append(b.hooks, w)
	b.must(b.db.PutWebhook(b.t.Context(), w))
	b.must(b.db.PutDestination(b.t.Context(), store.Destination{
		Name: w.DestinationName(), Kind: store.WebhookKind, State: store.DestinationIdle, Cursor: b.Head(),
	}))
	return r
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) receiver(i int) *receiver {
	return b.receivers[netip.AddrFrom4([4]byte{93, 184, 216, byte(i + 1)}).String()]
}

func (b *bench) dial(_ context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	r := b.receivers[host]
	if r == nil {
		return nil, errors.New("connection refused")
	}
	r.mu.Lock()
	away := r.away
	r.mu.Unlock()
	if away {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	r.conns <- theirs
	return ours, nil
}

func (b *bench) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Name: host, IsNotFound: true, Err: "no such host"}
}

// start makes an engine over the records and lets it run.
func (b *bench) start() {
	b.t.Helper()
	b.hub = NewHub(Deps{
		Ledger: b.Ledger, Records: b.records, Clock: store.SystemClock(), NewID: storetest.NewID, Random: func() float64 { return 0 },
		Log: slog.New(slog.DiscardHandler), Version: "test", Resolve: b.resolve, Dial: b.dial,
	})
	config := syncer.Config{}
	for _, w := range b.hooks {
		now, err := b.db.FindWebhook(b.t.Context(), w.ID)
		b.must(err)
		if now.Runs() {
			secrets := Secrets{New: secretOne}
			if now.OldSecret != nil {
				secrets = Secrets{New: secretTwo, Old: secretOne}
			}
			config.Destinations = append(config.Destinations, syncer.Destination{
				Name: w.DestinationName(), Kind: store.WebhookKind, Target: b.hub.Target(now, secrets, nil),
			})
		}
	}
	var err error
	b.Engine, err = syncer.New(b.t.Context(), config, syncer.Deps{
		Ledger: b.Ledger, Records: b.records, Clock: store.SystemClock(), NewID: storetest.NewID,
		Random: func() float64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	b.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	engine, hub := b.Engine, b.hub
	group.Go(func() { _ = engine.Run(ctx) })
	group.Go(func() { hub.Run(ctx) })
	b.stop = sync.OnceFunc(func() { cancel(); group.Wait(); hub.book.flush(context.Background()) })
	b.t.Cleanup(b.stop)
}

// restart ends the engine and starts another.
func (b *bench) restart() {
	b.t.Helper()
	b.stop()
	b.start()
}

func (b *bench) sell() {
	b.t.Helper()
	b.Adjust(b.item, -1, store.Sale)
}

func wait(d time.Duration) { <-store.SystemClock().After(d); synctest.Wait() }

// state gives how an endpoint stands.
func (b *bench) state(i int) store.DestinationStatus {
	b.t.Helper()
	list, err := b.Status(b.t.Context())
	b.must(err)
	n := slices.IndexFunc(list, func(s store.DestinationStatus) bool { return s.Name == b.hooks[i].DestinationName() })
	return list[n]
}

// deliveries gives what was written down of an endpoint, oldest first.
func (b *bench) deliveries(i int) []store.Delivery {
	b.t.Helper()
	b.hub.Flush(b.t.Context())
	list, err := b.db.ListDeliveries(b.t.Context(), store.DeliveryFilter{Webhook: b.hooks[i].ID})
	b.must(err)
	slices.Reverse(list)
	return list
}

// news gives the ids of all there is to tell after an entry.
func (b *bench) news(after int64) (ids []string) {
	b.t.Helper()
	for seq := after + 1; seq <= b.Head().Seq; seq++ {
		s, err := b.Journal().FindEntry(b.t.Context(), seq)
		b.must(err)
		list, err := b.News(b.t.Context(), s)
		b.must(err)
		for _, n := range list {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
