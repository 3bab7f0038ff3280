package test

import (
	"fmt"
	"net/http"
	"os/exec"
	"testing"
	"time"
)

func reference(prefix string, n int) string { return fmt.Sprintf("%s-%d", prefix, n) }

// adjust sells single units, each under a key and reference of its own.
func (s *server) adjust(t *testing.T, items []string, prefix string, times int) {
	t.Helper()
	for n := range times {
		key := reference(prefix, n)
		status, answer, err := s.try(http.MethodPatch, "/api/v1/inventory/"+items[n%len(items)], key,
			map[string]any{"quantity_change": -1, "reason_code": "SALE", "reference": key, "notes": "sold"})
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v\n%s", key, status, err, answer)
		}
	}
}

// paused waits until the destination is paused for a reason.
func (s *server) paused(t *testing.T, code string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for d := s.status(t); d.State != "paused" || d.Error.Code != code; d = s.status(t) {
		if time.Now().After(deadline) {
			t.Fatalf("not paused as %s: %+v\n%s", code, d, s.log)
		}
		wait(50 * time.Millisecond)
	}
}

// agrees holds head office's stock against the store's, item by item, and
// both against so many units.
func (o *office) agrees(s *server, units int) {
	o.t.Helper()
	var list struct {
		Data []struct {
			ID       string
			Quantity float64
		}
	}
	s.must(o.t, http.MethodGet, "/api/v1/inventory?limit=200", nil, &list)
	sum := 0.0
	for _, row := range list.Data {
		var have int64
		o.query("SELECT quantity FROM stock WHERE item = $1", []any{row.ID}, &have)
		if float64(have) != row.Quantity*10_000 {
			o.t.Errorf("item %s: %v at the store, %d ten-thousandths at head office", row.ID, row.Quantity, have)
		}
		sum += row.Quantity
	}
	if sum != float64(units) {
		o.t.Errorf("%v units in stock, want %d", sum, units)
	}
}

// copyDir copies a data directory that no process uses.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-r", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
