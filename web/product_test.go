package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

const newProduct = `{"sku":"BD-1","name":"Blue Dream","category":"Flower","subcategory":"Eighths","brand":"Meadow","strain":"Blue","unit":"g","size":"3.5 g",
	"barcodes":["085","086"],"unit_price":45,"unit_cost":25.125,"low_stock_threshold":10,"location_thresholds":[{"location_id":%q,"low_stock_threshold":2.5}],"external_id":"pos-1"}`

func TestAProductIsCreatedAsGiven(t *testing.T) {
	a := openAPIServer(t)
	r := a.keepsPromises(write{"manager", "POST", "/products", fmt.Sprintf(newProduct, a.Location), 201})
	r.has("sku", "BD-1", "category", "Flower", "unit", "g", "barcodes.1", "086", "unit_price", "45.00", "unit_cost", "25.125",
		"low_stock_threshold", "10", "location_thresholds.0.low_stock_threshold", "2.5", "external_id", "pos-1", "archived_at", "")
	a.get("viewer", strings.TrimPrefix(r.header.Get("Location"), "/api/v1")).is(200).has("id", r.text("id"))
	a.post("manager", "/products", `{"sku":"MIN","name":"Least"}`).is(201).has("unit", "each", "unit_price", "0.00", "low_stock_threshold", "", "category", "")
}

func TestAProductNamesAllThatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	a.AddProduct("TAKEN")
	a.writesNothing(func() {
		if got := a.post("manager", "/products", `{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/sku /name" {
			t.Errorf("missing: %s", got)
		}
		r := a.post("manager", "/products", `{"sku":"taken","name":"x","unit":"kg","unit_price":-1,"barcodes":[""]}`).refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/unit /barcodes /unit_price /sku" {
			t.Errorf("wrong: %s", got)
		}
		a.post("manager", "/products", `{"sku":"x","name":"x","location_thresholds":[{"location_id":"none","low_stock_threshold":1}]}`).refused(404, store.CodeNotFound)
		a.post("manager", "/products", `{"sku":"x","name":"x","location_thresholds":[{}]}`).refused(422, store.CodeInvalid)
		a.post("manager", "/products", `{"sku":"x","name":"x","colour":"red","archived_at":null}`).refused(400, store.CodeUnknownField)
		a.post("manager", "/products", `{"sku":"x","name":"x","unit_price":1.00001}`).refused(422, store.CodePrecision).has("errors.0.pointer", "/unit_price")
	})
}

func TestAPatchChangesWhatItNames(t *testing.T) {
	a := openAPIServer(t)
	made := a.post("manager", "/products", fmt.Sprintf(newProduct, a.Location)).is(201)
	path := "/products/" + made.text("id")
	a.keepsPromises(write{"manager", "PATCH", path, `{"unit_price":42.5,"category":null,"low_stock_threshold":null,"barcodes":[]}`, 200}).
		has("unit_price", "42.50", "category", "", "low_stock_threshold", "", "brand", "Meadow", "barcodes.0", "", "unit_cost", "25.125")
	a.writesNothing(func() {
		a.patch("manager", path, `{"unit_price":1}`, "If-Match: "+made.header.Get("Etag")).refused(412, store.CodeStaleVersion)
		a.patch("manager", path, `{"unit_price":42.5}`).is(200)
		a.patch("manager", path, `{}`).refused(422, store.CodeInvalid)
		a.patch("manager", "/products/none", `{"name":"x"}`).refused(404, store.CodeNotFound)
		for _, field := range []string{"sku", "name", "unit", "unit_price", "unit_cost"} {
			a.patch("manager", path, `{"`+field+`":null}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/"+field)
		}
		a.patch("manager", path, `{"unit":""}`).refused(422, store.CodeInvalid)
	})
	now := a.get("viewer", path).is(200).header.Get("Etag")
	a.patch("manager", path, `{"name":"New"}`, "If-Match: "+now).is(200).has("name", "New")
	a.get("viewer", path, "If-None-Match: "+now).is(200)
	a.get("viewer", path, "If-None-Match: "+a.get("viewer", path).header.Get("Etag")).is(304)
}

func TestTheUnitStaysWhileThereIsStock(t *testing.T) {
	a := openAPIServer(t)
	item, _ := a.Item(a.Stocked("ONE", 1))
	a.patch("manager", "/products/"+item.Product.ID.String(), `{"unit":"g"}`).refused(422, store.CodeUnitMismatch)
	a.post("manager", "/products/"+item.Product.ID.String()+"/archive", "").is(422)
}

func TestAnArchivedProductIsListedOnlyWhenAskedFor(t *testing.T) {
	a := openAPIServer(t)
	path := "/products/" + a.AddProduct("OLD").String()
	a.AddProduct("NEW")
	first := a.keepsPromises(write{"manager", "POST", path + "/archive", "", 200})
	a.writesNothing(func() {
		a.post("manager", path+"/archive", "").is(200).has("version", first.text("version"))
		a.post("manager", path+"/archive", "", `If-Match: "1"`).refused(412, store.CodeStaleVersion)
	})
	if first.text("archived_at") == "" {
		t.Errorf("it is not archived: %s", first.body)
	}
	for query, want := range map[string]string{"": "NEW", "?archived=false": "NEW", "?archived=true": "OLD"} {
		if got := a.get("viewer", "/products"+query).is(200).texts("data", "sku"); got != want {
			t.Errorf("%q lists %s", query, got)
		}
	}
	a.get("viewer", path).is(200).has("sku", "OLD")
}

func TestProductsAreFoundInManyWays(t *testing.T) {
	a := openAPIServer(t)
	a.post("manager", "/products", fmt.Sprintf(newProduct, a.Location)).is(201)
	a.AddProduct("X-2", func(p *store.Product) { p.Name, p.Category = "Amber", "Edibles" })
	for query, want := range map[string]string{
		"": "X-2 BD-1", "q=dream+BLUE": "BD-1", "q=086": "BD-1", "q=dream+amber": "", "sku=bd-1": "BD-1", "barcode=085": "BD-1", "barcode=08": "",
		"category=flower": "BD-1", "category=flower,EDIBLES": "X-2 BD-1", "external_id=pos-1": "BD-1", "limit=1": "X-2", "limit=1&page=2": "BD-1", "page=3": "",
	} {
		r := a.get("viewer", "/products?"+query).is(200)
		if got := r.texts("data", "sku"); got != want {
			t.Errorf("%s finds %s, not %s", query, got, want)
		}
	}
	a.get("viewer", "/products?page=0&limit=999&archived=maybe").refused(400, store.CodeInvalid)
	a.get("viewer", "/products/none").refused(404, store.CodeNotFound)
}

func TestCostsAreHiddenFromTerminals(t *testing.T) {
	a := openAPIServer(t, func(c *Config) { c.HideCost = true })
	path := "/products/" + a.AddProduct("ONE").String()
	a.get("terminal", path).is(200).has("unit_cost", "")
	a.get("manager", path).is(200).has("unit_cost", "25.00")
	a.get("terminal", "/products").is(200).has("data.0.unit_cost", "")
}
