package store

import (
	"context"
	"fmt"
	"slices"
)

// readEntry reads and parses one entry; not_found when there is none.
func readEntry(ctx context.Context, h History, seq int64) (*Entry, error) {
	stored, err := h.FindEntry(ctx, seq)
	if err != nil {
		return nil, err
	}
	return stored.Entry()
}

// Entry parses the canonical bytes and adds the notes that are beside them.
func (s *Stored) Entry() (*Entry, error) {
	e, err := ParseEntry(s.Bytes)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", s.Seq, err)
	}
	e.Notes = s.Notes
	return e, nil
}

// Fact reads the entry at a position and the version it made; not_found when
// there is none.
func (l *Ledger) Fact(ctx context.Context, p Position) (Fact, error) {
	f, err := l.factAt(ctx, p.Seq)
	if err == nil && f.Entry.Position != p {
		err = refuse(CodeNotFound, "There is no entry %s.", p)
	}
	return f, err
}

func (l *Ledger) factAt(ctx context.Context, seq int64) (f Fact, err error) {
	if f.Entry, err = readEntry(ctx, l.h, seq); err != nil {
		return f, err
	}
	switch f.Entry.Kind {
	case KindMovement:
		f.After, err = l.itemAt(ctx, f.Entry.Movement.Item, seq)
		f.Of = f.After
	case KindHold:
		if f.After, err = l.itemAt(ctx, f.Entry.Hold.Item, seq); err == nil {
			f.Of, err = l.reservationAt(ctx, f.Entry.Hold.Reservation, seq)
		}
	case KindDocument:
		f.Of, err = decodeDocument(f.Entry)
		if d, ok := f.Of.(*itemDocument); ok {
			f.After, err = l.itemAt(ctx, d.ID, seq)
			f.Of = f.After
		}
	case KindEvent:
		f.Of, err = newState(l.meta.Epoch, 0).applyEvent(f.Entry)
	}
	return f, err
}

// reservationAt folds a reservation as it was right after its entry at seq,
// which it finds again by walking the item's entries backwards.
func (l *Ledger) reservationAt(ctx context.Context, id ID, seq int64) (*Reservation, error) {
	var held []*Entry
	for at := seq; at > 0; {
		stored, err := l.h.FindEntry(ctx, at)
		if err != nil {
			return nil, err
		}
		at = stored.Prev
		if stored.Change.Quantity != 0 {
			continue
		}
		e, err := stored.Entry()
		if err != nil {
			return nil, err
		}
		if e.Hold != nil && e.Hold.Reservation == id {
			held = append(held, e)
			if e.Hold.Why == holdCreated {
				break
			}
		}
	}
	var r *Reservation
	for _, e := range slices.Backward(held) {
		r = r.with(e)
	}
	return r, nil
}

// itemAt rebuilds an item as it was right after seq.
func (l *Ledger) itemAt(ctx context.Context, id ID, seq int64) (*Item, error) {
	now, ok := l.Item(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no inventory item %s.", id)
	}
	if now.Version() <= seq {
		return now, nil
	}
	was := *now
	at, err := l.balanceAt(ctx, now, seq)
	if err != nil {
		return nil, err
	}
	was.Quantity, was.Reserved = at.After, at.ReservedAfter
	was.Seq, was.UpdatedAt, was.lit = at.Seq, at.RecordedAt, 0
	if err := l.editedAt(ctx, &was, seq); err != nil {
		return nil, err
	}
	if err := l.documentsAt(ctx, &was, seq); err != nil {
		return nil, err
	}
	return &was, l.lowAt(ctx, &was, seq)
}

// balanceAt walks an item's entries backwards to the newest at or before seq.
func (l *Ledger) balanceAt(ctx context.Context, item *Item, seq int64) (Change, error) {
	for at := item.Seq; at > 0; {
		stored, err := l.h.FindEntry(ctx, at)
		if err != nil {
			return Change{}, err
		}
		if at <= seq {
			return stored.Change, nil
		}
		at = stored.Prev
	}
	return Change{}, nil
}

// editedAt gives an item the settings that held at seq.
func (l *Ledger) editedAt(ctx context.Context, item *Item, seq int64) error {
	if item.edited <= seq {
		return nil
	}
	at, err := l.documentAt(ctx, item.ID, item.edited, seq)
	if err != nil {
		return err
	}
	e, err := readEntry(ctx, l.h, at)
	if err != nil {
		return err
	}
	of, err := decodeDocument(e)
	if d, ok := of.(*itemDocument); ok {
		item.Threshold, item.ArchivedAt = d.Threshold, d.ArchivedAt
	}
	return err
}

// documentsAt gives an item the product, location and lot that held at seq.
func (l *Ledger) documentsAt(ctx context.Context, item *Item, seq int64) (err error) {
	if item.Product, err = versionAt(ctx, l, item.Product, item.Product.ID, item.Product.Version, seq); err != nil {
		return err
	}
	if item.Location, err = versionAt(ctx, l, item.Location, item.Location.ID, item.Location.Version, seq); err != nil {
		return err
	}
	if item.Lot != nil {
		item.Lot, err = versionAt(ctx, l, item.Lot, item.Lot.ID, item.Lot.Version, seq)
	}
	return err
}

// documentAt gives the seq of a document's version that held at seq or, when
// it did not exist yet, of its first: a late entry can be older than what it
// is about. newest is the seq of its newest version.
func (l *Ledger) documentAt(ctx context.Context, id ID, newest, seq int64) (int64, error) {
	at, err := l.h.FindDocument(ctx, id, seq)
	if err != nil || at != 0 {
		return at, err
	}
	for older := newest; older != 0 && err == nil; {
		newest = older
		older, err = l.h.FindDocument(ctx, id, older-1)
	}
	return newest, err
}

// versionAt gives the version of a document that held at seq: the newest one
// known unless it is younger.
func versionAt[T any](ctx context.Context, l *Ledger, newest T, id ID, version, seq int64) (T, error) {
	if version <= seq {
		return newest, nil
	}
	at, err := l.documentAt(ctx, id, version, seq)
	if err != nil {
		return newest, err
	}
	e, err := readEntry(ctx, l.h, at)
	if err != nil {
		return newest, err
	}
	of, err := decodeDocument(e)
	if v, ok := of.(T); ok && err == nil {
		return v, nil
	}
	return newest, err
}

// lowAt judges an item's low flag by the balances right after seq.
func (l *Ledger) lowAt(ctx context.Context, item *Item, seq int64) error {
	item.Low = item.Threshold != nil && item.Available() <= *item.Threshold
	threshold := item.Product.ThresholdAt(item.Location.ID)
	if threshold == nil || item.Low {
		return nil
	}
	l.mu.RLock()
	g := l.s.groups.base[groupKey{item.Product.ID, item.Location.ID}]
	l.mu.RUnlock()
	var available Quantity
	for _, id := range g.items {
		other, _ := l.Item(id)
		if other.Room == Quarantine || other.Opened > seq {
			continue
		}
		at, err := l.balanceAt(ctx, other, seq)
		if err != nil {
			return err
		}
		available += at.After - at.ReservedAfter
	}
	item.Low = available <= *threshold
	return nil
}
