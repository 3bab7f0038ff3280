package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// listItemMovements answers the movements of one row, newest first.
func (s *FleetServer) listItemMovements(x *exchange) error {
	wanted := x.movementFilter()
	wanted.Before = x.query.cursor()
	if err := x.query.done(); err != nil {
		return err
	}
	found, err := s.item(x)
	if err == nil {
		err = s.mirror(x, found.Store)
	}
	if err != nil {
		return err
	}
	wanted.Item = found.ID
	return x.sendMovements(wanted)
}

// listMovements answers the movements of all stores, newest first. Those of
// one store are answered as that store would.
func (s *FleetServer) listMovements(x *exchange) error {
	stores := x.query.ids("store_id")
	wanted, cursor := x.movementSearch(), x.query.text("cursor")
	if err := x.query.done(); err != nil {
		return err
	}
	stores, err := s.among(x, stores, wanted)
	if err != nil {
		return err
	}
	if len(stores) != 1 {
		return s.sendMerged(x, stores, wanted, cursor)
	}
	if wanted.Before = x.query.place(cursor); len(x.query.problems) > 0 {
		return x.query.done()
	}
	if err := s.mirror(x, stores[0]); err != nil {
		return err
	}
	return x.sendMovements(wanted)
}

// among gives the stores that a request is about: those that it names, or
// else those that have what it names.
func (s *FleetServer) among(x *exchange, named []store.ID, f store.MovementFilter) ([]store.ID, error) {
	ctx := x.Request.Context()
	if len(named) == 0 {
		return s.fleet.Holders(ctx, f)
	}
	all, err := s.fleet.Holders(ctx, store.MovementFilter{})
	return slices.DeleteFunc(all, func(id store.ID) bool { return !slices.Contains(named, id) }), err
}

// sendMerged answers the movements of several stores, or of none.
func (s *FleetServer) sendMerged(x *exchange, stores []store.ID, wanted store.MovementFilter, cursor string) error {
	var found []store.Fact
	var next string
	if len(stores) > 0 {
		var err error
		found, next, err = s.fleet.Movements(x.Request.Context(), stores, wanted, cursor)
		if store.CodeOf(err) == store.CodeInvalid {
			x.query.wrong("cursor", "is no next_cursor of an earlier answer")
			return x.query.done()
		}
		if err != nil {
			return err
		}
	}
	w := newWriter().open().key("data").list()
	for _, f := range found {
		w.movement(f, x.hidesCost())
	}
	return x.send(http.StatusOK, w.end().key("next_cursor").orNull(next).close())
}
