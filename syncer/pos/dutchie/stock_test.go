package dutchie

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// allStock reads the stock of places, or of all.
func allStock(t *testing.T, c *Connector, only ...store.Place) (list []pos.Stock) {
	t.Helper()
	err := c.ReadStock(t.Context(), only, func(page []pos.Stock) error {
		if len(page) == 0 || len(page) > pageSize {
			t.Errorf("a page has %d rows", len(page))
		}
		list = append(list, page...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReadStock_reads_each_package_in_each_room(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "FLW-1", "1A40603000001", 12_5000)
	list := allStock(t, c)
	want := pos.Stock{
		Place: store.Place{Product: "1001", Lot: "PKG-1", Room: "11"}, SKU: "FLW-1", Name: "Product FLW-1", Tag: "1A40603000001",
		Unit: "each", Quantity: 12_5000, UpdatedAt: store.InstantOf(clock.Wall()),
	}
	if len(list) != 1 || list[0] != want {
		t.Errorf("the stock is %+v", list)
	}
	if asked, _ := s.last(); asked != "GET /reporting/inventory?includeAllocated=true&includeRoomQuantities=true" {
		t.Errorf("asked was %q", asked)
	}
}

func TestReadStock_counts_what_orders_hold(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	s.change(func(d *simData, _ store.Instant) { d.goods[0].allocated = 3_0000 })
	if list := allStock(t, c); len(list) != 1 || list[0].Quantity != 10_0000 || list[0].Problem != "" {
		t.Errorf("the stock is %+v", list)
	}
}

func TestReadStock_gives_the_places_that_are_asked_for(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	for n := 1; n <= pageSize+1; n++ {
		s.Add(n, fmt.Sprint("SKU-", n), fmt.Sprint("TAG-", n), store.Quantity(n)*1_0000)
	}
	if list := allStock(t, c); len(list) != pageSize+1 {
		t.Errorf("%d rows are all", len(list))
	}
	second := store.Place{Product: "1002", Lot: "PKG-2", Room: "11"}
	list := allStock(t, c, second, store.Place{Product: "1003", Lot: "PKG-3", Room: "12"}, store.Place{Product: "9"})
	if len(list) != 1 || list[0].Place != second || list[0].Quantity != 2_0000 {
		t.Errorf("asked for one that is there it gives %+v", list)
	}
	before := s.Requests()
	if list := allStock(t, c); len(list) != pageSize+1 {
		t.Errorf("nil gives %d rows", len(list))
	}
	err := c.ReadStock(t.Context(), []store.Place{}, func([]pos.Stock) error { t.Error("a page of nothing"); return nil })
	if err != nil || s.Requests() != before+1 {
		t.Errorf("no places: %v, %d requests", err, s.Requests()-before)
	}
}

func TestReadStock_tells_what_dutchie_tells_late(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	s.Set(1, 4_0000)
	s.lag(1)
	if old, now := allStock(t, c), allStock(t, c); old[0].Quantity != 10_0000 || now[0].Quantity != 4_0000 {
		t.Errorf("first %s, then %s", old[0].Quantity, now[0].Quantity)
	}
}

// row is a good row of stock, with more fields or others.
func row(more string) string {
	return `{"inventoryId":1,"productId":2,"packageId":"P","quantityAvailable":5,"roomQuantities":[{"roomId":3,"quantityAvailable":5}]` + more + `}`
}

func TestReadStock_says_what_is_wrong_with_a_row(t *testing.T) {
	good := row(`,"packageId":"GOOD"`)
	for _, c := range []struct{ name, row, problem string }{
		{"null", `null`, "no product"},
		{"a number", `3`, "not what such a row"},
		{"a list", `[]`, "not what such a row"},
		{"no product", row(`,"productId":0`), "no product"},
		{"a product that is a text", row(`,"productId":"2"`), "productId is of another type"},
		{"a product with decimals", row(`,"productId":2.5`), "productId is of another type"},
		{"a package that is a number", row(`,"packageId":7`), "packageId is of another type"},
		{"rooms that are none", row(`,"roomQuantities":{}`), "roomQuantities is of another type"},
		{"a room without id", row(`,"roomQuantities":[{"quantityAvailable":5}]`), "room has no id"},
		{"a room that is null", row(`,"roomQuantities":[null]`), "room has no id"},
		{"a room that is a text", row(`,"roomQuantities":["Front"]`), "not what such a row"},
		{"no quantity", row(`,"roomQuantities":[{"roomId":3}]`), "not a number that fits"},
		{"five decimals", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":1.00001}]`), "not a number that fits"},
		{"noise of doubles", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":3.4999999999999996}]`), "not a number that fits"},
		{"a quantity too large", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":1e10}]`), "not a number that fits"},
		{"a quantity that is a list", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":[1]}]`), "not a number that fits"},
		{"orders that hold no number", row(`,"allocatedQuantity":"some"`), "not a number that fits"},
		{"orders over two rooms", row(`,"allocatedQuantity":1,"roomQuantities":[{"roomId":3,"quantityAvailable":5},{"roomId":4,"quantityAvailable":5}]`), "Orders hold 1 of it"},
		{"stock in no room", row(`,"roomQuantities":null`), "in which room"},
		{"orders in no room", row(`,"roomQuantities":[],"quantityAvailable":0,"allocatedQuantity":2`), "in which room"},
		{"more together than fits", row(`,"allocatedQuantity":1000000000`), "more than fits"},
		{"the same twice", row(``) + "," + row(``), "lists it twice"},
		{"the same twice, another number", row(``) + "," + row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":6}]`), "lists it twice"},
		{"a room twice", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":5},{"roomId":3,"quantityAvailable":5}]`), "lists it twice"},
	} {
		list, err := readStock(answer("[" + c.row + "," + good + "]"))
		if err != nil || len(list) < 2 {
			t.Errorf("%s: %+v, %v", c.name, list, err)
			continue
		}
		for _, s := range list[:len(list)-1] {
			if !strings.Contains(s.Problem, c.problem) {
				t.Errorf("%s: the problem is %q", c.name, s.Problem)
			}
		}
		if last := list[len(list)-1]; last.Problem != "" || last.Lot != "GOOD" || last.Quantity != 5_0000 {
			t.Errorf("%s takes the good row with it: %+v", c.name, last)
		}
	}
}

func TestReadStock_reads_what_is_unusual_and_good(t *testing.T) {
	type want struct {
		place    store.Place
		quantity store.Quantity
		held     bool
		unit     string
	}
	at := func(room string) store.Place { return store.Place{Product: "2", Lot: "P", Room: room} }
	for _, c := range []struct {
		name, rows string
		want       []want
	}{
		{"two rooms", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":1.5},{"roomId":4,"quantityAvailable":-2}]`), []want{{at("3"), 1_5000, false, ""}, {at("4"), -2_0000, false, ""}}},
		{"nothing in no room", row(`,"roomQuantities":[],"quantityAvailable":0`), nil},
		{"no package", row(`,"packageId":""`), []want{{store.Place{Product: "2", Room: "3"}, 5_0000, false, ""}}},
		{"two records of a place", row(``) + "," + row(`,"inventoryId":2,"packageStatus":"Quarantine"`), []want{{at("3"), 10_0000, true, ""}}},
		{"quarantine", row(`,"packageStatus":"Quarantine"`), []want{{at("3"), 5_0000, true, ""}}},
		{"on hold", row(`,"packageStatus":"On Hold"`), []want{{at("3"), 5_0000, true, ""}}},
		{"testing", row(`,"packageStatus":"Testing"`), []want{{at("3"), 5_0000, true, ""}}},
		{"active", row(`,"packageStatus":"Active","quantityUnits":"Grams"`), []want{{at("3"), 5_0000, false, "g"}}},
		{"a unit that is not ours", row(`,"quantityUnits":"lb"`), []want{{at("3"), 5_0000, false, "lb"}}},
		{"a text for a number", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":"7.25"}]`), []want{{at("3"), 7_2500, false, ""}}},
		{"zeros behind", row(`,"roomQuantities":[{"roomId":3,"quantityAvailable":7.2500000}]`), []want{{at("3"), 7_2500, false, ""}}},
		{"no answer of orders", row(`,"allocatedQuantity":null`), []want{{at("3"), 5_0000, false, ""}}},
		{"a field that nobody knows", row(`,"shelf":{"row":1}`), []want{{at("3"), 5_0000, false, ""}}},
	} {
		list, err := readStock(answer("[" + c.rows + "]"))
		got := make([]want, 0, len(list))
		for _, s := range list {
			if s.Problem != "" {
				t.Errorf("%s: %s", c.name, s.Problem)
			}
			got = append(got, want{s.Place, s.Quantity, s.Held, s.Unit})
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s gives %+v, %v", c.name, got, err)
		}
	}
}
