package square

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// stockOf reads all pages.
func stockOf(t testing.TB, c *Connector, only []store.Place) (rows []pos.Stock, pages int) {
	t.Helper()
	err := c.ReadStock(t.Context(), only, func(page []pos.Stock) error {
		rows, pages = append(rows, page...), pages+1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, pages
}

func TestStockIsReadInPages(t *testing.T) {
	s, c, _ := setUp(t)
	s.pageSize = 7
	for n := 2; n <= 30; n++ {
		s.Add(n, "", "", store.Quantity(n))
	}
	rows, pages := stockOf(t, c, nil)
	if len(rows) != 30 || pages != 5 {
		t.Fatalf("%d rows in %d pages", len(rows), pages)
	}
	got := map[string]store.Quantity{}
	for _, r := range rows {
		got[r.Product] = r.Quantity
		if r.Problem != "" || r.UpdatedAt != began || r.Lot != "" || r.Room != "" {
			t.Errorf("%+v", r)
		}
	}
	if len(got) != 30 || got["VARIATION0001"] != units(50) || got["VARIATION0030"] != 30 {
		t.Error(got)
	}
}

func TestStockOfSomePlaces(t *testing.T) {
	s, c, _ := setUp(t)
	var places []store.Place
	for n := 2; n <= 250; n++ {
		if s.Add(n, "", "", units(1)); n%2 == 0 {
			places = append(places, store.Place{Product: s.Product(n)}, store.Place{Product: s.Product(n), Room: "any"})
		}
	}
	places = append(places, store.Place{Product: "UNKNOWN"})
	before := s.Requests()
	rows, _ := stockOf(t, c, places)
	if len(rows) != 125 || s.Requests()-before != 2 {
		t.Errorf("%d rows by %d requests", len(rows), s.Requests()-before)
	}
	before = s.Requests()
	if rows, _ = stockOf(t, c, []store.Place{}); len(rows) != 0 || s.Requests() != before {
		t.Error("no place at all gives", rows)
	}
}

func TestARowOfStockThatCannotBeUsedSaysSo(t *testing.T) {
	s, c, _ := setUp(t)
	row := func(rest string) string {
		return `{"catalog_object_id":"V","state":"IN_STOCK","location_id":"L8GYN5ZGWHXDX"` + rest + `}`
	}
	cases := map[string]struct {
		row  string
		want *pos.Stock
	}{
		"good":            {row(`,"quantity":"-2.50000","calculated_at":"2026-01-27T02:00:00-08:00"`), &pos.Stock{Place: store.Place{Product: "V"}, Quantity: -25_000, UpdatedAt: began.Add(-30 * time.Minute)}},
		"a number":        {row(`,"quantity":3`), &pos.Stock{Place: store.Place{Product: "V"}, Quantity: 30_000}},
		"no quantity":     {row(``), &pos.Stock{Place: store.Place{Product: "V"}, Problem: `Its quantity "" is not a number that fits.`}},
		"a word":          {row(`,"quantity":"many"`), &pos.Stock{Place: store.Place{Product: "V"}, Problem: `Its quantity "many" is not a number that fits.`}},
		"five decimals":   {row(`,"quantity":"0.00001"`), &pos.Stock{Place: store.Place{Product: "V"}, Problem: `Its quantity "0.00001" is not a number that fits.`}},
		"more than fits":  {row(`,"quantity":"1000000000.0001"`), &pos.Stock{Place: store.Place{Product: "V"}, Problem: `Its quantity "1000000000.0001" is not a number that fits.`}},
		"no variation":    {strings.Replace(row(`,"quantity":"1"`), `"V"`, `""`, 1), &pos.Stock{Quantity: 10_000, Problem: "It does not say which variation it is about."}},
		"another state":   {strings.Replace(row(`,"quantity":"1"`), "IN_STOCK", "WASTE", 1), nil},
		"another place":   {strings.Replace(row(`,"quantity":"1"`), simLocation, "LOTHER", 1), nil},
		"a whole item":    {row(`,"quantity":"1","catalog_object_type":"ITEM"`), nil},
		"nothing at all":  {`null`, nil},
		"of another kind": {`{"name":"x"}`, nil},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			s.Answer(200, "application/json", `{"counts":[`+k.row+`]}`)
			rows, _ := stockOf(t, c, nil)
			var want []pos.Stock
			if k.want != nil {
				want = []pos.Stock{*k.want}
			}
			if !reflect.DeepEqual(rows, want) {
				t.Errorf("gives %+v\nwant  %+v", rows, want)
			}
		})
	}
}

func TestPagesThatNeverEnd(t *testing.T) {
	for name, next := range map[string]func(n int) string{
		"the same cursor":     func(int) string { return "again" },
		"two cursors in turn": func(n int) string { return []string{"a", "b"}[n%2] },
		"always a new one":    func(n int) string { return fmt.Sprint(n + 1) },
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			err := paged(func(string) (string, error) { n++; return next(n), nil })
			if f := failure(t, err); f.Code != pos.CodeNotPOS || f.Class != syncer.Retry || f.Unknown || n > maxPages+1 {
				t.Errorf("after %d pages: %+v", n, f)
			}
		})
	}
	s, c, _ := setUp(t)
	s.Answer(200, "application/json", `{"counts":[],"cursor":"after-0"}`)
	if rows, _ := stockOf(t, c, nil); len(rows) != 1 {
		t.Error("an empty page is not the last:", rows)
	}
}

func TestAReaderThatHasEnoughEndsTheReading(t *testing.T) {
	s, c, _ := setUp(t)
	s.pageSize = 1
	s.Add(2, "", "", units(1))
	enough := errors.New("enough")
	if err := c.ReadStock(t.Context(), nil, func([]pos.Stock) error { return enough }); err != enough { //nolint:errorlint // It is to be the same.
		t.Error(err)
	}
	if s.Requests() != 1 {
		t.Error("it went on")
	}
}
