package store_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// fromTill is what commands carry that come from a point of sale.
var fromTill = store.Request{Actor: "pos:till", Source: "pos:till", Manager: true}

// sold is one line of a sale of whole units.
func sold(product store.ID, name string, units int64) store.SaleLine {
	return store.SaleLine{Product: product, Room: store.SalesFloor, Change: store.Quantity(-units * 10_000), Reason: store.Sale, ExternalID: name}
}

// importSales books lines as they come from a point of sale.
func importSales(t *testing.T, s *storetest.Shop, lines ...store.SaleLine) store.Receipt {
	t.Helper()
	r, err := s.Do(t.Context(), fromTill, &store.ImportSales{Location: s.Location, Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Lines) != len(lines) {
		t.Fatalf("%d lines, and %d answers", len(lines), len(r.Lines))
	}
	return r
}

// quantity gives the stock of an item in whole units.
func quantity(t *testing.T, s *storetest.Shop, item store.ID) int64 {
	t.Helper()
	i, ok := s.Item(item)
	if !ok {
		t.Fatalf("there is no item %s", item)
	}
	return int64(i.Quantity) / 10_000
}

func TestImportSales_books_each_line_once(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	item := s.OpenItem(product, store.SalesFloor, 10)
	a, b := sold(product, "R-1", 1), sold(product, "R-2", 2)
	b.Line = 7
	r := importSales(t, s, a, a, b)
	if r.Lines[0].Status != "created" || r.Lines[1].Status != "unchanged" || r.Lines[2].Status != "created" {
		t.Errorf("the lines are %+v", r.Lines)
	}
	if f := r.Facts[r.Lines[2].Fact].Entry; f.ExternalID != "R-2" || f.Line != 7 || f.Source != "pos:till" {
		t.Errorf("the third line is entry %+v", f)
	}
	for range 2 {
		head := s.Head()
		importSales(t, s, b, a)
		if s.Head() != head || quantity(t, s, item) != 7 {
			t.Errorf("the same lines again wrote to the ledger: %d left", quantity(t, s, item))
		}
		s.Reopen()
	}
	other := b
	other.Line = 8
	importSales(t, s, other)
	if n := quantity(t, s, item); n != 5 {
		t.Errorf("another line of the same sale left %d, want 5", n)
	}
}

func TestImportSales_books_what_it_can_and_says_what_it_cannot(t *testing.T) {
	s := storetest.Open(t)
	product, other := s.AddProduct("A"), s.AddProduct("B")
	item := s.OpenItem(product, store.SalesFloor, 10)
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = other, "TAG" }}).Facts[0].Of.(*store.Lot)
	unknown, wrongLot, wrongSign, nameless, roomless := sold(storetest.NewID(), "1", 1), sold(product, "2", 1), sold(product, "3", -1), sold(product, "", 1), sold(product, "5", 1)
	wrongLot.Lot, roomless.Room = lot.ID, 0
	noSale := sold(product, "6", 1)
	noSale.Reason = store.Damage
	lines := []store.SaleLine{unknown, wrongLot, wrongSign, nameless, roomless, noSale, sold(product, "7", 4)}
	r := importSales(t, s, lines...)
	for n, want := range []store.Code{
		store.CodeNotFound, store.CodeNotFound, store.CodeReasonSign, store.CodeInvalid, store.CodeInvalid, store.CodeUnknownReason, "",
	} {
		if code := codeOf(r.Lines[n].Err); code != want {
			t.Errorf("line %d: %q, want %q", n, code, want)
		}
	}
	if n := quantity(t, s, item); n != 6 {
		t.Errorf("%d left, want 6", n)
	}
	_, err := s.Do(t.Context(), fromTill, &store.ImportSales{Location: storetest.NewID(), Lines: lines})
	if store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("sales of no location: %v", err)
	}
	_, err = s.Do(t.Context(), fromTill, &store.ImportSales{Location: s.Location, Lines: make([]store.SaleLine, store.MaxSaleLines+1)})
	if store.CodeOf(err) != store.CodePayloadTooLarge {
		t.Errorf("too many sales: %v", err)
	}
}

func codeOf(e *store.Error) store.Code {
	if e == nil {
		return ""
	}
	return e.Code
}

func TestImportSales_takes_the_lot_that_expires_first_of_those_that_may_be_sold(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	rows := map[string]store.ID{}
	for _, l := range []struct {
		tag, expires string
		status       store.LotStatus
		units        int64
	}{
		{"late", "2027-01-01", store.LotActive, 50},
		{"soon", "2026-03-01", store.LotActive, 5},
		{"past", "2026-01-01", store.LotActive, 50},
		{"held", "2026-02-01", store.LotHeld, 50},
		{"never", "", store.LotActive, 90},
	} {
		lot := s.Must(&store.EditLot{Edit: func(v *store.Lot) {
			v.ProductID, v.PackageTag, v.ExpiresOn, v.Status = product, l.tag, l.expires, l.status
		}}).Facts[0].Of.(*store.Lot)
		rows[l.tag] = s.Must(&store.OpenItem{
			Product: product, Location: s.Location, Lot: lot.ID, Room: store.SalesFloor, Opening: store.Quantity(l.units * 10_000),
		}).Facts[0].Of.(*store.Item).ID
	}
	for n, want := range []struct {
		units int64
		tag   string
	}{{3, "soon"}, {3, "late"}, {2, "soon"}, {60, "never"}, {47, "late"}, {30, "never"}, {500, "soon"}} {
		r := importSales(t, s, sold(product, fmt.Sprint(n), want.units))
		if m := r.Facts[r.Lines[0].Fact].Entry.Movement; m.Item != rows[want.tag] {
			t.Errorf("sale %d of %d was not taken from the lot %s", n, want.units, want.tag)
		}
	}
	named := sold(product, "named", 1)
	held, _ := s.Item(rows["held"])
	named.Lot = held.Lot.ID
	r := importSales(t, s, named)
	if m := r.Facts[r.Lines[0].Fact].Entry.Movement; m.Item != held.ID || m.Flags&store.FlagRoom == 0 {
		t.Errorf("a sale of a held lot is %+v", m)
	}
}

func TestImportSales_opens_rows_and_goes_below_zero(t *testing.T) {
	s := storetest.Open(t, func(r *store.Rules) { r.NotesAbove[store.Sale] = 10_000 })
	product := s.AddProduct("A")
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, "TAG" }}).Facts[0].Of.(*store.Lot)
	first, second, of := sold(product, "1", 3), sold(product, "2", 2), sold(product, "3", 1)
	of.Lot = lot.ID
	r := importSales(t, s, first, second, of, of)
	items, total := s.Items(store.ItemFilter{}, 0, 10)
	if total != 2 {
		t.Fatalf("%d rows were opened, want 2: %+v", total, items)
	}
	for n, want := range []store.Quantity{-30_000, -50_000, -10_000} {
		if r.Lines[n].Err != nil {
			t.Fatalf("line %d: %v", n, r.Lines[n].Err)
		}
		m := r.Facts[r.Lines[n].Fact].Entry.Movement
		if m.After != want || m.Flags&store.FlagNegative == 0 {
			t.Errorf("line %d leaves %s with flags %b", n, m.After, m.Flags)
		}
	}
	var found int
	for _, f := range r.Facts {
		if e := f.Entry.Event; e != nil && e.Type == store.EventDiscrepancy {
			found++
		}
	}
	if found != 3 {
		t.Errorf("%d discrepancies were opened, want 3", found)
	}
	checkWhole(t, s)
}

func TestImportSales_brings_back_a_row_that_was_archived(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, "TAG" }}).Facts[0].Of.(*store.Lot)
	plain := s.OpenItem(product, store.SalesFloor, 0)
	tagged := s.Must(&store.OpenItem{Product: product, Location: s.Location, Lot: lot.ID, Room: store.SalesFloor}).Facts[0].Of.(*store.Item).ID
	for _, id := range []store.ID{plain, tagged} {
		s.Must(&store.EditItem{ID: id, Archive: true})
	}
	of := sold(product, "2", 1)
	of.Lot = lot.ID
	importSales(t, s, sold(product, "1", 2), of)
	for id, want := range map[store.ID]int64{plain: -2, tagged: -1} {
		if i, _ := s.Item(id); quantity(t, s, id) != want || i.ArchivedAt != 0 {
			t.Errorf("the row has %s and is archived: %v; want %d", i.Quantity, i.ArchivedAt != 0, want)
		}
	}
	if _, total := s.Items(store.ItemFilter{}, 0, 10); total != 2 {
		t.Errorf("there are %d rows, want 2", total)
	}
	checkWhole(t, s)
}

func TestImportSales_takes_a_time_ahead_as_now_and_old_ones_as_they_are(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	s.OpenItem(product, store.SalesFloor, 10)
	now := store.InstantOf(storetest.Start)
	ahead, old := sold(product, "1", 1), sold(product, "2", 1)
	ahead.OccurredAt, old.OccurredAt = now.Add(3*time.Hour), now.Add(-90*24*time.Hour)
	r := importSales(t, s, ahead, old)
	for n, want := range []store.Instant{now, old.OccurredAt} {
		if r.Lines[n].Err != nil {
			t.Fatal(r.Lines[n].Err)
		}
		if at := r.Facts[r.Lines[n].Fact].Entry.OccurredAt; at != want {
			t.Errorf("line %d happened at %s, want %s", n, at, want)
		}
	}
}

// TestImportSales_books_once_in_any_order has batches come in any order, over
// and over, with restarts between them.
func TestImportSales_books_once_in_any_order(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := storetest.Open(t)
		product := s.AddProduct("A")
		item := s.OpenItem(product, store.SalesFloor, 1000)
		all := make([]store.SaleLine, rapid.IntRange(1, 12).Draw(rt, "lines"))
		left := int64(1000)
		for n := range all {
			units := rapid.Int64Range(1, 9).Draw(rt, "units")
			all[n] = sold(product, fmt.Sprint("R-", n/3), units)
			all[n].Line = int64(n % 3)
		}
		seen := map[int]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			var batch []store.SaleLine
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 1, 10).Draw(rt, "batch") {
				if batch = append(batch, all[n]); !seen[n] {
					seen[n] = true
					left += int64(all[n].Change) / 10_000
				}
			}
			if _, err := s.Do(t.Context(), fromTill, &store.ImportSales{Location: s.Location, Lines: batch}); err != nil {
				rt.Fatal(err)
			}
			if rapid.IntRange(0, 5).Draw(rt, "restart") == 0 {
				s.Reopen()
			}
		}
		if n := quantity(t, s, item); n != left {
			rt.Fatalf("%d left, want %d", n, left)
		}
		_ = s.Ledger.Close()
	})
}
