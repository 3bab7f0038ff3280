package pos

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// rowKey is what a row of the reconciliation is about; place is that of what
// only a destination has.
type rowKey struct {
	location, product, lot store.ID
	destination            string
	place                  store.Place
}

// sheet is a reconciliation while it is put together.
type sheet struct {
	rows map[rowKey]*store.Reconciled
}

// Reconciliation gives what every side says of what the filter chooses, by
// name. Sides that keep packages have a row for each; others one a product.
func (d *Desk) Reconciliation(ctx context.Context, f store.ReconcileFilter) ([]store.Reconciled, error) {
	s := &sheet{rows: map[rowKey]*store.Reconciled{}}
	for _, t := range d.targets {
		if f.Destination != "" && f.Destination != t.cfg.Name || !f.Location.IsZero() && f.Location != t.cfg.Location {
			continue
		}
		if err := s.add(ctx, t); err != nil {
			return nil, err
		}
	}
	var list []store.Reconciled
	for _, row := range s.rows {
		if chosen(row, &f) {
			list = append(list, *row)
		}
	}
	slices.SortFunc(list, func(a, b store.Reconciled) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.SKU, b.SKU),
			strings.Compare(a.Tag, b.Tag), strings.Compare(ordinal(&a), ordinal(&b)))
	})
	return list, nil
}

// ordinal orders rows that are called the same, always in the same way.
func ordinal(row *store.Reconciled) string {
	text := row.Location.ID.String()
	if row.Product != nil {
		text += row.Product.ID.String()
	}
	for i := range row.Cases {
		text += row.Cases[i].ID.String()
	}
	return text
}

// chosen tells whether a filter wants a row.
func chosen(row *store.Reconciled, f *store.ReconcileFilter) bool {
	if !f.All && len(row.Cases) == 0 {
		return false
	}
	if f.Class != "" && !slices.ContainsFunc(row.Cases, func(c store.Case) bool { return c.Class == f.Class }) {
		return false
	}
	text := strings.ToLower(f.Text)
	return strings.Contains(strings.ToLower(row.Name+"\n"+row.SKU+"\n"+row.Tag), text)
}

// add puts one side onto the sheet.
func (s *sheet) add(ctx context.Context, t *Target) error {
	levels := map[store.Place]store.Level{}
	err := t.records.ScanLevels(ctx, t.cfg.Name, func(l store.Level) error {
		levels[l.Place] = l
		return nil
	})
	if err != nil {
		return err
	}
	compared, err := t.comparedAt(ctx)
	if err != nil {
		return err
	}
	sides := map[rowKey]*column{}
	for _, i := range t.items() {
		at := t.place(i)
		if at.out || i.ArchivedAt != 0 {
			continue
		}
		k := t.keyOf(i)
		c, ok := sides[k]
		if !ok {
			c = &column{side: store.Side{Destination: t.cfg.Name, State: t.caps.State}, item: i, places: map[store.Place]bool{}}
			sides[k] = c
		}
		c.shelf += i.Quantity
		if at.missing == nil {
			c.see(levels[at.Place], at.Place, compared)
		}
	}
	for k, c := range sides {
		row := s.row(k, t, c.item)
		row.Sides = append(row.Sides, c.side)
		if row.Shelf == nil {
			row.Shelf = &c.shelf
		}
	}
	return s.addCases(ctx, t)
}

// column is one side of one row.
type column struct {
	side   store.Side
	item   *store.Item
	shelf  store.Quantity
	places map[store.Place]bool
}

// see adds what a side has at one more place.
func (c *column) see(l store.Level, at store.Place, compared store.Instant) {
	if c.places[at] {
		return
	}
	c.places[at] = true
	c.side.Reported = max(c.side.Reported, l.Seq)
	if !l.Known {
		return
	}
	sum := l.Seen
	if c.side.Quantity != nil {
		sum += *c.side.Quantity
	}
	c.side.Quantity, c.side.SeenAt = &sum, max(c.side.SeenAt, l.SeenAt, compared)
}

func (t *Target) keyOf(i *store.Item) rowKey {
	k := rowKey{location: i.Location.ID, product: i.Product.ID}
	if t.caps.Lots && i.Lot != nil {
		k.lot = i.Lot.ID
	}
	return k
}

// row gives the row of a key, and makes it of an item when it is new.
func (s *sheet) row(k rowKey, t *Target, i *store.Item) *store.Reconciled {
	if row, ok := s.rows[k]; ok {
		return row
	}
	row := &store.Reconciled{}
	row.Location, _ = t.ledger.Location(t.cfg.Location)
	if i != nil {
		row.Product, row.SKU, row.Name = i.Product, i.Product.SKU, i.Product.Name
	}
	if i != nil && !k.lot.IsZero() {
		row.Lot, row.Tag = i.Lot, lotName(i.Lot)
	}
	s.rows[k] = row
	return row
}

// addCases puts a side's open differences onto their rows; what only the side
// has gets a row of its own.
func (s *sheet) addCases(ctx context.Context, t *Target) error {
	open, err := t.records.ListCases(ctx, store.CaseFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return err
	}
	for i := range open {
		c := &open[i]
		k := rowKey{location: c.LocationID, product: c.ProductID, lot: c.LotID}
		row, ok := s.rows[k]
		if k.lot = (store.ID{}); !ok && !c.ProductID.IsZero() {
			row, ok = s.rows[k]
		}
		if !ok {
			row = s.row(rowKey{location: c.LocationID, destination: c.Destination, place: c.Place}, t, nil)
			row.SKU, row.Name, row.Tag = c.SKU, c.Name, c.Tag
			row.Sides = append(row.Sides, store.Side{Destination: c.Destination, State: t.caps.State, Quantity: c.Theirs, SeenAt: c.CheckedAt})
		}
		row.Cases = append(row.Cases, *c)
	}
	return nil
}
