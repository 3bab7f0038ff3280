package syncer

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// Records is where the engine keeps what must survive it: cursors, runs that
// go on, and what waits for a person. Losing the newest change of a cursor
// costs asking or sending again, never a fact.
type Records interface {
	ListDestinations(ctx context.Context) ([]store.Destination, error)
	PutDestination(ctx context.Context, d store.Destination) error

	ListActiveRuns(ctx context.Context) ([]store.ActiveRun, error)
	PutActiveRun(ctx context.Context, r store.ActiveRun) error
	DeleteActiveRun(ctx context.Context, id store.ID) error

	ListWorkItems(ctx context.Context, f store.WorkFilter) ([]store.WorkItem, error)
	FindWorkItem(ctx context.Context, id store.ID) (store.WorkItem, error)
	PutWorkItems(ctx context.Context, list []store.WorkItem) error

	ListQuarantine(ctx context.Context, destination string) ([]store.Quarantined, error)
	PutQuarantined(ctx context.Context, q store.Quarantined) error
	DeleteQuarantined(ctx context.Context, destination string, at store.Position) error

	Shadows(ctx context.Context, destination string, items []store.ID) (map[store.ID][32]byte, error)
	PutShadows(ctx context.Context, destination string, shadows map[store.ID][32]byte) error
}
