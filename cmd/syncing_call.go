package cmd

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// hold keeps the engine that is there now from being swapped until release.
func (s *syncing) hold() (e *syncer.Engine, release func()) {
	s.swapping.RLock()
	return s.engine.Load(), s.swapping.RUnlock
}

// Request asks for a sync run and gives it as it stands.
func (s *syncing) Request(ctx context.Context, r store.Request, ask store.RunRequest) (*store.Run, bool, error) {
	e, release := s.hold()
	defer release()
	return e.Request(ctx, r, ask)
}

// Runs gives the runs that go on.
func (s *syncing) Runs() []*store.Run {
	e, release := s.hold()
	defer release()
	return e.Runs()
}

// Find gives a run that goes on.
func (s *syncing) Find(id store.ID) (*store.Run, bool) {
	e, release := s.hold()
	defer release()
	return e.Find(id)
}

// Cancel ends a run.
func (s *syncing) Cancel(ctx context.Context, id store.ID) (*store.Run, error) {
	e, release := s.hold()
	defer release()
	return e.Cancel(ctx, id)
}

// Status gives how every destination stands.
func (s *syncing) Status(ctx context.Context) ([]store.DestinationStatus, error) {
	e, release := s.hold()
	defer release()
	return e.Status(ctx)
}

// Resume lets a paused destination go on; a webhook that was disabled is
// switched on again.
func (s *syncing) Resume(ctx context.Context, name string) error {
	if done, err := s.resumeWebhook(ctx, name); done || err != nil {
		return err
	}
	e, release := s.hold()
	defer release()
	return e.Resume(ctx, name)
}

// WorkItems lists what a person must do.
func (s *syncing) WorkItems(ctx context.Context, f store.WorkFilter) ([]store.WorkItem, error) {
	e, release := s.hold()
	defer release()
	return e.WorkItems(ctx, f)
}

// FindWorkItem finds one of them.
func (s *syncing) FindWorkItem(ctx context.Context, id store.ID) (store.WorkItem, error) {
	e, release := s.hold()
	defer release()
	return e.FindWorkItem(ctx, id)
}

// Done marks a work item as done.
func (s *syncing) Done(ctx context.Context, id store.ID, by string) (store.WorkItem, error) {
	e, release := s.hold()
	defer release()
	return e.Done(ctx, id, by)
}

// Quarantine lists what was set aside.
func (s *syncing) Quarantine(ctx context.Context, destination string) ([]store.Quarantined, error) {
	e, release := s.hold()
	defer release()
	return e.Quarantine(ctx, destination)
}

// Retry has an entry that was set aside sent again.
func (s *syncing) Retry(ctx context.Context, destination string, at store.Position) error {
	e, release := s.hold()
	defer release()
	return e.Retry(ctx, destination, at)
}

// LastSync is when the primary destination last confirmed a row of stock. It
// waits for nothing: every row of a list asks.
func (s *syncing) LastSync(i *store.Item) store.Instant { return s.engine.Load().LastSync(i) }
