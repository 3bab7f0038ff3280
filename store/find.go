package store

import (
	"context"
	"slices"
	"strings"
)

// Item finds an item by id; ok is false when there is none.
func (l *Ledger) Item(id ID) (*Item, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	i, ok := l.s.items.base[id]
	return i, ok
}

// ItemsOf lists the rows of a product at a location, archived ones too.
func (l *Ledger) ItemsOf(product, location ID) []*Item {
	l.mu.RLock()
	defer l.mu.RUnlock()
	g, ok := l.s.groups.base[groupKey{product, location}]
	if !ok {
		return nil
	}
	list := make([]*Item, 0, len(g.items))
	for _, id := range g.items {
		list = append(list, l.s.items.base[id])
	}
	return list
}

// Product finds a product by id; ok is false when there is none.
func (l *Ledger) Product(id ID) (*Product, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p, ok := l.s.products.base[id]
	return p, ok
}

// ProductBySKU finds a product by its SKU, without regard to letter case.
func (l *Ledger) ProductBySKU(sku string) (*Product, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p, ok := l.s.products.base[l.s.skus.base[skuKey(sku)]]
	return p, ok
}

// Location finds a location by id; ok is false when there is none.
func (l *Ledger) Location(id ID) (*Location, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.s.locations.base[id]
	return v, ok
}

// Lot finds a lot by id; ok is false when there is none.
func (l *Ledger) Lot(id ID) (*Lot, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.s.lots.base[id]
	return v, ok
}

// Locations lists all locations by name.
func (l *Ledger) Locations() []*Location {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return sortedBy(l.s.locations.base, func(v *Location) string { return strings.ToLower(v.Name) + v.ID.String() })
}

// catalogue is all products by name, as published with an entry.
type catalogue struct {
	seq  int64
	list []*Product
}

// Products lists all products by name. The list is shared: it must not be
// changed.
func (l *Ledger) Products() []*Product {
	l.mu.RLock()
	seq := l.s.catalogued
	if known := l.products.Load(); known != nil && known.seq == seq {
		l.mu.RUnlock()
		return known.list
	}
	list := make([]*Product, 0, len(l.s.products.base))
	for _, p := range l.s.products.base {
		list = append(list, p)
	}
	l.mu.RUnlock()
	slices.SortFunc(list, func(a, b *Product) int {
		if c := strings.Compare(a.sortName, b.sortName); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	// One that is older than another's by now is found out by its seq.
	l.products.Store(&catalogue{seq, list})
	return list
}

// Lots lists all lots, oldest first.
func (l *Ledger) Lots() []*Lot {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return sortedBy(l.s.lots.base, func(v *Lot) string { return v.ID.String() })
}

// Tokens lists all tokens, oldest first.
func (l *Ledger) Tokens() []*Token {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return sortedBy(l.s.tokens.base, func(v *Token) string { return v.ID.String() })
}

// Runs lists the newest finished sync runs, newest first.
func (l *Ledger) Runs() []*Run {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := sortedBy(l.s.runs.base, func(v *Run) string { return v.ID.String() })
	slices.Reverse(list)
	return list
}

// Reservations lists the open reservations, oldest first.
func (l *Ledger) Reservations() []*Reservation {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return sortedBy(l.s.reservations.base, func(v *Reservation) string { return v.ID.String() })
}

// Reservation finds a reservation, open or closed; not_found when there never
// was one.
func (l *Ledger) Reservation(ctx context.Context, id ID) (*Reservation, error) {
	l.mu.RLock()
	r, ok := l.s.reservations.base[id]
	l.mu.RUnlock()
	if ok {
		return r, nil
	}
	if l.mirrors() {
		return nil, refuse(CodeNotFound, "There is no reservation %s here.", id)
	}
	r, err := readReservation(ctx, l.j, id, maxInt64)
	if err == nil && r == nil {
		return nil, refuse(CodeNotFound, "There is no reservation %s.", id)
	}
	return r, err
}

// TokenBySecret finds the token of a secret. It neither checks expiry nor
// revocation.
func (l *Ledger) TokenBySecret(secret string) (*Token, bool) {
	hash := HashToken(secret)
	l.mu.RLock()
	defer l.mu.RUnlock()
	t, ok := l.s.tokens.base[hash]
	return t, ok
}

// Valid tells whether a token may be used now. An expiry is not believed
// while the clock is not trusted.
func (l *Ledger) Valid(t *Token) bool {
	if t.RevokedAt != 0 {
		return false
	}
	if t.ExpiresAt == 0 {
		return true
	}
	now, ok := l.Now()
	return !ok || now < t.ExpiresAt
}

// Now gives the time that would be recorded now, never before the newest
// entry's; ok tells whether the machine's clock is trusted.
func (l *Ledger) Now() (now Instant, ok bool) { return l.keeper.peek() }

// Head is the newest durable position.
func (l *Ledger) Head() Head {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.head
}

// Meta tells which ledger this is.
func (l *Ledger) Meta() Meta { return l.meta }

// Rules are the settings in force.
func (l *Ledger) Rules() *Rules { return &l.cfg.Rules }

// History reads what was recorded.
func (l *Ledger) History() History { return l.h }

// Journal gives the readers of history and more; nil for a mirror. It must
// not be written.
func (l *Ledger) Journal() Journal { return l.j }

// Stats counts what the state holds.
type Stats struct {
	Items, Products, Locations, Lots, Reservations, Keys int
	LowStock                                             int
}

// Stats counts what the state holds, for metrics.
func (l *Ledger) Stats() Stats {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return Stats{
		Keys: l.keys.len(), Items: len(l.s.byNo), Products: len(l.s.products.base), Locations: len(l.s.locations.base),
		Lots: len(l.s.lots.base), Reservations: len(l.s.reservations.base),
		LowStock: len(l.s.orders.lists[cell{category: anyCategory, low: true}]),
	}
}

func sortedBy[K comparable, T any](m map[K]T, key func(T) string) []T {
	list := make([]T, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return list
}
