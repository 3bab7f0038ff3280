package square

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestABatchWhoseAnswerGotLostIsDoneOnce(t *testing.T) {
	future := delta(store.Sale, units(-3))
	future.OccurredAt = began.Add(3 * time.Minute)
	old := counted(0, units(47))
	old.OccurredAt = began.Add(-72 * time.Hour)
	cases := map[string]struct {
		change  pos.Change
		restart bool
	}{
		"a sale":                                   {delta(store.Sale, units(-3)), false},
		"a sale after a restart":                   {delta(store.Sale, units(-3)), true},
		"a sale of the future":                     {future, false},
		"a sale of the future after a restart":     {future, true},
		"a count of long ago":                      {old, false},
		"a count of long ago after a restart":      {old, true},
		"a count of right now":                     {counted(0, units(47)), false},
		"a count of right now, after a restart":    {counted(0, units(47)), true},
		"a sale counted, with nothing new, at all": {counted(store.Sale, units(47)), true},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			s, c, clock := setUp(t)
			s.LoseAnswer(1)
			b := pos.Batch{Key: "k", Changes: []pos.Change{k.change}}
			_, err := c.Write(t.Context(), b)
			if f := failure(t, err); !f.Unknown || f.Class != syncer.Retry {
				t.Fatalf("a lost answer is %+v", f)
			}
			clock.Advance(time.Hour)
			if k.restart {
				c = newConnector(t, pos.Settings{URL: s.server.URL}, clock)
			}
			outcomes, err := c.Write(t.Context(), b)
			if err != nil || outcomes[0].Status != syncer.Confirmed {
				t.Fatal(outcomes, err)
			}
			if s.Stock(1) != units(47) || s.Changed() != 1 {
				t.Errorf("there are %s after %d changes", s.Stock(1), s.Changed())
			}
			if !k.restart && s.Requests() != 2 {
				t.Errorf("it took %d requests: what was sent again was not the same", s.Requests())
			}
		})
	}
}

func TestABatchThatTimesOutIsDoneOnce(t *testing.T) {
	s, _, clock := setUp(t)
	c := newConnector(t, pos.Settings{URL: s.server.URL, Timeout: 50 * time.Millisecond}, clock)
	s.Stall(1)
	b := pos.Batch{Key: "k", Changes: []pos.Change{delta(store.Sale, units(-3))}}
	_, err := c.Write(t.Context(), b)
	if f := failure(t, err); !f.Unknown || f.Code != pos.CodeTimeout {
		t.Fatalf("%+v", f)
	}
	c = newConnector(t, pos.Settings{URL: s.server.URL}, clock)
	if _, err := c.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if s.Stock(1) != units(47) || s.Changed() != 1 {
		t.Errorf("there are %s after %d changes", s.Stock(1), s.Changed())
	}
}

func TestAKeyUsedForSomethingElseAlarms(t *testing.T) {
	cases := map[string]func(*pos.Change){
		"another quantity":  func(g *pos.Change) { g.Delta = units(-4) },
		"another reason":    func(g *pos.Change) { g.Reason = store.Theft },
		"another reference": func(g *pos.Change) { g.Reference = "1-43" },
		"another product":   func(g *pos.Change) { g.Product = "VARIATION0002" },
		"a count instead":   func(g *pos.Change) { g.Absolute, g.Quantity = true, units(3) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, c, _ := setUp(t)
			s.Add(2, "SKU-2", "", units(50))
			b := pos.Batch{Key: "k", Changes: []pos.Change{delta(store.Sale, units(-3))}}
			if _, err := c.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			change(&b.Changes[0])
			_, err := c.Write(t.Context(), b)
			if f := failure(t, err); f.Class != syncer.Alarm || f.Code != CodeKeyReused || f.Unknown || !strings.Contains(f.Detail, "key of this batch") {
				t.Errorf("%+v", f)
			}
			if s.Changed() != 1 {
				t.Errorf("%d changes were made", s.Changed())
			}
		})
	}
}

func TestAKeyThatCannotBeLookedIntoLeavesItOpen(t *testing.T) {
	s, c, clock := setUp(t)
	g := delta(store.Sale, units(-3))
	b := pos.Batch{Key: "k", Changes: []pos.Change{g}}
	reused := `{"errors":[{"category":"INVALID_REQUEST_ERROR","code":"IDEMPOTENCY_KEY_REUSED"}]}`
	s.Answer(400, "application/json", reused)
	_, err := c.Write(t.Context(), b)
	if f := failure(t, err); f.Code != CodeKeyReused || f.Unknown {
		t.Errorf("with nothing there: %+v", f)
	}
	if _, err := c.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	s.pageSize = 1
	s.Answer(400, "application/json", reused)
	clock.Advance(time.Minute)
	if outcomes, err := c.Write(t.Context(), b); err != nil || len(outcomes) != 1 {
		t.Error("with all of it there:", outcomes, err)
	}
	if s.Changed() != 1 {
		t.Errorf("%d changes were made", s.Changed())
	}
	again, cause := unknown(&syncer.Failure{Class: syncer.Pause, Code: "c"}), context.DeadlineExceeded
	if f := failure(t, again); !f.Unknown || f.Class != syncer.Pause || f.Code != "c" {
		t.Errorf("%+v", f)
	}
	if f := failure(t, unknown(cause)); !f.Unknown || f.Class != syncer.Retry {
		t.Errorf("%+v", f)
	}
}
