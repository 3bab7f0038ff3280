package dutchie

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

func allProducts(t *testing.T, c *Connector, since store.Instant) (list []pos.Product) {
	t.Helper()
	err := c.ReadCatalogue(t.Context(), since, func(page []pos.Product) error {
		list = append(list, page...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReadCatalogue_reads_products(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "FLW-1", "TAG-1", 5_0000)
	name, category, brand, each, price := "Product FLW-1", "Flower", "Acme", store.Unit("each"), store.Money(12_5000)
	want := pos.Product{
		ID: "1001", SKU: "FLW-1", Barcodes: []string{"00FLW-1"}, Name: &name, Category: &category, Brand: &brand,
		// The cost has nine decimals, and is left out.
		Unit: &each, Price: &price, UpdatedAt: store.InstantOf(clock.Wall()),
	}
	if list := allProducts(t, c, 0); len(list) != 1 || !reflect.DeepEqual(list[0], want) {
		t.Errorf("the catalogue is %+v", list)
	}
	if asked, _ := s.last(); asked != "GET /reporting/products" {
		t.Errorf("asked was %q", asked)
	}
}

func TestReadCatalogue_gives_what_changed_since_and_at_a_moment(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "A", "TAG-1", 0)
	clock.pass(time.Hour)
	since := store.InstantOf(clock.Wall())
	s.Add(2, "B", "TAG-2", 0)
	if list := allProducts(t, c, since); len(list) != 1 || list[0].SKU != "B" {
		t.Errorf("changed are %+v", list)
	}
	if asked, _ := s.last(); asked != "GET /reporting/products?fromLastModifiedDateUTC=2026-03-01T12%3A59%3A59.999Z" {
		t.Errorf("asked was %q", asked)
	}
}

func TestReadCatalogue_says_what_is_wrong_with_a_row(t *testing.T) {
	const good = `{"productId":9,"sku":"GOOD"}`
	for _, c := range []struct{ name, row, problem string }{
		{"null", `null`, "no id"},
		{"a text", `"FLW-1"`, "not what such a row"},
		{"no id", `{"sku":"A"}`, "no id"},
		{"an id that is a text", `{"productId":"1"}`, "productId is of another type"},
		{"a SKU that is a number", `{"productId":1,"sku":7}`, "sku is of another type"},
		{"a name that is a list", `{"productId":1,"productName":[]}`, "productName is of another type"},
		{"a price of five decimals", `{"productId":1,"price":1.00001}`, "not a number that fits"},
		{"a price that is a text", `{"productId":1,"price":"cheap"}`, "not a number that fits"},
		{"one that is listed twice", `{"productId":9}`, ""},
	} {
		list, err := readProducts(answer("[" + c.row + "," + good + "]"))
		if err != nil || len(list) != 2 {
			t.Errorf("%s: %+v, %v", c.name, list, err)
			continue
		}
		if c.problem == "" {
			if list[0].Problem != "" || !strings.Contains(list[1].Problem, "twice") {
				t.Errorf("%s: %+v", c.name, list)
			}
			continue
		}
		if !strings.Contains(list[0].Problem, c.problem) || list[1].Problem != "" || list[1].SKU != "GOOD" {
			t.Errorf("%s: %+v", c.name, list)
		}
	}
}

func TestReadCatalogue_reads_what_is_unusual_and_good(t *testing.T) {
	read := func(fields string) pos.Product {
		t.Helper()
		list, err := readProducts(answer(`[{"productId":1` + fields + `}]`))
		if err != nil || len(list) != 1 || list[0].Problem != "" {
			t.Fatalf("%s gives %+v, %v", fields, list, err)
		}
		return list[0]
	}
	if p := read(``); p.Archived || p.Name != nil || p.Unit != nil || p.Price != nil || p.Barcodes != nil || p.UpdatedAt != 0 {
		t.Errorf("what is not said is %+v", p)
	}
	if p := read(`,"productName":"","brandName":null,"upc":" "`); p.Name != nil || p.Brand != nil || p.Barcodes != nil {
		t.Errorf("what is empty is %+v", p)
	}
	if p := read(`,"isActive":false`); !p.Archived {
		t.Error("an inactive one is not archived")
	}
	if p := read(`,"unitCost":2.25,"price":0`); p.Cost == nil || *p.Cost != 2_2500 || p.Price == nil || *p.Price != 0 {
		t.Errorf("its worth is %+v", p)
	}
	if p := read(`,"lastModifiedDateUTC":"2026-03-01T08:30:00.1234567"`); p.UpdatedAt.String() != "2026-03-01T08:30:00.123Z" {
		t.Errorf("without a zone it is %s", p.UpdatedAt)
	}
	if p := read(`,"lastModifiedDateUTC":"0001-01-01T00:00:00"`); p.UpdatedAt != 0 {
		t.Errorf("a date that is not there is %s", p.UpdatedAt)
	}
	for theirs, ours := range map[string]store.Unit{"Grams": "g", "g": "g", "oz": "oz", "mg": "mg", "ml": "ml", "Each": "each", "qty": "each"} {
		if p := read(`,"defaultUnit":"` + theirs + `"`); p.Unit == nil || *p.Unit != ours {
			t.Errorf("%s is %v", theirs, p.Unit)
		}
	}
	if p := read(`,"defaultUnit":"fl oz","unitType":"g"`); p.Unit != nil {
		t.Errorf("a fluid ounce is %s", *p.Unit)
	}
	if list, err := readProducts(answer(`[{"productId":1,"isCoupon":true}]`)); err != nil || len(list) != 0 {
		t.Errorf("a coupon is %+v, %v", list, err)
	}
}
