package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// bound is two locations with the same things in each, and tokens that are
// bound to the first.
type bound struct {
	*api
	other                             store.ID
	here, there                       store.ID // items
	held, heldThere, moved, movedFrom string
	run, runThere                     string
}

func openBound(t *testing.T) *bound {
	b := &bound{api: openAPIServer(t)}
	b.other = b.AddLocation("Other Street", "America/Chicago")
	b.addToken("ours", store.RoleAdmin, b.Location)
	b.here = b.Stocked("ONE", 50)
	item, _ := b.Item(b.here)
	b.there = b.Must(&store.OpenItem{Product: item.Product.ID, Location: b.other, Room: store.SalesFloor, Opening: 50_0000}).Facts[0].Of.(*store.Item).ID
	b.held, b.heldThere = b.reserve(b.here, 0, ""), b.reserve(b.there, 0, "")
	b.moved = b.Adjust(b.here, -1, store.Sale).Facts[0].Entry.Position.String()
	b.movedFrom = b.Adjust(b.there, -1, store.Sale).Facts[0].Entry.Position.String()
	run := func(location store.ID) string {
		r := b.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "failed", LocationID: location}})
		return r.Facts[0].Of.(*store.Run).ID.String()
	}
	b.run, b.runThere = run(b.Location), run(b.other)
	return b
}

// Every route that names something of a location is asked for the own one and
// for the other, by an admin bound to the own one.
func TestABoundTokenTouchesOnlyItsLocation(t *testing.T) {
	b := openBound(t)
	const sale = `{"quantity_change":-1,"reason_code":"SALE"}`
	adjust := func(item store.ID) string {
		return fmt.Sprintf(`{"updates":[{"id":%q,"quantity_change":-1,"reason_code":"SALE"}]}`, item)
	}
	for _, r := range []struct{ method, here, there, body, bodyThere string }{
		{"GET", "/inventory/" + b.here.String(), "/inventory/" + b.there.String(), "", ""},
		{"PATCH", "/inventory/" + b.here.String(), "/inventory/" + b.there.String(), sale, sale},
		{"PUT", "/inventory/" + b.here.String() + "/settings", "/inventory/" + b.there.String() + "/settings", `{"low_stock_threshold":1}`, `{"low_stock_threshold":1}`},
		{"GET", "/inventory/" + b.here.String() + "/movements", "/inventory/" + b.there.String() + "/movements", "", ""},
		{"GET", "/inventory/" + b.here.String() + "/explain", "/inventory/" + b.there.String() + "/explain", "", ""},
		{"POST", "/inventory/bulk-update", "", adjust(b.here), adjust(b.there)},
		{"POST", "/inventory/sync", "", fmt.Sprintf(`{"location_id":%q}`, b.Location), fmt.Sprintf(`{"location_id":%q}`, b.other)},
		{"POST", "/inventory", "", fmt.Sprintf(`{"sku":"ONE","location_id":%q,"room_type":"vault"}`, b.Location), fmt.Sprintf(`{"sku":"ONE","location_id":%q,"room_type":"vault"}`, b.other)},
		{"GET", "/movements/" + b.moved, "/movements/" + b.movedFrom, "", ""},
		{"POST", "/movements/" + b.moved + "/reverse", "/movements/" + b.movedFrom + "/reverse", "", ""},
		{"DELETE", "/movements/" + b.moved + "/notes", "/movements/" + b.movedFrom + "/notes", "", ""},
		{"POST", "/reservations", "", fmt.Sprintf(`{"inventory_id":%q,"quantity":1}`, b.here), fmt.Sprintf(`{"inventory_id":%q,"quantity":1}`, b.there)},
		{"GET", b.held, b.heldThere, "", ""},
		{"PATCH", b.held, b.heldThere, `{"ttl_seconds":60}`, `{"ttl_seconds":60}`},
		{"POST", b.held + "/commit", b.heldThere + "/commit", "", ""},
		{"POST", b.held + "/release", b.heldThere + "/release", "", ""},
		{"GET", "/locations/" + b.Location.String(), "/locations/" + b.other.String(), "", ""},
		{"PATCH", "/locations/" + b.Location.String(), "/locations/" + b.other.String(), `{"name":"x"}`, `{"name":"x"}`},
		{"POST", "", "/locations/" + b.other.String() + "/archive", "", ""},
		{"POST", "", "/locations", "", `{"name":"x","timezone":"UTC","currency":"USD"}`},
		{"POST", "/import", "", strings.Replace(twoRows, "main STREET", b.Location.String(), 1), strings.Replace(twoRows, "main STREET", "other street", 1)},
		{"GET", "/sync/runs/" + b.run, "/sync/runs/" + b.runThere, "", ""},
		{"GET", "", "/ledger", "", ""},
		{"POST", "/tokens", "", `{"name":"x","role":"viewer"}`, fmt.Sprintf(`{"name":"x","role":"viewer","location_id":%q}`, b.other)},
		{"DELETE", "", "/tokens/" + b.Tokens()[0].ID.String(), "", ""},
		{"POST", "", "/clock/confirm", "", ""},
	} {
		if r.there == "" {
			r.there = r.here
		}
		query := ""
		if r.method != http.MethodGet {
			query = "?dry_run=true"
		}
		b.writesNothing(func() {
			b.call("ours", r.method, "/api/v1"+r.there+query, r.bodyThere).refused(403, store.CodeForbidden)
			if r.here != "" {
				if got := b.call("ours", r.method, "/api/v1"+r.here+query, r.body); got.status >= 300 {
					t.Errorf("%s → %d in the own location: %s", got.what, got.status, got.body)
				}
			}
		})
	}
}

func TestABoundTokenSeesOnlyItsLocation(t *testing.T) {
	b := openBound(t)
	for path, want := range map[string]int{
		"/inventory": 1, "/inventory?location_id=" + b.other.String(): 0, "/inventory/snapshot": 1, "/inventory/snapshot?location_id=" + b.other.String(): 0,
		"/movements": 2, "/movements?location_id=" + b.other.String(): 0, "/movements?inventory_id=" + b.there.String(): 0,
		"/reservations": 1, "/reservations?location_id=" + b.other.String(): 0, "/reservations?inventory_id=" + b.there.String(): 0,
		"/locations": 1, "/sync/runs": 1, "/tokens": 1, "/products": 1,
	} {
		r := b.get("ours", path).is(200)
		if got, _ := r.at("data").([]any); len(got) != want {
			t.Errorf("%s shows %d, not %d: %s", path, len(got), want, r.body)
		}
	}
}

func TestATokenMadeByABoundAdminIsBound(t *testing.T) {
	b := openBound(t)
	b.post("ours", "/tokens", `{"name":"x","role":"admin"}`).is(201).has("location_id", b.Location.String())
}

func TestABoundTokenReversesNoTransferWithAnotherLocation(t *testing.T) {
	b := openBound(t)
	legs := b.Must(&store.Adjust{Item: b.here, Change: -2_0000, Reason: store.Transfer, ToItem: b.there}).Facts
	b.writesNothing(func() {
		b.post("ours", "/movements/"+legs[0].Entry.Position.String()+"/reverse", "").refused(403, store.CodeForbidden)
	})
	b.post("manager", "/movements/"+legs[0].Entry.Position.String()+"/reverse", "").is(201)
}
