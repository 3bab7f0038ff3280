package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// row is what the customer's document shows of an inventory row.
type row struct {
	ID                string      `json:"id"`
	ProductID         string      `json:"product_id"`
	ProductName       string      `json:"product_name"`
	SKU               string      `json:"sku"`
	LocationID        string      `json:"location_id"`
	RoomType          string      `json:"room_type"`
	Quantity          json.Number `json:"quantity"`
	ReservedQuantity  json.Number `json:"reserved_quantity"`
	AvailableQuantity json.Number `json:"available_quantity"`
	UnitCost          json.Number `json:"unit_cost"`
	UnitPrice         json.Number `json:"unit_price"`
	LastSync          *string     `json:"last_sync"`
}

// TestDemoAnswersEveryRequestOfTheCustomersDocument sends each example of the
// document, with the ids of the demo in place of its placeholders.
func TestDemoAnswersEveryRequestOfTheCustomersDocument(t *testing.T) {
	s := start(t, t.TempDir()+"/demo", "--demo")
	eighth := theEighth(t, s)
	t.Run("list", func(t *testing.T) {
		var list struct {
			Data       []row
			Pagination struct{ Page, Limit, Total int }
		}
		s.must(t, http.MethodGet, "/api/v1/inventory?location_id="+eighth.LocationID+
			"&room_type=sales_floor&category=Flower&low_stock=false&page=1&limit=50", nil, &list)
		if list.Pagination.Page != 1 || list.Pagination.Limit != 50 || list.Pagination.Total < len(list.Data) || len(list.Data) == 0 {
			t.Fatalf("pagination %+v of %d rows", list.Pagination, len(list.Data))
		}
	})
	t.Run("get", func(t *testing.T) {
		var one row
		s.must(t, http.MethodGet, "/api/v1/inventory/"+eighth.ID, nil, &one)
		if one != eighth {
			t.Fatalf("got %+v, listed %+v", one, eighth)
		}
	})
	t.Run("update", func(t *testing.T) {
		var after row
		s.must(t, http.MethodPatch, "/api/v1/inventory/"+eighth.ID, map[string]any{
			"quantity_change": -5, "reason_code": "SALE", "notes": "Regular sale transaction",
		}, &after)
		if after.Quantity != "40" || after.AvailableQuantity != "35" {
			t.Fatalf("after a sale of 5 of 45: %+v", after)
		}
	})
	t.Run("bulk update", func(t *testing.T) {
		var result struct {
			Results []struct{ Status string }
			Summary struct{ Applied, Failed int }
		}
		s.must(t, http.MethodPost, "/api/v1/inventory/bulk-update", map[string]any{"updates": []map[string]any{
			{"id": eighth.ID, "quantity_change": -2, "reason_code": "SALE"},
			{"id": eighth.ID, "quantity_change": 10, "reason_code": "TRANSFER"},
		}}, &result)
		if result.Summary.Applied != 2 || result.Summary.Failed != 0 || len(result.Results) != 2 {
			t.Fatalf("%+v", result)
		}
	})
	t.Run("sync", func(t *testing.T) {
		for _, kind := range []string{"full", "incremental"} {
			status, answer, err := s.try(http.MethodPost, "/api/v1/inventory/sync", "", map[string]any{
				"location_id": eighth.LocationID, "sync_type": kind,
			})
			if err != nil || status != http.StatusAccepted || !strings.Contains(string(answer), "No destination is configured.") {
				t.Fatalf("%d %v %s", status, err, answer)
			}
		}
	})
	t.Run("snapshot", func(t *testing.T) {
		var day struct {
			Data     []row
			Timezone string
		}
		s.must(t, http.MethodGet, "/api/v1/inventory/snapshot?date=2026-01-27&location_id="+eighth.LocationID, nil, &day)
		if day.Timezone == "" {
			t.Fatalf("%+v", day)
		}
	})
}

// theEighth finds the document's own example row in the demo.
func theEighth(t *testing.T, s *server) row {
	t.Helper()
	var list struct{ Data []row }
	s.must(t, http.MethodGet, "/api/v1/inventory?sku=BD-EIGHTH-001&room_type=sales_floor&sort=-quantity", nil, &list)
	for _, r := range list.Data {
		if r.Quantity == "45" && r.ReservedQuantity == "5" {
			if r.ProductName != "Blue Dream 1/8" || r.AvailableQuantity != "40" || r.UnitCost != "25.00" || r.UnitPrice != "45.00" {
				t.Fatalf("%+v", r)
			}
			return r
		}
	}
	t.Fatalf("no row with 45, 5 of them reserved, among %+v", list.Data)
	return row{}
}

// TestLastUnitIsSoldOnceUnderParallelBuyers lets a hundred buyers take the
// last unit at once.
func TestLastUnitIsSoldOnceUnderParallelBuyers(t *testing.T) {
	s := start(t, t.TempDir())
	item := s.stocked(t, 1, 1)[0]
	statuses := parallel(100, func(n int) int {
		status, _, err := s.try(http.MethodPatch, "/api/v1/inventory/"+item, fmt.Sprint("buyer-", n), sale(fmt.Sprint("buyer-", n)))
		if err != nil {
			t.Error(err)
		}
		return status
	})
	if statuses[http.StatusOK] != 1 || statuses[http.StatusConflict] != 99 {
		t.Fatalf("statuses %v", statuses)
	}
}

// TestOneKeyMakesOneMovement sends one change fifty times at once, then uses
// its key for another item.
func TestOneKeyMakesOneMovement(t *testing.T) {
	s := start(t, t.TempDir())
	items := s.stocked(t, 2, 100)
	var mu sync.Mutex
	answers := map[string]int{}
	statuses := parallel(50, func(int) int {
		status, answer, err := s.try(http.MethodPatch, "/api/v1/inventory/"+items[0], "one key", sale("order 1"))
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		answers[string(answer)]++
		return status
	})
	if statuses[http.StatusOK] != 50 || len(answers) != 1 {
		t.Fatalf("statuses %v, %d different answers", statuses, len(answers))
	}
	if n := s.references(t)["order 1"]; n != 1 {
		t.Fatalf("%d movements", n)
	}
	status, answer, err := s.try(http.MethodPatch, "/api/v1/inventory/"+items[1], "one key", sale("order 1"))
	if err != nil || status != http.StatusUnprocessableEntity || code(answer) != "idempotency_mismatch" {
		t.Fatalf("the key on another item: %d %v %s", status, err, answer)
	}
}

// parallel runs n calls at once and counts their statuses.
func parallel(n int, call func(n int) int) map[int]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	counts := map[int]int{}
	for k := range n {
		group.Go(func() {
			status := call(k)
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		})
	}
	group.Wait()
	return counts
}

// TestReaderThatGoesAwayLeavesTheLedgerClosed stops reading an output, as head
// does.
func TestReaderThatGoesAwayLeavesTheLedgerClosed(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	s.stocked(t, 5, 1)
	s.stop(t)
	cmd := exec.Command(binary, "export", "movements", "--data-dir", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Before the first line comes: opening the ledger takes longer than this.
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the command was ended by its reader: %v", err)
	}
	again, err := exec.Command(binary, "token", "list", "--data-dir", dir).CombinedOutput()
	if err != nil || strings.Contains(string(again), "not orderly") {
		t.Fatalf("%v\n%s", err, again)
	}
}
