package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestUnitsAreReservedAndSoldWhole(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	body := fmt.Sprintf(`{"inventory_id":%q,"quantity":2.5,"reference":"R-1","ttl_seconds":1800}`, item)
	r := a.keepsPromises(write{"terminal", "POST", "/reservations", body, 201})
	r.has("status", "open", "quantity", "2.5", "reference", "R-1", "location_id", a.Location.String(), "expires_at", "2026-01-27T11:00:00Z")
	path := strings.TrimPrefix(r.header.Get("Location"), "/api/v1")
	a.get("viewer", path).is(200).has("id", r.text("id"), "version", r.text("version"))
	a.get("viewer", "/inventory/"+item.String()).has("reserved_quantity", "2.5", "available_quantity", "7.5")

	sold := a.keepsPromises(write{"terminal", "POST", path + "/commit", `{"notes":"at the window"}`, 200})
	sold.has("reservation.status", "committed", "reservation.quantity", "0", "reservation.requested_quantity", "2.5",
		"movement.quantity_change", "-2.5", "movement.reference", "R-1", "movement.notes", "at the window", "movement.reservation_id", r.text("id"))
	a.get("viewer", path).is(200).has("status", "committed")
	a.writesNothing(func() {
		a.post("terminal", path+"/commit", "").refused(409, store.CodeReservationClosed)
		a.post("terminal", path+"/release", "").refused(409, store.CodeReservationClosed)
		a.patch("terminal", path, `{"ttl_seconds":60}`).refused(409, store.CodeReservationClosed)
	})
}

func (a *api) reserve(item store.ID, seconds int64, reference string) (path string) {
	a.t.Helper()
	r := a.Must(&store.Reserve{Item: item, Quantity: 1_0000, Seconds: seconds, Reference: reference})
	return "/reservations/" + r.Facts[0].Of.(*store.Reservation).ID.String()
}

func TestReleasedUnitsAreFree(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	path := a.reserve(item, 0, "")
	a.keepsPromises(write{"terminal", "POST", path + "/release", "", 200}).has("status", "released", "quantity", "0")
	a.get("viewer", "/inventory/"+item.String()).has("available_quantity", "10")
	a.post("terminal", path+"/release", `{"notes":"x"}`).refused(400, store.CodeUnknownField)
}

func TestAReservationIsExtendedFromNow(t *testing.T) {
	a := openAPIServer(t)
	path := a.reserve(a.Stocked("ONE", 10), 60, "")
	seen := a.get("viewer", path).header.Get("Etag")
	a.Clock.Advance(30 * time.Second)
	a.keepsPromises(write{"terminal", "PATCH", path, `{"ttl_seconds":3600}`, 200}).has("expires_at", "2026-01-27T11:30:30Z")
	a.writesNothing(func() {
		a.patch("terminal", path, `{"ttl_seconds":60}`, "If-Match: "+seen).refused(412, store.CodeStaleVersion)
		a.patch("terminal", path, `{"ttl_seconds":60}`, `If-Match: W/"x"`).refused(412, store.CodeStaleVersion)
		for _, bad := range []string{"0", "-1", "86401", "1.5", "null"} {
			a.patch("terminal", path, `{"ttl_seconds":`+bad+`}`).refused(422, store.CodeInvalid)
		}
		a.patch("terminal", path, `{}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/ttl_seconds")
	})
	a.Clock.Advance(2 * time.Hour)
	a.patch("terminal", path, `{"ttl_seconds":60}`).refused(409, store.CodeReservationExpired)
	a.post("terminal", path+"/commit", "").refused(409, store.CodeReservationExpired)
}

func TestReservingNeedsAvailableUnits(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 3)
	a.reserve(item, 0, "R-1")
	a.writesNothing(func() {
		a.post("terminal", "/reservations", fmt.Sprintf(`{"inventory_id":%q,"quantity":3}`, item)).
			refused(409, store.CodeInsufficientStock).has("current.available_quantity", "2")
		a.post("terminal", "/reservations", `{"inventory_id":"none","quantity":1}`).refused(404, store.CodeNotFound).has("errors.0.pointer", "/inventory_id")
		for _, bad := range []string{"0", "-1"} {
			a.post("terminal", "/reservations", fmt.Sprintf(`{"inventory_id":%q,"quantity":%s}`, item, bad)).refused(422, store.CodeRange)
		}
		if got := a.post("terminal", "/reservations", `{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/inventory_id /quantity" {
			t.Errorf("missing: %s", got)
		}
		a.get("viewer", "/reservations/none").refused(404, store.CodeNotFound)
		a.get("viewer", "/reservations/"+item.String()).refused(404, store.CodeNotFound)
	})
}

func TestOpenReservationsAreListedSoonestExpiryFirst(t *testing.T) {
	a := openAPIServer(t)
	one, two := a.Stocked("ONE", 10), a.Stocked("TWO", 10)
	later, sooner := a.reserve(one, 900, "R-1"), a.reserve(two, 60, "R-2")
	a.post("terminal", a.reserve(one, 30, "R-3")+"/release", "").is(200)
	id := func(path string) string { return strings.TrimPrefix(path, "/reservations/") }
	r := a.get("viewer", "/reservations").is(200)
	if got := r.texts("data", "id"); got != id(sooner)+" "+id(later) {
		t.Errorf("listed: %s", got)
	}
	r.has("pagination.total", "2")
	of, _ := a.Item(one)
	for query, want := range map[string]string{
		"inventory_id=" + one.String(): id(later), "product_id=" + of.Product.ID.String(): id(later), "reference=R-2": id(sooner),
		"location_id=none": "", "location_id=" + a.Location.String() + "&limit=1&page=2": id(later), "page=9": "",
	} {
		if got := a.get("viewer", "/reservations?"+query).is(200).texts("data", "id"); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
