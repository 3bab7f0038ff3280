package pos

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// keepCases opens, goes on with and closes cases as a check found them.
func (t *Target) keepCases(ctx context.Context, found []store.Case) error {
	open, err := t.records.ListCases(ctx, store.CaseFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return err
	}
	known := make(map[caseKey]store.Case, len(open))
	for _, c := range open {
		known[keyOf(&c)] = c
	}
	var note store.NoteCases
	var put []store.Case
	for _, c := range found {
		old, ok := known[keyOf(&c)]
		if ok {
			delete(known, keyOf(&c))
			c.ID, c.OpenedAt = old.ID, old.OpenedAt
		} else {
			c.ID, c.OpenedAt = t.newID(), c.CheckedAt
			note.Opened = append(note.Opened, c)
		}
		put = append(put, c)
	}
	now, _ := t.ledger.Now()
	for _, c := range open {
		if _, gone := known[keyOf(&c)]; gone {
			c.ClosedAt = now
			note.Closed, put = append(note.Closed, c), append(put, c)
		}
	}
	if len(put) == 0 {
		return nil
	}
	if err := t.records.PutCases(ctx, put); err != nil {
		return err
	}
	if len(note.Opened)+len(note.Closed) == 0 {
		return nil
	}
	_, err = t.ledger.Do(ctx, t.request(), &note)
	return err
}

// closeWork marks open work items as done, as of a moment, that isDone finds
// done. booked tells whether no sale waits for what an item asks.
func (t *Target) closeWork(ctx context.Context, at store.Instant, isDone func(w *store.WorkItem, booked bool) bool) error {
	open, err := t.records.ListWorkItems(ctx, store.WorkFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return err
	}
	waiting, err := t.waiting(ctx)
	if err != nil {
		return err
	}
	var done []store.WorkItem
	for _, w := range open {
		if isDone(&w, !waiting[w.Detail]) {
			w.DoneAt, w.DoneBy = at, "system"
			done = append(done, w)
		}
	}
	if len(done) == 0 {
		return nil
	}
	return t.records.PutWorkItems(ctx, done)
}

// workDone tells whether what a work item asks for is so.
func (t *Target) workDone(c *compared, w *store.WorkItem, booked bool) bool {
	if w.Code == CodeUnmappedSale {
		return booked
	}
	i, ok := t.ledger.Item(w.ItemID)
	if !ok {
		return false
	}
	at := t.place(i)
	switch w.Code {
	case CodeUnmappedProduct, CodeUnmappedLot, CodeUnmappedRoom, CodeNoPackage:
		return at.missing == nil
	case CodeSetQuantity:
		return at.missing == nil && (at.out || !c.differ(at.Place))
	}
	return false
}
