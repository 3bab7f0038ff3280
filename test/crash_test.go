package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	crashClients = 64
	crashItems   = 40
	crashUnits   = 1_000_000
)

// till is one client that adjusts without end, and repeats what was not
// answered with the same key until it is.
type till struct {
	n       int
	current *atomic.Pointer[server]
	items   []string
	// booked is what was acknowledged: reference to quantity change.
	booked map[string]int
	// wrong is the first answer that should not have come.
	wrong error
}

func (c *till) work(stop *atomic.Bool) {
	r := rand.New(rand.NewPCG(uint64(c.n), 1))
	for i := 0; !stop.Load() && c.wrong == nil; i++ {
		key := fmt.Sprintf("till-%d-%d", c.n, i)
		change, reason := -1-r.IntN(3), "SALE"
		if r.IntN(4) == 0 {
			change, reason = -change, "RETURN"
		}
		path := "/api/v1/inventory/" + c.items[r.IntN(len(c.items))]
		c.repeat(path, key, map[string]any{
			"quantity_change": change, "reason_code": reason, "reference": key, "notes": "as it comes",
		})
		if c.wrong == nil {
			c.booked[key] = change
		}
	}
}

// repeat sends one change until it is acknowledged.
func (c *till) repeat(path, key string, body map[string]any) {
	for {
		status, answer, err := c.current.Load().try(http.MethodPatch, path, key, body)
		switch {
		case err == nil && status == http.StatusOK:
			return
		case err == nil && status != http.StatusServiceUnavailable:
			c.wrong = fmt.Errorf("%s: %d %s", key, status, answer)
			return
		}
		wait(5 * time.Millisecond)
	}
}

// TestKilledAtRandomMomentsLosesAndDoublesNothing adjusts from 64 clients
// while the server is killed again and again. Every change is sent with a key
// until it is acknowledged; afterwards each is in the ledger exactly once.
func TestKilledAtRandomMomentsLosesAndDoublesNothing(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	items := s.stocked(t, crashItems, crashUnits)
	var current atomic.Pointer[server]
	current.Store(s)
	var stop atomic.Bool
	var group sync.WaitGroup
	tills := make([]*till, crashClients)
	for n := range tills {
		tills[n] = &till{n: n, current: &current, items: items, booked: map[string]int{}}
		group.Go(func() { tills[n].work(&stop) })
	}
	for range crashKills {
		wait(time.Duration(20+rand.IntN(300)) * time.Millisecond)
		s.kill()
		s = start(t, dir)
		current.Store(s)
	}
	stop.Store(true)
	group.Wait()
	checkTills(t, s, tills)
	s.kill()
	verify(t, dir)
}

// checkTills holds the ledger and the stock against what was acknowledged.
func checkTills(t *testing.T, s *server, tills []*till) {
	t.Helper()
	ledger, sum, acknowledged := s.references(t), 0, 0
	for _, c := range tills {
		if c.wrong != nil {
			t.Fatal(c.wrong)
		}
		for key, change := range c.booked {
			if ledger[key] != 1 {
				t.Fatalf("%s was acknowledged and is in the ledger %d times", key, ledger[key])
			}
			sum += change
			acknowledged++
		}
	}
	if len(ledger) != acknowledged {
		t.Fatalf("%d changes in the ledger, %d acknowledged", len(ledger), acknowledged)
	}
	var list struct {
		Data []struct{ Quantity json.Number }
	}
	s.must(t, http.MethodGet, "/api/v1/inventory?limit=200", nil, &list)
	for _, row := range list.Data {
		n, err := row.Quantity.Int64()
		if err != nil {
			t.Fatal(err)
		}
		sum -= int(n) - crashUnits
	}
	if sum != 0 {
		t.Fatalf("the stock differs by %d from the acknowledged changes", sum)
	}
	t.Logf("%d changes acknowledged", acknowledged)
}
