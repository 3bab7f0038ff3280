package cmd

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/dutchie"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
	"github.com/shelfd/shelfd/syncer/pos/metrc"
	"github.com/shelfd/shelfd/syncer/pos/square"
)

// posKinds gives the kinds of points of sale that there are connectors for.
func posKinds() []pos.Kind {
	return []pos.Kind{httpapi.Kind, square.Kind, *dutchie.Kind, metrc.Kind}
}

// counter gives the desk of the points of sale that are there now.
func (s *syncing) counter() (d *pos.Desk, release func()) {
	s.swapping.RLock()
	return s.desk, s.swapping.RUnlock
}

// POS gives how every point of sale stands.
func (s *syncing) POS(ctx context.Context) ([]store.POS, error) {
	d, release := s.counter()
	defer release()
	return d.POS(ctx)
}

// CheckPOS asks a point of sale who it is.
func (s *syncing) CheckPOS(ctx context.Context, name string) (store.POSCheck, error) {
	d, release := s.counter()
	defer release()
	return d.CheckPOS(ctx, name)
}

// PreviewPOS gives what the next push would send.
func (s *syncing) PreviewPOS(ctx context.Context, name string, limit int) ([]store.POSCall, error) {
	d, release := s.counter()
	defer release()
	return d.PreviewPOS(ctx, name, limit)
}

// Links lists what is linked at a point of sale, and what is not.
func (s *syncing) Links(ctx context.Context, name string, kind store.LinkKind) ([]store.LinkRow, error) {
	d, release := s.counter()
	defer release()
	return d.Links(ctx, name, kind)
}

// PutLink links something by hand.
func (s *syncing) PutLink(ctx context.Context, r store.Request, l store.Link) (store.LinkRow, error) {
	d, release := s.counter()
	defer release()
	return d.PutLink(ctx, r, l)
}

// DeleteLink takes a link away.
func (s *syncing) DeleteLink(ctx context.Context, r store.Request, name string, kind store.LinkKind, ours string) error {
	d, release := s.counter()
	defer release()
	return d.DeleteLink(ctx, r, name, kind, ours)
}

// MapPOS links what can be linked by itself.
func (s *syncing) MapPOS(ctx context.Context, name string) (store.MapResult, error) {
	d, release := s.counter()
	defer release()
	return d.MapPOS(ctx, name)
}

// ComparePOS reads what a point of sale has and gives what differs.
func (s *syncing) ComparePOS(ctx context.Context, name string) ([]store.Case, error) {
	d, release := s.counter()
	defer release()
	return d.ComparePOS(ctx, name)
}

// Reconciliation gives what every side says about the same goods.
func (s *syncing) Reconciliation(ctx context.Context, f store.ReconcileFilter) ([]store.Reconciled, error) {
	d, release := s.counter()
	defer release()
	return d.Reconciliation(ctx, f)
}

// Cases lists differences.
func (s *syncing) Cases(ctx context.Context, f store.CaseFilter) ([]store.Case, error) {
	d, release := s.counter()
	defer release()
	return d.Cases(ctx, f)
}
