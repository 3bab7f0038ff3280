package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

// connect makes a connector to a handler.
func connect(t testing.TB, text string, handler http.HandlerFunc) pos.Connector {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newConnector(t, text, pos.Settings{URL: server.URL, User: "anna", Key: simKey}, store.SystemClock())
}

// answering is a handler with one answer to everything.
func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// rowsOf is a description whose stock is what an expression makes of the
// answer.
func rowsOf(expression string) string {
	return small + "stock:\n  request: {path: /stock}\n  rows: |\n    " + strings.ReplaceAll(expression, "\n", "\n    ") + "\n"
}

// firstRow reads the stock that an expression makes of an answer.
func firstRow(t *testing.T, expression, body string) (row pos.Stock, err error) {
	t.Helper()
	c := connect(t, rowsOf(expression), answering(body))
	err = c.(pos.StockReader).ReadStock(t.Context(), nil, func(page []pos.Stock) error {
		row = page[0]
		return nil
	})
	return row, err
}

func failure(t *testing.T, err error) *syncer.Failure {
	t.Helper()
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestNumbersAreExact(t *testing.T) {
	for _, test := range []struct{ expression, body, want string }{
		{".", "1234567.1234", "1234567.1234"},
		{".", "999999999.9999", "999999999.9999"},
		{".", "-1000000000", "-1000000000"},
		{".", "3.50000", "3.5"},
		{".", "35e-1", "3.5"},
		{".", `"0.0001"`, "0.0001"},
		{".a - .b", `{"a": 0.3, "b": 0.1}`, "0.2"},
		{".a + .b", `{"a": 999999999.9998, "b": 0.0001}`, "999999999.9999"},
		{".a + .b", `{"a": 0.1, "b": 0.2}`, "0.3"},
		{"add", "[0.1, 0.2, 0.3, 1234567.1234]", "1234567.7234"},
		{"add(.[].n)", `[{"n": 0.1}, {"n": 0.2}]`, "0.3"},
		{"[.[] | .n] | add", `[{"n": 1}, {"n": 2.5}]`, "3.5"},
		{". / 1000", "1234567123", "1234567.123"},
		{". / 100", "2599", "25.99"},
		{". * 0.001", "3500", "3.5"},
		{". * 28.3495", "2", "56.699"},
		{"-.", "0.1", "-0.1"},
		{"tonumber", `"1234567.1234"`, "1234567.1234"},
		{"(. | tostring | tonumber)", "999999999.9999", "999999999.9999"},
		{".n |= . + 0.2 | .n", `{"n": 0.1}`, "0.3"},
		{"floor", "3.9", "3"},
		{"reduce .[] as $x (0; . + $x)", "[0.1, 0.7]", "0.8"},
		{"def f: . + 0.1; f | f", "0.1", "0.3"},
		{`if . == 3.5 then . + 1 else 0 end`, "3.50", "4.5"},
	} {
		row, err := firstRow(t, `{product: 1, quantity: (`+test.expression+`)}`, test.body)
		if err != nil || row.Problem != "" || row.Quantity.String() != test.want {
			t.Errorf("%s of %s is %s, want %s (%v %s)", test.expression, test.body, row.Quantity, test.want, err, row.Problem)
		}
	}
}

func TestWhatIsNoQuantityIsSaid(t *testing.T) {
	for body, want := range map[string]string{
		"0.12345":       "is not a number that fits",
		"1000000000.1":  "is not a number that fits",
		"1e400":         "is not a number that fits",
		"1e-400":        "is not a number that fits",
		`"many"`:        "is not a number that fits",
		"null":          "It has no quantity.",
		"true":          "Its quantity is no number.",
		"[]":            "Its quantity is no number.",
		`{"value": 1}`:  "Its quantity is no number.",
		`"1,5"`:         "is not a number that fits",
		`"NaN"`:         "is not a number that fits",
		"1234567890123": "is not a number that fits",
	} {
		row, err := firstRow(t, `{product: "1", quantity: .}`, body)
		if err != nil || !strings.Contains(row.Problem, want) {
			t.Errorf("%s: %q, %v", body, row.Problem, err)
		}
	}
	// A third is cut off where nothing counts any more, and not rounded to fit.
	if row, err := firstRow(t, `{product: "1", quantity: (. / 3)}`, "1"); err != nil || row.Problem == "" {
		t.Errorf("a third: %+v, %v", row, err)
	}
}

func TestOneBadRowDoesNotTakeTheOthersWithIt(t *testing.T) {
	const body = `[{"id": "1", "q": 1}, {"id": null, "q": 1}, {"id": "3", "q": "x"}, {"id": "4", "q": 4, "at": "yesterday"},
		{"id": "5", "q": 5, "held": "yes"}, {"id": {"a": 1}, "q": 6}, {"id": 12345678901234567890, "q": 7}, {"id": "1", "q": 9}]`
	c := connect(t, rowsOf(`.[] | {product: .id, quantity: .q, updated_at: .at, held}`), answering(body))
	var got []string
	err := c.(pos.StockReader).ReadStock(t.Context(), nil, func(page []pos.Stock) error {
		for _, s := range page {
			got = append(got, fmt.Sprintf("%s %s %s", s.Product, s.Quantity, s.Problem))
		}
		return nil
	})
	want := []string{
		"1 1 ", " 1 It has no product.", `3 0 Its quantity "x" is not a number that fits.`,
		`4 4 Its updated_at "yesterday" is no time with a zone, such as 2026-01-27T10:30:00Z.`,
		"5 5 Its held is neither true nor false.", " 6 Its product is no text.", "12345678901234567890 7 ", "1 9 ",
	}
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v:\n%s", err, strings.Join(got, "\n"))
	}
}

func TestARunawayIsEnded(t *testing.T) {
	for _, expression := range []string{
		"repeat(.)", "[repeat(.)]", "range(1e12)", "[range(1e12)] | length", "def f: f; f", "def f: 1 + f; f", "last(range(1e12))",
		"until(false; . + 1)", `until(false; . + .)`, `"x" | until(false; . + .)`, `[1, 2] | until(false; . + .)`, `"x" * 1e9`,
		`[limit(1e10; repeat("x"))] | add`, "first(range(1e12) | select(. < 0))", ".. |= . | recurse(.)", "[.[]?, repeat(1)] | sort",
	} {
		_, err := firstRow(t, expression, "1")
		f := failure(t, err)
		if f.Class != syncer.Alarm || f.Code != httpapi.CodeDescription || f.Unknown || !strings.Contains(f.Detail, "till.yaml:7:9: stock.rows cannot be worked out") {
			t.Errorf("%s: %v", expression, f)
		}
	}
}

func TestAnExpressionThatDoesNotFitIsSaid(t *testing.T) {
	for expression, want := range map[string]string{
		".items[]":                       "expected an object but got: array",
		".[] | {product: .id, qty: .q}":  "there is no field qty; there are product, lot",
		".":                              "it must give an object for each row, not array",
		`error("no such thing")`:         "no such thing",
		".[0].id.x":                      "expected an object but got: number (1)",
		`"a" | ascii_downcase | . - "b"`: "cannot subtract",
		`[1] / 0`:                        "cannot divide",
		`1 / 0`:                          "cannot divide number (1) by: number (0)",
	} {
		_, err := firstRow(t, expression, `[{"id": 1, "q": 1}]`)
		if f := failure(t, err); f.Class != syncer.Alarm || f.Code != httpapi.CodeDescription || !strings.Contains(f.Detail, want) {
			t.Errorf("%s: %v", expression, f)
		}
	}
}

func TestBadAnswersAreFailures(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		class  syncer.Class
		code   string
		detail string
	}{
		"a page":           {200, "<html>Sign in</html>", syncer.Retry, pos.CodeNotPOS, "web page"},
		"nothing":          {200, "", syncer.Retry, pos.CodeNotPOS, "It is empty"},
		"half":             {200, `{"items":[{"id"`, syncer.Retry, pos.CodeNotPOS, "not whole JSON"},
		"two":              {200, `{} {}`, syncer.Retry, pos.CodeNotPOS, "not whole JSON"},
		"huge":             {200, `"` + strings.Repeat("x", pos.MaxAnswer) + `"`, syncer.Retry, pos.CodeNotPOS, "larger"},
		"deep":             {200, strings.Repeat("[", 20_000), syncer.Retry, pos.CodeNotPOS, "not whole JSON"},
		"of another type":  {200, `"hello"`, syncer.Alarm, httpapi.CodeDescription, "expected an object"},
		"without the list": {200, `{}`, syncer.Alarm, httpapi.CodeDescription, "cannot iterate over: null"},
		"a redirect":       {302, "", syncer.Retry, pos.CodeNotPOS, "elsewhere"},
		"no key":           {401, `{"message":"who?"}`, syncer.Pause, pos.CodeUnauthorized, "refuses our key"},
		"too often":        {429, "", syncer.Retry, pos.CodeRateLimited, "too often"},
		"broken":           {500, "<html>", syncer.Retry, pos.CodeServer, "fault of its own"},
		"not found":        {404, `{"message":"no such page"}`, syncer.Alarm, pos.CodeRefused, "no such page"},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, rowsOf(".items[] | {product: .id, quantity: .q}"), func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			err := c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil })
			f := failure(t, err)
			if f.Class != test.class || f.Code != test.code || f.Unknown || !strings.Contains(f.Detail, test.detail) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestAnEndedContextIsItsOwnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := connect(t, rowsOf(".[]"), func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // an answer could be quicker than the end of the context
	})
	err := c.(pos.StockReader).ReadStock(ctx, nil, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestTheErrorOfThePageFunctionComesBack(t *testing.T) {
	full := errors.New("full")
	s := stocked(t, newSim(t), "1", "2", "3", "4", "5")
	c := s.Connector(t, store.SystemClock())
	if err := c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if n := s.Requests(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}
