package pos

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

// await keeps sales that cannot be booked, and tells people once.
func (t *Target) await(ctx context.Context, list []store.PulledSale) error {
	if len(list) == 0 {
		return nil
	}
	if err := t.records.PutPulledSales(ctx, list); err != nil {
		return err
	}
	open, err := t.records.ListWorkItems(ctx, store.WorkFilter{Destination: t.cfg.Name, Open: true})
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for i := range open {
		told[open[i].Detail] = true
	}
	var work []store.WorkItem
	for i := range list {
		detail := t.waitText(&list[i])
		if told[detail] {
			continue
		}
		told[detail] = true
		w := store.WorkItem{ID: t.newID(), Destination: t.cfg.Name, Code: CodeUnmappedSale, Detail: detail}
		w.CreatedAt, _ = t.ledger.Now()
		work = append(work, w)
	}
	return t.records.PutWorkItems(ctx, work)
}

// retrySales books what could not be booked before, and matches what had no
// match.
func (t *Target) retrySales(ctx context.Context) error {
	open, err := t.records.ListPulledSales(ctx, t.cfg.Name, true)
	if err != nil || len(open) == 0 {
		return err
	}
	if !t.cfg.Books {
		return t.matchAgain(ctx, open)
	}
	ready := slices.DeleteFunc(open, func(s store.PulledSale) bool {
		_, ok := t.line(&s)
		return !ok
	})
	for batch := range slices.Chunk(ready, saleBatch) {
		if err := t.book(ctx, batch); err != nil {
			return err
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return t.closeSaleWork(ctx)
}

// matchAgain matches sales that had no match: with what was booked here since
// they were looked at last, and at first with everything.
func (t *Target) matchAgain(ctx context.Context, open []store.PulledSale) error {
	now, _ := t.ledger.Now()
	if err := t.match(ctx, open, t.matched.Add(-time.Minute)); err != nil {
		return err
	}
	t.matched = now
	return nil
}

// waitText tells a person what a sale that is not booked waits for.
func (t *Target) waitText(s *store.PulledSale) string {
	if s.Why == whyRefused {
		return "Line " + s.ExternalID + " of a sale at " + t.cfg.Name + " cannot be booked. Book it by hand."
	}
	return "Sales of product " + cmp.Or(s.Place.Product, s.Place.Lot) + " at " + t.cfg.Name + " cannot be booked: it is not linked here."
}

// closeSaleWork marks what sales waited for as done once none does.
func (t *Target) closeSaleWork(ctx context.Context) error {
	now, _ := t.ledger.Now()
	return t.closeWork(ctx, now, func(w *store.WorkItem, booked bool) bool { return w.Code == CodeUnmappedSale && booked })
}

// waiting gives what sales that are not booked wait for.
func (t *Target) waiting(ctx context.Context) (map[string]bool, error) {
	open, err := t.records.ListPulledSales(ctx, t.cfg.Name, true)
	texts := make(map[string]bool, len(open))
	for i := range open {
		texts[t.waitText(&open[i])] = true
	}
	return texts, err
}
