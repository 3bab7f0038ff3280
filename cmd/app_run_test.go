package cmd

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

// brokenDisk loses track of what it writes, once armed.
type brokenDisk struct {
	store.Journal
	armed chan struct{}
}

// Append reports a commit with an unknown outcome.
func (d brokenDisk) Append(ctx context.Context, b *store.Batch) error {
	select {
	case <-d.armed:
		return &store.Error{Code: store.CodeOutcomeUnknown, Op: "append", Message: "fsync failed"}
	default:
		return d.Journal.Append(ctx, b)
	}
}

func TestServeEndsAtOnceWhenStorageFails(t *testing.T) {
	dir, armed := t.TempDir(), make(chan struct{})
	s := startProgram(t, func(o *rootOptions) {
		o.journal = func(j store.Journal) store.Journal { return brokenDisk{j, armed} }
	}, dir)
	close(armed)
	status, body := s.ask(http.MethodPost, "/api/v1/tokens", s.Token, `{"name":"till","role":"terminal"}`)
	var p problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusServiceUnavailable || p.Code != store.CodeOutcomeUnknown {
		t.Errorf("the change is answered with %d: %s", status, body)
	}
	if code := s.wait(); code != exitStorage {
		t.Errorf("the server ends with %d: %s", code, s.stderr)
	}
	if !strings.Contains(s.stderr.String(), "the next start finds out") {
		t.Errorf("the log does not say why: %s", s.stderr)
	}
}

// handClock waits only as long as the test lets it.
type handClock struct {
	store.Clock
	passed map[time.Duration]chan time.Time
}

// After gives the channel that the test sends to.
func (c handClock) After(d time.Duration) <-chan time.Time { return c.passed[d] }

func TestServeBreaksOffAStopThatTakesTooLong(t *testing.T) {
	clock := handClock{store.SystemClock(), map[time.Duration]chan time.Time{stopLimit: make(chan time.Time)}}
	s := startProgram(t, func(o *rootOptions) { o.clock = clock }, t.TempDir())
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A request that has begun and never ends holds an orderly stop up.
	_, err = conn.Write([]byte("POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + s.Token +
		"\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	s.cancel()
	clock.passed[stopLimit] <- time.Time{}
	if code := s.wait(); code != exitInterrupted || !strings.Contains(s.stderr.String(), "was broken off") {
		t.Errorf("it ends with %d: %s", code, s.stderr)
	}
}

// lateClock runs as late as the test says, in nanoseconds.
type lateClock struct {
	store.Clock
	late atomic.Int64
}

func (c *lateClock) by() time.Duration { return time.Duration(c.late.Load()) }

// Wall is the time of day, later.
func (c *lateClock) Wall() time.Time { return c.Clock.Wall().Add(c.by()) }

// Mono is the time that passed, and more.
func (c *lateClock) Mono() time.Duration { return c.Clock.Mono() + c.by() }

func TestServeSavesASignedHeadNowAndThen(t *testing.T) {
	dir, look := t.TempDir(), time.Second
	hand := handClock{store.SystemClock(), map[time.Duration]chan time.Time{look: make(chan time.Time)}}
	clock := &lateClock{Clock: hand}
	startProgram(t, func(o *rootOptions) {
		o.clock, o.env = clock, append(o.env, "SHELFD_CHECKPOINTS_HEAD_INTERVAL=10m")
	}, dir)
	clock.late.Store(int64(10 * time.Minute))
	hand.passed[look] <- time.Time{}
	// It takes the second one when it is done with the first.
	hand.passed[look] <- time.Time{}
	if out := succeed(t, dir, "verify"); !strings.Contains(out, "saved heads 1, of which 1 signed") {
		t.Errorf("verify beside the running server says %s", out)
	}
}
