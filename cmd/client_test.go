package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

func TestCommandsUseTheRunningServer(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	token := strings.TrimSpace(succeed(t, dir, "token", "create", "--name", "Till 1", "--role", "terminal"))
	if status, body := s.ask(http.MethodGet, "/api/v1/me", token, ""); status != http.StatusOK || !strings.Contains(body, "terminal") {
		t.Errorf("the server does not know the new token: %d %s", status, body)
	}
}

func TestCommandsOpenTheDirectoryWhenNoServerRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	token := strings.TrimSpace(succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin"))
	if list := tokensOf(t, dir); len(list) != 1 || list[0].Name != "Office" {
		t.Errorf("the list has %+v", list)
	}
	if out := succeed(t, dir, "verify", "-o", "json"); !strings.Contains(out, `"stopped_in_order": true`) {
		t.Errorf("a command left the ledger open: %s", out)
	}
	s := startServer(t, dir)
	if s.Token != "" {
		t.Error("with an admin token made before, the first start shows one")
	}
	if status, _ := s.ask(http.MethodGet, "/api/v1/tokens", token, ""); status != http.StatusOK {
		t.Errorf("the token made without a server gets %d", status)
	}
}

func TestCommandsThatReadMakeNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{{"token", "list"}, {"token", "revoke", "x"}, {"verify"}} {
		if code, _, stderr := call(t, dir, args...); code != exitNotFound || !strings.Contains(stderr, "there is no ledger in "+dir) {
			t.Errorf("%v ends with %d: %s", args, code, stderr)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("they made %s: %v", dir, err)
	}
}

func TestCommandsIgnoreAControlFileThatWasLeftBehind(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a stranger at the old address was asked")
	}))
	defer stranger.Close()
	if err := writeControl(dir, control{URL: stranger.URL, PID: os.Getpid(), Token: "shelfd_old"}); err != nil {
		t.Fatal(err)
	}
	if list := tokensOf(t, dir); len(list) != 1 {
		t.Errorf("the list has %+v", list)
	}
}

func TestCommandsNameTheProcessThatHoldsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, NewStore: newID})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	silent := httptest.NewServer(http.NotFoundHandler())
	defer silent.Close()
	for _, c := range []*control{nil, {URL: silent.URL, PID: os.Getpid()}, {URL: "http://127.0.0.1:1", PID: os.Getpid()}} {
		if c != nil {
			if err := writeControl(dir, *c); err != nil {
				t.Fatal(err)
			}
		}
		code, _, stderr := call(t, dir, "token", "list")
		if want := fmt.Sprintf("(process %d)", os.Getpid()); code != exitInUse || !strings.Contains(stderr, want) {
			t.Errorf("with %+v, it ends with %d: %s", c, code, stderr)
		}
	}
}

func TestClientTurnsAnswersIntoExitCodes(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   store.Code
		want   int
	}{
		{400, store.CodeInvalid, exitRefused},
		{401, store.CodeUnauthorized, exitUnreachable},
		{403, store.CodeForbidden, exitUnreachable},
		{404, store.CodeNotFound, exitNotFound},
		{409, store.CodeInsufficientStock, exitRefused},
		{422, store.CodeReasonSign, exitRefused},
		{429, store.CodeRateLimited, exitRefused},
		{500, "", exitFailure},
		{503, store.CodeOutcomeUnknown, exitStorage},
		{503, store.CodeReadOnly, exitUnreachable},
		{507, store.CodeStorageFull, exitFailure},
	} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(tc.status)
			_ = json.NewEncoder(w).Encode(map[string]any{
				"code": tc.code, "detail": "No.", "status": tc.status,
				"errors": []map[string]string{{"pointer": "/name", "detail": "It is long."}, {"pointer": "", "detail": "It is late."}},
			})
		})
		err := c.send(t.Context(), http.MethodPost, "/x", nil, nil, nil)
		if exitCode(err) != tc.want || err == nil || err.Error() != "No.\n/name: It is long.\nIt is late." {
			t.Errorf("%d %s ends with %d: %v", tc.status, tc.code, exitCode(err), err)
		}
	}
}

func TestClientSaysWhenAServerIsGoneOrIsNoShelfd(t *testing.T) {
	gone := &client{base: "http://127.0.0.1:1", http: http.DefaultClient}
	if err := gone.get(t.Context(), "/x", nil, nil); exitCode(err) != exitUnreachable || !strings.Contains(err.Error(), "http://127.0.0.1:1 does not answer") {
		t.Errorf("%d: %v", exitCode(err), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := gone.get(ctx, "/x", nil, nil); exitCode(err) != exitInterrupted {
		t.Errorf("interrupted, it ends with %d: %v", exitCode(err), err)
	}
	other := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) })
	if err := other.get(t.Context(), "/x", nil, nil); exitCode(err) != exitFailure || !strings.Contains(err.Error(), "502 Bad Gateway") {
		t.Errorf("%d: %v", exitCode(err), err)
	}
}

func TestClientSendsAKeyWithEveryChange(t *testing.T) {
	keys := map[string]bool{}
	c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) { keys[r.Header.Get("Idempotency-Key")] = true })
	for range 3 {
		if err := c.send(t.Context(), http.MethodPost, "/x", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(keys) != 3 || keys[""] {
		t.Errorf("it sent %v", keys)
	}
}

// TestTransportStreams proves that answers of the handler in this process come
// as they are written: the handler goes on only when its first line was read.
func TestTransportStreams(t *testing.T) {
	read := make(chan struct{})
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "one\n")
		<-read
		_, _ = io.WriteString(w, "two\n")
	})
	body, err := c.stream(t.Context(), "/x", nil, "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	close(read)
	if rest, err := io.ReadAll(body); string(rest) != "two\n" || err != nil {
		t.Errorf("then came %q, %v", rest, err)
	}
}

func TestTransportEndsWhatNobodyReads(t *testing.T) {
	ended := make(chan error, 1)
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				ended <- err
				return
			}
		}
	})
	body, err := c.stream(t.Context(), "/x", nil, "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the handler saw %v", err)
	}
}

func TestTransportReportsAPanic(t *testing.T) {
	c := clientOf(t, func(http.ResponseWriter, *http.Request) { panic("ouch") })
	if err := c.get(t.Context(), "/x", nil, nil); exitCode(err) != exitFailure || !strings.Contains(err.Error(), "500") {
		t.Errorf("%d: %v", exitCode(err), err)
	}
	c = clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"half":`)
		panic("ouch")
	})
	if err := c.get(t.Context(), "/x", nil, new(any)); exitCode(err) != exitUnreachable {
		t.Errorf("half an answer ends with %d: %v", exitCode(err), err)
	}
}

// clientOf gives a client of a handler in this process.
func clientOf(t *testing.T, h http.HandlerFunc) *client {
	t.Helper()
	transport := &handlerTransport{handler: h}
	t.Cleanup(transport.calls.Wait)
	return &client{base: "http://localhost", http: &http.Client{Transport: transport}}
}

// hurried is a clock that goes on by a second whenever it is looked at.
type hurried struct {
	store.Clock
	at time.Duration
}

func (c *hurried) Mono() time.Duration { c.at += time.Second; return c.at }

func (c *hurried) After(time.Duration) <-chan time.Time {
	over := make(chan time.Time)
	close(over)
	return over
}

func TestAServerThatHangsIsNotAskedForMinutes(t *testing.T) {
	dir := t.TempDir()
	asked := 0
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer hangs.Close()
	hold, err := sqlite.TakeHold(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	if err := writeControl(dir, control{URL: hangs.URL, PID: os.Getpid(), Token: "x"}); err != nil {
		t.Fatal(err)
	}
	o, _, _ := testOptions(t, dir)
	o.clock, o.patience = &hurried{Clock: o.clock}, 3*time.Second
	if _, err := connect(t.Context(), o); exitCode(err) != exitInUse || asked == 0 || asked > 4 {
		t.Errorf("asked %d times, it ends with %v", asked, err)
	}
}
