package pos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/postest"
)

// sim is a point of sale in memory, without HTTP: for the target's own rules.
type sim struct {
	mu    sync.Mutex
	caps  pos.Capabilities
	clock store.Clock
	// ahead is how far its clock is ahead of the shop's; it says its time when
	// tells is set.
	ahead time.Duration
	tells bool
	rows  map[int]*pos.Stock
	sales []pos.Sale
	keys  map[string]bool

	changed, requests  int
	lose, limit        int
	refuse             map[int]bool
	unauthorized, page bool
	products           []pos.Product
	written            []pos.Change
	afterRead          func()
	lagging            map[int]store.Quantity
	// windows are those that sales were read in; late hides the newest sales.
	windows [][2]store.Instant
	late    int
	// refuseOnce has it refuse a change of any product.
	refuseOnce func() bool
	// refuseSeq is an entry that it will not have.
	refuseSeq int64
	// poison is a place whose changes have the whole request refused.
	poison store.Place
	// batches are those that came, as JSON; previewed what was only shown.
	batches   []string
	previewed []pos.Change
}

func newSim(caps pos.Capabilities) *sim {
	caps.ReadCatalogue = true
	return &sim{caps: caps, clock: store.SystemClock(), rows: map[int]*pos.Stock{}, keys: map[string]bool{}, refuse: map[int]bool{}}
}

func (s *sim) Connector(_ testing.TB, clock store.Clock) pos.Connector {
	s.clock = clock
	if s.caps.Keys && s.caps.Oldest > 0 {
		return counting{s}
	}
	return s
}

// counting is a sim that wants counts for adjustments, and takes nothing old.
type counting struct{ *sim }

func (counting) Counts(r store.Reason) bool { return r == store.Adjustment || r == store.Audit }

func (s *sim) Capabilities() pos.Capabilities { return s.caps }

func (s *sim) Room() string {
	if s.caps.Rooms {
		return "floor"
	}
	return ""
}

func (s *sim) place(n int) store.Place {
	p := store.Place{Product: fmt.Sprint("p", n), Room: s.Room()}
	if s.caps.Lots {
		p.Lot = fmt.Sprint("lot", n)
	}
	return p
}

func (s *sim) Add(n int, sku, tag string, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[n] = &pos.Stock{Place: s.place(n), SKU: sku, Name: sku, Tag: tag, Quantity: stock}
	s.products = append(s.products, pos.Product{ID: fmt.Sprint("p", n), SKU: sku})
}

func (s *sim) Stock(n int) store.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[n].Quantity
}

func (s *sim) Set(n int, stock store.Quantity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[n].Quantity = stock
}

func (s *sim) Sell(n int, units store.Quantity, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sell(n, units, reference)
}

func (s *sim) sell(n int, units store.Quantity, reference string) {
	s.rows[n].Quantity -= units
	s.sales = append(s.sales, pos.Sale{
		ID: fmt.Sprint("sale", len(s.sales)), Line: 1, Place: s.place(n), Change: -units, Reason: store.Sale,
		Reference: reference, At: s.now(),
	})
}

// now is what its clock shows.
func (s *sim) now() store.Instant { return store.InstantOf(s.clock.Wall()).Add(s.ahead) }

func (s *sim) Changed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *sim) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *sim) LoseAnswer(n int)           { s.lose = n }
func (s *sim) Refuse(n int)               { s.refuse[n] = true }
func (s *sim) Limit(n int)                { s.limit = n }
func (s *sim) Answer(int, string, string) { s.page = true }
func (s *sim) Unauthorize()               { s.unauthorized = true }
func (s *sim) Authorize()                 { s.unauthorized = false }

// asked is one request.
func (s *sim) asked(writes bool) error {
	s.requests++
	switch {
	case s.unauthorized:
		return &syncer.Failure{Class: syncer.Pause, Code: pos.CodeUnauthorized}
	case s.limit > 0:
		s.limit--
		return &syncer.Failure{Class: syncer.Retry, Code: pos.CodeRateLimited, RetryAfter: time.Millisecond}
	case s.page:
		s.page = false
		return &syncer.Failure{Class: syncer.Retry, Code: pos.CodeNotPOS, Unknown: writes}
	}
	return nil
}

func (s *sim) Check(context.Context) (pos.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := pos.Identity{Name: "The till"}
	if s.tells {
		who.Time = s.now()
	}
	return who, s.asked(false)
}

func (s *sim) ReadStock(_ context.Context, only []store.Place, page func([]pos.Stock) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(false); err != nil {
		return err
	}
	var list []pos.Stock
	for n, row := range s.rows {
		if only == nil || slices.ContainsFunc(only, func(p store.Place) bool {
			return p.Lot == row.Lot && (p.Product == row.Product || p.Product == "")
		}) {
			r := *row
			if old, lags := s.lagging[n]; lags {
				r.Quantity = old
			}
			list = append(list, r)
		}
	}
	if s.afterRead != nil {
		s.afterRead()
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	return page(list)
}

func (s *sim) ReadCatalogue(_ context.Context, _ store.Instant, page func([]pos.Product) error) error {
	return page(slices.Clone(s.products))
}

func (s *sim) ReadSales(_ context.Context, from, to store.Instant, page func([]pos.Sale) error) error {
	s.mu.Lock()
	if err := s.asked(false); err != nil {
		s.mu.Unlock()
		return err
	}
	var list []pos.Sale
	s.windows = append(s.windows, [2]store.Instant{from, to})
	for _, v := range s.sales[:max(0, len(s.sales)-s.late)] {
		if v.At >= from && v.At < to.Add(time.Second) {
			list = append(list, v)
		}
	}
	s.mu.Unlock()
	return page(list)
}

func (s *sim) Write(_ context.Context, b pos.Batch) ([]syncer.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.asked(true); err != nil {
		return nil, err
	}
	if s.poison.Product != "" && slices.ContainsFunc(b.Changes, func(c pos.Change) bool { return c.Place == s.poison }) {
		return nil, &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused}
	}
	text, _ := json.Marshal(b)
	s.batches = append(s.batches, string(text))
	outcomes := make([]syncer.Outcome, len(b.Changes))
	if !s.keys[b.Key] || !s.caps.Keys {
		s.keys[b.Key] = true
		for i := range b.Changes {
			outcomes[i] = s.change(&b.Changes[i])
		}
	}
	if s.lose > 0 {
		s.lose--
		return nil, &syncer.Failure{Class: syncer.Retry, Code: pos.CodeTimeout, Unknown: true}
	}
	return outcomes, nil
}

func (s *sim) change(c *pos.Change) syncer.Outcome {
	for n, row := range s.rows {
		if row.Lot != c.Lot || row.Room != c.Room || (row.Product != c.Product && c.Product != "") {
			continue
		}
		if s.refuse[n] || s.refuseSeq == c.Seq || s.refuseOnce != nil && s.refuseOnce() {
			return syncer.Outcome{Status: syncer.Rejected, Code: "no", Detail: "It does not want this."}
		}
		before := row.Quantity
		if row.Quantity += c.Delta; c.Absolute {
			row.Quantity = c.Quantity
		}
		if row.Quantity != before {
			s.changed++
		}
		s.written = append(s.written, *c)
		return syncer.Outcome{}
	}
	return syncer.Outcome{Status: syncer.Rejected, Code: "unknown", Detail: "There is no such product."}
}

func (s *sim) Preview(b pos.Batch) ([]pos.Call, error) {
	s.previewed = append(s.previewed, b.Changes...)
	call := pos.Call{Method: "POST", Path: "/stock"}
	for i := range b.Changes {
		call.Changes = append(call.Changes, i)
	}
	return []pos.Call{call}, nil
}

// kinds are what points of sale there are, by how they take changes.
var kinds = map[string]pos.Capabilities{
	"absolute":           {ReadStock: true, ReadSales: true, WriteAbsolute: true, Most: 3},
	"absolute, by room":  {ReadStock: true, ReadSales: true, WriteAbsolute: true, Rooms: true, Most: 100},
	"absolute, unread":   {WriteAbsolute: true, Most: 3},
	"changes with keys":  {ReadStock: true, ReadSales: true, WriteDelta: true, Keys: true, Most: 3, Oldest: 24 * time.Hour},
	"changes, no keys":   {ReadStock: true, ReadSales: true, WriteDelta: true, Most: 3},
	"a register":         {ReadStock: true, WriteAbsolute: true, Lots: true, State: true, Most: 2},
	"packages, no write": {ReadStock: true, ReadSales: true, Lots: true, Rooms: true},
}

func TestTargetsOfEveryKindKeepTheContract(t *testing.T) {
	for name, caps := range kinds {
		t.Run(strings.ReplaceAll(name, ", ", "_"), func(t *testing.T) {
			postest.Run(t, func(testing.TB) postest.Sim { return newSim(caps) })
		})
	}
}
