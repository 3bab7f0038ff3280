package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

const twoRows = `{"location":"main STREET","room_type":"sales_floor","rows":[
	{"line":2,"sku":"BD-1","name":"Blue Dream","category":"Flower","unit":"each","unit_price":45.00,"quantity":45},
	{"line":3,"sku":"GM-4","name":"Gummies","unit_cost":9,"quantity":30,"lot":"1A40","expires_at":"2026-09-30","barcode":"085"}]}`

func TestAnImportSetsAndNeverAdds(t *testing.T) {
	a := openAPIServer(t)
	r := a.keepsPromises(write{"manager", "POST", "/import", twoRows, 200})
	if got := r.texts("results", "status") + " " + r.texts("results", "quantity_change") + " " + r.texts("results", "line"); got != "created created 45 30 2 3" {
		t.Errorf("first: %s", got)
	}
	r.has("summary.created", "2", "summary.failed", "0", "location_id", a.Location.String())
	a.get("viewer", "/inventory/"+r.text("results.1.inventory_id")).is(200).has("quantity", "30", "lot.package_tag", "1A40", "lot.expires_at", "2026-09-30")
	a.writesNothing(func() {
		again := a.post("manager", "/import", twoRows).is(200)
		again.has("summary.unchanged", "2", "results.0.inventory_id", r.text("results.0.inventory_id"))
	})
	less := strings.Replace(strings.Replace(twoRows, `"quantity":45`, `"quantity":40`, 1), "main STREET", a.Location.String(), 1)
	r = a.keepsPromises(write{"manager", "POST", "/import", less, 200})
	if got := r.texts("results", "status") + " " + r.texts("results", "quantity_change"); got != "updated unchanged -5 0" {
		t.Errorf("then: %s", got)
	}
}

func TestAChunkIsTakenWholeOrNotAtAll(t *testing.T) {
	a := openAPIServer(t)
	const bad = `{"location":"Main Street","room_type":"vault"%s,"rows":[{"line":2,"sku":"GOOD","name":"x","quantity":1},
		{"line":3,"sku":"NONAME","quantity":-1,"barcode":%q},{"line":4,"sku":"FINE","name":"x","unit_price":1.00001},{"line":5,"name":"x"},
		{"line":6,"sku":"ALSO","name":"y","quantity":2}]}`
	long := strings.Repeat("9", 101)
	a.writesNothing(func() {
		a.post("manager", "/import", fmt.Sprintf(bad, "", "1")).refused(422, store.CodePrecision).has("errors.0.pointer", "/rows/2/unit_price")
		readable := strings.Replace(fmt.Sprintf(bad, "", long), "1.00001", "1", 1)
		a.post("manager", "/import", readable).refused(422, store.CodeInvalid).has("errors.0.pointer", "/rows/3/sku")
		readable = strings.Replace(readable, `{"line":5,`, `{"line":5,"sku":"",`, 1)
		if got := a.post("manager", "/import", readable).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/rows/1/name /rows/1/barcode /rows/1/quantity /rows/3/sku" {
			t.Errorf("wrong: %s", got)
		}
	})
	r := a.keepsPromises(write{"manager", "POST", "/import", fmt.Sprintf(bad, `,"skip_bad":true`, long), 200})
	if got := r.texts("results", "status"); got != "created failed failed failed created" {
		t.Errorf("statuses: %s", got)
	}
	r.has("summary.failed", "3", "results.1.error.pointer", "/rows/1/name", "results.1.errors.1.pointer", "/rows/1/barcode",
		"results.2.error.code", "precision_exceeded", "results.3.error.pointer", "/rows/3/sku", "results.3.line", "5", "results.4.line", "6")
	a.get("viewer", "/inventory?sku=ALSO").has("data.0.quantity", "2")
	a.get("viewer", "/inventory?sku=FINE").has("pagination.total", "0")
}

func TestAnImportNeedsAPlaceAndRows(t *testing.T) {
	a := openAPIServer(t)
	row := `"rows":[{"line":1,"sku":"x","name":"x"}]`
	a.writesNothing(func() {
		a.post("manager", "/import", `{"location":"Nowhere","room_type":"vault",`+row+`}`).refused(404, store.CodeNotFound).has("errors.0.pointer", "/location")
		if got := a.post("manager", "/import", `{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/location /room_type /rows" {
			t.Errorf("missing: %s", got)
		}
		a.post("manager", "/import", `{"location":"Main Street","room_type":"vault","rows":[]}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/rows")
		a.post("manager", "/import", `{"location":"Main Street","room_type":"cellar",`+row+`}`).refused(422, store.CodeInvalid)
		a.post("manager", "/import", `{"location":"Main Street","room_type":"vault","skip_bad":true,"rows":[{"line":1,"sku":"x","colour":"red"}]}`).refused(400, store.CodeUnknownField)
		a.post("manager", "/import", `{"location":"Main Street","room_type":"vault","skip_bad":true,"rows":["x"]}`).refused(400, store.CodeInvalid)
		many := strings.Repeat(`{"line":1,"sku":"x","name":"x"},`, store.MaxImportRows) + `{"line":1,"sku":"x"}`
		a.post("manager", "/import", `{"location":"Main Street","room_type":"vault","skip_bad":true,"rows":[`+many+`]}`).refused(413, store.CodePayloadTooLarge)
	})
	a.AddLocation("main street", "America/Chicago")
	a.post("manager", "/import", `{"location":"Main Street","room_type":"vault",`+row+`}`).refused(422, store.CodeInvalid)
}

// Rows without a quantity are remembered by no movement; a replay finds them.
func TestAReplayedImportNamesRowsWithoutMovements(t *testing.T) {
	a := openAPIServer(t)
	a.keepsPromises(write{"manager", "POST", "/import", strings.ReplaceAll(twoRows, `"quantity"`, `"low_stock_threshold"`), 200})
}
