package syncer

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// WorkItems lists what destinations cannot do by themselves, newest first.
func (e *Engine) WorkItems(ctx context.Context, f store.WorkFilter) ([]store.WorkItem, error) {
	return e.Records.ListWorkItems(ctx, f)
}

// FindWorkItem finds one. Codes: not_found.
func (e *Engine) FindWorkItem(ctx context.Context, id store.ID) (store.WorkItem, error) {
	return e.Records.FindWorkItem(ctx, id)
}

// Done marks a work item as done by somebody; one that is done already stays
// as it is. Codes: not_found.
func (e *Engine) Done(ctx context.Context, id store.ID, by string) (store.WorkItem, error) {
	item, err := e.Records.FindWorkItem(ctx, id)
	if err != nil || item.DoneAt != 0 {
		return item, err
	}
	item.DoneAt, item.DoneBy = e.now(), by
	if err := e.Records.PutWorkItems(ctx, []store.WorkItem{item}); err != nil {
		return item, err
	}
	if w := e.worker(item.Destination); w != nil {
		err = w.recount(ctx)
	}
	return item, err
}
