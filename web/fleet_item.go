package web

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// fleetShelf lists the rows of every store, or of some.
type fleetShelf struct {
	fleet  Fleet
	x      *exchange
	stores []store.ID
}

func (s fleetShelf) page(ctx context.Context, f store.ItemFilter, sort string, p page) ([]*store.Item, int, error) {
	found, total, err := s.fleet.Items(ctx, store.FleetFilter{ItemFilter: f, Stores: s.stores, Sort: sort}, p.offset(), p.limit)
	items := make([]*store.Item, 0, len(found))
	for _, i := range found {
		items = append(items, i.Item)
	}
	s.x.syncedAsOf(found)
	return items, total, err
}

func (s fleetShelf) each(ctx context.Context, f store.ItemFilter, fn func(*store.Item)) error {
	return s.fleet.EachItem(ctx, store.FleetFilter{ItemFilter: f, Stores: s.stores}, fn)
}

// syncedAsOf shows each row's last_sync as that of its store. A location is in
// one store only.
func (x *exchange) syncedAsOf(rows []store.FleetItem) {
	at := map[store.ID]store.Instant{}
	for _, r := range rows {
		at[r.Location.ID] = r.SyncedAt
	}
	x.synced = func(i *store.Item) store.Instant { return at[i.Location.ID] }
}

// listItems answers a page of the rows of all stores.
func (s *FleetServer) listItems(x *exchange) error {
	return x.sendItems(fleetShelf{s.fleet, x, x.query.ids("store_id")})
}

// getItem answers one row of whichever store has it.
func (s *FleetServer) getItem(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	found, err := s.item(x)
	if err != nil {
		return err
	}
	x.syncedAsOf([]store.FleetItem{found})
	return x.sendItem(found.Item)
}

// item finds the row in the path, if the one who asks may see it.
func (s *FleetServer) item(x *exchange) (store.FleetItem, error) {
	id, err := x.pathID("inventory item")
	if err != nil {
		return store.FleetItem{}, err
	}
	found, err := s.fleet.Item(x.Request.Context(), id)
	if err != nil {
		return found, err
	}
	return found, x.mayTouch(found.Location.ID)
}

// mirror turns the request to one store: its rows and history are as that
// store has them.
func (s *FleetServer) mirror(x *exchange, id store.ID) error {
	ledger, at, err := s.fleet.Mirror(x.Request.Context(), id)
	x.ledger, x.synced = ledger, func(*store.Item) store.Instant { return at }
	return err
}
