package web

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// feedServer is a server with a listener and the machine's clock: the live feed
// needs both.
type feedServer struct {
	*storetest.Shop
	t      testing.TB
	server *Server
	url    string
	stop   context.CancelFunc
	ended  chan error
}

const feedSecret = store.TokenPrefix + "feed-000000000000000000000000000000000000000"

func openFeed(t testing.TB) *feedServer {
	t.Helper()
	return openFeedOver(t, storetest.OpenReal(t), store.SystemClock())
}

// behindDoor gives a server as it is served: behind an open door.
func behindDoor(t testing.TB, cfg Config, s *Server) *Door {
	t.Helper()
	d, err := NewDoor(cfg, store.SystemClock(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.Open(s)
	return d
}

func openFeedOver(t testing.TB, shop *storetest.Shop, clock store.Clock, over ...func(net.Listener) net.Listener) *feedServer {
	t.Helper()
	f := &feedServer{Shop: shop, t: t, ended: make(chan error, 1)}
	f.token(feedSecret, store.ID{})
	var err error
	cfg := Config{Version: "test", RequestsPerSecond: 1e9, Burst: 1e9, ReadTimeout: time.Second, WriteTimeout: time.Second}
	f.server, err = New(cfg, Deps{Ledger: f.Ledger, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://" + ln.Addr().String()
	for _, wrap := range over {
		ln = wrap(ln)
	}
	ctx, stop := context.WithCancel(t.Context())
	f.stop = stop
	door := behindDoor(t, cfg, f.server)
	go func() { f.ended <- door.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-f.ended; err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *feedServer) token(secret string, location store.ID) {
	f.t.Helper()
	f.Must(&store.IssueToken{Name: "feed", Role: store.RoleViewer, Location: location, Hash: store.HashToken(secret)})
}

// heard is one event as a client reads it; comment tells that it is none.
type heard struct {
	id, kind, data string
	comment        bool
}

// stream is a client of the live feed.
type stream struct {
	t    testing.TB
	resp *http.Response
	in   *bufio.Reader
	last string
}

// follow opens the feed; last is the Last-Event-ID.
func (f *feedServer) follow(query, last string) *stream {
	f.t.Helper()
	return f.followAs(feedSecret, query, last)
}

func (f *feedServer) followAs(secret, query, last string) *stream {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+"/api/v1/events"+query, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { resp.Body.Close() })
	s := &stream{t: f.t, resp: resp, in: bufio.NewReader(resp.Body)}
	if resp.StatusCode == http.StatusOK {
		if first := s.block(); first[0] != "retry: 2000" {
			f.t.Fatalf("it begins with %q", first)
		}
	}
	return s
}

// block reads up to the next empty line; nil at the end.
func (s *stream) block() (lines []string) {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return nil
		}
		if line == "\n" {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
		if id, ok := strings.CutPrefix(lines[len(lines)-1], "id: "); ok {
			s.last = id
		}
	}
}

// next reads the next event or comment; ok is false at the end.
func (s *stream) next() (e heard, ok bool) {
	lines := s.block()
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "":
			e.comment = true
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		}
	}
	return e, lines != nil
}

// ids reads so many events.
func (s *stream) ids(n int) []string {
	s.t.Helper()
	var ids []string
	for len(ids) < n {
		e, ok := s.next()
		if !ok {
			s.t.Fatalf("it ended after %v", ids)
		}
		if e.comment {
			continue
		}
		var body struct{ Type string }
		if err := json.Unmarshal([]byte(e.data), &body); err != nil || body.Type != e.kind {
			s.t.Fatalf("%v in %+v", err, e)
		}
		ids = append(ids, e.id)
	}
	return ids
}

func (s *stream) close() { s.resp.Body.Close() }

// sell sells one unit so many times, and gives the ids of the movements.
func (f *feedServer) sell(item store.ID, times int) (ids []string) {
	for range times {
		r := f.Adjust(item, -1, store.Sale)
		ids = append(ids, r.Movements()[0].Entry.Position.String())
	}
	return ids
}
