package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestAPointOfSaleSaysHowItStands(t *testing.T) {
	a, _ := openCounter(t)
	stands := []string{
		"name", "till", "kind", "square", "title", "Square", "location_id", a.Location.String(), "location_name", "Main Street",
		"state_register", "false", "rate", "10 a second", "sale_source", "pos:till", "catalogue_owner", "store", "quantity_owner", "store",
		"capabilities.0", "read_stock", "capabilities.1", "write_delta", "linked", "1", "unlinked", "2",
		"sales_read_to", "2026-01-27T10:30:00Z", "sales_open", "3", "open_cases", "4", "compared_at", "", "check", "",
	}
	a.get("sync", "/pos/till").is(200).has(stands...)
	for i := 0; i < len(stands); i += 2 {
		stands[i] = "data.0." + stands[i]
	}
	a.get("viewer", "/pos").is(200).has(stands...)
	a.sync.counter.pos = append(a.sync.counter.pos, store.POS{Name: "register", Kind: "metrc", State: true})
	a.get("viewer", "/pos/register").is(200).has("title", "metrc", "location_id", "", "location_name", "", "rate", "", "state_register", "true")
	a.get("viewer", "/pos/nobody").refused(404, store.CodeNotFound).has("detail", "There is no point of sale nobody.")
}

func TestACheckSaysWhatBecameOfIt(t *testing.T) {
	a, _ := openCounter(t)
	at := store.InstantOf(storetest.Start)
	for _, tc := range []struct {
		check store.POSCheck
		want  []string
	}{
		{
			store.POSCheck{At: at, Identity: "Main Street", Skew: -1600 * time.Millisecond, ClockKnown: true},
			[]string{"check.checked_at", "2026-01-27T10:30:00Z", "check.identity", "Main Street", "check.clock_ahead_seconds", "-2", "check.error", ""},
		},
		{store.POSCheck{At: at, Identity: "Main Street", ClockKnown: true}, []string{"check.clock_ahead_seconds", "0"}},
		{
			store.POSCheck{At: at, Code: "unauthorized", Detail: "Square refuses our key."},
			[]string{
				"check.identity", "", "check.clock_ahead_seconds", "", "check.error.code", "unauthorized",
				"check.error.detail", "Square refuses our key.",
			},
		},
	} {
		a.sync.counter.check = tc.check
		a.post("manager", "/pos/till/check", "").is(200).has(tc.want...).has("name", "till", "linked", "1")
	}
	a.post("manager", "/pos/nobody/check", "").refused(404, store.CodeNotFound)
}

func TestADryRunAsksNoPointOfSale(t *testing.T) {
	a, _ := openCounter(t)
	a.sync.counter.cases = []store.Case{{ID: storetest.NewID(), Destination: "till", Class: store.CaseQuantity, OpenedAt: 1}}
	a.post("manager", "/pos/till/check?dry_run=true", "").is(200).has("name", "till", "check", "")
	a.post("manager", "/pos/till/map?dry_run=true", "").is(200).has("linked", "0", "known", "1", "unlinked", "2", "unlinked_there", "")
	a.post("manager", "/pos/till/compare?dry_run=true", "").is(200).has("data.0.id", a.sync.counter.cases[0].ID.String())
	if len(a.sync.counter.done) > 0 {
		t.Errorf("it did %v", a.sync.counter.done)
	}
}

func TestAPreviewShowsRequestsAsTheyWouldBeSent(t *testing.T) {
	a, _ := openCounter(t)
	a.sync.counter.calls = []store.POSCall{
		{Method: "POST", Path: "/v2/inventory", Body: "{ \"b\": 1.50,\n \"a\": [{\"<&>\": null}] }", Items: []string{"One: 45 → 43"}},
		{Method: "PUT", Path: "/packages", Query: "license=1", Body: `[{"Quantity":2}]`},
		{Method: "DELETE", Path: "/x"},
		{Method: "POST", Path: "/form", Body: "a=1&b=2"},
	}
	r := a.get("manager", "/pos/till/preview?limit=7").is(200)
	r.has("data.0.method", "POST", "data.0.path", "/v2/inventory", "data.0.query", "", "data.0.items.0", "One: 45 → 43",
		"data.1.query", "license=1", "data.2.body", "", "data.3.body", "a=1&b=2")
	if want := `"body":{"b":1.50,"a":[{"<&>":null}]}`; !strings.Contains(string(r.body), want) {
		t.Errorf("there is no %s in %s", want, r.body)
	}
	a.get("manager", "/pos/till/preview").is(200)
	if got := fmt.Sprint(a.sync.counter.done); got != "[preview till 7 preview till 50]" {
		t.Errorf("it did %s", got)
	}
	a.sync.counter.down = true
	a.get("manager", "/pos/till/preview").refused(503, store.CodeUnavailable).has("detail", "Square cannot be reached.")
}

// timed is an answer with a time-out, and whether that was lifted.
type timed struct {
	*httptest.ResponseRecorder
	lifted bool
}

func (r *timed) SetWriteDeadline(at time.Time) error { r.lifted = at.IsZero(); return nil }

func TestAPointOfSaleMayTakeItsTime(t *testing.T) {
	a, _ := openCounter(t)
	for path, want := range map[string]bool{
		"GET /pos/till": false, "GET /pos/till/preview": true, "POST /pos/till/check": true, "POST /pos/till/map": true, "POST /pos/till/compare": true,
	} {
		method, rest, _ := strings.Cut(path, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost/api/v1"+rest, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+a.secrets["manager"])
		w := &timed{ResponseRecorder: httptest.NewRecorder()}
		if a.handler.ServeHTTP(w, r); w.Code != http.StatusOK || w.lifted != want {
			t.Errorf("%s → %d; lifted: %v", path, w.Code, w.lifted)
		}
	}
}

func TestMappingSaysWhatItFound(t *testing.T) {
	a, _ := openCounter(t)
	a.sync.counter.found = store.MapResult{Linked: 412, Known: 1, Unlinked: 3, UnlinkedThere: 8}
	a.post("manager", "/pos/till/map", "").is(200).has("linked", "412", "known", "1", "unlinked", "3", "unlinked_there", "8")
	a.sync.counter.down = true
	a.post("manager", "/pos/till/map", "").refused(503, store.CodeUnavailable)
	a.post("manager", "/pos/till/compare", "").refused(503, store.CodeUnavailable)
}

func TestComparingAnswersTheOpenDifferences(t *testing.T) {
	a, _ := openCounter(t)
	shelf, theirs := store.Quantity(45_0000), store.Quantity(43_5000)
	a.sync.counter.cases = []store.Case{
		{ID: storetest.NewID(), Destination: "till", Class: store.CaseQuantity, OpenedAt: 1, ClosedAt: 2},
		{
			ID: storetest.NewID(), Destination: "till", Class: store.CaseMapping, Place: store.Place{Product: "W62U", Lot: "9A40", Room: "R1"},
			LocationID: a.Location, SKU: "ONE", Name: "One", Tag: "1A40", Shelf: &shelf, Theirs: &theirs, Detail: "It is not linked.",
			OpenedAt: 1000, CheckedAt: 2000,
		},
	}
	a.post("manager", "/pos/till/compare", "").is(200).has(
		"data.1", "", "data.0.id", a.sync.counter.cases[1].ID.String(), "data.0.class", "mapping", "data.0.detail", "It is not linked.",
		"data.0.location_id", a.Location.String(), "data.0.product_id", "", "data.0.sku", "ONE", "data.0.product_name", "One",
		"data.0.package_tag", "1A40", "data.0.their_product", "W62U", "data.0.their_lot", "9A40", "data.0.room", "R1",
		"data.0.shelf_quantity", "45", "data.0.their_quantity", "43.5", "data.0.opened_at", "1970-01-01T00:00:01Z",
		"data.0.checked_at", "1970-01-01T00:00:02Z", "data.0.closed_at", "")
}

func TestABoundTokenSeesOnlyItsOwnPointsOfSale(t *testing.T) {
	b := openBound(t)
	b.sync.counter.open(b.other, b.there.String())
	if r := b.get("ours", "/pos").is(200); !strings.Contains(string(r.body), `"data":[]`) {
		t.Errorf("it sees %s", r.body)
	}
	for _, path := range []string{"GET ", "GET /links", "GET /preview", "POST /check", "POST /map", "POST /compare"} {
		method, rest, _ := strings.Cut(path, " ")
		b.call("ours", method, "/api/v1/pos/till"+rest, "").refused(403, store.CodeForbidden)
	}
	link := "/api/v1/pos/till/links/product/" + b.there.String()
	b.call("ours", "PUT", link, `{"theirs":"x"}`).refused(403, store.CodeForbidden)
	b.call("ours", "DELETE", link, "").refused(403, store.CodeForbidden)
	if len(b.sync.counter.done) > 0 || b.sync.counter.rows[0].Link.Theirs != "W62U" {
		t.Errorf("it did %v", b.sync.counter.done)
	}
	b.sync.counter.pos[0].LocationID = b.Location
	b.get("ours", "/pos/till").is(200)
	b.post("ours", "/pos/till/check", "").is(200)
}

func TestAStoreWithoutAPointOfSaleHasNone(t *testing.T) {
	a := openAPIServer(t)
	n := noDestination{a.Ledger}
	ctx := t.Context()
	_, check := n.CheckPOS(ctx, "till")
	_, preview := n.PreviewPOS(ctx, "till", 1)
	_, links := n.Links(ctx, "till", store.LinkProduct)
	_, linked := n.PutLink(ctx, store.Request{}, store.Link{Destination: "till"})
	_, mapped := n.MapPOS(ctx, "till")
	_, compared := n.ComparePOS(ctx, "till")
	for _, err := range []error{check, preview, links, linked, mapped, compared, n.DeleteLink(ctx, store.Request{}, "till", store.LinkLot, "x")} {
		if store.CodeOf(err) != store.CodeNotFound || err.Error() != "There is no point of sale till." {
			t.Errorf("it says %v", err)
		}
	}
	for _, path := range []string{"/pos", "/reconciliation", "/reconciliation/cases"} {
		if r := a.get("viewer", path).is(200); !strings.Contains(string(r.body), `"data":[]`) {
			t.Errorf("%s has %s", path, r.body)
		}
	}
}
