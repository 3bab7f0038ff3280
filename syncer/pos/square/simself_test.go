package square

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store/storetest"
)

// The simulator stands in for Square, so it is held to what Square says of
// itself.

// bare gives a simulated Square with product 1, of which there are 50, and the
// complaints it makes.
func bare(t *testing.T) (*sim, *storetest.Clock, *[]string) {
	s, clock, complaints := newSim(t), storetest.NewClock(storetest.Start), new([]string)
	s.clock = clock
	s.complain = func(what string) { *complaints = append(*complaints, what) }
	s.Add(1, "SKU-1", "", units(50))
	return s, clock, complaints
}

// post sends a body as it is, and gives status and answer.
func post(t *testing.T, s *sim, path, body string) (int, string) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+simKey)
	r.Header.Set("Square-Version", defaultVersion)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// batch is the body of a write.
func batch(key string, lines ...string) string {
	return `{"idempotency_key":"` + key + `","changes":[` + strings.Join(lines, ",") + `],"ignore_unchanged_counts":false}`
}

func TestTheSimulatorOrdersByWhenItOccurred(t *testing.T) {
	s, clock, _ := bare(t)
	sale := strings.Replace(moved("IN_STOCK", "SOLD", "2"), "10:29:00Z", "10:20:00Z", 1)
	count := set("45", "2026-01-27T10:25:00Z")
	for i, step := range []struct {
		line string
		left int64
	}{
		{moved("IN_STOCK", "SOLD", "3"), 47}, // 10:29
		{count, 42},                          // 45 at 10:25, and 3 sold after it
		{sale, 42},                           // 10:20: the count has it already
	} {
		clock.Advance(time.Second)
		if status, answer := post(t, s, pathCreate, batch(string(rune('a'+i)), step.line)); status != 200 {
			t.Fatal(answer)
		}
		if got := s.Stock(1); got != units(step.left) {
			t.Errorf("after %s there are %s; want %d", step.line, got, step.left)
		}
	}
}

func TestTheSimulatorDoesABatchOnce(t *testing.T) {
	s, _, _ := bare(t)
	body := batch("k", moved("IN_STOCK", "SOLD", "3"))
	_, first := post(t, s, pathCreate, body)
	if status, again := post(t, s, pathCreate, body); status != 200 || again != first {
		t.Errorf("the same gives %d %s\nfirst %s", status, again, first)
	}
	status, answer := post(t, s, pathCreate, batch("k", moved("IN_STOCK", "SOLD", "4")))
	if status != 400 || !strings.Contains(answer, "IDEMPOTENCY_KEY_REUSED") {
		t.Errorf("another body gives %d %s", status, answer)
	}
	if s.Stock(1) != units(47) || s.Changed() != 1 {
		t.Error(s.Stock(1), s.Changed())
	}
	s.LoseAnswer(1)
	if status, _ := post(t, s, pathCreate, batch("lost", moved("IN_STOCK", "SOLD", "1"))); status != 0 || s.Stock(1) != units(46) {
		t.Error("a lost answer:", status, s.Stock(1))
	}
}

func TestTheSimulatorRefuses(t *testing.T) {
	sale := moved("IN_STOCK", "SOLD", "3")
	at := func(when string) string { return strings.Replace(sale, "2026-01-27T10:29:00Z", when, 1) }
	cases := map[string]struct {
		body, want string
		// described: Square's description alone refuses it.
		described bool
	}{
		"no key":                    {strings.Replace(batch("k", sale), `"idempotency_key":"k",`, "", 1), "BAD_REQUEST", true},
		"nothing to do":             {batch("k"), "ARRAY_LENGTH", false},
		"more than a hundred":       {batch("k", strings.Split(strings.Repeat(sale+"\n", 101)[:101*(len(sale)+1)-1], "\n")...), "ARRAY_LENGTH", false},
		"the future":                {batch("k", at("2026-01-27T10:30:00.001Z")), "future", false},
		"more than a day ago":       {batch("k", at("2026-01-26T10:29:59.999Z")), "24 hours", false},
		"no time":                   {batch("k", strings.Replace(sale, `,"occurred_at":"2026-01-27T10:29:00Z"`, "", 1)), "occurred_at", false},
		"nothing sold":              {batch("k", moved("IN_STOCK", "SOLD", "0")), "quantity", false},
		"less than nothing sold":    {batch("k", moved("IN_STOCK", "SOLD", "-1")), "quantity", false},
		"a quantity of words":       {batch("k", moved("IN_STOCK", "SOLD", "three")), "quantity", false},
		"a quantity as a number":    {batch("k", strings.Replace(sale, `"3"`, `3`, 1)), "BAD_REQUEST", true},
		"a count below zero":        {batch("k", set("-1", "2026-01-27T10:29:00Z")), "quantity", false},
		"a state that is read only": {batch("k", moved("IN_STOCK", "RESERVED_FOR_SALE", "1")), "cannot go", false},
		"a state of no one":         {batch("k", moved("IN_STOCK", "GONE", "1")), "BAD_REQUEST", true},
		"another variation":         {batch("k", strings.Replace(sale, "VARIATION0001", "VARIATION0002", 1)), "no such variation", false},
		"another location":          {batch("k", strings.Replace(sale, simLocation, "LOTHER", 1)), "no such location", false},
		"a type without its part":   {batch("k", strings.Replace(sale, `"ADJUSTMENT"`, `"PHYSICAL_COUNT"`, 1)), "says nothing", false},
		"one good and one not":      {batch("k", sale, at("2026-01-27T11:00:00Z")), "changes[1].occurred_at", false},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			s, _, complaints := bare(t)
			status, answer := post(t, s, pathCreate, k.body)
			if status != 400 || !strings.Contains(answer, k.want) {
				t.Errorf("answers %d %s; want %q", status, answer, k.want)
			}
			if (len(*complaints) > 0) != k.described {
				t.Errorf("complains %q", *complaints)
			}
			if s.Changed() != 0 || s.Stock(1) != units(50) || len(s.keys) != 0 {
				t.Error("it did something all the same")
			}
		})
	}
}

func TestTheSimulatorComplainsOfItsOwnAnswers(t *testing.T) {
	s, _, complaints := bare(t)
	s.known["V"] = true
	s.book(simMove("V", "IN_STOCK", "TAKEN", units(1)), s.now())
	post(t, s, pathChanges, `{}`)
	if len(*complaints) != 1 || !strings.Contains((*complaints)[0], "an answer is not as Square describes it") {
		t.Errorf("complains %q", *complaints)
	}
}

func TestTheSimulatorFilters(t *testing.T) {
	s, clock, complaints := bare(t)
	clock.Advance(time.Minute)
	s.Sell(1, units(1), "R")
	cases := map[string]struct {
		path, body string
		rows       int
	}{
		"all changes":             {pathChanges, `{}`, 2},
		"adjustments":             {pathChanges, `{"types":["ADJUSTMENT"]}`, 1},
		"after the first":         {pathChanges, `{"updated_after":"2026-01-27T10:30:00Z"}`, 1},
		"before the second":       {pathChanges, `{"updated_before":"2026-01-27T10:31:00Z"}`, 1},
		"after all":               {pathChanges, `{"updated_after":"2026-01-27T10:31:00Z"}`, 0},
		"a page of one":           {pathChanges, `{"limit":1}`, 1},
		"of another variation":    {pathChanges, `{"catalog_object_ids":["V"]}`, 0},
		"at another location":     {pathChanges, `{"location_ids":["L"]}`, 0},
		"counts in two states":    {pathCounts, `{}`, 2},
		"counts in stock":         {pathCounts, `{"states":["IN_STOCK"]}`, 1},
		"counts of something":     {pathCounts, `{"catalog_object_ids":["V"]}`, 0},
		"counts of somewhere":     {pathCounts, `{"location_ids":["L"]}`, 0},
		"the page after the last": {pathCounts, `{"cursor":"after-7"}`, 0},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			_, answer := post(t, s, k.path, k.body)
			if got := strings.Count(answer, `"quantity"`); got != k.rows {
				t.Errorf("gives %d rows: %s", got, answer)
			}
		})
	}
	if status, answer := post(t, s, pathCounts, `{"cursor":"mine"}`); status != 400 || !strings.Contains(answer, "INVALID_CURSOR") {
		t.Error(status, answer)
	}
	if len(*complaints) != 0 {
		t.Error(*complaints)
	}
}

func TestTheSimulatorPassesOverCountsThatChangeNothing(t *testing.T) {
	s, _, _ := bare(t)
	for body, events := range map[string]int{
		batch("a", set("50", "2026-01-27T10:29:00Z")):                                                             1,
		strings.Replace(batch("b", set("50", "2026-01-27T10:29:00Z")), `,"ignore_unchanged_counts":false`, "", 1): 0,
	} {
		before := len(s.events)
		if status, answer := post(t, s, pathCreate, body); status != 200 || len(s.events)-before != events {
			t.Error(status, answer, len(s.events)-before)
		}
	}
}
