package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

// outcomesOf writes two changes to a point of sale with one answer.
func outcomesOf(t *testing.T, write, answer string) ([]syncer.Outcome, error) {
	t.Helper()
	c := connect(t, small+"error: .fault? // empty\nwrite:\n  mode: absolute\n  request: {path: /stock, body: $changes}\n"+write, answering(answer))
	return c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{change("1", "1", 0, 10_000), change("2", "2", 0, 20_000)}})
}

func TestOutcomesAreReadFromTheAnswer(t *testing.T) {
	outcomes, err := outcomesOf(t, `  outcome: |
    $changes[] | .product as $p
    | if $p == "1" then {status: "confirmed"} else {status: "manual", code: "by_hand", detail: "Do \(.sku)  by\nhand."} end
`, `{}`)
	if err != nil || outcomes[0] != (syncer.Outcome{}) || outcomes[1] != (syncer.Outcome{Status: syncer.Manual, Code: "by_hand", Detail: "Do SKU-2 by hand."}) {
		t.Errorf("%+v %v", outcomes, err)
	}
	if outcomes, err = outcomesOf(t, "", `{}`); err != nil || len(outcomes) != 2 || outcomes[1] != (syncer.Outcome{}) {
		t.Errorf("without an expression: %+v %v", outcomes, err)
	}
	outcomes, err = outcomesOf(t, "  outcome: '$changes[] | {status: \"rejected\"}'\n", `{}`)
	if err != nil || outcomes[1].Status != syncer.Rejected || outcomes[1].Code != pos.CodeRefused || outcomes[1].Detail == "" {
		t.Errorf("rejected without a word: %+v %v", outcomes, err)
	}
}

// TestAWriteWhoseAnswerSaysNothingIsUnknown: it was sent, and may be done.
func TestAWriteWhoseAnswerSaysNothingIsUnknown(t *testing.T) {
	for outcome, want := range map[string]string{
		".results[]":                                "cannot iterate over: null",
		`{status: "confirmed"}`:                     "it gives 1 outcomes for 2 changes",
		`$changes[] | {status: "done"}`:             `the status is "done"; there are confirmed, rejected and manual`,
		`$changes[] | {state: "confirmed"}`:         "there is no field state",
		`$changes[] | "confirmed"`:                  "it must give an object",
		`$changes[] | {status: "manual", code: []}`: "Its code is no text.",
		`repeat(1)`:                                 "must give an object",
		`[repeat(1)]`:                               "it goes on and on",
	} {
		_, err := outcomesOf(t, "  outcome: |\n    "+outcome+"\n", `{}`)
		if f := failure(t, err); !f.Unknown || f.Code != httpapi.CodeDescription || !strings.Contains(f.Detail, want) {
			t.Errorf("%s: %+v", outcome, f)
		}
	}
	for name, answer := range map[string]string{"a page": "<html>", "nothing": "", "half": `{"a"`, "an error that does not fit": `{"fault": 1}`, "another": `{"fault": {"class": "odd"}}`} {
		if _, err := outcomesOf(t, "", answer); !failure(t, err).Unknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGoodStatusCanBeAFailure(t *testing.T) {
	for answer, want := range map[string]syncer.Failure{
		`{"fault": "no such item."}`:                                                           {Class: syncer.Alarm, Code: pos.CodeRefused, Detail: "Till says: no such item."},
		`{"fault": {"message": "m", "class": "refuse"}}`:                                       {Class: syncer.Alarm, Code: pos.CodeRefused, Detail: "Till says: m."},
		`{"fault": {"message": "m", "class": "retry"}}`:                                        {Class: syncer.Retry, Code: pos.CodeServer, Detail: "Till says: m."},
		`{"fault": {"message": "m", "class": "pause"}}`:                                        {Class: syncer.Pause, Code: pos.CodeRefused, Detail: "Till says: m."},
		`{"fault": {"message": "m", "class": "login"}}`:                                        {Class: syncer.Pause, Code: pos.CodeUnauthorized, Detail: "Till says: m."},
		`{"fault": {"message": "m", "class": "unknown"}}`:                                      {Class: syncer.Retry, Code: pos.CodeServer, Unknown: true, Detail: "Till says: m."},
		`{"fault": {"message": "m", "class": "retry", "code": "throttled", "retry_after": 7}}`: {Class: syncer.Retry, Code: "throttled", RetryAfter: 7e9, Detail: "Till says: m."},
	} {
		_, err := outcomesOf(t, "", answer)
		if f := failure(t, err); *f != want {
			t.Errorf("%s: %+v", answer, f)
		}
	}
	if _, err := outcomesOf(t, "", `{"fault": null}`); err != nil {
		t.Errorf("no fault: %v", err)
	}
}

func TestWhatCannotBeDoneIsForAPerson(t *testing.T) {
	s := stocked(t, newSim(t), "1", "2")
	s.text = strings.Replace(deltaYAML, "mode: both", `mode: delta
  cannot: 'if .quantity < 0 then "\(.name) would be \(.quantity)." else null end'`, 1)
	c := s.Connector(t, store.SystemClock()).(pos.Writer)
	below, whole := change("1", "1", -30_000, -20_000), change("2", "2", 0, 70_000)
	whole.Absolute = true
	b := pos.Batch{Key: "k", Changes: []pos.Change{below, change("2", "2", 10_000, 30_000), whole}}
	outcomes, err := c.Write(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if want := (syncer.Outcome{Status: syncer.Manual, Code: httpapi.CodeCannot, Detail: "Product 1 would be -2."}); outcomes[0] != want {
		t.Errorf("%+v", outcomes[0])
	}
	if outcomes[1].Status != syncer.Confirmed || s.Stock(2) != 30_000 {
		t.Errorf("%+v, stock %s", outcomes[1], s.Stock(2))
	}
	if want := (syncer.Outcome{Status: syncer.Manual, Code: httpapi.CodeAbsolute, Detail: "Set Product 2 (SKU-2) at Sim to 7: it takes changes only."}); outcomes[2] != want {
		t.Errorf("%+v", outcomes[2])
	}
	calls, err := c.Preview(b)
	if err != nil || len(calls) != 1 || calls[0].Changes[0] != 1 {
		t.Errorf("%+v %v", calls, err)
	}
}

// TestAFailureAmongManyRequestsIsUnknown: those before it are done.
func TestAFailureAmongManyRequestsIsUnknown(t *testing.T) {
	s := stocked(t, newDeltaSim(t), "1", "2", "3")
	c := s.Connector(t, store.SystemClock()).(pos.Writer)
	b := pos.Batch{Key: "k", Changes: []pos.Change{change("1", "1", 10_000, 0), change("2", "2", 10_000, 0), change("3", "3", 10_000, 0)}}
	s.Limit(1)
	_, err := c.Write(t.Context(), b)
	if f := failure(t, err); f.Unknown || f.Code != pos.CodeRateLimited || f.RetryAfter != 2e9 {
		t.Errorf("the first of them: %+v", f)
	}
	// net/http sends a request with this header again by itself, once.
	s.LoseAnswer(2)
	_, err = c.Write(t.Context(), b)
	if f := failure(t, err); !f.Unknown || s.Changed() != 1 {
		t.Errorf("an answer that got lost: %+v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := connect(t, deltaYAML, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/2/") {
			cancel()
		}
		reply(w, 200, map[string]any{})
	}).(pos.Writer)
	_, err = stop.Write(ctx, b)
	if f := failure(t, err); !f.Unknown {
		t.Errorf("ended on the way: %+v", f)
	}
	// With the same keys all of it is done once.
	outcomes, err := c.Write(t.Context(), b)
	if err != nil || len(outcomes) != 3 || s.Changed() != 3 || s.Stock(1) != 20_000 {
		t.Errorf("again: %v, %d changes, stock %s", err, s.Changed(), s.Stock(1))
	}
}

func TestTheKeyGoesIntoAHeader(t *testing.T) {
	var keys []string
	for _, each := range []string{"", "  each: true\n"} {
		c := connect(t, small+"write:\n  mode: delta\n  idempotency: x-key\n  request: {path: /, body: $changes}\n"+each, func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("X-Key"))
			_, _ = w.Write([]byte("{}"))
		})
		b := pos.Batch{Key: "till/1-2", Changes: []pos.Change{change("1", "1", 1, 1), change("2", "2", 1, 1)}}
		if _, err := c.(pos.Writer).Write(t.Context(), b); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(keys, " "); got != "till/1-2 till/1-2/0 till/1-2/1" {
		t.Errorf("keys %s", got)
	}
}

// TestAChangeIsSentExactly holds every field that a change has for the
// expressions, at the extremes.
func TestAChangeIsSentExactly(t *testing.T) {
	var body string
	c := connect(t, small+"write: {mode: both, request: {path: /, body: $changes}}\n", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body = string(text)
		_, _ = w.Write([]byte("{}"))
	})
	seen := store.Quantity(9_999_999_999_999)
	changes := []pos.Change{
		{
			Place: store.Place{Product: "p", Lot: "l", Room: "r"}, SKU: "S", Name: `N "ü"`, Tag: "1A4", Unit: "g", Delta: -35_000, Quantity: store.MaxQuantity,
			Seen: &seen, Reason: store.Theft, TheirReason: "9", Note: "n", Reference: "1-7", OccurredAt: 1_769_509_800_001,
		},
		{Place: store.Place{Product: "p"}, Quantity: -store.MaxQuantity, Absolute: true, Reference: "1-8"},
	}
	if _, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: changes}); err != nil {
		t.Fatal(err)
	}
	want := `[{"absolute":false,"delta":-3.5,"key":"k/0","lot":"l","name":"N \"ü\"","note":"n","occurred_at":"2026-01-27T10:30:00.001Z","product":"p","quantity":1000000000,` +
		`"reason":"THEFT","reference":"1-7","room":"r","seen":999999999.9999,"sku":"S","tag":"1A4","their_reason":"9","unit":"g"},` +
		`{"absolute":true,"delta":null,"key":"k/1","lot":null,"name":null,"note":null,"occurred_at":"1970-01-01T00:00:00.000Z","product":"p","quantity":-1000000000,` +
		`"reason":null,"reference":"1-8","room":null,"seen":null,"sku":null,"tag":null,"their_reason":null,"unit":null}]`
	if body != want {
		t.Errorf("sent\n%s\nwant\n%s", body, want)
	}
}

// TestGoldenPreview shows what the ready-made files send.
func TestGoldenPreview(t *testing.T) {
	seen := store.Quantity(30_000)
	b := pos.Batch{Key: "shop/1-1-4", Changes: []pos.Change{
		{Place: store.Place{Product: "7", Room: "1"}, SKU: "BD-3.5", Name: "Blue Dream", Quantity: 120_000, Delta: 90_000, Seen: &seen, Absolute: true},
		{Place: store.Place{Product: "7", Room: "2"}, SKU: "BD-3.5", Name: "Blue Dream", Quantity: 50_000, Absolute: true},
		{Place: store.Place{Product: "8", Room: "1"}, SKU: "OIL", Name: "Oil", Quantity: 1_234_567_1234, Seen: &seen, Absolute: true},
		{Place: store.Place{Product: "9", Room: "1"}, SKU: "PRE", Name: "Preroll", Quantity: -10_000, Seen: &seen, Absolute: true},
	}}
	for _, name := range []string{"vendure", "medusa"} {
		text, err := os.ReadFile("../../../install/pos/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		calls, err := newConnector(t, string(text), pos.Settings{URL: "http://127.0.0.1:1", User: "u", Key: "k"}, store.SystemClock()).(pos.Writer).Preview(b)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, call := range calls {
			var body any
			if err := json.Unmarshal(call.Body, &body); err != nil {
				t.Fatal(err)
			}
			if m := body.(map[string]any); m["variables"] != nil {
				body = m["variables"]
			}
			pretty, _ := json.MarshalIndent(body, "", "  ")
			out.WriteString(call.Method + " " + call.Path + "?" + call.Query + "\n" + string(pretty) + "\n")
		}
		golden(t, name+".golden", out.String())
	}
}
