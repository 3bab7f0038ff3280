package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// tailing is a tail that runs.
type tailing struct {
	t     *testing.T
	lines *bufio.Scanner
	stop  context.CancelFunc
	ended chan int
}

func startTail(t *testing.T, dir string, args ...string) *tailing {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	o, _, _ := testOptions(t, dir)
	in, out := io.Pipe()
	o.stdout = out
	tail := &tailing{t: t, lines: bufio.NewScanner(in), stop: stop, ended: make(chan int, 1)}
	go func() {
		code := execute(ctx, o, append([]string{"tail"}, args...))
		_ = out.Close()
		tail.ended <- code
	}()
	t.Cleanup(stop)
	return tail
}

func (t *tailing) next() string {
	t.t.Helper()
	if !t.lines.Scan() {
		t.t.Fatalf("it ended: %v", t.lines.Err())
	}
	return t.lines.Text()
}

// stockOne makes a row with ten units, and gives its path.
func (s *served) stockOne() string {
	s.t.Helper()
	made := func(path, body string) string {
		s.t.Helper()
		status, answer := s.ask(http.MethodPost, path, s.Token, body)
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(answer), &v); err != nil || status != http.StatusCreated {
			s.t.Fatalf("%s: %d %s", path, status, answer)
		}
		return v.ID
	}
	location := made("/api/v1/locations", `{"name":"Main Street","timezone":"America/Chicago","currency":"USD"}`)
	product := made("/api/v1/products", `{"sku":"A","name":"Blue Dream"}`)
	return "/api/v1/inventory/" + made("/api/v1/inventory", fmt.Sprintf(
		`{"product_id":%q,"location_id":%q,"room_type":"vault","quantity":10}`, product, location))
}

func (s *served) sellOne(path, token string) {
	s.t.Helper()
	if status, body := s.ask(http.MethodPatch, path, token, `{"quantity_change":-1,"reason_code":"SALE"}`); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
}

func TestTailGoesOnOverAStopOfTheServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := startServer(t, dir)
	item := first.stockOne()
	tail := startTail(t, dir, "--after", "1-1", "--types", "inventory.updated", "--location", "main street", "-o", "json")
	shown := func(want string) (id string) {
		t.Helper()
		var line struct {
			ID   string
			Type string
			Data struct{ Quantity json.Number }
		}
		if err := json.Unmarshal([]byte(tail.next()), &line); err != nil || line.Data.Quantity.String() != want || line.Type != "inventory.updated" {
			t.Fatalf("%v in %+v, not %s", err, line, want)
		}
		return line.ID
	}
	shown("10")
	first.sellOne(item, first.Token)
	nine := shown("9")
	first.sellOne(item, first.Token)
	shown("8")
	first.stop()
	second := startServer(t, dir)
	second.sellOne(item, first.Token)
	if seven := shown("7"); seven == nine {
		t.Error("an event is shown twice")
	}
	tail.stop()
	if code := <-tail.ended; code != exitOK {
		t.Errorf("Ctrl-C ends it with %d", code)
	}
}

func TestTailShowsALineAnEvent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startServer(t, dir)
	s.sellOne(s.stockOne(), s.Token)
	tail := startTail(t, dir, "--after", "1-1")
	_ = tail.next()
	if got := strings.Join(strings.Fields(tail.next())[1:], " "); got != "Blue Dream -1 → 9 vault SALE" {
		t.Errorf("it shows %q", got)
	}
}

func TestTailSaysWhatIsInTheWay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if code, _, stderr := call(t, dir, "tail"); code != exitNotFound || !strings.Contains(stderr, "there is no ledger") {
		t.Errorf("without a ledger it ends with %d: %s", code, stderr)
	}
	s := startServer(t, dir)
	for args, want := range map[string]int{
		"--after yesterday": exitRefused, "--types inventory.sold": exitRefused, "--location Nowhere": exitNotFound,
	} {
		if code, _, stderr := call(t, dir, append([]string{"tail"}, strings.Fields(args)...)...); code != want || stderr == "" {
			t.Errorf("%s ends with %d: %s", args, code, stderr)
		}
	}
	s.stop()
	if code, _, stderr := call(t, dir, "tail"); code != exitUnreachable || !strings.Contains(stderr, "no server runs") {
		t.Errorf("without a server it ends with %d: %s", code, stderr)
	}
}

func TestTailLines(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"inventory.updated","data":{"product_name":"A\u001b[2J","quantity_change":3,"quantity":9,"room_type":"vault","reason_code":"RETURN","terminal":"till-1"}}`: "A [2J +3 → 9 vault \x1b[36mRETURN \x1b[0m till-1",
		`{"type":"inventory.availability_changed","data":{"product_name":"A","reserved_change":-2,"available_quantity":9,"room_type":"vault","why":"released"}}`:            "A held -2 → 9 vault hold released",
		`{"type":"reservation.expired","data":{"product_name":"A","quantity_released":2,"room_type":"vault","reference":"order-1"}}`:                                        "A freed 2 vault expired order-1",
		`{"type":"inventory.low_stock","data":{"product_name":"A","available_quantity":8,"low_stock_threshold":10,"room_type":null}}`:                                       "A → 8 ≤ 10 \x1b[1;33mLOW STOCK \x1b[0m",
		`{"type":"inventory.sync.completed","data":{"destination":"central","sync_type":"full","status":"succeeded"}}`:                                                      "sync central full succeeded",
		`{"type":"lot.expiring","data":{"product_name":"A","quantity":4,"expires_at":"2026-02-06"}}`:                                                                        "A → 4 expires 2026-02-06",
		`{"type":"transfer.completed","data":{"number":"MS-12","direction":"out","status":"closed"}}`:                                                                       "transfer MS-12 out closed",
		`{"type":"discrepancy.opened","data":{"class":"quantity","product_name":"A"}}`:                                                                                      "A discrepancy quantity",
	} {
		var n feedNews
		if err := json.Unmarshal([]byte(body), &n); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(n.line(true))[1:], " "); got != want {
			t.Errorf("%s\nis shown as %q", body, got)
		}
		if plain := n.line(false); strings.Contains(plain, "\x1b") {
			t.Errorf("without colours it is %q", plain)
		}
	}
}

func TestTailKeepsToNoColor(t *testing.T) {
	for env, want := range map[string]bool{"NO_COLOR=1": true, "NO_COLOR=": false, "COLOR=1": false} {
		o, _, _ := testOptions(t, t.TempDir())
		o.env = append(o.env, env)
		if got := (&tailOptions{rootOptions: o}).noColour(); got != want {
			t.Errorf("%s → %t", env, got)
		}
	}
}
