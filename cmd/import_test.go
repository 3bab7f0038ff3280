package cmd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

// writeSheet writes a file to import.
func writeSheet(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "menu.csv")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// imported runs an import and gives its report.
func imported(t *testing.T, dir, file string, args ...string) (code int, r importReport, stderr string) {
	t.Helper()
	code, stdout, stderr := call(t, dir, append([]string{"import", file, "-o", "json"}, args...)...)
	if stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("%v: %s", err, stdout)
		}
	}
	return code, r, stderr
}

// counts are the numbers of a report on one line.
func (r *importReport) counts() string {
	return fmt.Sprintf("%d rows: %d created, %d updated, %d unchanged, %d skipped, %s booked", r.Rows, r.Created, r.Updated, r.Unchanged, r.Skipped, r.Booked)
}

var mainStreet = []string{"--location", "Main Street", "--timezone", "America/Chicago"}

func TestAnImportSetsWhatTheFileSaysAndTwiceChangesNothing(t *testing.T) {
	dir := t.TempDir()
	file := writeSheet(t, "SKU,Name,Unit,Price,Qty", "A,Apple,g,1.10,5", "B,Beet,each,2,3.5")
	for _, want := range []string{
		"2 rows: 2 created, 0 updated, 0 unchanged, 0 skipped, 8.5 booked",
		"2 rows: 0 created, 0 updated, 2 unchanged, 0 skipped, 0 booked",
	} {
		code, r, stderr := imported(t, dir, file, mainStreet...)
		if code != exitOK || r.counts() != want || !r.Written {
			t.Errorf("ended with %d: %s, want %s; %s", code, r.counts(), want, stderr)
		}
	}
	file = writeSheet(t, "SKU,Name,Qty", "A,Apple,4", "B,Beet,")
	if _, r, _ := imported(t, dir, file); r.counts() != "2 rows: 0 created, 1 updated, 1 unchanged, 0 skipped, -1 booked" {
		t.Error(r.counts())
	}
	if got := stockOf(t, dir, "A"); got != "A sales_floor 4 1.10 g" {
		t.Errorf("a column that the file lacks has changed: %s", got)
	}
}

// stockOf lists the rows of a SKU.
func stockOf(t *testing.T, dir, sku string) string {
	t.Helper()
	var list []string
	for line := range strings.Lines(succeed(t, dir, "export", "stock", "--format", "ndjson")) {
		var r apiRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		var n struct {
			Quantity, UnitPrice json.Number
		}
		_ = json.Unmarshal([]byte(strings.ReplaceAll(line, "unit_price", "UnitPrice")), &n)
		if r["sku"] == sku {
			list = append(list, fmt.Sprint(r["sku"], " ", r["room_type"], " ", n.Quantity, " ", n.UnitPrice, " ", r["unit"]))
		}
	}
	return strings.Join(list, "\n")
}

func TestAnImportWritesNothingWhileARowIsBad(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := imported(t, dir, writeSheet(t, "SKU,Name,Unit,Qty", "A,Apple,g,5"), mainStreet...); code != exitOK {
		t.Fatal(stderr)
	}
	file := writeSheet(t, "SKU,Name,Unit,Price,Qty", "B,Beet,each,1,5", "A,Apple,each,2,7", "C,Corn,each,x,1", "D,Dill,each,1,-3")
	before := succeed(t, dir, "export", "movements")
	code, r, _ := imported(t, dir, file)
	if code != exitRefused || r.Written {
		t.Errorf("ended with %d", code)
	}
	var where []string
	for _, p := range r.Problems {
		where = append(where, fmt.Sprintf("%d %s", p.Line, p.Column))
	}
	if got := strings.Join(where, ", "); got != "4 Price, 5 Qty, 3 Unit" {
		t.Errorf("problems: %s", got)
	}
	if succeed(t, dir, "export", "movements") != before {
		t.Error("something was written")
	}
}

func TestSkippedRowsAreCountedAndEndWithTheirOwnCode(t *testing.T) {
	dir := t.TempDir()
	file := writeSheet(t, "SKU,Name,Price,Qty,Lot", "A,Apple,1,5,T1", "B,Beet,x,3,", "C,Corn,1,2,T1", "D,Dill,1,1,")
	for _, opened := range []bool{true, false} {
		code, r, stderr := imported(t, dir, file, append(mainStreet, "--skip-bad")...)
		if code != exitPartial || r.Skipped != 2 || r.Created+r.Unchanged != 2 || r.Location.Opened != opened {
			t.Errorf("ended with %d: %s; %s", code, r.counts(), stderr)
		}
	}
}

func TestRowsThatTheLedgerRefusesAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	lines := []string{"SKU,Name,Unit,Qty"}
	for n := range 450 {
		lines = append(lines, fmt.Sprintf("S%d,Thing %d,g,1", n, n))
	}
	if code, _, stderr := imported(t, dir, writeSheet(t, lines...), mainStreet...); code != exitOK {
		t.Fatal(stderr)
	}
	for n := range lines {
		lines[n] = strings.TrimSuffix(lines[n], "1") + "2"
	}
	lines[0] = "SKU,Name,Unit,Qty"
	lines[321] = "S320,Thing 320,each,2" // its unit cannot change under stock
	code, r, _ := imported(t, dir, writeSheet(t, lines...), "--skip-bad")
	if code != exitPartial || r.counts() != "450 rows: 0 created, 449 updated, 0 unchanged, 1 skipped, 449 booked" {
		t.Errorf("ended with %d: %s", code, r.counts())
	}
	if len(r.Problems) != 1 || r.Problems[0].Line != 322 || r.Problems[0].Column != "Unit" {
		t.Errorf("problems: %v", r.Problems)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	dir := t.TempDir()
	file := writeSheet(t, "SKU,Name,Qty", "A,Apple,5")
	code, r, stderr := imported(t, dir, file, append(mainStreet, "--dry-run")...)
	if code != exitOK || r.Written || !r.Location.Opened || r.counts() != "1 rows: 1 created, 0 updated, 0 unchanged, 0 skipped, 5 booked" {
		t.Errorf("ended with %d: %s; %s", code, r.counts(), stderr)
	}
	if out := succeed(t, dir, "snapshot"); !strings.Contains(out, "0 rows") {
		t.Error(out)
	}
	if code, _, _ := imported(t, dir, file); code != exitUsage {
		t.Errorf("the location is there: ended with %d", code)
	}
}

func TestALocationOpenedForNothingIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := imported(t, dir, writeSheet(t, "SKU,Name,Unit,Qty", "A,Apple,g,5"), mainStreet...); code != exitOK {
		t.Fatal(stderr)
	}
	// Only the ledger knows that the unit cannot change.
	file := writeSheet(t, "SKU,Name,Unit,Qty", "A,Apple,each,5")
	if code, r, _ := imported(t, dir, file, "--location", "Elm Street", "--timezone", "America/Chicago"); code != exitRefused || r.Written {
		t.Errorf("ended with %d", code)
	}
	if code, r, stderr := imported(t, dir, writeSheet(t, "SKU,Name,Unit,Qty", "A,Apple,g,5")); code != exitOK || r.Location.Name != "Main Street" {
		t.Errorf("Main Street is not the only location: %d, %s", code, stderr)
	}
}

func TestWrongUsageOfImportIsExplained(t *testing.T) {
	dir := t.TempDir()
	file := writeSheet(t, "SKU,Name,Qty", "A,Apple,5")
	for name, c := range map[string]struct {
		code int
		args []string
		want string
	}{
		"no file":        {exitNotFound, []string{filepath.Join(dir, "none.csv")}, "none.csv"},
		"no location":    {exitUsage, []string{file}, "--location"},
		"unknown room":   {exitUsage, []string{file, "--room", "attic"}, "secret_menu"},
		"unknown column": {exitRefused, []string{file, "--map", "brand=Maker"}, `no column "Maker"`},
		"unknown zone":   {exitRefused, []string{file, "--location", "X", "--timezone", "Mars/Olympus"}, "Mars/Olympus"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := call(t, dir, append([]string{"import"}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("ended with %d: %s", code, stderr)
			}
		})
	}
}

// impatientClock waits for nothing.
type impatientClock struct{ store.Clock }

func (impatientClock) After(time.Duration) <-chan time.Time {
	now := make(chan time.Time, 1)
	now <- time.Time{}
	return now
}

// importInto runs an import against a server that answers POST /import as it
// is told: a status for each request, in order.
func importInto(t *testing.T, file string, answers ...int) (m *importer, keys []string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(`{"data":[{"id":"loc","name":"Main Street"}],"pagination":{"total":1}}`))
			return
		}
		status := answers[0]
		answers = answers[1:]
		if r.URL.Query().Get("dry_run") == "" {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
		}
		if status == http.StatusOK {
			_, _ = w.Write([]byte(`{"results":[{"status":"updated","quantity_change":1}]}`))
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"detail":"No.","errors":[{"pointer":"/rows/0/quantity","code":"quantity_out_of_range","detail":"Too much."}]}`))
	}))
	t.Cleanup(server.Close)
	o, _, _ := testOptions(t, t.TempDir())
	o.clock = impatientClock{o.clock}
	i := &importOptions{rootOptions: o, file: file}
	s, err := openSheet(file, i.sheet)
	if err != nil {
		t.Fatal(err)
	}
	m = newImporter(i, s, &client{base: server.URL, http: &http.Client{Transport: http.DefaultTransport}}, store.SalesFloor)
	err = m.run(t.Context())
	return m, keys, err
}

func TestAChunkThatMayHaveBeenBookedIsSentUnderTheSameKey(t *testing.T) {
	file := writeSheet(t, "SKU,Name,Qty", "A,Apple,5")
	m, keys, err := importInto(t, file, http.StatusOK, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusOK)
	if err != nil || m.report.Updated != 1 {
		t.Fatalf("%v: %s", err, m.report.counts())
	}
	if len(keys) != 3 || keys[0] != keys[1] || keys[1] != keys[2] || keys[0] == "" {
		t.Errorf("keys: %v", keys)
	}
	_, again, _ := importInto(t, file, http.StatusOK, http.StatusOK)
	if len(again) != 1 || again[0] == keys[0] {
		t.Errorf("a later import of the same file has the key %v", again)
	}
}

func TestAnImportThatIsRefusedAfterTheCheckSaysSo(t *testing.T) {
	file := writeSheet(t, "SKU,Name,Qty", "A,Apple,5")
	m, _, err := importInto(t, file, http.StatusOK, http.StatusUnprocessableEntity)
	if exitCode(err) != exitFailure || !strings.Contains(err.Error(), "import the file again") {
		t.Errorf("ended with %d: %v", exitCode(err), err)
	}
	if len(m.report.Problems) != 1 || m.report.Problems[0].Error() != `line 2: Qty: "5" Too much.` {
		t.Errorf("problems: %v", m.report.Problems)
	}
}

func TestABusyServerIsNotAskedForEver(t *testing.T) {
	file := writeSheet(t, "SKU,Name,Qty", "A,Apple,5")
	busy := http.StatusServiceUnavailable
	if _, _, err := importInto(t, file, busy, busy, busy, busy, busy); exitCode(err) != exitUnreachable {
		t.Errorf("ended with %d: %v", exitCode(err), err)
	}
}
