package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

func TestAListThatWouldNeverEndIsEnded(t *testing.T) {
	counting := 0
	for name, test := range map[string]struct {
		next   string
		answer http.HandlerFunc
		want   string
		atMost int
	}{
		"the same page":                {`'"a"'`, counted(&counting), `it asks for page "a" again`, 2},
		"in a circle":                  {`if $page == 1 then 2 elif $page == 2 then 3 else 1 end`, counted(&counting), "it asks for page 1 again", 4},
		"an offset that is not heeded": {`($page // 0) + 1`, answering(`{"items":[{"id":1}]}`), "is the one before it", 2},
		"an empty list":                {`($page // 0) + 1`, answering(`{"items":[]}`), "is the one before it", 2},
		"ever more pages":              {`($page // 0) + 1`, counted(&counting), "more than 10000 pages", 10_001},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			text := small + "stock:\n  request: {path: /, query: '{page: $page}'}\n  next: " + test.next + "\n  rows: '.items[]? | {product: .id, quantity: 1}'\n"
			c := connect(t, text, func(w http.ResponseWriter, r *http.Request) {
				asked++
				test.answer(w, r)
			})
			err := c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil })
			f := failure(t, err)
			if f.Class != syncer.Alarm || f.Code != httpapi.CodeDescription || !strings.Contains(f.Detail, test.want) || asked > test.atMost {
				t.Errorf("after %d requests: %v", asked, f)
			}
		})
	}
}

// counted is a handler whose answers are all different.
func counted(n *int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		*n++
		fmt.Fprintf(w, `{"items":[],"n":%d}`, *n)
	}
}

// TestAListIsReadBeforeItsItems reads orders first and then the lines of two
// orders at a time, in pages.
func TestAListIsReadBeforeItsItems(t *testing.T) {
	const text = small + `
sales:
  window: 24h
  list:
    request: {path: /orders, query: '{from: $from, after: $page}'}
    next: .next
    items: .orders[]
    most: 2
  request: {path: /lines, query: '{order: $items, page: ($page // 1)}'}
  next: .next
  rows: '.lines[] | {id: ., product: 1, change: -1, at: $to}'
`
	var asked []string
	c := connect(t, text, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, r.URL.RequestURI())
		switch {
		case r.URL.Path == "/orders" && q.Get("after") == "":
			_, _ = w.Write([]byte(`{"orders": ["a", "b", "c"], "next": "c"}`))
		case r.URL.Path == "/orders":
			_, _ = w.Write([]byte(`{"orders": ["d"], "next": null}`))
		case q.Get("page") == "1" && q.Get("order") == "a":
			_, _ = w.Write([]byte(`{"lines": ["a1", "b1"], "next": 2}`))
		default:
			fmt.Fprintf(w, `{"lines": [%q]}`, strings.Join(q["order"], "+")+q.Get("page"))
		}
	})
	var got []string
	err := c.(pos.SaleReader).ReadSales(t.Context(), 1_769_509_800_000, 1_769_509_800_250, func(page []pos.Sale) error {
		for _, s := range page {
			got = append(got, s.ID)
			if s.Problem != "" || s.At != 1_769_509_800_250 {
				t.Errorf("%+v", s)
			}
		}
		return nil
	})
	if err != nil || strings.Join(got, " ") != "a1 b1 a+b2 c1 d1" {
		t.Errorf("%v %v", got, err)
	}
	want := []string{
		"/orders?from=2026-01-27T10%3A30%3A00.000Z", "/lines?order=a&order=b&page=1", "/lines?order=a&order=b&page=2", "/lines?order=c&page=1",
		"/orders?after=c&from=2026-01-27T10%3A30%3A00.000Z", "/lines?order=d&page=1",
	}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked\n%s", strings.Join(asked, "\n"))
	}
}

func TestSomePlacesAreAskedForByThemselves(t *testing.T) {
	s := stocked(t, newSim(t), "1", "2", "3", "4", "5")
	c := s.Connector(t, store.SystemClock())
	readStock(t, c, []store.Place{place("2"), place("4")})
	if got, want := s.asked(), "GET /v1/stock?id=2&id=4"; got != want {
		t.Errorf("asked %s", got)
	}
	// A point of sale that cannot be asked so is read as a whole.
	at, end := strings.Index(absoluteYAML, "  only:"), strings.Index(absoluteYAML, "sales:")
	s.text = absoluteYAML[:at] + absoluteYAML[end:]
	some := readStock(t, s.Connector(t, store.SystemClock()), []store.Place{place("2"), place("4")})
	if len(some) != 2 || some[place("4")].Quantity != 40_000 {
		t.Errorf("of all: %v", some)
	}
	if got, want := s.asked(), "GET /v1/stock\nGET /v1/stock?after=3"; got != want {
		t.Errorf("asked %s", got)
	}
}

func TestAPathHoldsWhatItShall(t *testing.T) {
	const text = small + `
write:
  mode: absolute
  each: true
  request:
    method: PUT
    path: /items/\($change.product)/in/\($change.room // "none")
    headers: '{"X-Reason": $change.reason, "X-None": null}'
    query: '{q: $change.quantity, list: [1, "b"]}'
    empty: true
`
	var asked string
	c := connect(t, text, func(_ http.ResponseWriter, r *http.Request) {
		asked = r.URL.EscapedPath() + "?" + r.URL.RawQuery + " " + r.Header.Get("X-Reason")
	})
	write := func(product string) error {
		b := pos.Batch{Key: "k", Changes: []pos.Change{{Place: store.Place{Product: product, Room: "a b"}, Quantity: 35_000, Reason: store.Audit}}}
		_, err := c.(pos.Writer).Write(t.Context(), b)
		return err
	}
	if err := write("x/../y?z&ü"); err != nil || asked != "/items/x%2F..%2Fy%3Fz%26%C3%BC/in/a%20b?list=1&list=b&q=3.5 AUDIT" {
		t.Errorf("asked %s, %v", asked, err)
	}
	for _, product := range []string{"", ".", ".."} {
		asked = ""
		if f := failure(t, write(product)); asked != "" || f.Unknown || f.Code != httpapi.CodeDescription {
			t.Errorf("%q asked %q: %v", product, asked, f)
		}
	}
}
