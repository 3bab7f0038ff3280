package store_test

import (
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// lowShop is a product with a threshold of 10 and 20 units on the floor.
func lowShop(t *testing.T) (s *storetest.Shop, product, floor store.ID) {
	s = storetest.Open(t)
	ten := units(10)
	product = s.AddProduct("A", func(p *store.Product) { p.Threshold = &ten })
	return s, product, s.OpenItem(product, store.SalesFloor, 20)
}

// fires does a command and tells how many low-stock events followed.
func fires(s *storetest.Shop, cmd store.Command) (n int) {
	for _, f := range s.Must(cmd).Facts {
		if e := f.Entry.Event; e != nil && e.Type == store.EventLowStock {
			n++
		}
	}
	return n
}

func TestLowStock_fires_once_and_again_only_after_rising_well_above(t *testing.T) {
	s, _, floor := lowShop(t)
	for n, step := range []struct {
		change int64 // tenths of a unit
		fires  int
		low    bool
	}{
		{-99, 0, false}, // 10.1
		{-1, 1, true},   // 10: at the threshold is low
		{-20, 0, true},  // 8: still low, said once
		{30, 0, false},  // 11: above, but not by more than a tenth
		{-10, 0, true},  // 10: not armed
		{11, 0, false},  // 11.1: armed again
		{-50, 1, true},  // 6.1
		{100, 0, false}, // 16.1
		{-100, 1, true}, // 6.1
	} {
		got := fires(s, &store.Adjust{Item: floor, Change: store.Quantity(step.change * 1000), Reason: store.Audit})
		if i, _ := s.Item(floor); got != step.fires || i.Low != step.low {
			t.Errorf("step %d: at %s it fired %d times, low %v", n, i.Quantity, got, i.Low)
		}
		if n == 4 {
			s.Reopen()
		}
	}
	checkWhole(t, s)
}

func TestLowStock_counts_what_is_available_in_all_rooms_but_quarantine(t *testing.T) {
	s, product, floor := lowShop(t)
	vault, quarantine := s.OpenItem(product, store.Vault, 5), s.OpenItem(product, store.Quarantine, 50)
	if fires(s, &store.Adjust{Item: quarantine, Change: units(-20), Reason: store.Damage}) != 0 {
		t.Error("quarantine counts")
	}
	if fires(s, &store.Adjust{Item: floor, Change: units(-10), Reason: store.Transfer, ToItem: vault}) != 0 {
		t.Error("moving between rooms counts")
	}
	before := version(s, vault)
	if fires(s, &store.Reserve{Item: floor, Quantity: units(8)}) != 0 {
		t.Error("fired at 17")
	}
	if version(s, vault) != before {
		t.Error("the version of a row of which nothing changed grew")
	}
	if fires(s, &store.Adjust{Item: vault, Change: units(-7), Reason: store.Sale}) != 1 {
		t.Error("did not fire at 10 available")
	}
	for _, id := range []store.ID{floor, vault, quarantine} {
		if i, _ := s.Item(id); !i.Low {
			t.Errorf("the row in %s is not low", i.Room)
		}
	}
	if _, total := s.Items(store.ItemFilter{LowStock: true}, 0, 10); total != 3 {
		t.Errorf("%d rows in the list of low stock", total)
	}
	checkWhole(t, s)
}

func version(s *storetest.Shop, id store.ID) int64 {
	i, _ := s.Item(id)
	return i.Version()
}

func TestVersion_grows_when_another_room_makes_a_row_low(t *testing.T) {
	s, product, floor := lowShop(t)
	vault := s.OpenItem(product, store.Vault, 1)
	before := version(s, vault)
	s.Adjust(floor, -15, store.Audit)
	low, _ := s.Item(vault)
	if !low.Low || low.Version() <= before || low.Version() > s.Head().Seq {
		t.Fatalf("low %v, version %d after %d", low.Low, low.Version(), before)
	}
	s.Reopen()
	if version(s, vault) != low.Version() {
		t.Fatalf("version %d after reopening", version(s, vault))
	}
	s.Adjust(floor, 15, store.Audit)
	if version(s, vault) <= low.Version() {
		t.Fatal("no longer low, but the same version")
	}
}

func TestLowStock_fires_once_when_a_threshold_is_raised_above_stock(t *testing.T) {
	for name, before := range map[string]*store.Quantity{"from 10": new(store.Quantity), "from none": nil} {
		t.Run(name, func(t *testing.T) {
			s, product, floor := lowShop(t)
			if before != nil {
				*before = units(10)
			}
			set := func(q *store.Quantity) int {
				return fires(s, &store.EditProduct{ID: product, Edit: func(p *store.Product) { p.Threshold = q }})
			}
			set(before)
			high, higher := units(30), units(40)
			if n := set(&high); n != 1 {
				t.Errorf("fired %d times", n)
			}
			if n := set(&higher); n != 0 {
				t.Errorf("fired %d times when it was low already", n)
			}
			own := units(25)
			if n := fires(s, &store.EditItem{ID: floor, Threshold: &own}); n != 1 {
				t.Errorf("the room's own threshold fired %d times", n)
			}
			checkWhole(t, s)
		})
	}
}

func TestLowStock_uses_the_threshold_of_the_location(t *testing.T) {
	s, product, floor := lowShop(t)
	s.Must(&store.EditProduct{ID: product, Edit: func(p *store.Product) {
		p.Thresholds = []store.LocationThreshold{{LocationID: s.Location, Threshold: units(3)}}
	}})
	if n := fires(s, &store.Adjust{Item: floor, Change: units(-16), Reason: store.Audit}); n != 0 {
		t.Errorf("fired %d times at 4", n)
	}
	if n := fires(s, &store.Adjust{Item: floor, Change: units(-1), Reason: store.Audit}); n != 1 {
		t.Errorf("fired %d times at 3", n)
	}
	if i, _ := s.Item(floor); *i.ThresholdShown() != units(3) {
		t.Errorf("shows %s", *i.ThresholdShown())
	}
}

func TestLowStock_says_nothing_of_what_never_was_in_stock(t *testing.T) {
	s, product, _ := lowShop(t)
	other := s.AddLocation("Second Street", "America/Chicago")
	r := s.Must(&store.OpenItem{Product: product, Location: other, Room: store.SalesFloor, Opening: units(2)})
	item := r.Facts[0].Of.(*store.Item).ID
	if len(r.Facts) != 2 {
		t.Errorf("%d entries", len(r.Facts))
	}
	if i, _ := s.Item(item); !i.Low {
		t.Error("2 of 10 is not low")
	}
}

func TestRuns_are_kept_up_to_a_bound_that_replaying_agrees_with(t *testing.T) {
	s := storetest.Open(t)
	for n := range 510 {
		s.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "done", Error: fmt.Sprint(n)}})
	}
	if runs := s.Runs(); len(runs) != 500 || runs[0].Error != "509" || runs[499].Error != "10" {
		t.Fatalf("%d runs", len(s.Runs()))
	}
	checkWhole(t, s)
}
