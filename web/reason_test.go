package web

import (
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestReasonsSayWhatEachTakes(t *testing.T) {
	r := openAPIServer(t).get("viewer", "/reason-codes").is(200)
	if got := r.texts("data", "code"); got != "SALE RETURN ADJUSTMENT DAMAGE THEFT TRANSFER AUDIT" {
		t.Errorf("codes: %s", got)
	}
	if got := r.texts("data", "sign"); got != "negative positive either negative negative either either" {
		t.Errorf("signs: %s", got)
	}
	r.has("data.2.notes_required_above", "50", "data.0.notes_required_above", "")
	if got := r.texts("data.2.sub_reasons", "code"); !strings.Contains(got, "opening") || strings.Contains(got, "cycle_count") {
		t.Errorf("below ADJUSTMENT: %s", got)
	}
}

func TestCategoriesAreThoseOfLivingProducts(t *testing.T) {
	a := openAPIServer(t)
	for sku, names := range map[string][2]string{"1": {"Flower", "Eighths"}, "2": {"flower", "eighths"}, "3": {"Flower", "Bulk"}, "4": {"Edibles", ""}, "5": {"", "x"}} {
		a.AddProduct(sku, func(p *store.Product) { p.Category, p.Subcategory = names[0], names[1] })
	}
	a.post("manager", "/products/"+a.AddProduct("6", func(p *store.Product) { p.Category = "Gone" }).String()+"/archive", "").is(200)
	r := a.get("viewer", "/categories").is(200)
	if got := strings.ToLower(r.texts("data", "name") + " " + r.texts("data", "products")); got != "edibles flower 1 3" {
		t.Errorf("categories: %s", got)
	}
	r.has("data.1.subcategories.0", "Bulk", "data.1.subcategories.2", "")
}
