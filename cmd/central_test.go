package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
)

// office is head office's server over a database of its own.
type office struct {
	*served
	database string
}

func startCentral(t *testing.T) office {
	t.Helper()
	database := centraltest.Start(t)
	return office{startCopy(t, database), database}
}

// startCopy starts one copy of head office's server.
func startCopy(t *testing.T, database string) *served {
	t.Helper()
	return startCommand(t, func(*rootOptions) {}, t.TempDir(),
		"central", "-o", "json", "--listen", "127.0.0.1:0", "--database", database)
}

// run runs a command of head office that must succeed, and gives its output.
func (o office) run(args ...string) string {
	o.t.Helper()
	return succeed(o.t, o.t.TempDir(), append([]string{"central", "--database", o.database}, args...)...)
}

// stores gives what head office knows of its stores, by name.
func (o office) stores() map[string]storeView {
	o.t.Helper()
	var list struct{ Data []storeView }
	if err := json.Unmarshal([]byte(o.run("stores", "-o", "json")), &list); err != nil {
		o.t.Fatal(err)
	}
	named := map[string]storeView{}
	for _, s := range list.Data {
		named[s.Name] = s
	}
	return named
}

// enrol lets a data directory in, which a server may have open or not.
func (o office) enrol(dir, name string) {
	o.t.Helper()
	code := strings.TrimSpace(o.run("enroll", name))
	succeed(o.t, dir, "sync", "enroll", o.URL, code)
}

// box starts a store on a machine.
func box(t *testing.T, dir, machine string) *served {
	t.Helper()
	return startProgram(t, func(o *rootOptions) {
		o.moveTo(machine)
		o.env = append(o.env, "SHELFD_SYNC_FIRST_CONTACT=0s")
	}, dir)
}

func stocked(t *testing.T, dir string) {
	t.Helper()
	file := writeSheet(t, "SKU,Name,Unit,Price,Qty,Threshold", "A,Apple,g,1.10,5,6", "B,Beet,each,2,3.5,", "C,Chard,each,3,0,")
	if code, _, stderr := imported(t, dir, file, mainStreet...); code != exitOK {
		t.Fatalf("import ended with %d: %s", code, stderr)
	}
}

// eventually waits for something that another part brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline, look := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("%s does not come about", what)
		case <-look.C:
		}
	}
}

// rows gives the rows of a list of stock without what only one side knows.
func (s *served) rows(token, query string) []map[string]any {
	s.t.Helper()
	status, body := s.ask(http.MethodGet, "/api/v1/inventory?"+query, token, "")
	var list struct{ Data []map[string]any }
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		s.t.Fatalf("%d: %s", status, body)
	}
	for _, row := range list.Data {
		delete(row, "store_id")
		delete(row, "last_sync")
	}
	return list.Data
}

func (s *served) item(sku string) map[string]any {
	s.t.Helper()
	rows := s.rows(s.Token, "sku="+url.QueryEscape(sku))
	if len(rows) != 1 {
		s.t.Fatalf("%d rows of %s", len(rows), sku)
	}
	return rows[0]
}

func (s *served) sell(sku string, change int) {
	s.t.Helper()
	path := fmt.Sprintf("/api/v1/inventory/%s", s.item(sku)["id"])
	status, body := s.ask(http.MethodPatch, path, s.Token, fmt.Sprintf(`{"quantity_change": %d, "reason_code": "ADJUSTMENT"}`, change))
	if status != http.StatusOK {
		s.t.Fatalf("%d: %s", status, body)
	}
}

// destination gives what sync status says about central.
func destination(t *testing.T, dir string) (d syncDestination) {
	t.Helper()
	var status syncStatus
	if err := json.Unmarshal([]byte(succeed(t, dir, "sync", "status", "-o", "json")), &status); err != nil || len(status.Destinations) != 1 {
		t.Fatalf("%v: %+v", err, status)
	}
	return status.Destinations[0]
}

func TestAStoreEnrolsAndCentralHasWhatItHas(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	if out := succeed(t, dir, "sync", "--type", "full"); !strings.HasPrefix(out, "The full run succeeded: ") {
		t.Errorf("sync says %s", out)
	}
	token := strings.TrimSpace(central.run("token", "create", "--name", "Anna", "--role", "viewer"))
	ours, theirs := shop.rows(shop.Token, "sort=sku"), central.rows(token, "sort=sku")
	if len(ours) != 3 || !reflect.DeepEqual(theirs, ours) {
		t.Errorf("central has\n%v\nthe store has\n%v", theirs, ours)
	}
	if d := destination(t, dir); d.State != "idle" || d.Waiting != 0 || d.LastSuccessAt == nil || d.Error != nil {
		t.Errorf("the destination is %+v", d)
	}
	if s := central.stores()["Main Street"]; s.Health != "ok" || s.Lag != 0 || s.Items != 3 || s.AckedSeq == 0 {
		t.Errorf("the store is %+v", s)
	}
	if status, body := central.ask(http.MethodPatch, "/api/v1/inventory/"+fmt.Sprint(ours[0]["id"]), token, `{"quantity_change": 1, "reason_code": "RETURN"}`); status < 400 {
		t.Errorf("central changes stock: %d %s", status, body)
	}
	shop.sell("A", -2)
	eventually(t, "the sale at central", func() bool { return fmt.Sprint(central.rows(token, "sku=A")[0]["quantity"]) == "3" })
	if last := central.stores()["Main Street"].LastContact; last == nil {
		t.Error("central does not know when it was last asked")
	}
	if code := shop.stop(); code != exitOK {
		t.Errorf("the store ends with %d: %s", code, shop.stderr)
	}
	if code := central.stop(); code != exitOK {
		t.Errorf("central ends with %d: %s", code, central.stderr)
	}
}

func TestTheKeyIsInItsFileAndNowhereElse(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	kept, err := enrolmentOf(defaultConfig(), dir)
	if err != nil || kept.URL != central.URL || kept.Name != "Main Street" || !strings.HasPrefix(kept.Key, "shelfd_") {
		t.Fatalf("kept is %+v, %v", kept, err)
	}
	shop.stop()
	if strings.Contains(shop.stderr.String()+central.stderr.String(), kept.Key) {
		t.Error("a log shows the key")
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == enrolmentFile {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if strings.Contains(string(data), kept.Key) {
			t.Errorf("%s has the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHeadOfficeSendsAPriceAndItIsObeyedAtOnce(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	file := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(file, []byte(`[{"sku": "A", "unit_price": 38.5}, {"sku": "B", "unit_price": 4}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	central.run("send", "product", file, "--store", "main street")
	eventually(t, "the new price", func() bool { return fmt.Sprint(shop.item("B")["unit_price"]) == "4" })
	if price := fmt.Sprint(shop.item("A")["unit_price"]); price != "38.5" {
		t.Errorf("the first price is %s", price)
	}
}

func TestARevokedStoreWaitsForANewCode(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	if out := central.run("revoke", "Main Street"); !strings.Contains(out, "is taken away") {
		t.Errorf("revoke says %s", out)
	}
	shop.sell("A", -1)
	code, _, stderr := call(t, dir, "sync")
	if code != exitUnsynced || !strings.Contains(stderr, "(revoked)") {
		t.Errorf("sync ends with %d: %s", code, stderr)
	}
	if d := destination(t, dir); d.State != "paused" || d.Error == nil || d.Error.Code != "revoked" || d.Waiting == 0 {
		t.Errorf("the destination is %+v", d)
	}
	if out := succeed(t, dir, "sync", "status"); !strings.Contains(out, "paused") || !strings.Contains(out, "Ask for a new code") {
		t.Errorf("status says %s", out)
	}
	if s := central.stores()["Main Street"]; s.Health != "revoked" {
		t.Errorf("the store is %+v", s)
	}
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	if s := central.stores()["Main Street"]; s.Health != "ok" || s.Lag != 0 {
		t.Errorf("after a new code the store is %+v", s)
	}
}

func TestACodeIsGoodOnceAndAForgottenCentralIsAskedNoMore(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	code := strings.TrimSpace(central.run("enroll", "Main Street"))
	succeed(t, dir, "sync", "enroll", central.URL, code)
	if out := succeed(t, dir, "sync"); !strings.Contains(out, "succeeded") {
		t.Errorf("without a server sync says %s", out)
	}
	if exit, _, stderr := call(t, dir, "sync", "enroll", central.URL, code); exit != exitRefused && exit != exitUnreachable {
		t.Errorf("a used code ends with %d: %s", exit, stderr)
	}
	succeed(t, dir, "sync", "forget")
	if exit, _, stderr := call(t, dir, "sync"); exit != exitNotFound {
		t.Errorf("sync after forget ends with %d: %s", exit, stderr)
	}
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	if n := len(central.stores()); n != 1 {
		t.Errorf("the store came back as one of %d", n)
	}
}

func TestAStopOfCentralWaitsForNoLongPoll(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	box(t, dir, "box")
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	began := time.Now()
	if code := central.stop(); code != exitOK {
		t.Errorf("central ends with %d: %s", code, central.stderr)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stop took %s", took)
	}
	code, _, stderr := call(t, dir, "sync")
	if code != exitUnsynced {
		t.Errorf("with central gone sync ends with %d: %s", code, stderr)
	}
}

func TestTwoCopiesOfCentralServeOneDatabase(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	second := startCopy(t, central.database)
	stocked(t, dir)
	central.enrol(dir, "Main Street")
	succeed(t, dir, "sync")
	token := strings.TrimSpace(central.run("token", "create", "--name", "Anna", "--role", "viewer"))
	if a, b := central.rows(token, ""), second.rows(token, ""); len(a) != 3 || !reflect.DeepEqual(a, b) {
		t.Errorf("one copy says\n%v\nthe other\n%v", a, b)
	}
	var list struct{ Data []tokenView }
	if err := json.Unmarshal([]byte(central.run("token", "list", "-o", "json")), &list); err != nil || len(list.Data) != 1 {
		t.Fatalf("%v: %+v", err, list)
	}
	central.run("token", "revoke", list.Data[0].ID)
	for _, s := range []*served{central.served, second} {
		if status, _ := s.ask(http.MethodGet, "/api/v1/inventory", token, ""); status != http.StatusUnauthorized {
			t.Errorf("a revoked token gets %d", status)
		}
	}
}

func TestHeadOfficesCommandsEndWithTheDocumentedCodes(t *testing.T) {
	database := centraltest.Start(t)
	for _, tc := range []struct {
		args string
		want int
		say  string
	}{
		{"stores", exitOK, ""},
		{"token list", exitOK, ""},
		{"revoke Nowhere", exitNotFound, `there is no store "Nowhere"`},
		{"enroll Shop --expires soon", exitUsage, "--expires soon"},
		{"send product nothing.json", exitUsage, "nothing.json"},
		{"send product ../go.mod", exitUsage, "must be a JSON object or a list of them"},
		{"token revoke x", exitUsage, "no id of a token"},
		{"token revoke 019bfefd-0000-7000-8000-000000000000", exitNotFound, ""},
		{"token create --name A --role owner", exitRefused, ""},
		{"send price nothing.json", exitUsage, "is no kind of command"},
	} {
		args := append([]string{"central", "--database", database}, strings.Fields(tc.args)...)
		code, _, stderr := call(t, t.TempDir(), args...)
		if code != tc.want || !strings.Contains(stderr, tc.say) || (code != exitOK) != (stderr != "") {
			t.Errorf("%s ends with %d and says %q", tc.args, code, stderr)
		}
	}
}

func TestAKeyFileStandsForEnrolling(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	central.enrol(dir, "Main Street")
	kept, err := enrolmentOf(defaultConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(key, []byte(kept.Key+"\n"), 0o600), removeEnrolment(dir)); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		o, stdout, stderr := testOptions(t, dir)
		o.env = append(o.env, "SHELFD_SYNC_CENTRAL_URL="+central.URL, "SHELFD_SYNC_CENTRAL_KEY_FILE="+key)
		return execute(t.Context(), o, args), stdout.String() + stderr.String()
	}
	if code, out := run("sync"); code != exitOK {
		t.Errorf("sync ends with %d: %s", code, out)
	}
	for _, args := range [][]string{{"sync", "forget"}, {"sync", "enroll", central.URL, "CODE"}} {
		if code, out := run(args...); code != exitRefused || !strings.Contains(out, "sync.central.url") {
			t.Errorf("%v ends with %d: %s", args, code, out)
		}
	}
}

func TestWatchingShowsWhatChangesUntilItIsStopped(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	central.enrol(dir, "Main Street")
	ctx, cancel := context.WithCancel(t.Context())
	o, _, stderr := testOptions(t, dir)
	shown, out := io.Pipe()
	o.stdout = out
	ended := make(chan int, 1)
	go func() {
		code := execute(ctx, o, []string{"sync", "--watch"})
		_ = out.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(shown)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("it never shows %q: %s", want, stderr)
	}
	next("The incremental run succeeded")
	next("central  idle  0 behind")
	central.run("revoke", "Main Street")
	shop.sell("A", -1)
	next("central  paused")
	cancel()
	go func() { _, _ = io.Copy(io.Discard, shown) }()
	if code := <-ended; code != exitOK {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

func TestEveryCommandOfSyncingSpeaksJSON(t *testing.T) {
	central, dir := startCentral(t), t.TempDir()
	stocked(t, dir)
	file := filepath.Join(t.TempDir(), "price.json")
	if err := os.WriteFile(file, []byte(`{"sku": "A", "unit_price": 3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var invited struct{ Code string }
	office := []string{"central", "--database", central.database}
	for _, step := range []struct {
		at   []string
		args string
		want string
	}{
		{office, "enroll Shop", "code"},
		{nil, "sync enroll " + central.URL + " CODE", "name"},
		{nil, "sync", "counts"},
		{nil, "sync status", "destinations"},
		{nil, "adopt", "epoch"},
		{office, "stores", "data"},
		{office, "send product " + file, "commands"},
		{office, "token create --name Anna --role viewer", "token"},
		{office, "token list", "data"},
		{office, "revoke Shop", "revoked"},
		{nil, "sync forget", "forgotten"},
	} {
		args := append(append(step.at[:len(step.at):len(step.at)], strings.Fields(strings.ReplaceAll(step.args, "CODE", invited.Code))...), "-o", "json")
		out := []byte(succeed(t, dir, args...))
		var members map[string]json.RawMessage
		if err := json.Unmarshal(out, &members); err != nil || members[step.want] == nil {
			t.Errorf("%s: %v, %s", step.args, err, out)
		}
		if step.want == "code" {
			if err := json.Unmarshal(out, &invited); err != nil {
				t.Fatal(err)
			}
		}
	}
}
