package httpapi_test

import (
	"reflect"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// quantity reads a quantity of a test.
func quantity(t testing.TB, text string) store.Quantity {
	t.Helper()
	q, err := store.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func place(product string) store.Place { return store.Place{Product: product, Room: "floor"} }

// stocked is a simulator with some products.
func stocked(t *testing.T, s *sim, texts ...string) *sim {
	t.Helper()
	for i, text := range texts {
		s.Add(i+1, "SKU-"+string(rune('A'+i)), "", quantity(t, text))
	}
	return s
}

func readStock(t *testing.T, c pos.Connector, only []store.Place) map[store.Place]pos.Stock {
	t.Helper()
	all := map[store.Place]pos.Stock{}
	err := c.(pos.StockReader).ReadStock(t.Context(), only, func(page []pos.Stock) error {
		for _, s := range page {
			if _, twice := all[s.Place]; twice {
				t.Errorf("%v is there twice", s.Place)
			}
			all[s.Place] = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStockIsReadInPagesExactly(t *testing.T) {
	texts := []string{"3.5", "1234567.1234", "1000000000", "999999999.9999", "-0.0001", "0", "45"}
	s := stocked(t, newSim(t), texts...)
	c := s.Connector(t, store.SystemClock())
	all := readStock(t, c, nil)
	if len(all) != len(texts) {
		t.Fatalf("%d rows, want %d", len(all), len(texts))
	}
	for i, text := range texts {
		row := all[place(string(rune('1'+i)))]
		if row.Quantity != quantity(t, text) || row.Problem != "" || row.SKU != "SKU-"+string(rune('A'+i)) || row.UpdatedAt == 0 {
			t.Errorf("%s is %+v", text, row)
		}
	}
	some := readStock(t, c, []store.Place{place("2"), place("7"), place("99")})
	if len(some) != 2 || some[place("7")].Quantity != quantity(t, "45") {
		t.Errorf("of three places: %v", some)
	}
	if got := readStock(t, c, []store.Place{}); len(got) != 0 {
		t.Errorf("of no place: %v", got)
	}
}

func TestTheRestIsRead(t *testing.T) {
	s := stocked(t, newSim(t), "1", "2", "3", "4")
	clock := store.SystemClock()
	c := s.Connector(t, clock)
	from := store.InstantOf(clock.Wall())
	for range 4 {
		s.Sell(2, 15_000, "R-1")
	}
	id, err := c.Check(t.Context())
	if err != nil || id.Name != "Main Street" || id.Time == 0 {
		t.Errorf("check: %+v, %v", id, err)
	}
	rooms, err := c.(pos.RoomReader).ReadRooms(t.Context())
	if want := []pos.Room{{ID: "floor", Name: "Floor", Type: store.SalesFloor}, {ID: "back", Name: "Back"}}; err != nil || !reflect.DeepEqual(rooms, want) {
		t.Errorf("rooms: %+v, %v", rooms, err)
	}
	reasons, err := c.(pos.ReasonReader).ReadReasons(t.Context())
	if want := []pos.Reason{{ID: "7", Name: "Counted", NeedsNote: true}, {ID: "8", Name: "Broken"}}; err != nil || !reflect.DeepEqual(reasons, want) {
		t.Errorf("reasons: %+v, %v", reasons, err)
	}
	var products []pos.Product
	err = c.(pos.CatalogueReader).ReadCatalogue(t.Context(), 0, func(page []pos.Product) error {
		products = append(products, page...)
		return nil
	})
	if err != nil || len(products) != 4 || *products[3].Name != "Product 4" || *products[3].Price != 125_000 || *products[0].Unit != "each" || products[1].Barcodes[0] != "402" {
		t.Errorf("catalogue: %+v, %v", products, err)
	}
	var sales []pos.Sale
	err = c.(pos.SaleReader).ReadSales(t.Context(), from, from.Add(1<<40), func(page []pos.Sale) error {
		sales = append(sales, page...)
		return nil
	})
	if err != nil || len(sales) != 4 {
		t.Fatalf("sales: %+v, %v", sales, err)
	}
	last := sales[3]
	last.At = 0
	if want := (pos.Sale{ID: "s4", Line: 1, Place: place("2"), SKU: "SKU-B", Change: -15_000, Reason: store.Sale, Reference: "R-1"}); !reflect.DeepEqual(last, want) {
		t.Errorf("a sale: %+v, want %+v", last, want)
	}
}

// change makes a change of product n.
func change(n, to string, delta, q store.Quantity) pos.Change {
	return pos.Change{Place: place(n), SKU: "SKU-" + n, Name: "Product " + n, Quantity: q, Delta: delta, Reason: store.Adjustment, Reference: "1-" + to, OccurredAt: 1_769_509_800_000}
}

func TestWrites(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *sim{"absolute": newSim, "delta": newDeltaSim} {
		t.Run(name, func(t *testing.T) {
			s := stocked(t, start(t), "1", "2", "3")
			c := s.Connector(t, store.SystemClock())
			s.Refuse(2)
			b := pos.Batch{Key: "till/1-1-3", Changes: []pos.Change{
				change("1", "1", quantity(t, "999999998.9999"), quantity(t, "999999999.9999")),
				change("2", "2", 10_000, 30_000),
				change("3", "3", -15_000, 15_000),
			}}
			outcomes, err := c.(pos.Writer).Write(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if outcomes[0].Status != syncer.Confirmed || outcomes[1].Status != syncer.Rejected || outcomes[1].Detail == "" || outcomes[2].Status != syncer.Confirmed {
				t.Errorf("outcomes %+v", outcomes)
			}
			if s.Stock(1) != quantity(t, "999999999.9999") || s.Stock(2) != 20_000 || s.Stock(3) != 15_000 {
				t.Errorf("stock is %s, %s, %s", s.Stock(1), s.Stock(2), s.Stock(3))
			}
			if _, err := c.(pos.Writer).Write(t.Context(), b); err != nil || s.Changed() != 2 {
				t.Errorf("the same batch again: %v, %d changes", err, s.Changed())
			}
		})
	}
}
