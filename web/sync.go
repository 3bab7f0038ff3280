package web

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// requestSync asks for a run and answers how it stands.
func (s *Server) requestSync(x *exchange) error {
	ask := store.RunRequest{Type: store.SyncIncremental}
	err := x.decode(func(b *body, name string) bool {
		switch name {
		case "location_id":
			b.id(&ask.Location)
		case "sync_type":
			b.text(&ask.Type)
		case "destination":
			b.text(&ask.Destination)
		case "force":
			b.bool(&ask.Force)
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = x.query.done()
	}
	if err == nil {
		err = x.checkSync(&ask)
	}
	if err != nil {
		return err
	}
	run, replayed, err := s.sync.Request(x.Request.Context(), x.request(), ask)
	if err != nil {
		return err
	}
	x.replayed(replayed)
	x.Writer.Header().Set("Location", "/api/v1/sync/runs/"+run.ID.String())
	return x.send(http.StatusAccepted, newWriter().run(run))
}

// checkSync completes what may be left out, and names every fault.
func (x *exchange) checkSync(ask *store.RunRequest) error {
	var faults []store.Detail
	fault := func(pointer string, code store.Code, format string, args ...any) {
		faults = append(faults, store.Detail{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
	}
	if ask.Type != store.SyncFull && ask.Type != store.SyncIncremental {
		fault("/sync_type", store.CodeInvalid, "sync_type is full or incremental.")
	}
	if ask.Force && ask.Type == store.SyncIncremental {
		fault("/force", store.CodeInvalid, "force goes with sync_type full.")
	}
	if len(ask.Destination) > 100 {
		fault("/destination", store.CodeInvalid, "destination has at most 100 characters.")
	}
	locations := x.ledger.Locations()
	if ask.Location.IsZero() && !x.who.location.IsZero() {
		ask.Location = x.who.location
	}
	if _, ok := x.ledger.Location(ask.Location); !ok {
		switch {
		case !ask.Location.IsZero():
			fault("/location_id", store.CodeNotFound, "There is no such location.")
		case len(locations) == 1:
			ask.Location = locations[0].ID
		case len(locations) > 1 && ask.Destination == "":
			fault("/location_id", store.CodeInvalid, "location_id or destination is required where there are several locations.")
		}
	}
	if len(faults) == 0 {
		return x.mayTouch(ask.Location)
	}
	return &store.Error{Code: faults[0].Code, Message: faults[0].Detail, Details: faults}
}

// syncStatus answers the state of every destination.
func (s *Server) syncStatus(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	list, err := s.sync.Status(x.Request.Context())
	if err != nil {
		return err
	}
	head := s.ledger.Head()
	w := newWriter().open().key("head").position(store.Position{Epoch: head.Epoch, Seq: head.Seq})
	w.key("destinations").list()
	for i := range list {
		w.destination(&list[i])
	}
	return x.send(http.StatusOK, w.end().close())
}

// destination writes how a destination stands.
func (w *writer) destination(d *store.DestinationStatus) *writer {
	w.open().key("name").text(d.Name).key("kind").text(d.Kind).key("primary").bool(d.Primary)
	w.key("state").text(string(d.State)).key("location_id").id(d.LocationID).key("cursor")
	if d.Cursor.Seq == 0 {
		w.null()
	} else {
		w.position(store.Position{Epoch: d.Cursor.Epoch, Seq: d.Cursor.Seq})
	}
	w.key("waiting").int(d.Lag).key("waiting_since").time(d.OldestUnsent)
	w.key("last_success_at").time(d.SyncedAt).key("next_attempt_at").time(d.NextTry).key("failures").int(d.Failures)
	w.key("next_incremental_at").time(d.NextIncremental).key("next_full_at").time(d.NextFull)
	w.key("quarantined").int(d.Quarantined).key("work_items").int(d.WorkItems).key("verdicts").int(d.Verdicts)
	w.key("error")
	if d.Code == "" {
		return w.null().close()
	}
	return w.open().key("code").text(d.Code).key("detail").text(cmp.Or(d.Detail, d.Code)).close().close()
}

// resumeDestination lets a paused destination go on.
func (s *Server) resumeDestination(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	name := x.Param("name")
	list, err := s.sync.Status(x.Request.Context())
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Name != name {
			continue
		}
		if err := x.mayTouch(list[i].LocationID); err != nil {
			return err
		}
		if !x.dryRun {
			if err := s.sync.Resume(x.Request.Context(), name); err != nil {
				return err
			}
		}
		x.Writer.WriteHeader(http.StatusNoContent)
		return nil
	}
	return noSuch("destination", fmt.Sprintf("%.100s", name))
}
