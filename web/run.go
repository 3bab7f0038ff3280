package web

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// runStatuses are where a sync run may stand.
var runStatuses = []string{
	store.RunQueued, store.RunRunning, store.RunSucceeded, store.RunPartial, store.RunFailed, store.RunCanceled,
}

// mayRead tells whether the one who asks may see a run: one of all locations
// says nothing of any.
func (x *exchange) mayRead(r *store.Run) bool {
	return r.LocationID.IsZero() || x.mayTouch(r.LocationID) == nil
}

// runs gives the runs that go on and those that finished, as far as the one
// who asks may see them, newest first.
func (s *Server) runs(x *exchange) []*store.Run {
	all := append(s.sync.Runs(), s.ledger.Runs()...)
	seen := map[store.ID]bool{}
	all = slices.DeleteFunc(all, func(r *store.Run) bool {
		// A run that finished in between is in both lists.
		twice := seen[r.ID]
		seen[r.ID] = true
		return twice || !x.mayRead(r)
	})
	slices.SortFunc(all, func(a, b *store.Run) int { return slices.Compare(b.ID[:], a.ID[:]) })
	return all
}

// listRuns answers the newest sync runs. Its cursor is the id of the run
// before, as ids made later sort later.
func (s *Server) listRuns(x *exchange) error {
	q := &x.query
	destination, status := q.text("destination"), q.oneOf("status", runStatuses...)
	limit, before := int(q.int("limit", 1, maxLimit, defaultLimit)), q.before()
	if err := q.done(); err != nil {
		return err
	}
	runs := slices.DeleteFunc(s.runs(x), func(r *store.Run) bool {
		return (destination != "" && r.Destination != destination) || (status != "" && r.Status != status) ||
			(!before.IsZero() && slices.Compare(r.ID[:], before[:]) >= 0)
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

// before reads a cursor that is the id of the row before, as ids made later
// sort later.
func (q *query) before() store.ID {
	cursor := q.text("cursor")
	id, ok := store.ParseID(cursor)
	if cursor != "" && !ok {
		q.wrong("cursor", "is no next_cursor of an earlier answer")
	}
	return id
}

// getRun answers one sync run.
func (s *Server) getRun(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	run, err := s.run(x)
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, newWriter().run(run))
}

// run finds the run in the path, if the one who asks may see it.
func (s *Server) run(x *exchange) (*store.Run, error) {
	id, err := x.pathID("sync run")
	if err != nil {
		return nil, err
	}
	run, ok := s.sync.Find(id)
	switch {
	case !ok:
		return nil, notFound("sync run", id)
	case !x.mayRead(run):
		return nil, x.mayTouch(run.LocationID)
	}
	return run, nil
}

// cancelRun ends a sync run.
func (s *Server) cancelRun(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	run, err := s.run(x)
	if err == nil && !x.dryRun {
		// Of all locations it is nobody's of one alone to end.
		if err = x.mayTouch(run.LocationID); err == nil {
			run, err = s.sync.Cancel(x.Request.Context(), run.ID)
		}
	}
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, newWriter().run(run))
}

// run writes a sync run.
func (w *writer) run(r *store.Run) *writer {
	w.open().key("id").id(r.ID).key("destination").orNull(r.Destination).key("sync_type").text(r.SyncType).
		key("location_id").id(r.LocationID).key("status").text(r.Status).key("requested_at").time(r.RequestedAt).
		key("started_at").time(r.StartedAt).key("finished_at").time(r.FinishedAt)
	c := r.Counts
	w.key("counts").open().key("scanned").int(c.Scanned).key("sent").int(c.Sent).key("skipped").int(c.Skipped).
		key("rejected").int(c.Rejected).key("work_items").int(c.WorkItems).close()
	w.key("remaining")
	if r.Status == store.RunRunning {
		w.int(r.Left)
	} else {
		w.null()
	}
	w.key("error")
	if r.Error == "" {
		return w.null().close()
	}
	return w.open().key("code").text(r.Error).key("detail").text(cmp.Or(runErrors[r.Error], r.Error)).close().close()
}

// runErrors say why a run failed; a run keeps the code alone.
var runErrors = map[string]string{
	NoDestination:         "No destination is configured.",
	"internal":            "This box could not do its part; its log says more.",
	"incomplete":          "The destination does not have everything that it said it has.",
	"unreachable":         "The destination cannot be reached.",
	"timeout":             "The destination did not answer in time.",
	"unauthorized":        "The destination does not know this store's key.",
	"revoked":             "This store's key was revoked.",
	"moved":               "These data come from another machine; shelfd adopt says that this one goes on.",
	"superseded":          "Another copy of these data took over.",
	"fork":                "The destination has another history of this store.",
	"rate_limited":        "The destination asks for more time between requests.",
	"storage_full":        "The destination's disk is full.",
	"unavailable":         "The destination cannot answer now.",
	"tls":                 "The destination's certificate is not trusted, or is too old.",
	"not_central":         "What answers is not the destination; the network may ask for a login first.",
	"differs":             "The destination's stock is not the same as the ledger's.",
	"unsupported_version": "The destination does not know this version of the protocol.",
	"no_location":         "The location that the configuration names for the destination is not there.",
	"refused":             "The destination will not have what was sent.",
	"server_error":        "The destination has a fault of its own.",
	"not_pos":             "What answers is not the point of sale; the network may ask for a login first.",
	"settling":            "The destination does not show the last change yet.",
}
