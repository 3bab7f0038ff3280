// Package storetest opens real ledgers for tests: SQLite files in a temporary
// directory, a clock that stands still unless told, and short ways to fill a
// shop. It is imported by tests only.
package storetest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// Clock is a clock that moves only when told to.
type Clock struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
}

// Start is where the clock of a new shop stands.
var Start = time.Date(2026, 1, 27, 10, 30, 0, 0, time.UTC)

// NewClock gives a clock that stands at a moment.
func NewClock(at time.Time) *Clock { return &Clock{wall: at} }

// Wall is what the clock shows.
func (c *Clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

// Mono is how far the clock was moved on.
func (c *Clock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mono
}

// After never fires: what time asks for is done when commands come.
func (*Clock) After(time.Duration) <-chan time.Time { return nil }

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono = c.wall.Add(d), c.mono+d
}

// Step moves the wall clock without time passing.
func (c *Clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

// Shop is an open ledger with one location.
type Shop struct {
	*store.Ledger
	Clock    *Clock
	Location store.ID
	Rules    store.Rules
	Dir      string
	t        testing.TB
	// clock is what the ledger is given; the Clock above, or the machine's.
	clock store.Clock
}

// Request is what the shop's commands carry.
var Request = store.Request{Actor: "tester", Terminal: "till-1", Source: "api"}

// Open opens an empty shop, closed when the test ends. The options change the
// rules before it opens.
func Open(t testing.TB, options ...func(*store.Rules)) *Shop {
	t.Helper()
	s := &Shop{Clock: NewClock(Start), Rules: store.DefaultRules(), Dir: t.TempDir(), t: t}
	s.clock = s.Clock
	for _, o := range options {
		o(&s.Rules)
	}
	s.open()
	t.Cleanup(func() { _ = s.Ledger.Close() })
	s.Location = s.AddLocation("Main Street", "America/Chicago")
	return s
}

// NewID makes an id of version 7.
func NewID() store.ID { return store.ID(uuid.Must(uuid.NewV7())) }

func (s *Shop) open() {
	s.t.Helper()
	j, err := sqlite.Open(context.Background(), sqlite.Options{Dir: s.Dir, NewStore: NewID, Version: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Ledger, err = store.Open(context.Background(), store.Config{
		Journal: j, Clock: s.clock, NewID: NewID, Rules: s.Rules, Log: slog.New(slog.DiscardHandler),
		NewSalt: func() (salt [16]byte) { _, _ = rand.Read(salt[:]); return salt },
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Reopen closes the ledger and opens it again.
func (s *Shop) Reopen() {
	s.t.Helper()
	if err := s.Ledger.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

// Must does a command that has to be accepted.
func (s *Shop) Must(cmd store.Command) store.Receipt {
	s.t.Helper()
	r, err := s.Do(context.Background(), Request, cmd)
	if err != nil {
		s.t.Fatalf("%T: %v", cmd, err)
	}
	return r
}

// Refused does a command that has to be refused, and gives the code.
func (s *Shop) Refused(cmd store.Command) store.Code {
	s.t.Helper()
	_, err := s.Do(context.Background(), Request, cmd)
	if err == nil {
		s.t.Fatalf("%T was accepted", cmd)
	}
	return store.CodeOf(err)
}

// AddLocation makes a location.
func (s *Shop) AddLocation(name, zone string) store.ID {
	s.t.Helper()
	r := s.Must(&store.EditLocation{Edit: func(l *store.Location) {
		l.Name, l.TimeZone, l.Currency = name, zone, "USD"
	}})
	return r.Facts[0].Of.(*store.Location).ID
}

// AddProduct makes a product; edits change it before it is made.
func (s *Shop) AddProduct(sku string, edits ...func(*store.Product)) store.ID {
	s.t.Helper()
	r := s.Must(&store.EditProduct{Edit: func(p *store.Product) {
		p.SKU, p.Name, p.Unit, p.Category = sku, "Product "+sku, "each", "Flower"
		p.UnitPrice, p.UnitCost = 45_0000, 25_0000
		for _, edit := range edits {
			edit(p)
		}
	}})
	return r.Facts[0].Of.(*store.Product).ID
}

// OpenItem opens a row of a product in a room, with so many whole units.
func (s *Shop) OpenItem(product store.ID, room store.Room, units int64) store.ID {
	s.t.Helper()
	r := s.Must(&store.OpenItem{Product: product, Location: s.Location, Room: room, Opening: store.Quantity(units * 10_000)})
	return r.Facts[0].Of.(*store.Item).ID
}

// Stocked makes a product with so many whole units on the sales floor, and
// gives its item.
func (s *Shop) Stocked(sku string, units int64) store.ID {
	s.t.Helper()
	return s.OpenItem(s.AddProduct(sku), store.SalesFloor, units)
}

// Adjust changes an item by so many whole units.
func (s *Shop) Adjust(item store.ID, units int64, reason store.Reason) store.Receipt {
	s.t.Helper()
	return s.Must(&store.Adjust{Item: item, Change: store.Quantity(units * 10_000), Reason: reason, Notes: "test"})
}
