package syncer

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// Resender is a Target that can send one entry again that was set aside.
type Resender interface {
	// Resend gives whether it was taken now; the record is the target's to
	// change.
	Resend(ctx context.Context, l Ledger, q store.Quarantined) (taken bool, err error)
}

// Quarantine lists what was set aside for a destination, or for all with "",
// oldest first.
func (e *Engine) Quarantine(ctx context.Context, destination string) ([]store.Quarantined, error) {
	var all []store.Quarantined
	for _, w := range e.workers {
		if destination != "" && destination != w.to.Name {
			continue
		}
		list, err := e.Records.ListQuarantine(ctx, w.to.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// Retry has an entry that was set aside sent again, as soon as its
// destination is reached; the list shows how that went. Codes: not_found.
func (e *Engine) Retry(ctx context.Context, destination string, at store.Position) error {
	list, err := e.Quarantine(ctx, destination)
	if err != nil {
		return err
	}
	w := e.worker(destination)
	if w == nil || !slices.ContainsFunc(list, func(q store.Quarantined) bool { return q.Position == at }) {
		return notFound("entry set aside", at.String())
	}
	e.mu.Lock()
	if !slices.Contains(w.again, at) {
		w.again = append(w.again, at)
	}
	e.mu.Unlock()
	w.wakeUp()
	return nil
}

// resend sends what somebody wants sent again. What fails waits for the next
// time somebody wants it.
func (w *worker) resend(ctx context.Context) {
	w.e.mu.Lock()
	again := w.again
	w.again = nil
	w.e.mu.Unlock()
	target, ok := w.to.Target.(Resender)
	if !ok {
		return
	}
	err := w.guard(func() error {
		list, err := w.e.Records.ListQuarantine(ctx, w.to.Name)
		if err != nil {
			return err
		}
		for _, q := range list {
			if !slices.Contains(again, q.Position) {
				continue
			}
			if _, err := target.Resend(ctx, w.e.Ledger, q); err != nil {
				return err
			}
		}
		return w.recount(ctx)
	})
	if err != nil {
		w.settle(ctx, err)
	}
}
