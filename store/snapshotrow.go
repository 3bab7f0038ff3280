package store

import (
	"context"
	"slices"
)

// snapshotRow is one row of a snapshot. A snapshot has as many as there are
// items, so a row refers to the item as it is today wherever nothing but its
// balances was different then.
type snapshotRow struct {
	balance
	id   ID
	no   int64
	item *Item
	low  bool
	// moved: the item has changed since, so that when and by what it last did
	// before is not known.
	moved bool
}

// then gives the row as an item.
func (r *snapshotRow) then() Item {
	row := *r.item
	row.Quantity, row.Reserved, row.Low = r.quantity, r.reserved, r.low
	if r.moved {
		row.Seq, row.UpdatedAt = 0, 0
	}
	return row
}

// rowsOf lists the items that existed at the snapshot, with their balances;
// also those that were archived then.
func (l *Ledger) rowsOf(s *Snapshot, balances []balance, locations []ID) []snapshotRow {
	wanted := map[ID]bool{}
	for _, id := range locations {
		wanted[id] = true
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	rows := make([]snapshotRow, 0, len(balances))
	for _, i := range l.s.sorted() {
		var b balance
		if i.No <= int64(len(balances)) {
			b = balances[i.No-1]
		}
		if (len(wanted) > 0 && !wanted[i.Location.ID]) || (i.Opened > s.Seq && b == balance{}) {
			continue
		}
		rows = append(rows, snapshotRow{balance: b, id: i.ID, no: i.No, item: i})
	}
	return rows
}

// dresser gives the rows of one snapshot their documents as they were.
type dresser struct {
	ctx       context.Context
	l         *Ledger
	seq       int64
	products  map[ID]*Product
	locations map[ID]*Location
	lots      map[ID]*Lot
	// older tells that some row shows another version than today's.
	older bool
}

// dress gives the rows their documents as they were, drops what was archived
// and sorts where names were others.
func (l *Ledger) dress(ctx context.Context, s *Snapshot) error {
	d := &dresser{
		ctx: ctx, l: l, seq: s.Seq,
		products: map[ID]*Product{}, locations: map[ID]*Location{}, lots: map[ID]*Lot{},
	}
	for n := range s.rows {
		if err := d.dress(&s.rows[n]); err != nil {
			return err
		}
	}
	if d.older {
		s.rows = slices.DeleteFunc(s.rows, func(r snapshotRow) bool { return r.item.ArchivedAt != 0 && r.balance == balance{} })
		s.sort()
	} else {
		s.dropArchived()
	}
	return nil
}

// dropArchived drops what was archived; the archived items of today come
// last.
func (s *Snapshot) dropArchived() {
	n := len(s.rows)
	for n > 0 && s.rows[n-1].item.ArchivedAt != 0 && s.rows[n-1].balance == (balance{}) {
		n--
	}
	s.rows = s.rows[:n]
}

// dress rebuilds a row's item when it, or a document it shows, has changed
// since.
func (d *dresser) dress(r *snapshotRow) (err error) {
	i := r.item
	if i.edited <= d.seq && i.Product.Version <= d.seq && i.Location.Version <= d.seq && (i.Lot == nil || i.Lot.Version <= d.seq) {
		return nil
	}
	was := *i
	if err = d.l.editedAt(d.ctx, &was, d.seq); err != nil {
		return err
	}
	if was.Product, err = dressed(d, d.products, i.Product, i.Product.ID, i.Product.Version); err != nil {
		return err
	}
	if was.Location, err = dressed(d, d.locations, i.Location, i.Location.ID, i.Location.Version); err != nil {
		return err
	}
	if i.Lot != nil {
		was.Lot, err = dressed(d, d.lots, i.Lot, i.Lot.ID, i.Lot.Version)
	}
	r.item, d.older = &was, true
	return err
}

// dressed is versionAt for many rows that share documents.
func dressed[T any](d *dresser, seen map[ID]T, newest T, id ID, version int64) (T, error) {
	if version <= d.seq {
		return newest, nil
	}
	if v, ok := seen[id]; ok {
		return v, nil
	}
	v, err := versionAt(d.ctx, d.l, newest, id, version, d.seq)
	seen[id] = v
	return v, err
}

// sum counts and adds up the rows, and judges what moved and, by the number of
// the item that each row's group began with, low stock.
func (s *Snapshot) sum() {
	s.Items = len(s.rows)
	last := int64(0)
	for n := range s.rows {
		last = max(last, s.rows[n].item.group)
	}
	available, limits := make([]Quantity, last+1), make([]*Quantity, last+1)
	for n := range s.rows {
		r := &s.rows[n]
		i := r.item
		s.Quantity += r.quantity
		value, _ := valueOf(r.quantity, i.Product.UnitCost)
		s.Value += value
		if limit := i.Product.ThresholdAt(i.Location.ID); limit != nil {
			limits[i.group] = limit
			if i.Room != Quarantine && i.ArchivedAt == 0 {
				available[i.group] += r.quantity - r.reserved
			}
		}
	}
	for n := range s.rows {
		r := &s.rows[n]
		r.moved = r.item.Seq > s.Seq
		limit := limits[r.item.group]
		r.low = (limit != nil && available[r.item.group] <= *limit) ||
			(r.item.Threshold != nil && r.quantity-r.reserved <= *r.item.Threshold)
	}
}
