package dutchie

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

func allSales(t *testing.T, c *Connector, from, to store.Instant) (list []pos.Sale) {
	t.Helper()
	err := c.ReadSales(t.Context(), from, to, func(page []pos.Sale) error {
		list = append(list, page...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sum is what sales did to the stock, each line once.
func sum(list ...pos.Sale) (total store.Quantity) {
	type name struct {
		id   string
		line int64
	}
	seen := map[name]bool{}
	for _, s := range list {
		if !seen[name{s.ID, s.Line}] {
			total += s.Change
		}
		seen[name{s.ID, s.Line}] = true
	}
	return total
}

func TestReadSales_reads_what_was_sold(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	s.Sell(1, 2_5000, "ORDER-9")
	at := store.InstantOf(clock.Wall())
	want := pos.Sale{
		ID: "7001", Line: 1, Place: store.Place{Product: "1001", Lot: "PKG-1"},
		Change: -2_5000, Reason: store.Sale, Reference: "ORDER-9", At: at,
	}
	if list := allSales(t, c, at, at.Add(24*time.Hour)); len(list) != 1 || list[0] != want {
		t.Errorf("sold was %+v", list)
	}
	if asked, _ := s.last(); asked != "GET /reporting/transactions?FromLastModifiedDateUTC=2026-03-01T11%3A59%3A59.999Z&IncludeDetail=true&ToLastModifiedDateUTC=2026-03-02T12%3A00%3A00.000Z" {
		t.Errorf("asked was %q", asked)
	}
}

func TestReadSales_gives_the_same_lines_in_windows_that_overlap(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	start := store.InstantOf(clock.Wall())
	for range 6 {
		s.Sell(1, 1_0000, "")
		clock.pass(10 * time.Minute)
	}
	first := allSales(t, c, start, start.Add(40*time.Minute))
	second := allSales(t, c, start.Add(20*time.Minute), start.Add(time.Hour))
	if len(first) != 5 || len(second) != 4 || !slices.Equal(first[2:], second[:3]) {
		t.Errorf("first %+v\nthen %+v", first, second)
	}
	if got := sum(append(first, second...)...); got != -6_0000 {
		t.Errorf("together they are %s", got)
	}
	if first[0].Reference != "7001" {
		t.Errorf("a receipt without an order is %q", first[0].Reference)
	}
}

func TestReadSales_undoes_a_void_however_late_it_is_read(t *testing.T) {
	for _, early := range []bool{true, false} {
		s, clock := newSim(t), newClock()
		c := s.connect(t, clock)
		s.Add(1, "FLW-1", "TAG-1", 10_0000)
		start := store.InstantOf(clock.Wall())
		receipt := s.ring(1, 4_0000, "ORDER-9")
		var list []pos.Sale
		if early {
			list = allSales(t, c, start, start.Add(time.Minute))
		}
		clock.pass(30 * time.Hour)
		s.void(receipt)
		now := store.InstantOf(clock.Wall())
		list = append(list, allSales(t, c, now.Add(-time.Hour), now.Add(time.Minute))...)
		if sum(list...) != 0 || s.Stock(1) != 10_0000 {
			t.Errorf("read early %v, it comes to %s: %+v", early, sum(list...), list)
		}
		void := list[len(list)-1]
		if void.ID != "7001-void" || void.Change != 4_0000 || void.Reason != store.Return || void.At != now || void.Reference != "ORDER-9" {
			t.Errorf("the void is %+v", void)
		}
	}
}

func TestReadSales_reads_returns_beside_the_sale(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	start := store.InstantOf(clock.Wall())
	receipt := s.ring(1, 4_0000, "ORDER-9")
	clock.pass(time.Hour)
	s.bring(receipt, 1_0000)
	list := allSales(t, c, start, start.Add(2*time.Hour))
	if len(list) != 2 || list[0].Change != -4_0000 || list[1].Change != 1_0000 || list[1].Reason != store.Return || list[1].ID != "7002" {
		t.Errorf("sold and brought back were %+v", list)
	}
	s.void(7002)
	if got := 10_0000 + sum(allSales(t, c, start, start.Add(2*time.Hour))...); got != s.Stock(1) {
		t.Errorf("with the return voided it is %s, not %s", got, s.Stock(1))
	}
}

// receipt is a transaction with lines and fields, over good ones.
func receipt(items, fields string) string {
	return `{"transactionId":5,"transactionDate":"2026-03-01T10:00:00Z","transactionType":"Retail","totalItems":1,"items":[` + items + `]` + fields + `}`
}

// item is a line with fields over good ones.
func item(fields string) string {
	return `{"transactionItemId":1,"productId":2,"packageId":"P","quantity":3` + fields + `}`
}

func TestReadSales_tells_which_way_the_goods_went(t *testing.T) {
	minus := item(`,"quantity":-3`)
	for _, c := range []struct {
		name, row string
		changes   []store.Quantity
	}{
		{"a sale", receipt(item(``), ``), []store.Quantity{-3_0000}},
		{"a return with a sign", receipt(minus, `,"isReturn":true`), []store.Quantity{3_0000}},
		{"a return without", receipt(item(``), `,"isReturn":true`), []store.Quantity{3_0000}},
		{"a return by its sale", receipt(item(``), `,"returnOnTransactionId":4`), []store.Quantity{3_0000}},
		{"a line that came back", receipt(minus, ``), []store.Quantity{3_0000}},
		{"an exchange", receipt(item(``)+`,`+item(`,"transactionItemId":2,"quantity":-1`), ``), []store.Quantity{-3_0000, 1_0000}},
		{"a line that came back later", receipt(item(`,"isReturned":true,"returnedByTransactionId":6`), ``), []store.Quantity{-3_0000}},
		{"wholesale", receipt(item(``), `,"transactionType":"WholesaleOrder"`), []store.Quantity{-3_0000}},
		{"no type", receipt(item(``), `,"transactionType":""`), []store.Quantity{-3_0000}},
		{"a coupon", receipt(item(`,"isCoupon":true`), ``), nil},
		{"a coupon with the number of its goods", receipt(item(``)+`,`+item(`,"isCoupon":true`), ``), []store.Quantity{-3_0000}},
		{"nothing of it", receipt(item(`,"quantity":0`), ``), nil},
		{"a tip", receipt(``, `,"totalItems":0`), nil},
		{"a void", receipt(item(``), `,"isVoid":true,"voidDate":"2026-03-01T11:00:00Z"`), []store.Quantity{-3_0000, 3_0000}},
		{"a void of a return", receipt(minus, `,"isReturn":true,"isVoid":true`), []store.Quantity{3_0000, -3_0000}},
		{"a void by its date", receipt(item(``), `,"voidDate":"2026-03-01T11:00:00Z"`), []store.Quantity{-3_0000, 3_0000}},
	} {
		list, err := readSales(answer("[" + c.row + "]"))
		var changes []store.Quantity
		for _, s := range list {
			if s.Problem != "" || s.Room != "" || int64(s.Change)*int64(s.Reason.Sign()) <= 0 {
				t.Errorf("%s: %+v", c.name, s)
			}
			changes = append(changes, s.Change)
		}
		if err != nil || !slices.Equal(changes, c.changes) {
			t.Errorf("%s gives %v, %v", c.name, changes, err)
		}
	}
}

func TestReadSales_takes_the_newest_date_that_a_void_has(t *testing.T) {
	for fields, want := range map[string]string{
		`,"isVoid":true,"voidDate":"2026-03-01T11:00:00Z","lastModifiedDateUTC":"2026-03-01T12:00:00Z"`: "2026-03-01T11:00:00Z",
		`,"isVoid":true,"voidDate":null,"lastModifiedDateUTC":"2026-03-01T12:00:00Z"`:                   "2026-03-01T12:00:00Z",
		`,"isVoid":true,"voidDate":"0001-01-01T00:00:00"`:                                               "2026-03-01T10:00:00Z",
	} {
		list, err := readSales(answer("[" + receipt(item(``), fields) + "]"))
		if err != nil || len(list) != 2 || list[1].At.String() != want {
			t.Errorf("%s gives %+v, %v", fields, list, err)
		}
	}
}

func TestReadSales_says_what_is_wrong_with_a_row(t *testing.T) {
	good := receipt(item(`,"packageId":"GOOD"`), ``)
	for _, c := range []struct {
		name, row, problem string
		rows               int
	}{
		{"null", `null`, "no id", 1},
		{"a list", `[]`, "not what such a row", 1},
		{"no id", receipt(item(``), `,"transactionId":0`), "no id", 1},
		{"an id that is a text", receipt(item(``), `,"transactionId":"5"`), "transactionId is of another type", 1},
		{"no date", receipt(item(``), `,"transactionDate":""`), "date cannot be read", 1},
		{"the first of all dates", receipt(item(``), `,"transactionDate":"0001-01-01T00:00:00"`), "date cannot be read", 1},
		{"lines that are left out", receipt(``, ``), "leaves out what was sold", 1},
		{"lines that are null", receipt(``, `,"items":null`), "leaves out what was sold", 1},
		{"lines that are an object", receipt(``, `,"items":{}`), "items is of another type", 1},
		{"a transfer", receipt(item(``), `,"transactionType":"Transfer"`), "transfer", 1},
		{"a type that nobody knows", receipt(item(``), `,"transactionType":"Layaway"`), "not known here", 1},
		{"a line without a number", receipt(item(`,"transactionItemId":0`), ``), "no number", 1},
		{"a line without a product", receipt(item(`,"productId":0`), ``), "no product", 1},
		{"a line that is null", receipt(`null`, ``), "no number", 1},
		{"a line that is a text", receipt(`"flower"`, ``), "not what such a row", 1},
		{"no quantity", receipt(`{"transactionItemId":1,"productId":2}`, ``), "not a number that fits", 1},
		{"five decimals", receipt(item(`,"quantity":1.00001`), ``), "not a number that fits", 1},
		{"a package that is a number", receipt(item(`,"packageId":7`), ``), "packageId is of another type", 1},
		{"two lines of one number", receipt(item(``)+`,`+item(`,"productId":9`), ``), "same number", 2},
		{"a return that sells", receipt(item(``)+`,`+item(`,"transactionItemId":2,"quantity":-1`), `,"isReturn":true`), "which is which", 2},
		{"a voided line with a problem", receipt(item(`,"quantity":"x"`), `,"isVoid":true`), "not a number that fits", 1},
	} {
		list, err := readSales(answer("[" + c.row + "," + good + "]"))
		if err != nil || len(list) != c.rows+1 {
			t.Errorf("%s: %+v, %v", c.name, list, err)
			continue
		}
		for _, s := range list[:c.rows] {
			if !strings.Contains(s.Problem, c.problem) {
				t.Errorf("%s: the problem is %q", c.name, s.Problem)
			}
		}
		if last := list[c.rows]; last.Problem != "" || last.Lot != "GOOD" {
			t.Errorf("%s takes the good row with it: %+v", c.name, last)
		}
	}
}

func TestReadSales_names_the_receipt(t *testing.T) {
	for fields, want := range map[string]string{
		`,"referenceId":"WEB-1","invoiceNumber":"INV-1"`: "WEB-1",
		`,"referenceId":null,"invoiceNumber":"INV-1"`:    "INV-1",
		``: "5",
	} {
		list, err := readSales(answer("[" + receipt(item(``), fields) + "]"))
		if err != nil || len(list) != 1 || list[0].Reference != want {
			t.Errorf("%s gives %+v, %v", fields, list, err)
		}
	}
}

// The traps of this question are the simulated Dutchie's too.
func TestSim_wants_one_way_to_choose_and_to_be_asked_for_lines(t *testing.T) {
	s := newSim(t)
	s.connect(t, newClock())
	s.Add(1, "FLW-1", "TAG-1", 10_0000)
	s.Sell(1, 1_0000, "")
	ask := func(query string) (int, []transaction) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.server.URL+"/reporting/transactions?"+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(simKey, "")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var list []transaction
		if resp.StatusCode == http.StatusOK {
			err = json.NewDecoder(resp.Body).Decode(&list)
		}
		if err != nil {
			t.Error(err)
		}
		return resp.StatusCode, list
	}
	const day = "FromDateUTC=2026-03-01T00:00:00Z&ToDateUTC=2026-03-02T00:00:00Z"
	if status, list := ask(day); status != 200 || len(list) != 1 || len(list[0].Items) != 0 || list[0].check() == "" {
		t.Errorf("without lines it is %d %+v", status, list)
	}
	if status, list := ask(day + "&IncludeDetail=true"); status != 200 || len(list) != 1 || len(list[0].Items) != 1 {
		t.Errorf("with lines it is %d %+v", status, list)
	}
	for _, query := range []string{"", day + "&TransactionId=7001", day + "&FromLastModifiedDateUTC=2026-03-01T00:00:00Z"} {
		if status, _ := ask(query); status != http.StatusBadRequest {
			t.Errorf("%q is %d", query, status)
		}
	}
}
