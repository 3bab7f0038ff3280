package cmd

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
)

// realMenu is a real shop's menu: 553 variants, no SKUs, options such as
// "50mg ea | 2-Pack" with spaces at their ends.
const realMenu = "../../shared/data/menu-a.csv"

var realMenuMap = []string{
	"--location", "Main Street", "--timezone", "America/Chicago",
	"--map", "external_id=Variant ID", "--map", "name=Product", "--map", "size=Option", "--map", "quantity=Available Qty",
}

// menuShop is a server with the real menu in it.
type menuShop struct {
	*served
	t *testing.T
}

func TestARealMenuIsImportedAndSoldFrom(t *testing.T) {
	if _, err := os.Stat(realMenu); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: it is a shop's own data and not in this repository", realMenu)
	}
	dir := t.TempDir()
	shop := &menuShop{startServer(t, dir), t}
	for _, want := range []string{
		"553 rows: 553 created, 0 updated, 0 unchanged, 0 skipped, 29647 booked",
		"553 rows: 0 created, 0 updated, 553 unchanged, 0 skipped, 0 booked",
	} {
		code, r, stderr := imported(t, dir, realMenu, realMenuMap...)
		if code != exitOK || r.counts() != want {
			t.Fatalf("ended with %d: %s, want %s; %s", code, r.counts(), want, stderr)
		}
	}
	item := shop.find("X-6553")
	if item.text("product_name") != "Custom BIC EZ Reach" || item.text("brand") != "Find." || item.text("size") != "Each" {
		t.Errorf("X-6553 is %v", item)
	}
	shop.day(item)
	if code := shop.stop(); code != exitOK {
		t.Errorf("serve ended with %d", code)
	}
	succeed(t, dir, "verify")
}

// day sells, takes back, loses, counts and moves units of an item that has 29,
// and looks at the shop before and after.
func (s *menuShop) day(item apiRow) {
	s.t.Helper()
	before := s.snapshot("")
	path := "/api/v1/inventory/" + item.text("id")
	for _, step := range []struct{ body, want string }{
		{`{"quantity_change": -5, "reason_code": "SALE", "notes": "Regular sale transaction"}`, "24"},
		{`{"quantity_change": 1, "reason_code": "RETURN", "sub_reason": "unwanted"}`, "25"},
		{`{"quantity_change": -2, "reason_code": "DAMAGE"}`, "23"},
		{`{"quantity_change": -1, "reason_code": "AUDIT", "sub_reason": "cycle_count", "expected_quantity": 23}`, "22"},
		{`{"quantity_change": -10, "reason_code": "TRANSFER", "to_room_type": "vault"}`, "12"},
	} {
		if got := s.must(http.MethodPatch, path, step.body); got.value("quantity") != tableNumber(step.want) {
			s.t.Errorf("%s leaves %v, want %s", step.body, got.value("quantity"), step.want)
		}
	}
	if status, body := s.ask(http.MethodPatch, path, s.Token, `{"quantity_change": -13, "reason_code": "SALE"}`); status != http.StatusConflict {
		s.t.Errorf("more than there is was sold: %d %s", status, body)
	}
	after := s.snapshot("")
	if b, a := s.total(before), s.total(after); a != b-7 {
		s.t.Errorf("the shop had %v units and has %v", b, a)
	}
	then := s.snapshot("?seq=" + url.QueryEscape(string(before["seq"].(json.Number))))
	if then.text("digest") != before.text("digest") || then.text("digest") == after.text("digest") {
		s.t.Error("the past has changed")
	}
}

// must asks for something that has to be answered.
func (s *menuShop) must(method, path, body string) apiRow {
	s.t.Helper()
	status, text := s.ask(method, path, s.Token, body)
	var r numbered
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if err := json.Unmarshal([]byte("["+text+"]"), &r); err != nil {
		s.t.Fatal(err)
	}
	return r[0]
}

// find gives the row of a SKU.
func (s *menuShop) find(sku string) apiRow {
	s.t.Helper()
	list, _ := s.must(http.MethodGet, "/api/v1/inventory?sku="+sku, "")["data"].([]any)
	if len(list) != 1 {
		s.t.Fatalf("%d rows of %s", len(list), sku)
	}
	row, _ := list[0].(map[string]any)
	return row
}

func (s *menuShop) snapshot(query string) apiRow {
	s.t.Helper()
	return s.must(http.MethodGet, "/api/v1/inventory/snapshot"+query, "")
}

// total is the sum of the quantities of a snapshot.
func (s *menuShop) total(snapshot apiRow) float64 {
	s.t.Helper()
	sum := 0.0
	list, _ := snapshot["data"].([]any)
	for _, row := range list {
		r, _ := row.(map[string]any)
		number, _ := apiRow(r).value("quantity").(tableNumber)
		n, err := strconv.ParseFloat(string(number), 64)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += n
	}
	if said := snapshot.value("totals.quantity"); said != tableNumber(strconv.FormatFloat(sum, 'f', -1, 64)) {
		s.t.Errorf("the total is %v, the rows add up to %v", said, sum)
	}
	return sum
}

func TestARealMenuIsReadWithItsOddTexts(t *testing.T) {
	if _, err := os.Stat(realMenu); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: it is a shop's own data and not in this repository", realMenu)
	}
	dir := t.TempDir()
	if code, _, stderr := imported(t, dir, realMenu, realMenuMap...); code != exitOK {
		t.Fatal(stderr)
	}
	sizes := map[string]bool{}
	for line := range strings.Lines(succeed(t, dir, "export", "stock", "--format", "ndjson")) {
		var r apiRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		sizes[r.text("size")] = true
	}
	if !sizes["50mg ea | 2-Pack"] {
		t.Error(`no size is "50mg ea | 2-Pack"`)
	}
	for size := range sizes {
		if strings.TrimSpace(size) != size {
			t.Errorf("%q has spaces at its ends", size)
		}
	}
}
