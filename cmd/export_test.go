package cmd

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/shelfd/shelfd/store"
)

// demoData is a data directory with the demo, and what its ledger says of it.
type demoData struct {
	dir       string
	head      int64
	items     []*store.Item
	movements []*store.Entry           // newest first
	where     map[store.ID]*store.Item // that moved, archived or not
	past      *store.Snapshot
	seq       int64 // of past
}

func newDemoData(t *testing.T) *demoData {
	t.Helper()
	d := &demoData{dir: t.TempDir(), where: map[store.ID]*store.Item{}}
	makeTestDemo(t, d.dir)
	l := openDemo(t, d.dir)
	d.head, d.seq = l.Head().Seq, l.Head().Seq/2
	d.items, _ = l.Items(store.ItemFilter{}, 0, 10_000)
	err := l.Journal().Scan(t.Context(), 0, d.head, func(s *store.Stored) error {
		e, err := s.Entry()
		if err == nil && e.Movement != nil {
			d.movements = append(d.movements, e)
			d.where[e.Movement.Item], _ = l.Item(e.Movement.Item)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(d.movements)
	if d.past, err = l.Snapshot(t.Context(), store.Moment{Seq: d.seq}, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// exported runs an export as NDJSON and gives its rows.
func (d *demoData) exported(t *testing.T, args ...string) []apiRow {
	t.Helper()
	return rowsOf(t, succeed(t, d.dir, append(append([]string{"export"}, args...), "--format", "ndjson")...))
}

func rowsOf(t *testing.T, lines string) []apiRow {
	t.Helper()
	var rows numbered
	list := "[" + strings.ReplaceAll(strings.TrimSpace(lines), "\n", ",") + "]"
	if err := json.Unmarshal([]byte(list), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestExportsHoldWhatTheLedgerHolds(t *testing.T) {
	d := newDemoData(t)
	t.Run("stock is every row, in every format", d.checkFormats)
	t.Run("stock can be narrowed", d.checkFilters)
	t.Run("a snapshot is stock as it was", d.checkPast)
	t.Run("movements are all there, newest first", d.checkMovements)
	t.Run("days are days at the location", d.checkDays)
	t.Run("the SQLite copy adds up", d.checkSQLite)
	t.Run("snapshot shows a table or the answer of the API", d.checkShown)
}

func (d *demoData) checkFormats(t *testing.T) {
	for _, name := range []string{"stock.csv", "stock.ndjson", "stock.json", "stock.xlsx", "stock.txt"} {
		path := filepath.Join(t.TempDir(), name)
		out := succeed(t, d.dir, "export", "stock", "-f", path)
		if want := fmt.Sprintf("%d rows are in %s.\n", len(d.items), path); out != want {
			t.Errorf("it says %q, want %q", out, want)
		}
		if n := countRows(t, path); n != len(d.items) {
			t.Errorf("%s has %d rows, want %d", name, n, len(d.items))
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("%s: %v are left", name, left)
		}
	}
}

// countRows reads a file of any format, without its header.
func countRows(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch filepath.Ext(path) {
	case ".csv":
		records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(records) - 1
	case ".json":
		var rows []apiRow
		if err := json.Unmarshal(data, &rows); err != nil {
			t.Fatal(err)
		}
		return len(rows)
	case ".xlsx":
		book, err := excelize.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.GetRows(tableSheet)
		if err = errors.Join(err, book.Close()); err != nil {
			t.Fatal(err)
		}
		return len(rows) - 1
	case ".txt":
		return strings.Count(string(data), "\n") - 1
	}
	return len(rowsOf(t, string(data)))
}

func (d *demoData) checkFilters(t *testing.T) {
	want := 0
	for _, i := range d.items {
		if i.Location.Name == "Canyon Road" && (i.Room == store.Vault || i.Room == store.Quarantine) && i.Product.Category == "Edibles" {
			want++
		}
	}
	got := d.exported(t, "stock", "--location", "canyon road", "--room", "vault,quarantine", "--category", "edibles")
	if len(got) != want || want == 0 {
		t.Errorf("%d rows, want %d", len(got), want)
	}
}

func (d *demoData) checkPast(t *testing.T) {
	want := map[string]string{}
	for i := range d.past.Rows() {
		want[i.ID.String()] = fmt.Sprint(i.Quantity, " ", i.Reserved)
	}
	got := d.exported(t, "snapshot", "--seq", fmt.Sprint(d.seq))
	for _, r := range got {
		if have := fmt.Sprint(r["quantity"], " ", r["reserved_quantity"]); have != want[r.text("id")] {
			t.Errorf("%s: %s, want %s", r.text("product_name"), have, want[r.text("id")])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

func (d *demoData) checkMovements(t *testing.T) {
	got := d.exported(t, "movements")
	if len(got) != len(d.movements) {
		t.Fatalf("%d movements, want %d", len(got), len(d.movements))
	}
	for n, e := range d.movements {
		r := got[n]
		have := fmt.Sprintf("%v %v %v %v", r["id"], r["quantity_change"], r["reason_code"], r["occurred_at"])
		if want := fmt.Sprintf("%s %s %s %s", e.Position, e.Movement.Change, e.Movement.Reason, e.OccurredAt); have != want {
			t.Fatalf("movement %d is %s, want %s", n, have, want)
		}
		if r.text("sku") == "" || r.text("location_name") == "" || r.text("unit") == "" {
			t.Fatalf("movement %d has no names: %v", n, r)
		}
	}
}

func (d *demoData) checkDays(t *testing.T) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	want, from, to := 0, time.Date(2026, 1, 3, 0, 0, 0, 0, zone), time.Date(2026, 1, 5, 0, 0, 0, 0, zone)
	for _, e := range d.movements {
		at := e.RecordedAt.Time()
		if e.Movement.Reason == store.Sale && d.where[e.Movement.Item].Location.Name == "Juniper Street" && !at.Before(from) && at.Before(to) {
			want++
		}
	}
	got := d.exported(t, "movements", "--location", "Juniper Street", "--reason", "sale", "--from", "2026-01-03", "--to", "2026-01-04")
	if len(got) != want || want < 100 {
		t.Errorf("%d sales on two days, want %d", len(got), want)
	}
	if code, _, stderr := call(t, d.dir, "export", "movements", "--from", "2026-01-03"); code != exitUsage || !strings.Contains(stderr, "America/Denver") {
		t.Errorf("a day in two time zones ended with %d: %s", code, stderr)
	}
}

func (d *demoData) checkSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a shop?.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := call(t, d.dir, "export", "--sqlite", path); code != exitRefused {
		t.Errorf("the file was replaced without --force: %d", code)
	}
	succeed(t, d.dir, "export", "--sqlite", path, "--force")
	db, err := sql.Open("sqlite", copyDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]int{
		"SELECT count(*) FROM products":                                      146,
		"SELECT count(*) FROM locations":                                     2,
		"SELECT count(*) FROM movements":                                     len(d.movements),
		"SELECT count(*) FROM inventory WHERE quantity <> 0 AND unit = 'mg'": 0,
		"SELECT count(*) FROM lots WHERE status = 'held'":                    1,
		"SELECT quantity FROM inventory JOIN locations l ON l.id = location_id WHERE sku = 'BD-EIGHTH-001' AND l.name = 'Juniper Street' AND room_type = 'sales_floor'": 45,
		"SELECT count(*) FROM inventory i WHERE abs(quantity - coalesce((SELECT sum(quantity_change) FROM movements m WHERE m.inventory_id = i.id), 0)) > 0.00001":      0,
		"SELECT coalesce(sum(quantity_change), 0) FROM movements WHERE inventory_id NOT IN (SELECT id FROM inventory)":                                                  0,
	} {
		got := 0
		if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%s: %v", query, err)
		}
		if got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}

func (d *demoData) checkShown(t *testing.T) {
	out := succeed(t, d.dir, "snapshot", "--location", "Juniper Street", "--date", "2026-01-20")
	if !strings.Contains(out, "Blue Dream 1/8") || strings.Contains(out, "Canyon Road") || !strings.Contains(out, "as of 2026-01-21T08:00:00Z") {
		t.Errorf("it shows:\n%.2000s", out)
	}
	var answer struct {
		Data []apiRow
		Seq  int64
	}
	out = succeed(t, d.dir, "snapshot", "--seq", fmt.Sprint(d.seq), "-o", "json")
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Seq != d.seq || len(answer.Data) != d.past.Items {
		t.Errorf("%d rows at %d: %v", len(answer.Data), answer.Seq, err)
	}
	if code, _, _ := call(t, d.dir, "snapshot", "--date", "2999-01-01"); code != exitRefused {
		t.Errorf("a day to come ended with %d", code)
	}
	if code, _, _ := call(t, d.dir, "snapshot", "--date", "2026-01-20", "--seq", "3"); code != exitUsage {
		t.Errorf("two moments ended with %d", code)
	}
}

func TestAFileThatIsNotWrittenToItsEndDoesNotAppear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stock.csv")
	if err := os.WriteFile(path, []byte("last week"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the server went away")
	err := writeWhole(path, func(f *exportFile) error {
		_, err := f.WriteString("half")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("error: %v", err)
	}
	if data, err := os.ReadFile(path); string(data) != "last week" {
		t.Errorf("the file holds %q: %v", data, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}

func TestASnapshotThatBreaksOffIsAnError(t *testing.T) {
	for _, answer := range []string{`{"data":[{"id":"a"},`, `{"data":[{"id":"a"}]`, `[]x`, ``} {
		_, err := readSnapshot(t.Context(), servedText(t, answer), nil, func(apiRow) error { return nil })
		if exitCode(err) != exitUnreachable {
			t.Errorf("%s: %v", answer, err)
		}
	}
	mine := errors.New("the disk is full")
	_, err := readSnapshot(t.Context(), servedText(t, `{"data":[{"id":"a"}],"seq":1}`), nil, func(apiRow) error { return mine })
	if !errors.Is(err, mine) || exitCode(err) == exitUnreachable {
		t.Errorf("an error of the writer: %v", err)
	}
}

func TestAnExportNamesWhatItCannotDo(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{exitUsage, []string{"stock", "-f", "stock.doc"}, "--format"},
		{exitUsage, []string{"stock", "--format", "pdf"}, "ndjson"},
		{exitUsage, []string{"stock", "--room", "attic"}, "secret_menu"},
		{exitNotFound, []string{"stock"}, "no ledger"},
		{exitNotFound, []string{"--sqlite", filepath.Join(dir, "x.db")}, "no ledger"},
	} {
		code, _, stderr := call(t, dir, append([]string{"export"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v ended with %d: %s", c.args, code, stderr)
		}
	}
}

// servedText gives a client of a server that answers everything with one text.
func servedText(t *testing.T, text string) *client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
	t.Cleanup(server.Close)
	return &client{base: server.URL, http: server.Client()}
}
