package web

import (
	"strconv"
	"testing"
	"time"
)

func TestASnapshotOfADayJoinsTheLocationsTimeZones(t *testing.T) {
	a := openAPIServer(t)
	a.Stocked("B", 5)
	a.Location = a.AddLocation("Kanda", "Asia/Tokyo")
	a.Stocked("A", 7)
	at := strconv.FormatInt(a.Head().Seq, 10)
	a.Clock.Advance(72 * time.Hour)
	a.Stocked("C", 1)
	then := a.get("manager", "/inventory/snapshot?seq="+at).is(200)
	day := a.get("manager", "/inventory/snapshot?date=2026-01-27").is(200)
	day.has("totals.items", "2", "totals.quantity", "12", "timezone", "", "seq", at,
		"locations.0.as_of", "2026-01-27T15:00:00Z", "locations.1.as_of", "2026-01-28T06:00:00Z",
		"digest", then.text("digest"))
	if got := day.texts("data", "sku"); got != "A B" {
		t.Errorf("the rows are of %s", got)
	}
	for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
		r := a.get("manager", "/inventory/snapshot?date=2026-01-27", "Accept: "+accept).is(200)
		if got := r.header.Get("Snapshot-Digest"); got != then.text("digest") {
			t.Errorf("as %s the digest is %s", accept, got)
		}
	}
	if now := a.get("manager", "/inventory/snapshot").text("digest"); now == then.text("digest") {
		t.Error("with one more row the digest is the same")
	}
}
