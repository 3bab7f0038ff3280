package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestSales_come_from_the_source_of_their_location_alone(t *testing.T) {
	for name, sources := range map[string]func(store.ID) map[string]string{
		"by id":   func(id store.ID) map[string]string { return map[string]string{id.String(): "pos:till"} },
		"by name": func(store.ID) map[string]string { return map[string]string{"main street": "pos:till"} },
		"for any": func(store.ID) map[string]string { return map[string]string{"": "pos:till"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.Open(t)
			s.Rules.SaleSources = sources(s.Location)
			s.Reopen()
			product := s.AddProduct("A")
			item := s.OpenItem(product, store.SalesFloor, 50)
			held := s.Must(&store.Reserve{Item: item, Quantity: 20_000, Reference: "O-1"}).Facts[0].Of.(*store.Reservation).ID
			for _, offline := range []bool{false, true} {
				for what, cmd := range map[string]store.Command{
					"sale":        &store.Adjust{Item: item, Change: -10_000, Reason: store.Sale, Offline: offline},
					"return":      &store.Adjust{Item: item, Change: 10_000, Reason: store.Return, Offline: offline},
					"reservation": &store.Adjust{Item: item, Change: -10_000, Reason: store.Sale, Reservation: held, Offline: offline},
					"order":       &store.EndReservation{ID: held, Sell: true},
					"bulk":        &store.BulkAdjust{Lines: []*store.Adjust{{Item: item, Change: -10_000, Reason: store.Sale, Offline: offline}}},
				} {
					if code := s.Refused(cmd); code != store.CodeSaleSource {
						t.Errorf("%s, offline %v: refused with %s", what, offline, code)
					}
				}
			}
			for _, reason := range []store.Reason{store.Damage, store.Adjustment, store.Theft, store.Audit, store.Transfer} {
				s.Adjust(item, -1, reason)
			}
			s.Must(&store.EndReservation{ID: held})
			importSales(t, s, sold(product, "R-1", 1))
			if n := quantity(t, s, item); n != 44 {
				t.Errorf("%d left, want 44", n)
			}
			other := store.Request{Actor: "pos:other", Source: "pos:other", Manager: true}
			r, err := s.Do(t.Context(), other, &store.ImportSales{Location: s.Location, Lines: []store.SaleLine{sold(product, "R-1", 1)}})
			if err != nil || codeOf(r.Lines[0].Err) != store.CodeSaleSource {
				t.Errorf("sales from another point of sale: %+v, %v", r.Lines, err)
			}
		})
	}
}

func TestSales_of_other_locations_come_from_anywhere(t *testing.T) {
	s := storetest.Open(t)
	s.Rules.SaleSources = map[string]string{s.Location.String(): "pos:till"}
	s.Reopen()
	s.Location = s.AddLocation("Second Street", "America/Chicago")
	s.Adjust(s.Stocked("A", 10), -1, store.Sale)
}
