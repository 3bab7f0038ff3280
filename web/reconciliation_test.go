package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// golden compares text with a file, or writes the file when it is to be.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not\n%s\nbut\n%s", name, want, got)
	}
}

func quantity(n store.Quantity) *store.Quantity { return &n }

// differ gives the counter rows of every sort, by name, and says what to call
// their ids.
func differ(a *api, product string) *strings.Replacer {
	at, names := store.InstantOf(storetest.Start), []string{product, "prod-uuid", a.Location.String(), "loc-uuid"}
	id := func(name string) store.ID {
		made := storetest.NewID()
		names = append(names, made.String(), name)
		return made
	}
	p, _ := a.Product(idOf(product))
	l, _ := a.Ledger.Location(a.Location)
	one := func(class store.CaseClass, name, destination string, opened store.Instant) store.Case {
		return store.Case{
			ID: id(name), Destination: destination, Class: class, Detail: "The shelf has 45, the POS 43.", LocationID: a.Location,
			ProductID: p.ID, Shelf: quantity(45_0000), Theirs: quantity(43_0000), OpenedAt: opened, CheckedAt: at,
		}
	}
	closed := one(store.CaseUnit, "case-4-uuid", "till", 1000)
	closed.ClosedAt = at
	a.sync.counter.reconciled = []store.Reconciled{
		{ // Everybody says something else, and another till the same.
			Product: p, Location: l, SKU: p.SKU, Name: p.Name, Shelf: quantity(45_0000), Sides: []store.Side{
				{Destination: "till", Quantity: quantity(43_0000), SeenAt: at, Reported: 88},
				{Destination: "register", State: true, Quantity: quantity(45_2500), SeenAt: at},
				{Destination: "other", Quantity: quantity(45_0000)},
			},
			Cases: []store.Case{
				one(store.CaseQuantity, "case-1-uuid", "till", at-2000), one(store.CaseTiming, "case-2-uuid", "register", at-9000),
				one(store.CaseQuantity, "case-3-uuid", "other", at), closed,
			},
		},
		{ // Only the state has it.
			Location: l, SKU: "=1+1", Name: "-Tray, \"small\"", Tag: "@1A40", Sides: []store.Side{{Destination: "register", State: true, Quantity: quantity(-5000), SeenAt: at}},
			Cases: []store.Case{{ID: id("case-5-uuid"), Destination: "register", Class: store.CasePackage, Place: store.Place{Room: "R1"}, OpenedAt: at}},
		},
		{ // Nothing differs.
			Product: p, Lot: &store.Lot{ID: id("lot-uuid")}, Location: l, SKU: p.SKU, Name: p.Name, Tag: "1A41", Shelf: quantity(0),
			Sides: []store.Side{{Destination: "till", Quantity: quantity(0), SeenAt: at}},
		},
		{ // Nothing is known of it.
			Location: l, Sides: []store.Side{{Destination: "till"}},
		},
	}
	return strings.NewReplacer(names...)
}

func TestReconcilingGolden(t *testing.T) {
	a, product := openCounter(t)
	names := differ(a, product)
	r := a.get("viewer", "/reconciliation?all=true").is(200).has("pagination.total", "4")
	var indented bytes.Buffer
	if err := json.Indent(&indented, r.body, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "reconciliation.json", names.Replace(indented.String())+"\n")
	csv := a.get("viewer", "/reconciliation?all=true", "Accept: text/csv").is(200)
	if got := csv.header.Get("Content-Type"); got != "text/csv; charset=utf-8; header=present" {
		t.Errorf("it is %s", got)
	}
	lines := strings.SplitAfter(string(csv.body), "\r\n")
	if len(lines) != 6 || lines[5] != "" {
		t.Errorf("it is no lines that end in CR LF: %q", lines)
	}
	golden(t, "reconciliation.csv", names.Replace(strings.ReplaceAll(string(csv.body), "\r\n", "\n")))
}

func TestReconcilingIsNarrowed(t *testing.T) {
	a, product := openCounter(t)
	differ(a, product)
	other := a.AddLocation("Second Street", "America/Denver")
	for query, want := range map[string]store.ReconcileFilter{
		"": {},
		"?location_id=" + other.String() + "&destination=till&class=missing_package&all=true&q=dream": {
			Location: other, Destination: "till", Class: store.CasePackage, All: true, Text: "dream",
		},
		"?location_id=nowhere&all=false": {Location: store.ID{0xff}},
	} {
		a.get("sync", "/reconciliation"+query).is(200)
		if a.sync.counter.reconcile != want {
			t.Errorf("%s asks for %+v, not %+v", query, a.sync.counter.reconcile, want)
		}
	}
}

func TestReconcilingIsPaged(t *testing.T) {
	a, product := openCounter(t)
	differ(a, product)
	a.get("viewer", "/reconciliation?limit=3&page=2").is(200).has(
		"pagination.page", "2", "pagination.limit", "3", "pagination.total", "4", "data.0.product_name", "", "data.1", "")
	a.get("viewer", "/reconciliation?page=9").is(200).has("pagination.total", "4", "data.0", "")
	for query, want := range map[string]int{"": 4, "?limit=3": 3, "?limit=3&page=2": 1, "?page=2": 0} {
		csv := string(a.get("viewer", "/reconciliation"+query, "Accept: text/csv").is(200).body)
		if got := strings.Count(csv, "\r\n") - 1; got != want {
			t.Errorf("%s has %d lines as CSV, not %d", query, got, want)
		}
	}
}

func TestDifferencesAreListedNewestFirst(t *testing.T) {
	a, _ := openCounter(t)
	var want []string
	for n := range 5 {
		c := store.Case{ID: storetest.NewID(), Destination: "till", Class: store.CaseClasses[n], LocationID: a.Location, OpenedAt: 1}
		if n == 2 {
			c.ClosedAt = 2
		}
		a.sync.counter.cases = append(a.sync.counter.cases, c)
		want = append([]string{c.ID.String()}, want...)
	}
	for path, want := range map[string][]string{
		"?limit=2":                         want,
		"?limit=5":                         want,
		"?limit=3&open=true":               {want[0], want[1], want[3], want[4]},
		"?class=unit":                      nil,
		"?class=" + string(store.CaseSale): {want[0]},
		"?destination=other":               nil,
		"?location_id=nowhere":             nil,
		"?location_id=" + a.Location.String() + "&destination=till&open=false": want,
	} {
		if got := a.pages("/reconciliation/cases" + path); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, want %v", path, got, want)
		}
	}
}

func TestABoundTokenReconcilesItsOwnLocation(t *testing.T) {
	b := openBound(t)
	for query, want := range map[string]store.ID{
		"?all=true": b.Location, "?location_id=" + b.Location.String(): b.Location, "?location_id=" + b.other.String(): {0xff},
	} {
		b.get("ours", "/reconciliation"+query).is(200)
		if got := b.sync.counter.reconcile.Location; got != want {
			t.Errorf("%s reconciles %v", query, got)
		}
		query = strings.Replace(query, "all", "open", 1)
		b.get("ours", "/reconciliation/cases"+query).is(200)
		if got := b.sync.counter.filter.Location; got != want {
			t.Errorf("%s lists cases of %v", query, got)
		}
	}
}

func TestQueriesAboutPointsOfSaleAreReadStrictly(t *testing.T) {
	a, _ := openCounter(t)
	a.get("viewer", "/pos?page=1").refused(400, store.CodeUnknownParameter)
	a.get("viewer", "/pos/till?limit=1").refused(400, store.CodeUnknownParameter)
	for path, wrong := range map[string]string{
		"/pos/till/preview?limit=0":                                   "limit",
		"/pos/till/preview?limit=201":                                 "limit",
		"/pos/till/links?kind=colour&linked=maybe&page=0&limit=x&a=1": "kind linked page limit a",
		"/pos/till/links?kind=product,lot":                            "kind",
		"/reconciliation?location_id=a,b&class=big&all=yes&page=-1":   "location_id class all page",
		"/reconciliation?location_id=":                                "location_id",
		"/reconciliation?q=%00&destination=a&destination=b":           "destination q",
		"/reconciliation?open=true&cursor=x&class=unit":               "cursor open",
		"/reconciliation/cases?cursor=x&open=1&limit=500&all=true":    "open cursor limit all",
		"/reconciliation/cases?class=quantity,unit&q=x&page=1":        "class page q",
	} {
		for _, accept := range []string{"application/json", "text/csv"} {
			r := a.get("manager", path, "Accept: "+accept).is(400)
			if got := r.texts("errors", "pointer"); got != wrong {
				t.Errorf("%s: %s is wrong, not %s", path, got, wrong)
			}
		}
	}
}
