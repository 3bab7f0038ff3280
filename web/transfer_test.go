package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

var elm = store.ID{0x01, 0x9c, 1}

// hear lets central tell the shop what Elm Street sent it.
func (a *api) hear(number string, lines ...store.OrderLine) store.ID {
	a.t.Helper()
	id := storetest.NewID()
	body, err := json.Marshal(store.TransferOrder{
		Shipment: id, Number: number, From: store.Party{Store: elm, Name: "Elm Street"},
		To: store.Party{Store: a.Meta().Store}, ShippedAt: store.InstantOf(storetest.Start), Lines: lines,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.Must(&store.Obey{N: a.Command() + 1, Kind: "transfer", Body: body})
	if _, ok := a.Transfer(id); !ok && len(a.Transfers(store.TransferFilter{Direction: store.DirectionIn, Number: number})) == 0 {
		a.t.Fatalf("transfer %s was not heard of", number)
	}
	return id
}

// writableTransfers is one request of every way to write a transfer.
func (a *api) writableTransfers() []write {
	a.t.Helper()
	item, line := a.Stocked("SENT", 50).String(), store.OrderLine{SKU: "SENT", Unit: "each", PackageTag: "7A40", Shipped: 5_0000}
	sent := a.post("manager", "/inventory/transfers", fmt.Sprintf(`{"to":{"name":"x"},"notes":"x","lines":[{"inventory_id":%q,"quantity":1}]}`, item)).text("id")
	path := "/inventory/transfers/"
	blind := a.post("terminal", path+"receive", fmt.Sprintf(`{"number":"X-1","location_id":%q,"room_type":"vault","lines":[{"sku":"SENT","received":1}]}`, a.Location)).text("id")
	return []write{
		{"admin", "POST", "/inventory/transfers", fmt.Sprintf(`{"to":{"store_id":%q,"name":"x","location_id":%q,"licence_number":"x"},"number":"X-2","reference":"x","notes":"x","occurred_at":"2026-01-27T10:00:00Z","lines":[{"inventory_id":%q,"quantity":1}]}`, elm, elm, item), 201},
		{"admin", "POST", "/inventory/transfers", fmt.Sprintf(`{"lines":[{"inventory_id":%q,"quantity":1,"to_room_type":"quarantine"}]}`, item), 201},
		{"admin", "POST", path + "receive", fmt.Sprintf(`{"number":"X-3","from":{"store_id":%q,"name":"x","licence_number":"x"},"reference":"x","notes":"x","location_id":%q,"room_type":"vault","occurred_at":"2026-01-27T10:00:00Z","lines":[{"sku":"MADE","package_tag":"8A40","batch_number":"B","expires_at":"2026-11-30","received":1,"room_type":"vault","product":{"name":"x","category":"x","subcategory":"x","brand":"x","strain":"x","unit":"g","size":"x","barcodes":["1"],"unit_price":1,"unit_cost":1}}]}`, elm, a.Location), 200},
		{"admin", "POST", path + a.hear("X-4", line).String() + "/receive", fmt.Sprintf(`{"location_id":%q,"room_type":"vault","notes":"x","lines":[{"line":1,"package_tag":"7A40","received":1,"refused":1,"lost":1,"extra":1,"returned":0,"room_type":"vault"}]}`, a.Location), 200},
		{"admin", "POST", path + sent + "/cancel", `{"notes":"x"}`, 200},
		{"admin", "DELETE", path + sent + "/notes", "", 204},
		{"admin", "PATCH", path + blind, `{"number":"X-5"}`, 200},
	}
}

func TestATransferIsShippedFollowedAndCanceled(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("A", 30)
	body := fmt.Sprintf(`{"to":{"store_id":%q,"name":"Elm Street"},"number":"M-1","reference":"R-1","notes":"by van","lines":[{"inventory_id":%q,"quantity":24.5}]}`, elm, item)
	r := a.keepsPromises(write{"manager", "POST", "/inventory/transfers", body, 201}).
		has("number", "M-1", "direction", "out", "status", "in_transit", "from.name", "Main Street", "to.store_id", elm.String(),
			"lines.0.in_transit", "24.5", "lines.0.sku", "A", "lines.0.inventory_id", item.String(),
			"movements.0.quantity_change", "-24.5", "movements.0.reason_code", "TRANSFER", "movements.0.sub_reason", "shipped",
			"reference", "R-1", "closed_at", "").text("id")
	path := "/inventory/transfers/" + r
	got := a.get("viewer", path).is(200).has("history.0.notes", "by van", "history.0.status", "in_transit", "status", "in_transit")
	a.get("viewer", path, "If-None-Match: "+got.header.Get("Etag")).is(304)
	a.get("viewer", path+"/movements").is(200).has("data.0.transfer_id", r, "data.0.inventory_id", item.String(), "next_cursor", "")
	a.get("viewer", "/inventory/"+item.String()).has("quantity", "5.5")
	a.writesNothing(func() {
		a.post("manager", path+"/cancel", "", `If-Match: "1"`).refused(412, store.CodeStaleVersion)
		a.post("terminal", path+"/cancel", "").refused(403, store.CodeForbidden)
	})
	a.keepsPromises(write{"manager", "POST", path + "/cancel", `{"notes":"the van broke down"}`, 200}).
		has("status", "canceled", "lines.0.in_transit", "0", "movements.0.sub_reason", "returned")
	a.get("viewer", path+"/movements?limit=1").has("data.0.quantity_change", "-24.5")
	next := a.get("viewer", path+"/movements?limit=1").text("next_cursor")
	a.get("viewer", path+"/movements?limit=1&cursor="+next).has("data.0.quantity_change", "24.5", "next_cursor", "")
	a.writesNothing(func() {
		a.post("manager", path+"/cancel", "").refused(422, store.CodeTransferUnbalanced)
		a.post("terminal", path+"/receive", `{"lines":[{"line":1,"received":1}]}`).refused(422, store.CodeInvalid)
	})
	a.keepsPromises(write{"admin", "DELETE", path + "/notes", "", 204})
	a.get("viewer", path).has("history.0.notes", "", "history.1.notes", "")
	a.writesNothing(func() { a.call("admin", "DELETE", "/api/v1"+path+"/notes", "").refused(404, store.CodeNotFound) })
}

func TestAShipmentNamesEveryLineThatCannotBe(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("A", 3)
	lines := func(l string) string { return fmt.Sprintf(`{"to":{"name":"Vendor"},"lines":[%s]}`, l) }
	line := func(q string) string { return fmt.Sprintf(`{"inventory_id":%q,"quantity":%s}`, item, q) }
	a.writesNothing(func() {
		r := a.post("manager", "/inventory/transfers", lines(line("2")+","+line("2")+","+line("3"))).refused(409, store.CodeInsufficientStock)
		if got := r.texts("errors", "pointer"); got != "/lines/1/quantity /lines/2/quantity" {
			t.Errorf("named: %s", got)
		}
		a.post("manager", "/inventory/transfers", lines(line("4")+","+line("0"))).refused(422, store.CodeInvalid)
		r = a.post("manager", "/inventory/transfers", lines(`{"quantity":1},{}`)).refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/lines/0/inventory_id /lines/1/inventory_id /lines/1/quantity" {
			t.Errorf("named: %s", got)
		}
		a.post("manager", "/inventory/transfers", lines("")).refused(422, store.CodeInvalid).has("errors.0.pointer", "/lines")
		a.post("manager", "/inventory/transfers", lines(line("1.00001"))).refused(422, store.CodePrecision)
		a.post("manager", "/inventory/transfers", lines(strings.Repeat(line("1")+",", 100)+line("1"))).refused(413, store.CodePayloadTooLarge)
		a.post("manager", "/inventory/transfers", `{"lines":[`+line("1")+`]}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/to")
		a.post("manager", "/inventory/transfers", `{"to":{"name":"X"},"lines":[{"inventory_id":"`+item.String()+`","quantity":1,"to_room_type":"vault"}]}`).
			refused(422, store.CodeInvalid).has("errors.0.pointer", "/to")
		a.post("manager", "/inventory/transfers", `{"to":{"city":"X"},"line":[]}`).refused(400, store.CodeUnknownField)
		a.post("manager", "/inventory/transfers", `{"to":{"store_id":"none"},"lines":[`+line("1")+`]}`).refused(404, store.CodeNotFound).has("errors.0.pointer", "/to/store_id")
		a.post("manager", "/inventory/transfers", `{"to":{"location_id":"none"},"lines":[`+line("1")+`]}`).refused(404, store.CodeNotFound)
		a.post("terminal", "/inventory/transfers", lines(line("1"))).refused(403, store.CodeForbidden)
	})
}

func TestGoodsMoveBetweenRoomsInOneStep(t *testing.T) {
	a := openAPIServer(t)
	x, y := a.Stocked("A", 9), a.Stocked("B", 9)
	vault := a.OpenItem(itemOf(t, a, y).Product.ID, store.Vault, 1)
	body := fmt.Sprintf(`{"lines":[{"inventory_id":%q,"quantity":2,"to_room_type":"quarantine"},{"inventory_id":%q,"quantity":3,"to_inventory_id":%q}]}`, x, y, vault)
	r := a.keepsPromises(write{"manager", "POST", "/inventory/transfers", body, 201}).
		has("direction", "internal", "status", "closed", "lines.1.received", "3")
	if got := r.texts("movements", "quantity_change"); got != "-2 2 -3 3" {
		t.Errorf("moved %s", got)
	}
	a.get("viewer", "/inventory/"+vault.String()).has("quantity", "4")
	a.writesNothing(func() {
		again := strings.Replace(body, `"quantity":3`, `"quantity":99`, 1)
		a.post("manager", "/inventory/transfers", again).refused(409, store.CodeInsufficientStock).has("errors.0.pointer", "/lines/1/quantity")
	})
	moved := a.get("viewer", "/inventory/transfers/"+r.text("id")+"/movements").text("data.3.id")
	a.post("manager", "/movements/"+moved+"/reverse", "").is(201)
	a.get("viewer", "/inventory/transfers/"+r.text("id")).has("status", "canceled")
	a.get("viewer", "/inventory/"+x.String()).has("quantity", "9")
}

func itemOf(t *testing.T, a *api, id store.ID) *store.Item {
	t.Helper()
	i, ok := a.Item(id)
	if !ok {
		t.Fatal("no such item")
	}
	return i
}

func TestAnIncomingTransferIsReceivedInSeveralGoes(t *testing.T) {
	a := openAPIServer(t)
	id := a.hear("M-7",
		store.OrderLine{SKU: "NEW", Unit: "g", PackageTag: "1A40", ExpiresOn: "2027-01-31", Shipped: 10_0000, Goods: &store.Goods{Name: "New", Unit: "g"}},
		store.OrderLine{SKU: "OLD", Unit: "each", Shipped: 4_0000, Goods: &store.Goods{Name: "Old", Unit: "each"}},
	)
	path := "/inventory/transfers/" + id.String()
	a.get("viewer", path).is(200).has("direction", "in", "status", "in_transit", "from.name", "Elm Street", "lines.0.expires_at", "2027-01-31")
	a.writesNothing(func() {
		a.post("viewer", path+"/receive", `{"lines":[{"line":1,"received":1}]}`).refused(403, store.CodeForbidden)
		r := a.post("terminal", path+"/receive", `{"room_type":"vault","lines":[{"line":1,"received":11},{"sku":"OTHER","received":1},{"line":2},{"line":2,"received":1,"returned":1}]}`).
			refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/lines/0/received /lines/1/sku /lines/2/received /lines/3/returned" {
			t.Errorf("named: %s", got)
		}
		a.post("terminal", path+"/receive", `{"lines":[{"line":1,"received":1}]}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/lines/0/room_type")
		a.post("terminal", path+"/receive", `{"room_type":"vault","lines":[{"line":1,"received":11}]}`).refused(422, store.CodeTransferUnbalanced)
		a.post("manager", path+"/cancel", "").refused(422, store.CodeInvalid)
		a.patch("manager", path, `{"number":"M-8"}`).refused(422, store.CodeInvalid)
		a.post("terminal", "/inventory/transfers/none/receive", `{"lines":[{"line":1,"received":1}]}`).refused(404, store.CodeNotFound)
	})
	a.keepsPromises(write{"terminal", "POST", path + "/receive", `{"room_type":"vault","notes":"two boxes","lines":[{"package_tag":"1a40","received":7.5,"lost":0.5},{"sku":"OLD","refused":4}]}`, 200}).
		has("lines.0.in_transit", "2", "lines.1.returning", "4", "movements.0.quantity_change", "7.5", "movements.0.room_type", "vault", "movements.0.sub_reason", "received")
	a.writesNothing(func() {
		a.post("terminal", path+"/receive", `{"room_type":"vault","lines":[{"line":1,"received":1}]}`, `If-Match: "1"`).refused(412, store.CodeStaleVersion)
	})
	a.post("terminal", path+"/receive", `{"room_type":"vault","lines":[{"line":1,"received":2,"extra":1,"room_type":"quarantine"}]}`).is(200).
		has("status", "returning", "movements.1.reason_code", "AUDIT", "movements.1.sub_reason", "surplus", "movements.1.room_type", "quarantine")
	a.get("viewer", "/inventory?sku=NEW&room_type=vault").has("data.0.quantity", "7.5", "data.0.lot.package_tag", "1A40")
}

func TestBlindReceiptsAreMatchedWithWhatWasSent(t *testing.T) {
	a := openAPIServer(t)
	a.AddProduct("A")
	body := `{"number":"M-9","room_type":"vault","lines":[{"sku":"A","received":5},{"sku":"B","package_tag":"1A41","received":2,"product":{"name":"Bee","unit":"g"}}]}`
	r := a.keepsPromises(write{"terminal", "POST", "/inventory/transfers/receive", body, 200}).
		has("blind", "true", "status", "unmatched", "shipment_id", "", "shipped_at", "", "lines.0.received", "5")
	path := "/inventory/transfers/" + r.text("id")
	a.writesNothing(func() {
		a.post("terminal", "/inventory/transfers/receive", `{"number":"M-9","room_type":"vault","lines":[{"sku":"A","refused":5}]}`).refused(422, store.CodeInvalid)
		a.post("terminal", "/inventory/transfers/receive", `{"number":"M-9","room_type":"vault","lines":[{"sku":"NONE","received":5}]}`).
			refused(404, store.CodeNotFound).has("errors.0.pointer", "/lines/0/sku")
		a.post("terminal", "/inventory/transfers/receive", `{"lines":[]}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/number")
		a.patch("terminal", path, `{"number":"M-10"}`).refused(403, store.CodeForbidden)
	})
	a.post("terminal", "/inventory/transfers/receive", `{"number":"m-9","room_type":"vault","lines":[{"sku":"A","received":1}]}`).is(200).has("lines.0.received", "6")
	id := a.hear("M-10", store.OrderLine{SKU: "A", Unit: "each", Shipped: 4_0000}, store.OrderLine{SKU: "B", Unit: "g", PackageTag: "1A41", Shipped: 3_0000})
	before := a.get("viewer", path+"/movements").texts("data", "id")
	a.keepsPromises(write{"manager", "PATCH", path, `{"number":"M-10"}`, 200}).
		has("status", "in_transit", "shipment_id", id.String(), "lines.0.received", "4", "lines.0.extra", "2", "lines.1.in_transit", "1")
	if after := a.get("viewer", path+"/movements").texts("data", "id"); after != before {
		t.Errorf("movements %s became %s", before, after)
	}
	a.get("viewer", "/inventory/transfers/"+id.String()).has("status", "canceled", "shipment_id", "")
	a.post("terminal", "/inventory/transfers/receive", `{"number":"771","from":{"name":"Green Fields"},"room_type":"vault","lines":[{"sku":"A","received":1}]}`).
		is(200).has("status", "closed", "from.name", "Green Fields", "movements.0.flags.0", "external")
}

func TestTransfersAreListedNewestFirst(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("A", 30)
	far := a.AddLocation("Far", "America/Chicago")
	for _, to := range []string{`{"name":"Vendor"}`, `{"location_id":"` + far.String() + `"}`} {
		number := map[bool]string{true: "V-1", false: "L-1"}[strings.Contains(to, "Vendor")]
		a.post("manager", "/inventory/transfers", fmt.Sprintf(`{"to":%s,"number":%q,"lines":[{"inventory_id":%q,"quantity":1}]}`, to, number, item)).is(201)
	}
	a.hear("E-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: 1})
	for query, want := range map[string]string{
		"": "E-1 L-1 V-1", "direction=out": "V-1", "direction=internal": "L-1", "status=closed": "", "number=e-1": "E-1",
		"location_id=" + far.String(): "L-1", "location_id=" + a.Location.String(): "L-1 V-1", "limit=2": "E-1 L-1",
	} {
		if got := a.get("viewer", "/inventory/transfers?"+query).is(200).texts("data", "number"); got != want {
			t.Errorf("%s lists %s, not %s", query, got, want)
		}
	}
	next := a.get("viewer", "/inventory/transfers?limit=2").text("next_cursor")
	a.get("viewer", "/inventory/transfers?limit=2&cursor="+next).has("data.0.number", "V-1", "next_cursor", "")
	got := a.get("viewer", "/inventory/transfers?status=lost&direction=up&cursor=x").refused(400, store.CodeInvalid).texts("errors", "pointer")
	if got != "direction status cursor" {
		t.Errorf("wrong: %s", got)
	}
	a.get("viewer", "/inventory/transfers/none").refused(404, store.CodeNotFound)
}

func TestATokenBoundToALocationKeepsToItsTransfers(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("A", 30)
	far := a.AddLocation("Far", "America/Chicago")
	a.addToken("here", store.RoleManager, a.Location)
	a.addToken("far", store.RoleManager, far)
	out := fmt.Sprintf(`{"to":{"name":"Vendor"},"lines":[{"inventory_id":%q,"quantity":1}]}`, item)
	over := fmt.Sprintf(`{"to":{"location_id":%q},"lines":[{"inventory_id":%q,"quantity":5}]}`, far, item)
	a.post("far", "/inventory/transfers", out).refused(403, store.CodeForbidden)
	vendor := a.post("here", "/inventory/transfers", out).is(201).text("id")
	across := a.post("here", "/inventory/transfers", over).is(201).text("id")
	known := a.hear("E-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: 2_0000}).String()
	a.writesNothing(func() {
		for _, path := range []string{"", "/movements"} {
			a.get("far", "/inventory/transfers/"+vendor+path).refused(403, store.CodeForbidden)
		}
		a.post("far", "/inventory/transfers/"+vendor+"/cancel", "").refused(403, store.CodeForbidden)
		a.post("far", "/inventory/transfers/"+across+"/cancel", "").refused(403, store.CodeForbidden)
		a.post("here", "/inventory/transfers/"+across+"/receive", `{"lines":[{"line":1,"received":1,"room_type":"vault"}]}`).refused(403, store.CodeForbidden)
		a.post("far", "/inventory/transfers/"+known+"/receive", `{"location_id":"`+a.Location.String()+`","lines":[{"line":1,"received":1,"room_type":"vault"}]}`).refused(403, store.CodeForbidden)
		a.post("far", "/inventory/transfers/receive", `{"location_id":"`+a.Location.String()+`","number":"Z","lines":[{"sku":"A","received":1,"room_type":"vault"}]}`).refused(403, store.CodeForbidden)
	})
	if got := a.get("far", "/inventory/transfers").texts("data", "id"); got != known+" "+across {
		t.Errorf("the far one sees %s", got)
	}
	a.post("far", "/inventory/transfers/"+across+"/receive", `{"lines":[{"line":1,"received":3,"refused":2,"room_type":"vault"}]}`).is(200)
	a.post("far", "/inventory/transfers/"+across+"/receive", `{"lines":[{"line":1,"returned":2}]}`).refused(403, store.CodeForbidden)
	a.post("here", "/inventory/transfers/"+across+"/receive", `{"lines":[{"line":1,"returned":2}]}`).is(200).has("status", "closed")
	a.post("far", "/inventory/transfers/"+known+"/receive", `{"lines":[{"line":1,"received":2,"room_type":"vault"}]}`).is(200).has("to.location_id", far.String())
	a.get("here", "/inventory/transfers/"+known).refused(403, store.CodeForbidden)
}
