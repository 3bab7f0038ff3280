package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// startRun runs the command of a service manager, which says nothing when it is
// ready, and waits until it answers.
func startRun(t *testing.T, change func(*rootOptions), dir string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o, _, stderr := testOptions(t, dir)
	address := freeAddress(t)
	o.env = append(o.env, "SHELFD_LISTEN="+address)
	change(o)
	ended := make(chan int, 1)
	s := &served{t: t, URL: "http://" + address, DataDir: dir, cancel: cancel, ended: ended, stderr: stderr}
	go func() { ended <- execute(ctx, o, []string{"service", "run"}) }()
	t.Cleanup(func() {
		if cancel(); s.ended != nil {
			<-s.ended
		}
	})
	s.until("/healthz", func(int, string) bool { return true })
	return s
}

// until asks again and again until the answer is the one that is waited for.
func (s *served) until(path string, good func(status int, body string) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if good(answer.StatusCode, string(body)) {
				return
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not come to that: %v", path, err)
		}
	}
}

// closedGate keeps a ledger from being opened until the test lets it.
func closedGate(o *rootOptions) (open func()) {
	gate := make(chan struct{})
	o.journal = func(j store.Journal) store.Journal {
		<-gate
		return j
	}
	return func() { close(gate) }
}

func TestAServerAnswersBeforeItsDataAreOpen(t *testing.T) {
	dir := t.TempDir()
	startServer(t, dir).stop()
	var open func()
	s := startRun(t, func(o *rootOptions) { open = closedGate(o) }, dir)
	if status, body := s.ask(http.MethodGet, "/healthz", "", ""); status != http.StatusOK || !strings.Contains(body, `"status":"starting"`) {
		t.Errorf("health is %d: %s", status, body)
	}
	if status, body := s.ask(http.MethodGet, "/readyz", "", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, `"reason":"starting"`) {
		t.Errorf("readiness is %d: %s", status, body)
	}
	status, body := s.ask(http.MethodPost, "/api/v1/tokens", "any", `{"name":"till","role":"terminal"}`)
	var p problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusServiceUnavailable || p.Code != store.CodeStarting {
		t.Errorf("the API answers %d: %s", status, body)
	}
	open()
	s.until("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	if code := s.stop(); code != exitOK {
		t.Errorf("it ends with %d: %s", code, s.stderr)
	}
}

func TestAConnectionStaysWhileTheDataAreOpened(t *testing.T) {
	dir := t.TempDir()
	startServer(t, dir).stop()
	var open func()
	s := startRun(t, func(o *rootOptions) { open = closedGate(o) }, dir)
	dialled := 0
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled++
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
	ask := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	if status := ask(); status != http.StatusServiceUnavailable {
		t.Fatalf("it is ready with %d", status)
	}
	open()
	for ask() != http.StatusOK {
	}
	if dialled != 1 {
		t.Errorf("it took %d connections", dialled)
	}
}

func TestAServiceKeepsItsAddressWithoutData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	clock := handClock{store.SystemClock(), map[time.Duration]chan time.Time{lookAgain: make(chan time.Time)}}
	s := startRun(t, func(o *rootOptions) { o.clock = clock }, dir)
	s.until("/readyz", func(_ int, body string) bool { return strings.Contains(body, `"reason":"ledger_missing"`) })
	if status, body := s.ask(http.MethodGet, "/healthz", "", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, `"failing"`) {
		t.Errorf("health is %d: %s", status, body)
	}
	if status, body := s.ask(http.MethodGet, "/api/v1/inventory", "any", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, `"unavailable"`) {
		t.Errorf("the API answers %d: %s", status, body)
	}
	status, page := s.ask(http.MethodGet, "/", "", "")
	safe, wrong, todo := strings.Index(page, "What is safe"), strings.Index(page, "There is no ledger in "+dir), strings.Index(page, "What to do")
	if status != http.StatusServiceUnavailable || safe < 0 || wrong < safe || todo < wrong {
		t.Errorf("the page is %d: %s", status, page)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it made a directory where a disk is missing: %v", err)
	}
	startServer(t, dir).stop() // the disk is back
	clock.passed[lookAgain] <- time.Time{}
	s.until("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	if list := tokensOf(t, dir); len(list) != 1 {
		t.Errorf("the commands reach %d tokens", len(list))
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("it ends with %d: %s", code, s.stderr)
	}
}

func TestAServiceThatIsStoppedSaysWhatWasWrong(t *testing.T) {
	damage := func(dir string) { writeFile(t, filepath.Join(dir, sqlite.FileName), make([]byte, 8192)) }
	for _, c := range []struct {
		what   string
		spoil  func(dir string)
		reason string
	}{
		{"nothing there", func(string) {}, "ledger_missing"},
		{"zeros", damage, ""},
		{"demo data", func(dir string) { startServer(t, dir, "--demo").stop() }, "refused"},
		{"in use", func(dir string) { startServer(t, dir) }, "in_use"},
	} {
		dir := t.TempDir()
		c.spoil(dir)
		want, _, _ := call(t, dir, "token", "list")
		if c.what == "nothing there" {
			want = exitNotFound
		}
		if c.what == "in use" {
			want = exitInUse
		}
		if c.what == "demo data" {
			want = exitRefused
		}
		clock := handClock{store.SystemClock(), map[time.Duration]chan time.Time{}}
		s := startRun(t, func(o *rootOptions) { o.clock = clock }, dir)
		s.until("/readyz", func(_ int, body string) bool {
			return !strings.Contains(body, `"starting"`) && strings.Contains(body, c.reason)
		})
		if code := s.stop(); code != want || want == exitOK {
			t.Errorf("%s: it ends with %d, not %d: %s", c.what, code, want, s.stderr)
		}
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAServiceShowsNoToken(t *testing.T) {
	dir := t.TempDir()
	startServer(t, dir).stop()
	succeed(t, dir, "token", "revoke", tokensOf(t, dir)[0].ID)
	s := startRun(t, func(*rootOptions) {}, dir)
	s.until("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	s.stop()
	if said := s.stderr.String(); strings.Contains(said, store.TokenPrefix) || !strings.Contains(said, "there is no admin token") {
		t.Errorf("it says %s", said)
	}
}

// heard is what a service manager is told.
type heard struct {
	t    *testing.T
	conn *net.UnixConn
}

// listenAsManager is systemd's end of the socket.
func listenAsManager(t *testing.T) *heard {
	t.Helper()
	// A path of a socket has at most about a hundred characters.
	dir, err := os.MkdirTemp("", "n") //nolint:usetesting // See above.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	if err != nil {
		t.Skip("this system has no such sockets:", err)
	}
	t.Cleanup(func() { conn.Close() })
	return &heard{t, conn}
}

func (h *heard) next() string {
	h.t.Helper()
	var b [4096]byte
	if err := h.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	n, err := h.conn.Read(b[:])
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b[:n])
}

// silent tells whether nothing is heard for a while, in which it would be.
func (h *heard) silent() bool {
	var b [4096]byte
	_ = h.conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	_, err := h.conn.Read(b[:])
	return err != nil
}

// environment is what systemd gives a service.
func (h *heard) environment() []string {
	return []string{"NOTIFY_SOCKET=" + h.conn.LocalAddr().String(), "WATCHDOG_USEC=30000000", fmt.Sprintf("WATCHDOG_PID=%d", os.Getpid())}
}

// stuckDisk holds a write until the test lets it go on.
type stuckDisk struct {
	store.Journal
	writes, goOn chan struct{}
}

func (d stuckDisk) Append(ctx context.Context, b *store.Batch) error {
	select {
	case d.writes <- struct{}{}:
		<-d.goOn
	default:
	}
	return d.Journal.Append(ctx, b)
}

func TestTheServiceManagerHearsNothingFromAWriterThatHangs(t *testing.T) {
	dir, manager := t.TempDir(), listenAsManager(t)
	token := func() string { s := startServer(t, dir); defer s.stop(); return s.Token }()
	disk := stuckDisk{writes: make(chan struct{}), goOn: make(chan struct{})}
	beat := make(chan time.Time)
	clock := handClock{store.SystemClock(), map[time.Duration]chan time.Time{10 * time.Second: beat}}
	s := startRun(t, func(o *rootOptions) {
		o.env, o.clock = append(o.env, manager.environment()...), clock
		o.journal = func(j store.Journal) store.Journal { disk.Journal = j; return disk }
	}, dir)
	if said := manager.next(); !strings.HasPrefix(said, "READY=1\n") {
		t.Errorf("first it says %q", said)
	}
	for said := manager.next(); !strings.HasPrefix(said, "STATUS=Serving "+s.URL); said = manager.next() {
	}
	beat <- time.Time{}
	for manager.next() != "WATCHDOG=1" {
	}
	asked := make(chan int, 1)
	go func() {
		status, _ := s.ask(http.MethodPost, "/api/v1/tokens", token, `{"name":"till","role":"terminal"}`)
		asked <- status
	}()
	<-disk.writes
	beat <- time.Time{} // the feeder now asks the writer, which hangs
	if !manager.silent() {
		t.Error("a writer that hangs gives a sign of life")
	}
	close(disk.goOn)
	if status := <-asked; status != http.StatusCreated {
		t.Errorf("the write is answered with %d", status)
	}
	if said := manager.next(); said != "WATCHDOG=1" {
		t.Errorf("after it goes on it says %q", said)
	}
	s.stop()
	if said := manager.next(); !strings.HasPrefix(said, "STOPPING=1") {
		t.Errorf("at the end it says %q", said)
	}
}
