package dutchie

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

const (
	simKey = "location-key-4711"
	// The rooms of the simulated shop.
	simFloor, simVault = 11, 12
)

// sim is a simulated Dutchie. Every request it gets and every answer it gives
// is held against Dutchie's document, but for the faults that a test orders.
type sim struct {
	t      testing.TB
	spec   *spec
	server *httptest.Server

	mu    sync.Mutex
	clock store.Clock
	// now is its data, and past what they were before the newest change.
	now, past simData
	requests  int
	changed   int
	// asked is the newest request, and key what it came with.
	asked, key string

	refused     map[int]bool
	lose, limit int
	// stale is how many reads are still to tell the past.
	stale  int
	denied bool
	// faults are the answers of the next requests.
	faults []simFault
}

var _ postest.Sim = (*sim)(nil)

// simFault is an answer that Dutchie would not give.
type simFault struct {
	status      int
	contentType string
	body        string
}

// simData is what the simulated Dutchie keeps.
type simData struct {
	goods    []simGoods
	receipts []simReceipt
	drafts   []simDraft
}

// simGoods is a product with its one package.
type simGoods struct {
	n         int
	sku, tag  string
	stock     store.Quantity
	allocated store.Quantity
	at        store.Instant
}

// simReceipt is a transaction of one line.
type simReceipt struct {
	id, n              int
	units              store.Quantity
	reference          string
	at, changed, voids store.Instant
	// returns is the receipt that it is a return on, 0 for a sale.
	returns int
}

// simDraft is goods that were announced.
type simDraft struct {
	id                   int
	externalID, title    string
	status               string
	deliveredOn, addedOn string
}

func (d simData) clone() simData {
	return simData{slices.Clone(d.goods), slices.Clone(d.receipts), slices.Clone(d.drafts)}
}

func newSim(t testing.TB) *sim {
	t.Helper()
	s := &sim{t: t, spec: loadSpec(t), clock: store.SystemClock(), refused: map[int]bool{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// Connector gives one that is bound to no rate.
func (s *sim) Connector(t testing.TB, clock store.Clock) pos.Connector { return s.connect(t, clock) }

func (s *sim) connect(t testing.TB, clock store.Clock) *Connector {
	t.Helper()
	s.mu.Lock()
	s.clock = clock
	s.mu.Unlock()
	c, err := New(pos.Settings{URL: s.server.URL, Key: simKey, PerSecond: 1e6}, pos.Deps{Clock: clock, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// change changes the data. The caller holds no lock.
func (s *sim) change(f func(d *simData, now store.Instant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past = s.now.clone()
	f(&s.now, store.InstantOf(s.clock.Wall()))
}

// find finds a product; the test fails without.
func (d *simData) find(t testing.TB, n int) *simGoods {
	i := slices.IndexFunc(d.goods, func(g simGoods) bool { return g.n == n })
	if i < 0 {
		t.Errorf("the simulated Dutchie has no product %d", n)
		return &simGoods{}
	}
	return &d.goods[i]
}

func (s *sim) Room() string { return strconv.Itoa(simFloor) }

func (s *sim) Add(n int, sku, tag string, stock store.Quantity) {
	s.change(func(d *simData, now store.Instant) {
		d.goods = append(d.goods, simGoods{n: n, sku: sku, tag: tag, stock: stock, at: now})
	})
}

func (s *sim) Stock(n int) store.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.find(s.t, n).stock
}

func (s *sim) Set(n int, stock store.Quantity) {
	s.change(func(d *simData, now store.Instant) {
		g := d.find(s.t, n)
		g.stock, g.at = stock, now
	})
}

func (s *sim) Sell(n int, units store.Quantity, reference string) { s.ring(n, units, reference) }

// ring is Sell, and gives the number of the receipt.
func (s *sim) ring(n int, units store.Quantity, reference string) (receipt int) {
	s.change(func(d *simData, now store.Instant) {
		g := d.find(s.t, n)
		g.stock, g.at = g.stock-units, now
		receipt = 7001 + len(d.receipts)
		d.receipts = append(d.receipts, simReceipt{id: receipt, n: n, units: units, reference: reference, at: now, changed: now})
	})
	return receipt
}

// void takes a receipt back.
func (s *sim) void(receipt int) {
	s.change(func(d *simData, now store.Instant) {
		r := &d.receipts[receipt-7001]
		r.voids, r.changed = now, now
		d.find(s.t, r.n).stock += r.units
	})
}

// bring is a customer with goods and a receipt.
func (s *sim) bring(receipt int, units store.Quantity) {
	s.change(func(d *simData, now store.Instant) {
		old := &d.receipts[receipt-7001]
		old.changed = now
		d.find(s.t, old.n).stock += units
		d.receipts = append(d.receipts, simReceipt{
			id: 7001 + len(d.receipts), n: old.n, units: -units, at: now, changed: now, returns: receipt,
		})
	})
}

func (s *sim) Changed() int  { return s.count(&s.changed) }
func (s *sim) Requests() int { return s.count(&s.requests) }

func (s *sim) count(n *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *n
}

func (s *sim) LoseAnswer(writes int) { s.order(func() { s.lose = writes }) }
func (s *sim) Refuse(n int)          { s.order(func() { s.refused[n] = true }) }
func (s *sim) Limit(requests int)    { s.order(func() { s.limit = requests }) }
func (s *sim) Unauthorize()          { s.order(func() { s.denied = true }) }
func (s *sim) Authorize()            { s.order(func() { s.denied = false }) }

func (s *sim) Answer(status int, contentType, body string) {
	s.order(func() { s.faults = append(s.faults, simFault{status, contentType, body}) })
}

// lag has the next so many reads of stock and drafts tell the past.
func (s *sim) lag(reads int) { s.order(func() { s.stale = reads }) }

func (s *sim) order(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// last gives the newest request, and whose it was.
func (s *sim) last() (asked, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.key
}

// drafts gives what was announced.
func (s *sim) drafts() []simDraft {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.now.drafts)
}

// ServeHTTP answers one request.
func (s *sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("a request broke off: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, integrator, _ := r.BasicAuth()
	s.requests++
	s.asked, s.key = r.Method+" "+r.URL.RequestURI(), key+":"+integrator
	w.Header().Set("Date", s.clock.Wall().UTC().Format(http.TimeFormat))
	in, err := s.spec.request(r, body)
	if err != nil {
		s.t.Errorf("%s %s breaks Dutchie's document: %v\n%s", r.Method, r.URL, err, body)
	}
	if in == nil || s.faulty(w) {
		return
	}
	status, answer := s.handle(r, body, key)
	text := s.write(w, answer)
	if err := s.spec.answer(in, status, w.Header(), text); err != nil {
		s.t.Errorf("the simulated %s %s → %d breaks Dutchie's document: %v\n%s", r.Method, r.URL, status, err, text)
	}
	if r.Method == http.MethodPost && status == http.StatusOK && s.lose > 0 {
		s.lose--
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	w.Write(text)
}

// write makes the body of an answer, and says in the header what it is.
func (s *sim) write(w http.ResponseWriter, answer any) []byte {
	if answer == nil {
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(answer)
	if err != nil {
		s.t.Error(err)
	}
	return text
}

// faulty answers as something between us and Dutchie does, when ordered.
func (s *sim) faulty(w http.ResponseWriter) bool {
	switch {
	case len(s.faults) > 0:
		w.Header().Set("Content-Type", s.faults[0].contentType)
		w.WriteHeader(s.faults[0].status)
		io.WriteString(w, s.faults[0].body)
		s.faults = s.faults[1:]
	case s.limit > 0:
		s.limit--
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		return false
	}
	return true
}
