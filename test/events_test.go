package test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// eventsPage follows the live feed with the browser's own EventSource, and
// says what it reads, to somewhere that the test does not cut.
const eventsPage = `<!doctype html><title>feed</title><script>
const say = (what) => fetch("SAYS", {method: "POST", body: JSON.stringify(what)});
const feed = new EventSource("/api/v1/events?types=inventory.updated");
feed.onopen = () => say({opened: true});
feed.onerror = () => say({lost: true});
feed.addEventListener("inventory.updated", (e) => say({id: e.lastEventId, body: JSON.parse(e.data)}));
</script>`

// said is something that the page says.
type said struct {
	Opened, Lost bool
	ID           string
	Body         struct {
		Type string
		Data struct {
			Quantity  int
			Reference string
		}
	}
}

// backend is what stands between a browser and shelfd in a shop: it serves the
// page and adds the token, which an EventSource cannot send.
func backend(t *testing.T, s *server, says string) *httptest.Server {
	t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	feed := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = target.Host
		r.Out.Header.Set("Authorization", "Bearer "+s.token)
	}}
	mux := http.NewServeMux()
	mux.Handle("/api/", feed)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, strings.ReplaceAll(eventsPage, "SAYS", says))
	})
	b := httptest.NewServer(mux)
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return b
}

// listener hears what the page says.
type listener struct {
	*httptest.Server
	heard chan said
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{heard: make(chan said, 4096)}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		var v said
		if err := json.NewDecoder(r.Body).Decode(&v); err == nil && r.Method == http.MethodPost {
			l.heard <- v
		}
	}))
	t.Cleanup(l.Close)
	return l
}

// browse opens an address in a real Chromium, closed when the test ends.
func browse(t *testing.T, address string) {
	t.Helper()
	program := chromium(t)
	ctx, stop := context.WithCancel(t.Context())
	c := exec.CommandContext(ctx, program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--no-proxy-server", "--user-data-dir="+t.TempDir(),
		"--remote-debugging-port=0", address)
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = c.Wait()
	})
}

// chromium finds the browser. Without one the test is left out, but not in CI.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no Chromium; apt-get install -y --no-install-recommends chromium"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// until waits for something that the page says, and keeps the events before.
func (l *listener) until(t *testing.T, what string, done func(said) bool, events *[]said) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		select {
		case v := <-l.heard:
			if v.ID != "" {
				*events = append(*events, v)
			}
			if done(v) {
				return
			}
		case <-deadline:
			t.Fatalf("the browser did not %s; it has read %d events", what, len(*events))
		}
	}
}

func TestABrowserThatLosesItsConnectionMissesNoEvent(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	item := s.stocked(t, 1, 1000)[0]
	l := listen(t)
	way := newLink(t, strings.TrimPrefix(backend(t, s, l.URL).URL, "http://"))
	browse(t, "http://"+way.address+"/")

	var events []said
	opened := func(v said) bool { return v.Opened }
	lost := func(v said) bool { return v.Lost }
	l.until(t, "open the feed", opened, &events)
	sold := 0
	sell := func(times int) {
		for range times {
			sold++
			s.must(t, http.MethodPatch, "/api/v1/inventory/"+item, map[string]any{
				"quantity_change": -1, "reason_code": "SALE", "reference": fmt.Sprint("order-", sold),
			}, nil)
		}
	}
	for range 3 {
		sell(20) // some of it is on its way when the connection goes
		way.cut()
		l.until(t, "notice the loss", lost, &events)
		sell(20)
		way.mend()
		l.until(t, "come back", opened, &events)
	}
	sell(1)
	// What the page says of the last one may overtake what it says of others.
	read := map[string]bool{}
	for _, e := range events {
		read[e.ID] = true
	}
	l.until(t, "read every event", func(v said) bool {
		if v.ID != "" {
			read[v.ID] = true
		}
		return len(read) >= sold
	}, &events)
	missesNothing(t, events, sold)
}

// missesNothing checks that every sale was read, in order. The page says what
// it read in requests that may overtake each other.
func missesNothing(t *testing.T, events []said, sold int) {
	t.Helper()
	read := map[string]int{}
	for _, e := range events {
		read[e.ID] = e.Body.Data.Quantity
	}
	var quantities []int
	for _, q := range read {
		quantities = append(quantities, q)
	}
	slices.Sort(quantities)
	slices.Reverse(quantities)
	if len(quantities) != sold || quantities[0] != 999 || quantities[sold-1] != 1000-sold {
		t.Fatalf("of %d sales the browser read %d: %v", sold, len(quantities), quantities)
	}
	if len(events) != len(read) {
		t.Logf("%d events came twice", len(events)-len(read))
	}
}
