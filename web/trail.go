package web

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
)

const (
	// trailRows is how many ledger entries one call looks at, at most.
	trailRows = 5000
	// trailWindow is how many of them are read at once.
	trailWindow = 500
)

// trail is a stretch of the history of movements, newest first: what is asked
// for, and what was found.
type trail struct {
	locations []store.ID
	product   store.ID
	reasons   []store.Reason
	from, to  store.Instant
	cursor    int64
	limit     int

	found []store.Fact
	// next is the cursor of what is older, 0 at the end.
	next int64
}

// trail reads the parameters that every history of movements takes.
func (x *exchange) trail() *trail {
	q := &x.query
	return &trail{
		from: q.time("from"), to: q.time("to"), reasons: q.reasons("reason_code"),
		cursor: q.cursor(), limit: int(q.int("limit", 1, maxLimit, defaultLimit)),
	}
}

// reasons reads reason codes joined by commas.
func (q *query) reasons(name string) []store.Reason {
	var reasons []store.Reason
	for _, v := range q.list(name) {
		r, ok := store.ParseReason(v)
		if !ok {
			q.wrong(name, "is SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER or AUDIT")
			continue
		}
		reasons = append(reasons, r)
	}
	return reasons
}

// find reads the movements of a row, or of all when it is nil, backwards.
func (t *trail) find(ctx context.Context, l *store.Ledger, item *store.Item) error {
	after, upTo, err := t.bounds(ctx, l)
	switch {
	case err != nil || upTo <= after:
		return err
	case item != nil:
		return t.findOf(ctx, l, item, after, upTo)
	}
	return t.findAll(ctx, l, after, upTo)
}

// bounds gives the seqs that are asked for: after < seq ≤ upTo.
func (t *trail) bounds(ctx context.Context, l *store.Ledger) (after, upTo int64, err error) {
	upTo = l.Head().Seq
	if t.cursor != 0 {
		upTo = min(upTo, t.cursor-1)
	}
	if t.from != 0 {
		if after, err = l.Journal().FindSeq(ctx, t.from-1); err != nil {
			return 0, 0, err
		}
	}
	if t.to != 0 {
		before, err := l.Journal().FindSeq(ctx, t.to-1)
		if err != nil {
			return 0, 0, err
		}
		upTo = min(upTo, before)
	}
	return after, upTo, nil
}

// findAll scans the ledger backwards, window by window.
func (t *trail) findAll(ctx context.Context, l *store.Ledger, after, upTo int64) error {
	lowest := max(after, upTo-trailRows)
	for upTo > lowest {
		low := max(lowest, upTo-trailWindow)
		window, err := t.window(ctx, l, low, upTo)
		if err != nil {
			return err
		}
		for _, f := range slices.Backward(window) {
			t.found = append(t.found, f)
			if len(t.found) == t.limit {
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
func (t *trail) window(ctx context.Context, l *store.Ledger, after, upTo int64) (list []store.Fact, err error) {
	err = l.Journal().Scan(ctx, after, upTo, func(stored *store.Stored) error {
		f, ok, err := movementOf(l, stored)
		if err == nil && ok && t.wants(f) {
			list = append(list, f)
		}
		return err
	})
	return list, err
}

// findOf follows a row's own chain of entries backwards.
func (t *trail) findOf(ctx context.Context, l *store.Ledger, item *store.Item, after, upTo int64) error {
	at, err := t.start(ctx, l, item)
	if err != nil {
		return err
	}
	for looked := 0; at > after; looked++ {
		if looked == trailRows || len(t.found) == t.limit {
			t.goOn(at, after)
			return nil
		}
		stored, err := l.Journal().FindEntry(ctx, at)
		if err != nil {
			return err
		}
		f, ok, err := movementOf(l, stored)
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

// start is the row's entry to begin with: that of the cursor if it is one of
// the row's, else the newest.
func (t *trail) start(ctx context.Context, l *store.Ledger, item *store.Item) (int64, error) {
	if t.cursor == 0 || t.cursor > item.Seq {
		return item.Seq, nil
	}
	stored, err := l.Journal().FindEntry(ctx, t.cursor-1)
	switch {
	case store.CodeOf(err) == store.CodeNotFound:
		return item.Seq, nil
	case err != nil:
		return 0, err
	case stored.Item != item.No:
		return item.Seq, nil
	}
	return t.cursor - 1, nil
}

// wants tells whether a movement is among those asked for.
func (t *trail) wants(f store.Fact) bool {
	return (len(t.locations) == 0 || slices.Contains(t.locations, f.After.Location.ID)) &&
		(t.product.IsZero() || t.product == f.After.Product.ID) &&
		(len(t.reasons) == 0 || slices.Contains(t.reasons, f.Entry.Movement.Reason))
}

// movementOf gives an entry as a movement with its row; ok is false when it is
// none. Where a row is and what it is of never changes, so that the row may be
// as it is now.
func movementOf(l *store.Ledger, stored *store.Stored) (f store.Fact, ok bool, err error) {
	if stored.Change.Quantity == 0 {
		return f, false, nil
	}
	if f.Entry, err = stored.Entry(); err != nil {
		return f, false, err
	}
	f.After, ok = l.Item(f.Entry.Movement.Item)
	return f, ok, nil
}
