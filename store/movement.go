package store

import (
	"context"
	"slices"
)

const (
	// searchRows is how many entries one search looks at, at most.
	searchRows = 5000
	// searchWindow is how many of them are read at once.
	searchWindow = 500
)

// MovementFilter chooses movements. Empty fields choose all.
type MovementFilter struct {
	// Item is the only item; one that does not exist has no movements.
	Item      ID
	Locations []ID
	Product   ID
	Reasons   []Reason
	// From and To bound when it was recorded: from ≤ recorded_at < to.
	From, To Instant
	// Before is the next of the search before: only entries below it count.
	Before int64
	// Limit is how many movements there may be, at least 1.
	Limit int
}

// Movements finds movements, newest first. One call looks at a bounded number
// of entries and may find less than there is; next is where to go on, 0 at the
// end. A fact's item is as it is now, but where it is and what it is of never
// changes.
func (l *Ledger) Movements(ctx context.Context, f MovementFilter) (found []Fact, next int64, err error) {
	t := &trail{MovementFilter: f, l: l}
	var item *Item
	if !f.Item.IsZero() {
		var ok bool
		if item, ok = l.Item(f.Item); !ok {
			return nil, 0, nil
		}
	}
	after, upTo, err := t.bounds(ctx)
	switch {
	case err != nil || upTo <= after:
	case item != nil:
		err = t.findOf(ctx, item, after, upTo)
	default:
		err = t.findAll(ctx, after, upTo)
	}
	return t.found, t.next, err
}

// Movement gives the movement at a position, of whatever epoch when that is
// 0, with its item as it is now; not_found when there is no such entry or it
// is none.
func (l *Ledger) Movement(ctx context.Context, p Position) (f Fact, err error) {
	stored, err := l.h.FindEntry(ctx, p.Seq)
	if err != nil {
		return f, err
	}
	f, ok, err := l.movementOf(stored)
	if err == nil && (!ok || (p.Epoch != 0 && p.Epoch != f.Entry.Epoch)) {
		err = refuse(CodeNotFound, "There is no movement %s.", p)
	}
	return f, err
}

// movementOf gives an entry as a movement; ok is false when it is none.
func (l *Ledger) movementOf(stored *Stored) (f Fact, ok bool, err error) {
	if stored.Change.Quantity == 0 {
		return f, false, nil
	}
	if f.Entry, err = stored.Entry(); err != nil {
		return f, false, err
	}
	f.After, ok = l.Item(f.Entry.Movement.Item)
	return f, ok, nil
}

// trail is a search under way.
type trail struct {
	MovementFilter
	l     *Ledger
	found []Fact
	// next is the cursor of what is older, 0 at the end.
	next int64
}

// bounds gives the seqs that are asked for: after < seq ≤ upTo.
func (t *trail) bounds(ctx context.Context) (after, upTo int64, err error) {
	upTo = t.l.Head().Seq
	if t.Before != 0 {
		upTo = min(upTo, t.Before-1)
	}
	if t.From != 0 {
		if after, err = t.l.h.FindSeq(ctx, t.From-1); err != nil {
			return 0, 0, err
		}
	}
	if t.To != 0 {
		before, err := t.l.h.FindSeq(ctx, t.To-1)
		if err != nil {
			return 0, 0, err
		}
		upTo = min(upTo, before)
	}
	return after, upTo, nil
}

// findAll scans the ledger backwards, window by window.
func (t *trail) findAll(ctx context.Context, after, upTo int64) error {
	lowest := max(after, upTo-searchRows)
	for upTo > lowest {
		low := max(lowest, upTo-searchWindow)
		window, err := t.window(ctx, low, upTo)
		if err != nil {
			return err
		}
		for _, f := range slices.Backward(window) {
			t.found = append(t.found, f)
			if len(t.found) == t.Limit {
				t.goOn(f.Entry.Seq-1, after)
				return nil
			}
		}
		upTo = low
	}
	t.goOn(lowest, after)
	return nil
}

// goOn sets the cursor to go on at a seq and below, if there is anything.
func (t *trail) goOn(seq, after int64) {
	if seq > after {
		t.next = seq + 1
	}
}

// window gives the wanted movements with after < seq ≤ upTo, oldest first.
func (t *trail) window(ctx context.Context, after, upTo int64) (list []Fact, err error) {
	err = t.l.h.Scan(ctx, after, upTo, func(stored *Stored) error {
		f, ok, err := t.l.movementOf(stored)
		if err == nil && ok && t.wants(f) {
			list = append(list, f)
		}
		return err
	})
	return list, err
}

// findOf follows an item's own chain of entries backwards.
func (t *trail) findOf(ctx context.Context, item *Item, after, upTo int64) error {
	at, err := t.start(ctx, item)
	if err != nil {
		return err
	}
	for looked := 0; at > after; looked++ {
		if looked == searchRows || len(t.found) == t.Limit {
			t.goOn(at, after)
			return nil
		}
		stored, err := t.l.h.FindEntry(ctx, at)
		if err != nil {
			return err
		}
		f, ok, err := t.l.movementOf(stored)
		if err != nil {
			return err
		}
		if ok && at <= upTo && t.wants(f) {
			t.found = append(t.found, f)
		}
		at = stored.Prev
	}
	return nil
}

// start is the item's entry to begin with: that of the cursor if it is one of
// the item's, else the newest.
func (t *trail) start(ctx context.Context, item *Item) (int64, error) {
	if t.Before == 0 || t.Before > item.Seq {
		return item.Seq, nil
	}
	stored, err := t.l.h.FindEntry(ctx, t.Before-1)
	switch {
	case CodeOf(err) == CodeNotFound:
		return item.Seq, nil
	case err != nil:
		return 0, err
	case stored.Item != item.No:
		return item.Seq, nil
	}
	return t.Before - 1, nil
}

// wants tells whether a movement is among those asked for.
func (t *trail) wants(f Fact) bool {
	return (len(t.Locations) == 0 || slices.Contains(t.Locations, f.After.Location.ID)) &&
		(t.Product.IsZero() || t.Product == f.After.Product.ID) &&
		(len(t.Reasons) == 0 || slices.Contains(t.Reasons, f.Entry.Movement.Reason))
}
