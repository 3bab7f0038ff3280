package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/shelfd/shelfd/store"
)

// differ lets one product differ everywhere, a package at the state alone, and
// one product nowhere.
func (f *fakeCounter) differ() {
	q := func(n store.Quantity) *store.Quantity { return &n }
	opened := store.InstantOf(time.Date(2026, 1, 24, 21, 4, 0, 120_000_000, time.UTC))
	apple := &store.Product{ID: newID(), SKU: "A", Name: "Apple", Unit: "g"}
	f.reconciled = []store.Reconciled{
		{
			Product: apple, Location: f.location, SKU: "A", Name: "Apple", Shelf: q(45_0000), Sides: []store.Side{
				{Destination: "till", Quantity: q(43_5000)}, {Destination: "register", State: true, Quantity: q(45_0000)},
			},
			Cases: []store.Case{
				{ID: newID(), Destination: "till", Class: store.CaseQuantity, OpenedAt: opened + 9000},
				{ID: newID(), Destination: "till", Class: store.CaseTiming, OpenedAt: opened},
				{ID: newID(), Destination: "till", Class: store.CaseUnit, OpenedAt: 1, ClosedAt: opened},
			},
		},
		{
			Location: f.location, SKU: "=1", Name: "-Tray", Tag: "1A40", Sides: []store.Side{{Destination: "register", State: true, Quantity: q(2_0000)}},
			Cases: []store.Case{{ID: newID(), Destination: "register", Class: store.CasePackage, OpenedAt: opened}},
		},
		{
			Product: apple, Location: f.location, SKU: "B", Name: "Beet", Shelf: q(1_0000), Sides: []store.Side{
				{Destination: "till", Quantity: q(1_0000)}, {Destination: "register", State: true, Quantity: q(3_0000)},
			},
		},
	}
}

func TestReconcilingShowsEverySide(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	says(t, dir, "reconcile", exitOK, "Nothing differs.\n")
	f.differ()
	text := says(t, dir, "reconcile --all", exitDiffers, "2 differences that nothing on its way explains")
	const want = `product  package  location     shelf   POS  state  difference  class             since
Apple             Main Street     45  43.5     45        -1.5  quantity, timing  2026-01-24T21:04:00Z
-Tray    1A40     Main Street                   2              missing_package   2026-01-24T21:04:00Z
Beet              Main Street      1     1      3           2

3 open differences, 1 of them on their way.
`
	if text != want {
		t.Errorf("it says\n%s\nnot\n%s", text, want)
	}
	f.reconciled = f.reconciled[2:]
	says(t, dir, "reconcile --all", exitOK, "\nNothing differs.\n")
}

func TestReconcilingAsksForWhatIsWanted(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	args := []string{"reconcile", "--location", "main street", "--destination", "till", "--class", "unit", "--all"}
	succeed(t, dir, args...)
	if want := (store.ReconcileFilter{Location: f.location.ID, Destination: "till", Class: store.CaseUnit, All: true}); f.asked != want {
		t.Errorf("it asks for %+v, not %+v", f.asked, want)
	}
	says(t, dir, "reconcile --location Nowhere", exitNotFound, `there is no location "Nowhere"`)
}

func TestReconcilingEndsWellWhenEverythingIsOnItsWay(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	f.reconciled = []store.Reconciled{{Location: f.location, Name: "Apple", Cases: []store.Case{
		{ID: newID(), Class: store.CaseTiming, OpenedAt: 1}, {ID: newID(), Class: store.CaseSale, OpenedAt: 1},
	}}}
	says(t, dir, "reconcile", exitOK, "2 open differences, 2 of them on their way.\n")
	f.reconciled[0].Cases = append(f.reconciled[0].Cases, store.Case{ID: newID(), Class: store.CaseMapping, OpenedAt: 1})
	says(t, dir, "reconcile", exitDiffers, "1 difference that nothing on its way explains")
}

func TestReconcilingReadsAllPages(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	for n := range 401 {
		f.reconciled = append(f.reconciled, store.Reconciled{Location: f.location, Name: fmt.Sprintf("Product %d", n)})
	}
	var got struct{ Data []reconciledView }
	if err := json.Unmarshal([]byte(says(t, dir, "reconcile -o json", exitOK)), &got); err != nil || len(got.Data) != 401 || *got.Data[400].ProductName != "Product 400" {
		t.Errorf("it has %d rows, %v", len(got.Data), err)
	}
}

func TestReconcilingNowComparesFirst(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	says(t, dir, "reconcile --now", exitOK)
	if got := strings.Join(f.done, ", "); got != "compare till, compare register" {
		t.Errorf("it did %s", got)
	}
	f.done = nil
	says(t, dir, "reconcile --now --destination bar", exitOK)
	if got := strings.Join(f.done, ", "); got != "compare bar" {
		t.Errorf("it did %s", got)
	}
	f.down = []string{"till", "register"}
	f.differ()
	says(t, dir, "reconcile --now", exitUnsynced, "Apple", "3 open differences",
		"2 things are wrong:\n  what is shown of till is older: Square cannot be reached.\n  what is shown of register is older")
	f.down = f.down[:1]
	says(t, dir, "reconcile --now", exitUnsynced, "shelfd: what is shown of till is older: Square cannot be reached.\n")
	says(t, dir, "reconcile --now --destination nobody", exitNotFound, "there is no such point of sale")
	f.pos = nil
	says(t, dir, "reconcile --now", exitNotFound, "there is no such point of sale")
}

// What the command writes as CSV is what the API does.
func TestReconcilingIsATableForPrograms(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	f.differ()
	got := says(t, dir, "reconcile -o csv", exitDiffers)
	c := connectServer(t.Context(), dir)
	body, err := c.stream(t.Context(), reconciliationPath, nil, "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(body)
	if err != nil || got != string(want) || strings.Count(got, "\r\n") != 4 {
		t.Errorf("it is\n%s\nthe API says\n%s%v", got, want, err)
	}
	if line, _, _ := strings.Cut(says(t, dir, "reconcile -o ndjson", exitDiffers), "\n"); !strings.HasPrefix(line,
		`{"product_name":"Apple","sku":"A","package_tag":null,"location_name":"Main Street","unit":"g","shelf":45,"pos":43.5,"pos_difference":-1.5,`) {
		t.Errorf("as NDJSON it is %s", line)
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(says(t, dir, "reconcile -o xlsx", exitDiffers))))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if rows, err := book.GetRows(book.GetSheetName(0)); err != nil || len(rows) != 4 || rows[1][6] != "43.5" {
		t.Errorf("as a workbook it is %v, %v", rows, err)
	}
	says(t, dir, "reconcile -o json", exitDiffers, `"shelf_quantity": 45`, `"difference": -1.5`, `"exit_code": 12`)
}

func TestAServerThatIsGoneIsNoPointOfSaleThatIs(t *testing.T) {
	unavailable := func(code store.Code) error {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "status": 503})
		})
		return reached(c.get(t.Context(), "/x", nil, nil))
	}
	if got := exitCode(unavailable(store.CodeUnavailable)); got != exitUnsynced {
		t.Errorf("a point of sale that is not reached ends with %d", got)
	}
	if got := exitCode(unavailable(store.CodeReadOnly)); got != exitUnreachable {
		t.Errorf("a server that takes nothing ends with %d", got)
	}
}
