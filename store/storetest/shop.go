// Package storetest opens real ledgers for tests: SQLite files in a temporary
// directory, a clock that stands still unless told, and short ways to fill a
// shop. It is imported by tests only.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// Shop is an open ledger with one location.
type Shop struct {
	*store.Ledger
	Clock    *Clock
	Location store.ID
	Rules    store.Rules
	Dir      string
	// Wrap comes between the ledger and its journal whenever it opens; nil
	// for nothing.
	Wrap func(store.Journal) store.Journal
	// Sign signs the heads whenever the shop opens; nil for none.
	Sign func(store.Head) (string, error)
	t    testing.TB
	// clock is what the ledger is given; the Clock above, or the machine's.
	clock store.Clock
}

// Request is what the shop's commands carry.
var Request = store.Request{Actor: "tester", Terminal: "till-1", Source: "api"}

// Open opens an empty shop, closed when the test ends. The options change the
// rules before it opens.
func Open(t testing.TB, options ...func(*store.Rules)) *Shop {
	t.Helper()
	return OpenOver(t, nil, options...)
}

// OpenOver is Open with something between the ledger and its journal.
func OpenOver(t testing.TB, wrap func(store.Journal) store.Journal, options ...func(*store.Rules)) *Shop {
	t.Helper()
	s := &Shop{Clock: NewClock(Start), Rules: store.DefaultRules(), Dir: t.TempDir(), Wrap: wrap, t: t}
	s.clock = s.Clock
	return s.start(options...)
}

// OpenAt is Open with a clock of the test's own.
func OpenAt(t testing.TB, clock store.Clock, options ...func(*store.Rules)) *Shop {
	t.Helper()
	s := &Shop{Rules: store.DefaultRules(), Dir: t.TempDir(), clock: clock, t: t}
	return s.start(options...)
}

func (s *Shop) start(options ...func(*store.Rules)) *Shop {
	s.t.Helper()
	for _, o := range options {
		o(&s.Rules)
	}
	s.open()
	s.t.Cleanup(func() { _ = s.Ledger.Close() })
	s.Location = s.AddLocation("Main Street", "America/Chicago")
	return s
}

// NewID makes an id of version 7.
func NewID() store.ID { return store.ID(uuid.Must(uuid.NewV7())) }

func (s *Shop) open() {
	s.t.Helper()
	if err := s.TryOpen(); err != nil {
		s.t.Fatal(err)
	}
}

// TryOpen opens the shop's ledger, and lets go of the directory when it is
// refused.
func (s *Shop) TryOpen() error {
	db, err := sqlite.Open(context.Background(), sqlite.Options{Dir: s.Dir, NewStore: NewID, Version: "test"})
	if err != nil {
		return err
	}
	j := store.Journal(db)
	if s.Wrap != nil {
		j = s.Wrap(j)
	}
	l, err := store.Open(context.Background(), store.Config{
		Journal: j, Clock: s.clock, NewID: NewID, Rules: s.Rules, Sign: s.Sign, Log: slog.New(slog.DiscardHandler),
		NewSalt: func() (salt [16]byte) { _, _ = rand.Read(salt[:]); return salt },
	})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.Ledger = l
	return nil
}

// Verify checks the shop's ledger from its first entry, beside it.
func (s *Shop) Verify() (store.Report, error) {
	s.t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Options{Dir: s.Dir, ReadOnly: true, Version: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	return store.Verify(context.Background(), db, nil, nil)
}

// Look makes the writer look at the clock and at what is due, as it does each
// second, and waits until it has.
func (s *Shop) Look() {
	s.t.Helper()
	s.Clock.fire()
	// The writer does one thing at a time, so what comes next finds it done.
	if _, err := s.Do(context.Background(), store.Request{DryRun: true}, store.ConfirmClock{}); err != nil {
		s.t.Fatal(err)
	}
}

// Reopen closes the ledger and opens it again.
func (s *Shop) Reopen() {
	s.t.Helper()
	if err := s.Ledger.Close(); err != nil {
		s.t.Fatal(err)
	}
	if s.Clock != nil {
		s.Clock.forget()
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
