package web

import (
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestOpeningARowBooksItsOpeningStock(t *testing.T) {
	a := openAPIServer(t)
	product := a.AddProduct("BD-1")
	body := fmt.Sprintf(`{"sku":" bd-1 ","location_id":%q,"room_type":"vault","quantity":96.5,"low_stock_threshold":24,"notes":"first"}`, a.Location)
	r := a.keepsPromises(write{"manager", "POST", "/inventory", body, 201})
	r.has("product_id", product.String(), "quantity", "96.5", "low_stock_threshold", "24", "room_type", "vault",
		"movement.sub_reason", "opening", "movement.quantity_after", "96.5", "movement.notes", "first")
	if want := "/api/v1/inventory/" + r.text("id"); r.header.Get("Location") != want {
		t.Errorf("it is at %s", r.header.Get("Location"))
	}
	a.get("viewer", "/inventory/"+r.text("id")).is(200).has("quantity", "96.5", "version", r.text("version"))
}

func TestOpeningARowWithoutStockBooksNoMovement(t *testing.T) {
	a := openAPIServer(t)
	body := fmt.Sprintf(`{"product_id":%q,"location_id":%q,"room_type":"vault"}`, a.AddProduct("BD-1"), a.Location)
	if r := a.keepsPromises(write{"manager", "POST", "/inventory", body, 201}); r.at("movement") != nil {
		t.Errorf("there is a movement: %s", r.body)
	}
}

func TestOpeningARowTwiceNamesTheFirst(t *testing.T) {
	a := openAPIServer(t)
	product := a.AddProduct("BD-1")
	lot := a.post("manager", "/lots", fmt.Sprintf(`{"product_id":%q,"package_tag":"1A40"}`, product)).is(201).text("id")
	for _, extra := range []string{"", `,"lot_id":"` + lot + `"`} {
		body := fmt.Sprintf(`{"product_id":%q,"location_id":%q,"room_type":"vault"%s}`, product, a.Location, extra)
		first := a.post("manager", "/inventory", body).is(201)
		a.post("manager", "/inventory", body).refused(422, store.CodeSameItem).has("current.inventory_id", first.text("id"))
	}
}

func TestOpeningARowNamesAllThatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	product := a.AddProduct("BD-1")
	a.post("manager", "/inventory", `{}`).refused(422, store.CodeInvalid)
	if got := a.post("manager", "/inventory", `{}`).texts("errors", "pointer"); got != "/location_id /room_type /product_id" {
		t.Errorf("missing: %s", got)
	}
	a.post("manager", "/inventory", fmt.Sprintf(`{"sku":"none","location_id":%q,"room_type":"vault"}`, a.Location)).
		refused(404, store.CodeNotFound).has("errors.0.pointer", "/sku")
	a.post("manager", "/inventory", fmt.Sprintf(`{"sku":"none","product_id":%q,"location_id":%q,"room_type":"vault"}`, product, a.Location)).
		refused(422, store.CodeInvalid).has("errors.0.pointer", "/sku")
	r := a.post("manager", "/inventory", `{"sku":"none","location_id":"x","room_type":"vault","lot_id":"y","quantity":-1}`).refused(422, store.CodeInvalid)
	if got := r.texts("errors", "pointer"); got != "/sku /location_id /lot_id /quantity" {
		t.Errorf("wrong: %s", got)
	}
	a.post("manager", "/inventory", `{"room_type":"cellar"}`).is(422)
}

func TestSettingsReplaceARowsOwnThreshold(t *testing.T) {
	a := openAPIServer(t)
	path := "/inventory/" + a.Stocked("BD-1", 10).String()
	a.keepsPromises(write{"manager", "PUT", path + "/settings", `{"low_stock_threshold":8}`, 200}).has("low_stock_threshold", "8", "low_stock", "false")
	old := a.get("viewer", path).header.Get("Etag")
	r := a.call("manager", "PUT", "/api/v1"+path+"/settings", `{"low_stock_threshold":12}`, "If-Match: "+old).is(200).has("low_stock", "true")
	a.writesNothing(func() {
		a.call("manager", "PUT", "/api/v1"+path+"/settings", `{"low_stock_threshold":1}`, "If-Match: "+old).
			refused(412, store.CodeStaleVersion).has("current.version", r.text("version"))
		a.call("manager", "PUT", "/api/v1"+path+"/settings", `{"low_stock_threshold":12}`).is(200).has("version", r.text("version"))
		a.call("manager", "PUT", "/api/v1"+path+"/settings", `{}`).refused(422, store.CodeInvalid)
		a.call("manager", "PUT", "/api/v1"+path+"/settings", `{"low_stock_threshold":-1}`).refused(422, store.CodeRange)
		a.call("manager", "PUT", "/api/v1/inventory/none/settings", `{"low_stock_threshold":1}`).refused(404, store.CodeNotFound)
	})
	a.call("manager", "PUT", "/api/v1"+path+"/settings", `{"low_stock_threshold":null}`).is(200).has("low_stock_threshold", "")
}
