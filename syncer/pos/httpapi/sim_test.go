package httpapi_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

// absoluteYAML describes the simulator as a point of sale that takes the
// quantities that shall be, many at once.
const absoluteYAML = simYAML + `
write:
  mode: absolute
  most: 20
  request:
    method: PUT
    path: /v1/stock
    body: '{changes: [$changes[] | {id: .product, room, on_hand: .quantity}]}'
  outcome: |
    .results[] | if .ok then {status: "confirmed"} else {status: "rejected", code: .code, detail: .error} end
`

// deltaYAML describes it as one that takes each change by itself, once for
// each key.
const deltaYAML = simYAML + `
write:
  mode: both
  most: 20
  each: true
  oldest: 24h
  idempotency: Idempotency-Key
  request:
    method: POST
    path: /v1/products/\($change.product)/stock
    body: |
      if $change.absolute
      then {room: $change.room, on_hand: $change.quantity}
      else {room: $change.room, by: $change.delta, why: $change.their_reason}
      end
`

const simYAML = `
name: sim
title: Sim
auth:
  headers:
    Authorization: Bearer ${key}
check:
  request: {path: /v1/shop}
  name: .name
  time: .time
rooms:
  request: {path: /v1/rooms}
  rows: '.rooms[] | {id, name, type: (if .sells then "sales_floor" else null end)}'
reasons:
  request: {path: /v1/reasons}
  rows: '.[] | {id: .code, name: .label, needs_note: .note}'
catalogue:
  request:
    path: /v1/products
    query: '{after: $page, since: $since}'
  next: .next
  rows: '.items[] | {id, sku, name, price, unit, barcodes, updated_at: .updated}'
stock:
  request:
    path: /v1/stock
    query: '{after: $page}'
  next: .next
  rows: '.items[] | {product: .id, room, sku, name, unit, quantity: .on_hand, updated_at: .updated}'
  only:
    most: 10
    request:
      path: /v1/stock
      query: '{after: $page, id: [$only[].product]}'
    next: .next
sales:
  request:
    path: /v1/sales
    query: '{from: $from, to: $to, after: $page}'
  next: .next
  rows: '.lines[] | {id: .sale, line, product: .id, room, sku, change: -(.units), reference: .receipt, at}'
`

// simKey is the key that the simulator knows.
const simKey = "canary-7c4e-key"

// sim is a point of sale in memory that speaks JSON over HTTP.
type sim struct {
	*httptest.Server
	text string

	mu       sync.Mutex
	clock    store.Clock
	products map[int]*simProduct
	sales    []map[string]any
	keys     map[string]bool
	lose     int
	limit    int
	closed   bool
	answer   func(http.ResponseWriter)
	changed  int
	requests int
	// paths are those that were asked.
	paths []string
}

type simProduct struct {
	n       int
	sku     string
	stock   map[string]store.Quantity
	refused bool
	updated time.Time
}

var _ postest.Sim = (*sim)(nil)

// newSim makes a simulator of a point of sale that takes absolute numbers.
func newSim(t testing.TB) *sim { return startSim(t, absoluteYAML) }

// newDeltaSim makes one of a point of sale that takes changes.
func newDeltaSim(t testing.TB) *sim { return startSim(t, deltaYAML) }

func startSim(t testing.TB, text string) *sim {
	s := &sim{text: text, clock: store.SystemClock(), products: map[int]*simProduct{}, keys: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/shop", s.shop)
	mux.HandleFunc("GET /v1/rooms", s.rooms)
	mux.HandleFunc("GET /v1/reasons", s.reasons)
	mux.HandleFunc("GET /v1/products", s.list)
	mux.HandleFunc("GET /v1/stock", s.list)
	mux.HandleFunc("GET /v1/sales", s.listSales)
	mux.HandleFunc("PUT /v1/stock", s.set)
	mux.HandleFunc("POST /v1/products/{id}/stock", s.adjust)
	s.Server = httptest.NewServer(s.guard(mux))
	t.Cleanup(s.Close)
	return s
}

func (s *sim) Connector(t testing.TB, clock store.Clock) pos.Connector {
	s.mu.Lock()
	s.clock = clock
	s.mu.Unlock()
	return newConnector(t, s.text, pos.Settings{URL: s.URL, Key: simKey}, clock)
}

// newConnector makes a connector of a description.
func newConnector(t testing.TB, text string, s pos.Settings, clock store.Clock) pos.Connector {
	t.Helper()
	s.Name, s.File, s.Description = "till", "till.yaml", []byte(text)
	c, err := httpapi.New(s, pos.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *sim) Room() string { return "floor" }

func (s *sim) Add(n int, sku, _ string, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.products[n] = &simProduct{n: n, sku: sku, stock: map[string]store.Quantity{"floor": stock}, updated: s.clock.Wall()}
}

func (s *sim) Stock(n int) store.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.products[n].stock["floor"]
}

func (s *sim) Set(n int, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.products[n].stock["floor"] = stock
}

func (s *sim) Sell(n int, units store.Quantity, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.products[n]
	p.stock["floor"] -= units
	s.sales = append(s.sales, map[string]any{
		"sale": "s" + strconv.Itoa(len(s.sales)+1), "line": 1, "id": n, "room": "floor", "sku": p.sku, "units": units,
		"receipt": reference, "at": s.clock.Wall().UTC().Format(time.RFC3339Nano),
	})
}

func (s *sim) Changed() int { return s.locked(&s.changed) }

func (s *sim) Requests() int { return s.locked(&s.requests) }

func (s *sim) locked(n *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *n
}

func (s *sim) LoseAnswer(writes int) { s.with(func() { s.lose = writes }) }

func (s *sim) Refuse(n int) { s.with(func() { s.products[n].refused = true }) }

func (s *sim) Limit(requests int) { s.with(func() { s.limit = requests }) }

func (s *sim) Unauthorize() { s.with(func() { s.closed = true }) }

func (s *sim) Authorize() { s.with(func() { s.closed = false }) }

func (s *sim) Answer(status int, contentType, body string) {
	s.with(func() {
		s.answer = func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	})
}

func (s *sim) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}
