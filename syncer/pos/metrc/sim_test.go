package metrc

import (
	"log/slog"
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
	license   = "C10-0000001-LIC"
	vendorKey = "vendor-key-canary-7f3a"
	userKey   = "user-key-canary-91bd"
)

var _ postest.Sim = (*sim)(nil)

// sim is METRC as far as the connector knows it: it keeps packages and
// receipts, shows what was written late, and holds every request and every
// row against the contract.
type sim struct {
	t    testing.TB
	srv  *httptest.Server
	spec *spec

	mu        sync.Mutex
	clock     store.Clock
	packages  []*simPackage
	receipts  []*simReceipt
	reasons   []simReason
	locations []simLocation
	// asked are the requests, in order.
	asked   []asked
	changed int

	// lag is how many reads of a package still show what it had before a write
	// through the API.
	lag int
	// recent has lists without a window hold only what changed in the last
	// day, as integrators found in New York.
	recent bool
	// lose and stall are writes that are done and whose connections are then
	// closed, or left open without an answer.
	lose, stall int
	limited     int
	revoked     bool
	refused     map[int]bool
	canned      *canned
	// before runs before a request is answered, without the lock.
	before func(asked)
}

type asked struct {
	method, path, query string
	body                []byte
}

type canned struct {
	status     int
	kind, body string
}

type simPackage struct {
	n                        int
	label, item, unit        string
	quantity                 store.Quantity
	modified                 time.Time
	onHold, recall, finished bool
	archived                 bool
	// shown is what the next stale reads show.
	shown store.Quantity
	stale int
}

type simReceipt struct {
	id                 int
	reference          string
	at, modified       time.Time
	archived           bool
	lines              []simLine
	noDetail, noOffset bool
}

type simLine struct {
	label, unit string
	sold        store.Quantity
}

type simReason struct {
	name        string
	note, waste bool
}

type simLocation struct {
	id         int
	name, kind string
	packages   bool
	modified   time.Time
}

// newSim starts a METRC of California.
func newSim(t testing.TB) *sim { return newSimOf(t, "ca") }

func newSimOf(t testing.TB, state string) *sim {
	t.Helper()
	s := &sim{t: t, spec: loadSpec(t, state), clock: store.SystemClock(), refused: make(map[int]bool)}
	s.reasons = []simReason{
		{name: "Entry Error"},
		{name: "Waste"},
		{name: "Theft", note: true},
		{name: "Scale Variance", note: true},
		{name: "Spoilage", waste: true},
		{name: "Damage"},
	}
	s.srv = httptest.NewServer(s)
	t.Cleanup(s.srv.Close)
	return s
}

// Connector gives one that writes.
func (s *sim) Connector(t testing.TB, clock store.Clock) pos.Connector {
	t.Helper()
	s.mu.Lock()
	s.clock = clock
	s.mu.Unlock()
	return s.open(t, clock, map[string]string{"write": "on"})
}

// open gives a connector with options besides those that it must have.
func (s *sim) open(t testing.TB, clock store.Clock, options map[string]string, edits ...func(*pos.Settings, *pos.Deps)) pos.Connector {
	t.Helper()
	all := map[string]string{"license": license, "state": "ca", "time_zone": "America/Los_Angeles"}
	for name, value := range options {
		all[name] = value
	}
	settings := pos.Settings{
		Name: "state", URL: s.srv.URL, User: vendorKey, Key: userKey, Options: all,
		// The clock of a test stands still, so nothing may have to wait.
		PerSecond: 1e6,
	}
	deps := pos.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler), Version: "test"}
	for _, edit := range edits {
		edit(&settings, &deps)
	}
	c, err := New(settings, deps)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Room is empty: METRC has a quantity for each package, wherever that is.
func (s *sim) Room() string { return "" }

// Add makes a package of a new item.
func (s *sim) Add(n int, sku, tag string, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packages = append(s.packages, &simPackage{n: n, label: tag, item: sku, unit: "Each", quantity: stock, modified: s.now()})
}

// Stock is what METRC has, even while it does not show that yet.
func (s *sim) Stock(n int) store.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.product(n).quantity
}

// Set is an adjustment that somebody makes on METRC's pages.
func (s *sim) Set(n int, stock store.Quantity) {
	s.edit(n, func(p *simPackage) { p.quantity = stock })
}

// edit changes a package as somebody would on METRC's pages.
func (s *sim) edit(n int, fn func(*simPackage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.product(n)
	fn(p)
	p.modified = s.now()
}

// Sell is a receipt that the point of sale reports.
func (s *sim) Sell(n int, units store.Quantity, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.product(n)
	p.quantity -= units
	p.modified = s.now()
	s.receipts = append(s.receipts, &simReceipt{
		id: 5001 + len(s.receipts), reference: reference, at: s.now(), modified: s.now(),
		lines: []simLine{{label: p.label, unit: p.unit, sold: units}},
	})
}

// Changed counts adjustments, even those that changed nothing.
func (s *sim) Changed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Requests counts all requests.
func (s *sim) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// sent gives the requests with a verb.
func (s *sim) sent(method string) (list []asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if a.method == method {
			list = append(list, a)
		}
	}
	return list
}

// LoseAnswer has writes done whose answers get lost.
func (s *sim) LoseAnswer(writes int) { s.set(func() { s.lose = writes }) }

// Refuse has every request refused that names product n: METRC takes all rows
// of a request, or none.
func (s *sim) Refuse(n int) { s.set(func() { s.refused[n] = true }) }

// Limit has the next so many reads refused: METRC does not count writes.
func (s *sim) Limit(requests int) { s.set(func() { s.limited = requests }) }

// Answer has the next request answered so.
func (s *sim) Answer(status int, contentType, body string) {
	s.set(func() { s.canned = &canned{status, contentType, body} })
}

// Unauthorize takes the key away.
func (s *sim) Unauthorize() { s.set(func() { s.revoked = true }) }

// Authorize gives it back.
func (s *sim) Authorize() { s.set(func() { s.revoked = false }) }

func (s *sim) set(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// now is the time there; the lock is held.
func (s *sim) now() time.Time { return s.clock.Wall().UTC().Truncate(time.Millisecond) }

// product finds a package; the lock is held.
func (s *sim) product(n int) *simPackage {
	i := slices.IndexFunc(s.packages, func(p *simPackage) bool { return p.n == n })
	if i < 0 {
		s.t.Fatalf("there is no product %d", n)
	}
	return s.packages[i]
}
