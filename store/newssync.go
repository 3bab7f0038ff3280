package store

import (
	"encoding/json"
)

// syncNews tells that a sync run finished, well or not.
func syncNews(e *Entry) ([]News, error) {
	var r Run
	if err := json.Unmarshal(e.Event.Body, &r); err != nil {
		return nil, err
	}
	data := newObject().id("sync_id", r.ID).text("destination", r.Destination).text("sync_type", r.SyncType).
		id("location_id", r.LocationID).text("status", r.Status).time("requested_at", r.RequestedAt).
		time("started_at", r.StartedAt).time("finished_at", r.FinishedAt).
		raw("counts", encodeDocument(r.Counts)).text("error", r.Error).origin(e)
	return []News{news(e, NewsSync, r.LocationID, data)}, nil
}
