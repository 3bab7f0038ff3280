package square

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

const (
	simKey      = "EAAAl-token-of-the-simulator"
	simLocation = "L8GYN5ZGWHXDX"
)

// sim is a Square with one location. Its stock is the last count and the
// adjustments after it, by when they occurred. Every request and every answer
// is held against Square's own description.
type sim struct {
	t      testing.TB
	server *httptest.Server
	spec   *spec
	// complain is told what is not as described; it fails the test.
	complain func(string)

	mu      sync.Mutex
	clock   store.Clock
	events  []*simEvent
	known   map[string]bool
	refused map[string]bool
	keys    map[string]simDone
	// pageSize is the most rows that a page has, whatever was asked for.
	pageSize int

	requests, changed        int
	limited, lost, stalled   int
	unauthorized             bool
	canned                   *simReply
	versions, authorizations map[string]bool
}

var _ postest.Sim = (*sim)(nil)

// simEvent is one change of stock, as Square keeps it.
type simEvent struct {
	simChange
	order       int
	quantity    store.Quantity
	at, created store.Instant
}

// simDone is a batch that was done.
type simDone struct{ body, answer string }

// simReply is an answer before it is sent.
type simReply struct {
	status      int
	contentType string
	body        string
	retryAfter  string
}

// newSim starts a Square that knows nothing yet, and ends it with the test.
func newSim(t testing.TB) *sim {
	s := &sim{
		t: t, spec: loadSpec(t), clock: store.SystemClock(), pageSize: 100,
		known: map[string]bool{}, refused: map[string]bool{}, keys: map[string]simDone{},
		versions: map[string]bool{}, authorizations: map[string]bool{},
	}
	s.complain = func(what string) { t.Error(what) }
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// Connector gives a connector that speaks to it over HTTP. The simulator goes
// by the connector's clock.
func (s *sim) Connector(t testing.TB, clock store.Clock) pos.Connector {
	t.Helper()
	s.mu.Lock()
	s.clock = clock
	s.mu.Unlock()
	return newConnector(t, pos.Settings{URL: s.server.URL}, clock)
}

// newConnector makes a connector with the simulator's location and key where
// nothing else is set.
func newConnector(t testing.TB, set pos.Settings, clock store.Clock) *Connector {
	t.Helper()
	set.Name, set.Key = "square", cmp.Or(set.Key, simKey)
	// A clock that stands still gives no rate; the burst is as large.
	set.PerSecond = cmp.Or(set.PerSecond, 1e6)
	if set.Options == nil {
		set.Options = map[string]string{"location_id": simLocation}
	}
	c, err := Kind.New(set, pos.Deps{Clock: clock, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Connector)
}

// Room is empty: Square has none.
func (s *sim) Room() string { return "" }

// Product is its id of product n.
func (s *sim) Product(n int) string { return fmt.Sprintf("VARIATION%04d", n) }

// Add makes product n, which was counted a month ago.
func (s *sim) Add(n int, _, _ string, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[s.Product(n)] = true
	s.book(simCount(s.Product(n), stock), s.now().Add(-30*24*time.Hour))
}

// Stock gives what it has of product n.
func (s *sim) Stock(n int) store.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stock(s.Product(n), stateInStock)
}

// Set is somebody counting product n in the dashboard.
func (s *sim) Set(n int, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book(simCount(s.Product(n), stock), s.now())
}

// Sell is a sale rung up now.
func (s *sim) Sell(n int, units store.Quantity, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := simMove(s.Product(n), stateInStock, stateSold, units)
	g.Adjustment.Transaction = reference
	s.book(g, s.now())
}

// Changed counts the changes that were made through its API.
func (s *sim) Changed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Requests counts all requests.
func (s *sim) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// LoseAnswer has the next writes done and their connections closed.
func (s *sim) LoseAnswer(writes int) { s.set(func() { s.lost = writes }) }

// Stall has the next writes done and never answered.
func (s *sim) Stall(writes int) { s.set(func() { s.stalled = writes }) }

// Refuse has it refuse every change of product n.
func (s *sim) Refuse(n int) { s.set(func() { s.refused[s.Product(n)] = true }) }

// Limit has the next requests answered with 429.
func (s *sim) Limit(requests int) { s.set(func() { s.limited = requests }) }

// Answer has the next request answered with something else.
func (s *sim) Answer(status int, contentType, body string) {
	s.set(func() { s.canned = &simReply{status: status, contentType: contentType, body: body} })
}

// Unauthorize has every request refused from now on.
func (s *sim) Unauthorize() { s.set(func() { s.unauthorized = true }) }

// Authorize ends that.
func (s *sim) Authorize() { s.set(func() { s.unauthorized = false }) }

func (s *sim) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *sim) now() store.Instant { return store.InstantOf(s.clock.Wall()) }

// book takes a change in as one that arrived now.
func (s *sim) book(g simChange, at store.Instant) *simEvent {
	d := g.detail()
	e := &simEvent{simChange: g, order: len(s.events), at: at, created: s.now()}
	e.quantity, _ = store.ParseQuantity(d.Quantity)
	d.ID, d.ProductType = fmt.Sprintf("CHANGE%05d", e.order), "ITEM_VARIATION"
	d.OccurredAt, d.CreatedAt = at.String(), e.created.String()
	if d.Source == nil {
		d.Source = &simSource{Product: "SQUARE_POS", Name: "Square Point of Sale"}
	}
	s.events = append(s.events, e)
	return e
}

// stock is what there is of a product in a state.
func (s *sim) stock(product, state string) store.Quantity {
	list := slices.Clone(s.events)
	slices.SortStableFunc(list, func(a, b *simEvent) int { return cmp.Compare(a.at, b.at) })
	var n store.Quantity
	for _, e := range list {
		d := e.detail()
		switch {
		case d.Product != product:
		case d.State == state:
			n = e.quantity
		case d.From == state:
			n -= e.quantity
		case d.To == state:
			n += e.quantity
		}
	}
	return n
}

// calculated is when a product changed last, by the arrival of the change; 0
// for never.
func (s *sim) calculated(product string) (at store.Instant) {
	for _, e := range s.events {
		if e.detail().Product == product {
			at = max(at, e.created)
		}
	}
	return at
}
