package store

import (
	"context"
	"crypto/sha256"
	"iter"
	"slices"
)

// Snapshot is stock at a moment: quantities and reserved quantities, with the
// names, prices and costs that held then.
type Snapshot struct {
	Moment Moment
	// Seq is the newest entry that was recorded by the moment, At the moment
	// itself or, when a seq was asked for, when that was recorded.
	Seq int64
	At  Instant
	// Items, Quantity and Value are totals over the rows.
	Items    int
	Quantity Quantity
	Value    Money
	// Digest is SHA-256 over one line a row, in the order in which the rows
	// were opened: "<inventory id> <quantity> <reserved quantity>\n". The
	// same moment always gives the same digest.
	Digest [sha256.Size]byte

	rows []Item
}

// Rows gives the rows by product name, then id.
func (s *Snapshot) Rows() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for i := range s.rows {
			if !yield(&s.rows[i]) {
				return
			}
		}
	}
}

// Snapshot gives the stock of the chosen locations (none: all) at a moment.
func (l *Ledger) Snapshot(ctx context.Context, m Moment, locations []ID) (*Snapshot, error) {
	s := &Snapshot{Moment: m, Seq: m.Seq, At: m.AsOf}
	balances, err := l.cut(ctx, s)
	if err != nil {
		return nil, err
	}
	s.rows = l.rowsOf(s, balances, locations)
	if err := l.dress(ctx, s); err != nil {
		return nil, err
	}
	s.rows = slices.DeleteFunc(s.rows, func(i Item) bool {
		return i.ArchivedAt != 0 && i.Quantity == 0 && i.Reserved == 0
	})
	s.sort()
	s.total()
	return s, nil
}

// cut gives the balances at the snapshot's moment, and completes its position.
func (l *Ledger) cut(ctx context.Context, s *Snapshot) (b []balance, err error) {
	if s.Moment.Seq == 0 {
		known, err := l.knownSeq(ctx, s.Moment.KnownAt)
		if err != nil {
			return nil, err
		}
		if s.Seq, err = l.j.FindSeq(ctx, s.Moment.AsOf); err != nil {
			return nil, err
		}
		s.Seq = min(s.Seq, known)
		return l.balancesAsOf(ctx, s.Moment.AsOf, known)
	}
	if head := l.Head(); s.Seq == head.Seq {
		s.At = head.RecordedAt
	} else {
		e, err := readEntry(ctx, l.j, s.Seq)
		if err != nil {
			return nil, err
		}
		s.At = e.RecordedAt
	}
	return l.balancesAt(ctx, s.Seq)
}

// sort brings the rows into list order, by the names that held then.
func (s *Snapshot) sort() {
	for n := 1; n < len(s.rows); n++ {
		if compareItems(&s.rows[n-1], &s.rows[n]) > 0 {
			slices.SortFunc(s.rows, func(a, b Item) int { return compareItems(&a, &b) })
			return
		}
	}
}

// rowsOf lists the items that existed at the snapshot, with their balances;
// also those that were archived then.
func (l *Ledger) rowsOf(s *Snapshot, balances []balance, locations []ID) []Item {
	wanted := map[ID]bool{}
	for _, id := range locations {
		wanted[id] = true
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	rows := make([]Item, 0, len(balances))
	for _, i := range l.s.sorted() {
		var b balance
		if i.No <= int64(len(balances)) {
			b = balances[i.No-1]
		}
		if (len(wanted) > 0 && !wanted[i.Location.ID]) || (i.Opened > s.Seq && b == balance{}) {
			continue
		}
		row := *i
		row.Quantity, row.Reserved, row.Low = b.quantity, b.reserved, false
		if i.Seq > s.Seq {
			row.Seq, row.UpdatedAt = 0, 0
		}
		rows = append(rows, row)
	}
	return rows
}

// dress gives the rows the documents as they were, and judges low stock.
func (l *Ledger) dress(ctx context.Context, s *Snapshot) error {
	products, places, lots := map[ID]*Product{}, map[ID]*Location{}, map[ID]*Lot{}
	available := map[groupKey]Quantity{}
	for n := range s.rows {
		i := &s.rows[n]
		err := l.editedAt(ctx, i, s.Seq)
		if err != nil {
			return err
		}
		if i.Product, err = dressed(ctx, l, products, i.Product, i.Product.ID, i.Product.Version, s.Seq); err != nil {
			return err
		}
		if i.Location, err = dressed(ctx, l, places, i.Location, i.Location.ID, i.Location.Version, s.Seq); err != nil {
			return err
		}
		if i.Lot != nil {
			if i.Lot, err = dressed(ctx, l, lots, i.Lot, i.Lot.ID, i.Lot.Version, s.Seq); err != nil {
				return err
			}
		}
		if i.Product.ThresholdAt(i.Location.ID) != nil {
			available[groupKey{i.Product.ID, i.Location.ID}] += counted(i)
		}
	}
	for n := range s.rows {
		i := &s.rows[n]
		i.Low = i.Threshold != nil && i.Available() <= *i.Threshold
		if threshold := i.Product.ThresholdAt(i.Location.ID); threshold != nil {
			i.Low = i.Low || available[groupKey{i.Product.ID, i.Location.ID}] <= *threshold
		}
	}
	return nil
}

// dressed is versionAt for many rows that share documents.
func dressed[T any](ctx context.Context, l *Ledger, seen map[ID]T, newest T, id ID, version, seq int64) (T, error) {
	if version <= seq {
		return newest, nil
	}
	if v, ok := seen[id]; ok {
		return v, nil
	}
	v, err := versionAt(ctx, l, newest, id, version, seq)
	seen[id] = v
	return v, err
}

// total sums the rows and makes the digest.
func (s *Snapshot) total() {
	opened := make([]*Item, 0, len(s.rows))
	last := int64(0)
	for n := range s.rows {
		i := &s.rows[n]
		last = max(last, i.No)
		opened = append(opened, i)
		s.Quantity += i.Quantity
		value, _ := valueOf(i.Quantity, i.Product.UnitCost)
		s.Value += value
	}
	byNo := make([]*Item, last)
	for _, i := range opened {
		byNo[i.No-1] = i
	}
	digest := sha256.New()
	line := make([]byte, 0, 96)
	for _, i := range byNo {
		if i == nil {
			continue
		}
		line = append(i.ID.Append(line[:0]), ' ')
		line = append(i.Quantity.Append(line), ' ')
		digest.Write(append(i.Reserved.Append(line), '\n'))
	}
	s.Items = len(s.rows)
	digest.Sum(s.Digest[:0])
}

// Join takes in the rows of a snapshot of other locations at another moment.
func (s *Snapshot) Join(other *Snapshot) {
	s.rows = append(s.rows, other.rows...)
	s.sort()
	s.Seq, s.At = max(s.Seq, other.Seq), max(s.At, other.At)
	s.Quantity, s.Value = 0, 0
	s.total()
}
