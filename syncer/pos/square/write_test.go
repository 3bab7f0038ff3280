package square

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// began is the moment at which tests begin.
var began = store.InstantOf(storetest.Start)

// setUp gives a simulated Square with product 1, of which there are 50, a
// connector to it, and the clock of both.
func setUp(t testing.TB) (*sim, *Connector, *storetest.Clock) {
	t.Helper()
	clock := storetest.NewClock(storetest.Start)
	s := newSim(t)
	c := s.Connector(t, clock).(*Connector)
	s.Add(1, "SKU-1", "", units(50))
	return s, c, clock
}

// units is a number of whole units.
func units(n int64) store.Quantity { return store.Quantity(n * 10_000) }

// delta is a change of product 1 that occurred a minute before the tests
// begin.
func delta(reason store.Reason, by store.Quantity) pos.Change {
	return pos.Change{
		Place: store.Place{Product: "VARIATION0001"}, SKU: "SKU-1", Delta: by, Reason: reason,
		Reference: "1-42", OccurredAt: began.Add(-time.Minute), Seq: 42,
	}
}

// counted is a change of product 1 to a quantity.
func counted(reason store.Reason, n store.Quantity) pos.Change {
	g := delta(reason, 0)
	g.Absolute, g.Quantity, g.OccurredAt = true, n, began
	return g
}

func moved(from, to, quantity string) string {
	return `{"type":"ADJUSTMENT","adjustment":{"reference_id":"shelfd:1-42","from_state":"` + from + `","to_state":"` + to +
		`","location_id":"L8GYN5ZGWHXDX","catalog_object_id":"VARIATION0001","quantity":"` + quantity + `","occurred_at":"2026-01-27T10:29:00Z"}}`
}

func set(quantity, at string) string {
	return `{"type":"PHYSICAL_COUNT","physical_count":{"reference_id":"shelfd:1-42","state":"IN_STOCK","location_id":"L8GYN5ZGWHXDX",` +
		`"catalog_object_id":"VARIATION0001","quantity":"` + quantity + `","occurred_at":"` + at + `"}}`
}

func TestEachReasonIsSentInSquaresTerms(t *testing.T) {
	at := func(c pos.Change, when store.Instant) pos.Change { c.OccurredAt = when; return c }
	var none store.Reason
	cases := map[string]struct {
		change pos.Change
		line   string
		left   store.Quantity
	}{
		"a sale":                    {delta(store.Sale, units(-3)), moved("IN_STOCK", "SOLD", "3"), units(47)},
		"a sale of grams":           {delta(store.Sale, -35_000), moved("IN_STOCK", "SOLD", "3.5"), 465_000},
		"a sale of the least":       {delta(store.Sale, -1), moved("IN_STOCK", "SOLD", "0.0001"), 499_999},
		"a sale below zero":         {delta(store.Sale, units(-60)), moved("IN_STOCK", "SOLD", "60"), units(-10)},
		"a sale reversed":           {delta(store.Sale, units(3)), moved("UNLINKED_RETURN", "IN_STOCK", "3"), units(53)},
		"a return":                  {delta(store.Return, units(1)), moved("UNLINKED_RETURN", "IN_STOCK", "1"), units(51)},
		"a return reversed":         {delta(store.Return, units(-1)), moved("IN_STOCK", "SOLD", "1"), units(49)},
		"damage":                    {delta(store.Damage, units(-2)), moved("IN_STOCK", "WASTE", "2"), units(48)},
		"damage reversed":           {delta(store.Damage, units(2)), moved("NONE", "IN_STOCK", "2"), units(52)},
		"theft":                     {delta(store.Theft, units(-2)), moved("IN_STOCK", "WASTE", "2"), units(48)},
		"theft reversed":            {delta(store.Theft, units(2)), moved("NONE", "IN_STOCK", "2"), units(52)},
		"goods that came":           {delta(store.Transfer, units(24)), moved("NONE", "IN_STOCK", "24"), units(74)},
		"goods that went":           {counted(store.Transfer, units(26)), set("26", "2026-01-27T10:30:00Z"), units(26)},
		"an adjustment":             {counted(store.Adjustment, 455_000), set("45.5", "2026-01-27T10:30:00Z"), 455_000},
		"an audit":                  {counted(store.Audit, units(0)), set("0", "2026-01-27T10:30:00Z"), 0},
		"a correction":              {counted(none, units(50)), set("50", "2026-01-27T10:30:00Z"), units(50)},
		"a sale that is counted":    {counted(store.Sale, units(47)), set("47", "2026-01-27T10:30:00Z"), units(47)},
		"with milliseconds":         {at(counted(none, units(9)), began-1), set("9", "2026-01-27T10:29:59.999Z"), units(9)},
		"a count of the future":     {at(counted(none, units(9)), began.Add(4*time.Minute)), set("9", "2026-01-27T10:30:00Z"), units(9)},
		"a count of two days ago":   {at(counted(none, units(9)), began.Add(-48*time.Hour)), set("9", "2026-01-27T10:30:00Z"), units(9)},
		"a count of yesterday":      {at(counted(none, units(9)), began.Add(-23*time.Hour)), set("9", "2026-01-26T11:30:00Z"), units(9)},
		"the most there can be":     {counted(none, store.MaxQuantity), set("1000000000", "2026-01-27T10:30:00Z"), store.MaxQuantity},
		"the most there is but one": {counted(none, store.MaxQuantity-1), set("999999999.9999", "2026-01-27T10:30:00Z"), store.MaxQuantity - 1},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			s, c, _ := setUp(t)
			b := pos.Batch{Key: "square/1-42-42", Changes: []pos.Change{k.change}}
			calls, err := c.Preview(b)
			if err != nil || len(calls) != 1 {
				t.Fatalf("the preview has %d calls, %v", len(calls), err)
			}
			want := `{"idempotency_key":"square/1-42-42","changes":[` + k.line + `],"ignore_unchanged_counts":false}`
			if got := string(calls[0].Body); got != want {
				t.Errorf("sends %s\nwant  %s", got, want)
			}
			outcomes, err := c.Write(t.Context(), b)
			if err != nil || len(outcomes) != 1 || outcomes[0].Status != syncer.Confirmed {
				t.Fatalf("writing gives %v, %v", outcomes, err)
			}
			if got := s.Stock(1); got != k.left {
				t.Errorf("there are %s; want %s", got, k.left)
			}
			if sent := s.keys[b.Key].body; sent != want {
				t.Errorf("sent %s\npreviewed %s", sent, want)
			}
		})
	}
}

func TestAChangeOfTheFutureIsDatedNow(t *testing.T) {
	s, c, clock := setUp(t)
	g := delta(store.Sale, units(-1))
	g.OccurredAt = began.Add(5 * time.Minute)
	b := pos.Batch{Key: "k", Changes: []pos.Change{g}}
	clock.Advance(10 * time.Second)
	if _, err := c.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := s.keys["k"].body; !strings.Contains(got, `"occurred_at":"2026-01-27T10:30:10Z"`) {
		t.Error(got)
	}
}

func TestAStoreWhoseClockIsAheadGoesBySquares(t *testing.T) {
	s, _, _ := setUp(t)
	// Square's clock stays, the store's is four minutes ahead of it.
	c := newConnector(t, pos.Settings{URL: s.server.URL}, storetest.NewClock(storetest.Start.Add(4*time.Minute)))
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	g := delta(store.Sale, units(-1))
	g.OccurredAt = began.Add(4 * time.Minute)
	if _, err := c.Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{g}}); err != nil {
		t.Fatal(err)
	}
	if got := s.Stock(1); got != units(49) {
		t.Errorf("there are %s", got)
	}
}

func TestABatchHasSeveralChangesOfOnePlace(t *testing.T) {
	s, c, _ := setUp(t)
	s.Add(2, "SKU-2", "", units(10))
	b := pos.Batch{Key: "k"}
	for i, g := range []pos.Change{
		delta(store.Sale, units(-1)), delta(store.Sale, units(-2)), counted(store.Audit, units(40)), delta(store.Sale, units(-4)), delta(store.Return, units(1)),
	} {
		g.Reference, g.OccurredAt = fmt.Sprintf("1-%d", i), began.Add(time.Duration(i-10)*time.Second)
		b.Changes = append(b.Changes, g)
	}
	b.Changes[4].Product = "VARIATION0002"
	outcomes, err := c.Write(t.Context(), b)
	if err != nil || len(outcomes) != 5 {
		t.Fatal(outcomes, err)
	}
	if one, two := s.Stock(1), s.Stock(2); one != units(36) || two != units(11) {
		t.Errorf("there are %s and %s; want 36 and 11", one, two)
	}
	calls, _ := c.Preview(b)
	if got := calls[0].Changes; !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
		t.Errorf("the call carries %v", got)
	}
	if calls[0].Method != "POST" || calls[0].Path != "/v2/inventory/changes/batch-create" {
		t.Error(calls[0].Method, calls[0].Path)
	}
}

func TestACountBelowZeroIsForAPerson(t *testing.T) {
	s, c, _ := setUp(t)
	b := pos.Batch{Key: "k", Changes: []pos.Change{counted(store.Audit, units(-2)), delta(store.Sale, units(-1))}}
	outcomes, err := c.Write(t.Context(), b)
	if err != nil || len(outcomes) != 2 {
		t.Fatal(outcomes, err)
	}
	if o := outcomes[0]; o.Status != syncer.Manual || o.Code != CodeBelowZero || !strings.Contains(o.Detail, "-2") {
		t.Errorf("the count: %+v", o)
	}
	if outcomes[1].Status != syncer.Confirmed || s.Stock(1) != units(49) {
		t.Errorf("the sale: %+v, there are %s", outcomes[1], s.Stock(1))
	}
	calls, _ := c.Preview(b)
	if !slices.Equal(calls[0].Changes, []int{1}) {
		t.Errorf("the call carries %v", calls[0].Changes)
	}
	before := s.Requests()
	alone := pos.Batch{Key: "alone", Changes: b.Changes[:1]}
	if outcomes, err = c.Write(t.Context(), alone); err != nil || outcomes[0].Status != syncer.Manual || s.Requests() != before {
		t.Error("alone:", outcomes, err, s.Requests()-before)
	}
	if calls, err = c.Preview(alone); err != nil || len(calls) != 0 {
		t.Error("alone:", calls, err)
	}
}

func TestABatchSquareCannotTakeIsNotSent(t *testing.T) {
	s, c, _ := setUp(t)
	many := make([]pos.Change, 101)
	for i := range many {
		many[i] = delta(store.Sale, units(-1))
	}
	for name, b := range map[string]pos.Batch{
		"too many":   {Key: "k", Changes: many},
		"no key":     {Changes: many[:1]},
		"a long key": {Key: strings.Repeat("k", 129), Changes: many[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Write(t.Context(), b)
			if f := failure(t, err); f.Class != syncer.Alarm || f.Unknown || f.Code != pos.CodeRefused {
				t.Error(f)
			}
			if _, err := c.Preview(b); err == nil {
				t.Error("the preview says nothing")
			}
		})
	}
	if s.Requests() != 0 {
		t.Error("it was sent")
	}
	if _, err := c.Write(t.Context(), pos.Batch{Key: strings.Repeat("k", 128), Changes: many[:100]}); err != nil {
		t.Error("as many as it takes:", err)
	}
	if got := s.Stock(1); got != units(-50) {
		t.Errorf("there are %s", got)
	}
}

func TestCountsTellsReasonsWithoutAnAdjustment(t *testing.T) {
	_, c, _ := setUp(t)
	for _, r := range store.Reasons {
		want := r == store.Adjustment || r == store.Audit || r == store.Transfer
		if got := c.Counts(r); got != want {
			t.Errorf("%s: %v", r, got)
		}
	}
	for _, r := range store.Reasons {
		for _, by := range []store.Quantity{-1, 1} {
			if from, to := states(&pos.Change{Reason: r, Delta: by}); from == "" && !c.Counts(r) {
				t.Errorf("%s of %s has no adjustment, from %q to %q, and is not counted", r, by, from, to)
			}
		}
	}
}

// A batch is kept as JSON while it is under way.
func TestABatchThatWasKeptIsSentAlike(t *testing.T) {
	_, c, _ := setUp(t)
	b := pos.Batch{Key: "k", Changes: []pos.Change{delta(store.Sale, -12_345), counted(0, units(7))}}
	kept, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var again pos.Batch
	if err := json.Unmarshal(kept, &again); err != nil {
		t.Fatal(err)
	}
	first, _ := c.Preview(b)
	second, _ := c.Preview(again)
	if !bytes.Equal(first[0].Body, second[0].Body) {
		t.Errorf("%s\n%s", first[0].Body, second[0].Body)
	}
}

// failure gives the failure that an error has to be.
func failure(t testing.TB, err error) *syncer.Failure {
	t.Helper()
	f, ok := err.(*syncer.Failure) //nolint:errorlint // It is to be the failure itself.
	if !ok {
		t.Fatalf("the error is %T %v, not a failure", err, err)
	}
	if strings.Contains(f.Error(), simKey) {
		t.Errorf("the key is in %v", f)
	}
	return f
}
