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

	rows []snapshotRow
}

// Rows gives the rows by product name, then id; each until the next is asked
// for.
func (s *Snapshot) Rows() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for n := range s.rows {
			row := s.rows[n].then()
			if !yield(&row) {
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
	s.sum()
	return s, nil
}

// cut gives the balances at the snapshot's moment, and completes its position.
func (l *Ledger) cut(ctx context.Context, s *Snapshot) (b []balance, err error) {
	if s.Moment.Seq == 0 {
		known, err := l.knownSeq(ctx, s.Moment.KnownAt)
		if err != nil {
			return nil, err
		}
		if s.Seq, err = l.h.FindSeq(ctx, s.Moment.AsOf); err != nil {
			return nil, err
		}
		s.Seq = min(s.Seq, known)
		return l.balancesAsOf(ctx, s.Moment.AsOf, known)
	}
	if head := l.Head(); s.Seq == head.Seq {
		s.At = head.RecordedAt
	} else {
		e, err := readEntry(ctx, l.h, s.Seq)
		if err != nil {
			return nil, err
		}
		s.At = e.RecordedAt
	}
	return l.balancesAt(ctx, s.Seq)
}

// Join takes in the rows of snapshots of other locations, at other moments or
// of other stores.
func (s *Snapshot) Join(others ...*Snapshot) {
	for _, other := range others {
		s.rows = append(s.rows, other.rows...)
		s.Seq, s.At = max(s.Seq, other.Seq), max(s.At, other.At)
		s.Items += other.Items
		s.Quantity += other.Quantity
		s.Value += other.Value
	}
	s.sort()
}

// sort brings the rows into list order, by the names that held then.
func (s *Snapshot) sort() {
	slices.SortFunc(s.rows, func(a, b snapshotRow) int { return compareItems(a.item, b.item) })
}

// Digest is SHA-256 over one line a row, in the order in which the rows were
// opened: "<inventory id> <quantity> <reserved quantity>\n". The same moment
// always gives the same digest. It is made anew at each call.
func (s *Snapshot) Digest() (sum [sha256.Size]byte) {
	last := int64(0)
	for n := range s.rows {
		last = max(last, s.rows[n].no)
	}
	byNo := make([]int32, last)
	for n := range s.rows {
		byNo[s.rows[n].no-1] = int32(n + 1)
	}
	digest := sha256.New()
	lines := make([]byte, 0, 8<<10)
	for _, n := range byNo {
		if n == 0 {
			continue
		}
		row := &s.rows[n-1]
		lines = append(row.id.Append(lines), ' ')
		lines = append(row.quantity.Append(lines), ' ')
		if lines = append(row.reserved.Append(lines), '\n'); len(lines) > 7<<10 {
			digest.Write(lines)
			lines = lines[:0]
		}
	}
	digest.Write(lines)
	digest.Sum(sum[:0])
	return sum
}
