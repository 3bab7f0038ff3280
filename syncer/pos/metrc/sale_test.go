package metrc

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/pos"
)

func readSales(t testing.TB, c pos.Connector, from, to time.Time) (list []pos.Sale) {
	t.Helper()
	err := c.(pos.SaleReader).ReadSales(t.Context(), store.InstantOf(from), store.InstantOf(to), func(page []pos.Sale) error {
		list = append(list, page...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSalesAreReadInWindowsOfADay(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 2)
	for day := range 5 {
		s.Sell(1, unit, fmt.Sprintf("A%d", day))
		clock.Advance(24 * time.Hour)
	}
	from := storetest.Start.Add(500 * time.Millisecond)
	list := readSales(t, c, from, from.Add(72*time.Hour))
	references := make(map[string]bool)
	for _, sale := range list {
		references[sale.Reference] = true
	}
	if len(references) != 4 {
		t.Errorf("%d sales are read: %+v", len(references), list)
	}
	var starts []string
	for _, a := range s.sent("GET") {
		if a.path != "/sales/v2/receipts/active" {
			continue
		}
		q, _ := url.ParseQuery(a.query)
		starts = append(starts, q.Get("lastModifiedStart")+" "+q.Get("lastModifiedEnd"))
	}
	if want := []string{
		"2026-01-27T10:30:00Z 2026-01-28T10:30:00Z", "2026-01-28T10:30:00Z 2026-01-29T10:30:00Z",
		"2026-01-29T10:30:00Z 2026-01-30T10:30:00Z", "2026-01-30T10:30:00Z 2026-01-30T10:30:01Z",
	}; !slices.Equal(starts, want) {
		t.Errorf("the windows are %q", starts)
	}
}

func TestALineOfAReceiptHasANameForEver(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 2)
	s.Sell(1, 2*unit, "A17")
	r := s.receipts[0]
	r.lines = append(r.lines, simLine{label(2), "Each", unit}, simLine{label(1), "Each", 5_000})
	from := storetest.Start.Add(-time.Hour)
	sold := func(lot string, line int64, q store.Quantity) pos.Sale {
		n := 1001
		if lot == label(2) {
			n = 1002
		}
		return pos.Sale{
			ID: "5001/" + lot, Line: line, Place: store.Place{Product: fmt.Sprint(n), Lot: lot}, Change: -q, Reason: store.Sale,
			Reference: "A17", At: store.InstantOf(storetest.Start),
		}
	}
	lines := []pos.Sale{sold(label(1), 1, 2*unit), sold(label(2), 1, unit), sold(label(1), 2, 5_000)}
	if list := readSales(t, c, from, from.Add(2*time.Hour)); !slices.Equal(list, lines) {
		t.Errorf("the lines are %+v", list)
	}
	clock.Advance(time.Hour)
	s.set(func() { r.archived, r.modified, r.lines = true, clock.Wall(), r.lines[:1] })
	back := lines[0]
	back.ID, back.Change, back.Reason = back.ID+"/void", 2*unit, store.Return
	if list := readSales(t, c, clock.Wall(), clock.Wall().Add(time.Hour)); !slices.Equal(list, []pos.Sale{lines[0], back}) {
		t.Errorf("voided, the lines are %+v", list)
	}
}

func TestATimeWithoutOffsetIsTheShops(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 1)
	s.Sell(1, unit, "")
	s.receipts[0].noOffset = true
	list := readSales(t, c, storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))
	if len(list) != 1 || list[0].At != store.InstantOf(storetest.Start.Add(8*time.Hour)) || list[0].Reference != "0005001" {
		t.Errorf("the sale is %+v", list)
	}
	list = readSales(t, s.open(t, clock, map[string]string{"time_zone": ""}), storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))
	if len(list) != 1 || list[0].At != store.InstantOf(storetest.Start) {
		t.Errorf("without a zone, the sale is %+v", list)
	}
}

func TestSalesThatCannotBeUsedSayWhy(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 1)
	s.receipts = []*simReceipt{
		{id: 1, at: storetest.Start, modified: storetest.Start, noDetail: true, reference: "gone"},
		{id: 2, at: storetest.Start, modified: storetest.Start, lines: []simLine{{label(1), "Grams", unit}, {"", "Each", unit}, {label(1), "Each", 0}}},
		{id: 3, at: storetest.Start, modified: storetest.Start, lines: []simLine{{label(9), "Each", unit}}},
	}
	list := readSales(t, c, storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))
	if len(list) != 5 {
		t.Fatalf("the sales are %+v", list)
	}
	if last := list[0]; last.Problem != "" || last.Place != (store.Place{Lot: label(9)}) {
		t.Errorf("a sale of a package that METRC does not know is %+v", last)
	}
	for _, sale := range list[1:] {
		if sale.Problem == "" {
			t.Errorf("a bad sale has no problem: %+v", sale)
		}
	}
	if list[4].Reference != "gone" {
		t.Errorf("the receipt that is not shown is %+v", list[4])
	}
}

func TestASaleWithoutATimeIsNotGuessed(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 1)
	s.Sell(1, unit, "A1")
	s.before = func(a asked) {
		if a.path == "/sales/v2/receipts/5001" {
			s.Answer(200, "application/json", `{"Id":5001,"SalesDateTime":"0001-01-01T00:00:00","RecordedDateTime":"today","LastModified":null,
				"TotalPackages":1,"Transactions":[{"PackageLabel":"`+label(1)+`","QuantitySold":1,"UnitOfMeasureName":"Each"}]}`)
		}
	}
	list := readSales(t, c, storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))
	if len(list) != 1 || list[0].At != 0 || list[0].Problem == "" {
		t.Errorf("the sale is %+v", list)
	}
}
