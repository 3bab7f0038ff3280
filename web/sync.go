package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// SyncRequest asks for a sync run.
type SyncRequest struct {
	// Location is what to sync; the zero ID when there is only one.
	Location store.ID
	// Type is full or incremental.
	Type string
	// Destination names one of several; "" for the location's own.
	Destination string
}

// noDestination is the syncer of a store that has nothing to sync with: every
// run fails at once and says so.
type noDestination struct{ ledger *store.Ledger }

// NoDestination is the code of a run that had nowhere to go.
const NoDestination = "no_destination"

func (n noDestination) Request(ctx context.Context, r store.Request, s SyncRequest) (*store.Run, bool, error) {
	receipt, err := n.ledger.Do(ctx, r, &store.FinishRun{Run: store.Run{
		SyncType: s.Type, LocationID: s.Location, Destination: s.Destination, Status: "failed", Error: NoDestination,
	}})
	if err != nil {
		return nil, false, err
	}
	return receipt.Facts[0].Of.(*store.Run), receipt.Replayed, nil
}

// requestSync asks for a run and answers how it stands.
func (s *Server) requestSync(x *exchange) error {
	ask := SyncRequest{Type: "incremental"}
	err := x.decode(func(b *body, name string) bool {
		switch name {
		case "location_id":
			b.id(&ask.Location)
		case "sync_type":
			b.text(&ask.Type)
		case "destination":
			b.text(&ask.Destination)
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
	if replayed {
		x.Writer.Header()["Idempotency-Replayed"] = headerTrue
	}
	x.Writer.Header().Set("Location", "/api/v1/sync/runs/"+run.ID.String())
	return x.send(http.StatusAccepted, newWriter().run(run))
}

// checkSync completes what may be left out, and names every fault.
func (x *exchange) checkSync(ask *SyncRequest) error {
	var faults []store.Detail
	fault := func(pointer string, code store.Code, format string, args ...any) {
		faults = append(faults, store.Detail{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
	}
	if ask.Type != "full" && ask.Type != "incremental" {
		fault("/sync_type", store.CodeInvalid, "sync_type is full or incremental.")
	}
	if len(ask.Destination) > 100 {
		fault("/destination", store.CodeInvalid, "destination has at most 100 characters.")
	}
	locations := x.s.ledger.Locations()
	if ask.Location.IsZero() && !x.who.location.IsZero() {
		ask.Location = x.who.location
	}
	if _, ok := x.s.ledger.Location(ask.Location); !ok {
		switch {
		case !ask.Location.IsZero():
			fault("/location_id", store.CodeNotFound, "There is no such location.")
		case len(locations) == 1:
			ask.Location = locations[0].ID
		case len(locations) > 1:
			fault("/location_id", store.CodeInvalid, "location_id is required where there are several locations.")
		}
	}
	if len(faults) == 0 {
		return x.mayTouch(ask.Location)
	}
	return &store.Error{Code: faults[0].Code, Message: faults[0].Detail, Details: faults}
}

// run writes a sync run.
func (w *writer) run(r *store.Run) *writer {
	w.open().key("id").id(r.ID).key("destination").orNull(r.Destination).key("sync_type").text(r.SyncType).
		key("location_id").id(r.LocationID).key("status").text(r.Status).key("requested_at").time(r.RequestedAt).
		key("started_at").time(r.StartedAt).key("finished_at").time(r.FinishedAt)
	c := r.Counts
	w.key("counts").open().key("scanned").int(c.Scanned).key("sent").int(c.Sent).key("skipped").int(c.Skipped).
		key("rejected").int(c.Rejected).key("work_items").int(c.WorkItems).close()
	w.key("error")
	if r.Error == "" {
		return w.null().close()
	}
	text := map[string]string{NoDestination: "No destination is configured."}[r.Error]
	return w.open().key("code").text(r.Error).key("detail").text(cmpOr(text, r.Error)).close().close()
}
