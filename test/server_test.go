package test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the built program.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "shelfd-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "shelfd")
	build := exec.Command("go", "build", "-C", "..", "-buildvcs=false", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building shelfd: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// server is one run of the program over a data directory.
type server struct {
	cmd        *exec.Cmd
	url, token string
	log        *bytes.Buffer
	exited     chan struct{}
	code       int
	client     *http.Client // nil: one on this machine
}

// control is what a running server writes for this machine's CLI.
type control struct {
	URL   string `json:"url"`
	PID   int    `json:"pid"`
	Token string `json:"token"`
}

// start runs the server and waits until it answers.
func start(t *testing.T, dir string, flags ...string) *server {
	t.Helper()
	_ = os.Remove(filepath.Join(dir, "control.json"))
	args := append([]string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0"}, flags...)
	s := &server{cmd: exec.Command(binary, args...), log: new(bytes.Buffer), exited: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	// The suites ask as fast as they can, with one token.
	s.cmd.Env = append(os.Environ(), "SHELFD_LIMITS_REQUESTS_PER_SECOND=1000000", "SHELFD_LIMITS_BURST=1000000", "SHELFD_SYNC_FIRST_CONTACT=0s")
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		s.code = s.cmd.ProcessState.ExitCode()
		close(s.exited)
	}()
	t.Cleanup(s.kill)
	s.await(t, filepath.Join(dir, "control.json"))
	return s
}

// await reads control.json once it is there and the server answers.
func (s *server) await(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		select {
		case <-s.exited:
			t.Fatalf("the server ended with %d:\n%s", s.code, s.log)
		case <-tick.C:
		}
		raw, err := os.ReadFile(path)
		var c control
		if err != nil || json.Unmarshal(raw, &c) != nil {
			continue
		}
		s.url, s.token = c.URL, c.Token
		if status, _, err := s.try(http.MethodGet, "/readyz", "", nil); err == nil && status == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server did not become ready:\n%s", s.log)
}

// kill ends the process at once, as a power switch would end it.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// stop ends the server orderly.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	if s.code != 0 {
		t.Fatalf("an orderly stop ended with %d:\n%s", s.code, s.log)
	}
}

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

// try sends one request; an error means that the outcome is not known.
func (s *server) try(method, path, key string, body any) (status int, answer []byte, err error) {
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := cmp.Or(s.client, client).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// must sends one request that has to succeed, and decodes the answer.
func (s *server) must(t *testing.T, method, path string, body, out any) {
	t.Helper()
	status, answer, err := s.try(method, path, "", body)
	if err != nil || status/100 != 2 {
		t.Fatalf("%s %s: %d %v\n%s", method, path, status, err, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, answer)
	}
}

// stocked makes a location and so many items of so many units, and gives
// their ids.
func (s *server) stocked(t *testing.T, items, units int) []string {
	t.Helper()
	var location struct{ ID string }
	s.must(t, http.MethodPost, "/api/v1/locations", map[string]any{"name": "Main Street", "timezone": "America/Chicago", "currency": "USD"}, &location)
	ids := make([]string, items)
	for n := range ids {
		var product, item struct{ ID string }
		s.must(t, http.MethodPost, "/api/v1/products", map[string]any{"sku": fmt.Sprint("SKU-", n), "name": fmt.Sprint("Product ", n)}, &product)
		s.must(t, http.MethodPost, "/api/v1/inventory", map[string]any{
			"product_id": product.ID, "location_id": location.ID, "room_type": "sales_floor", "quantity": units,
		}, &item)
		ids[n] = item.ID
	}
	return ids
}

// verify runs `shelfd verify` over a data directory.
func verify(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.Command(binary, "verify", "--data-dir", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
}

// references counts, over the whole ledger, how often each reference was
// booked by a movement.
func (s *server) references(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for after := int64(0); ; {
		status, answer, err := s.try(http.MethodGet, fmt.Sprintf("/api/v1/ledger?after=%d", after), "", nil)
		if err != nil || status != http.StatusOK {
			t.Fatalf("ledger: %d %v", status, err)
		}
		if len(answer) == 0 {
			return counts
		}
		for line := range strings.Lines(string(answer)) {
			var e struct{ ID, Kind, Reference string }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if e.Kind == "movement" && e.Reference != "" {
				counts[e.Reference]++
			}
			var epoch int64
			if _, err := fmt.Sscanf(e.ID, "%d-%d", &epoch, &after); err != nil {
				t.Fatal(err)
			}
		}
	}
}
