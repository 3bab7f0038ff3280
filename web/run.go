package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// runStatuses are where a sync run may stand.
var runStatuses = []string{"queued", "running", "succeeded", "partial", "failed", "canceled"}

// syncStatus answers the state of every destination.
func (s *Server) syncStatus(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	head := s.ledger.Head()
	w := newWriter().open().key("head").position(store.Position{Epoch: head.Epoch, Seq: head.Seq})
	return x.send(http.StatusOK, w.key("destinations").list().end().close())
}

// runs gives the finished runs that the one who asks may see, newest first.
func (x *exchange) runs() []*store.Run {
	return slices.DeleteFunc(x.s.ledger.Runs(), func(r *store.Run) bool { return x.mayTouch(r.LocationID) != nil })
}

// listRuns answers the newest sync runs. Its cursor is the id of the run
// before, as ids made later sort later.
func (s *Server) listRuns(x *exchange) error {
	q := &x.query
	destination, status := q.text("destination"), q.oneOf("status", runStatuses...)
	cursor, limit := q.text("cursor"), int(q.int("limit", 1, maxLimit, defaultLimit))
	before, ok := store.ParseID(cursor)
	if cursor != "" && !ok {
		q.wrong("cursor", "is no next_cursor of an earlier answer")
	}
	if err := q.done(); err != nil {
		return err
	}
	runs := slices.DeleteFunc(x.runs(), func(r *store.Run) bool {
		return (destination != "" && r.Destination != destination) || (status != "" && r.Status != status) ||
			(ok && slices.Compare(r.ID[:], before[:]) >= 0)
	})
	w := newWriter().open().key("data").list()
	for _, r := range runs[:min(limit, len(runs))] {
		w.run(r)
	}
	w.end().key("next_cursor")
	if len(runs) > limit {
		w.id(runs[limit-1].ID)
	} else {
		w.null()
	}
	return x.send(http.StatusOK, w.close())
}

// getRun answers one sync run.
func (s *Server) getRun(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	id, err := x.pathID("sync run")
	if err != nil {
		return err
	}
	for _, r := range s.ledger.Runs() {
		if r.ID == id {
			if err := x.mayTouch(r.LocationID); err != nil {
				return err
			}
			return x.send(http.StatusOK, newWriter().run(r))
		}
	}
	return notFound("sync run", id)
}
