package cmd

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/shelfd/shelfd/store"
)

// subscriber is an endpoint that says what it was told.
type subscriber struct {
	*httptest.Server
	got chan http.Header

	mu   sync.Mutex
	body []byte
	code int
}

func newSubscriber(t *testing.T) *subscriber {
	t.Helper()
	s := &subscriber{got: make(chan http.Header, 100), code: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.body, _ = io.ReadAll(r.Body)
		w.WriteHeader(s.code)
		s.got <- r.Header
	}))
	t.Cleanup(s.Close)
	return s
}

// next waits for what comes next.
func (s *subscriber) next(t *testing.T) http.Header {
	t.Helper()
	select {
	case h := <-s.got:
		return h
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		return nil
	}
}

// answer sets the status that it answers with.
func (s *subscriber) answer(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code = code
}

// openHooked opens an app that syncs, in a data directory.
func openHooked(t *testing.T, dir string) *app {
	t.Helper()
	o := newRootOptions(Program{Stdout: io.Discard, Stderr: io.Discard})
	o.dataDir, o.syncing = dir, true
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), o, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	stop := a.sync.start(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		stop()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// happen appends something that is news.
func happen(t *testing.T, a *app) {
	t.Helper()
	_, err := a.ledger.Do(t.Context(), store.Request{Source: "api"}, &store.FinishRun{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.ledger.Do(t.Context(), store.Request{Source: "api"}, store.ConfirmClock{})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnEndpointFromItsFirstDayToItsLast(t *testing.T) {
	dir, to := t.TempDir(), newSubscriber(t)
	a := openHooked(t, dir)
	ctx, r := t.Context(), store.Request{Actor: "boss", Source: "api", Key: &store.IdempotencyKey{Hash: [16]byte{1}}}
	happen(t, a)
	want := store.Webhook{URL: to.URL + "/hook?token=canary", LAN: true, Active: true, Description: "menu"}
	made, secret, err := a.sync.CreateWebhook(ctx, r, want)
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("%+v %v", made, err)
	}
	again, none, err := a.sync.CreateWebhook(ctx, r, want)
	if err != nil || again.ID != made.ID || none != "" {
		t.Errorf("the same request made %+v %q %v", again, none, err)
	}
	happen(t, a)
	header := to.next(t)
	hook, _ := standardwebhooks.NewWebhook(secret)
	if err := hook.Verify(to.body, header); err != nil {
		t.Error(err)
	}
	// What is under way when its endpoint changes may come twice.
	delivered(t, a, made.ID)
	next, err := a.sync.RotateSecret(ctx, store.Request{Source: "api"}, made.ID)
	if err != nil || next == secret {
		t.Fatal(err)
	}
	happen(t, a)
	header = to.next(t)
	newer, _ := standardwebhooks.NewWebhook(next)
	if e1, e2 := hook.Verify(to.body, header), newer.Verify(to.body, header); e1 != nil || e2 != nil {
		t.Errorf("during the rotation: old %v, new %v", e1, e2)
	}
	second := header.Get("webhook-id")
	delivered(t, a, made.ID)
	if _, err := a.sync.Replay(ctx, store.Request{Source: "api"}, made.ID, store.Position{Epoch: 1, Seq: 1}, 0); err != nil {
		t.Fatal(err)
	}
	ids := []string{to.next(t).Get("webhook-id"), to.next(t).Get("webhook-id"), to.next(t).Get("webhook-id")}
	if !slices.Contains(ids, second) || !slices.IsSorted(ids) {
		t.Errorf("replayed were %v", ids)
	}
	delivered(t, a, made.ID)
	disabledAndBack(t, a, to, made.ID)
	if err := a.sync.DeleteWebhook(ctx, store.Request{Source: "api"}, made.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := a.sync.Webhooks(ctx); len(list) != 0 || err != nil {
		t.Errorf("%+v %v", list, err)
	}
	secretsAreNowhere(t, dir, secret, next, "canary")
}

// delivered waits until an endpoint has everything, and the store knows.
func delivered(t *testing.T, a *app, id store.ID) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		s, err := a.sync.FindWebhook(t.Context(), id)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v %v", s, err)
		}
		if s.Lag == 0 && s.State == store.DestinationIdle {
			return
		}
		<-a.clock.After(time.Millisecond)
	}
}

// disabledAndBack has the endpoint disabled by its own answer, and switched on
// again.
func disabledAndBack(t *testing.T, a *app, to *subscriber, id store.ID) {
	t.Helper()
	to.answer(http.StatusGone)
	happen(t, a)
	gone := to.next(t).Get("webhook-id")
	deadline := time.Now().Add(10 * time.Second)
	s, err := a.sync.FindWebhook(t.Context(), id)
	for ; err == nil && s.DisabledWhy == "" && time.Now().Before(deadline); s, err = a.sync.FindWebhook(t.Context(), id) {
		<-a.clock.After(10 * time.Millisecond)
	}
	if err != nil || s.State != store.DestinationPaused || s.DisabledWhy != store.WebhookGone || s.Lag == 0 {
		t.Fatalf("%+v %v", s, err)
	}
	to.answer(http.StatusOK)
	if d, err := a.sync.TestWebhook(t.Context(), id); err != nil || d.Outcome != store.DeliveryDone {
		t.Errorf("the test: %+v %v", d, err)
	}
	to.next(t)
	s, err = a.sync.EditWebhook(t.Context(), store.Request{Actor: "boss", Source: "api"}, id, func(w *store.Webhook) { w.Active = true })
	if err != nil || !s.Runs() {
		t.Fatalf("%+v %v", s, err)
	}
	if got := to.next(t).Get("webhook-id"); got != gone {
		t.Errorf("switched on again it went on with %s, want %s", got, gone)
	}
	work, err := a.sync.WorkItems(t.Context(), store.WorkFilter{})
	if err != nil || len(work) != 1 || work[0].DoneBy != "boss" {
		t.Errorf("%+v %v", work, err)
	}
	list, err := a.sync.Deliveries(t.Context(), store.DeliveryFilter{Webhook: id, Failed: true})
	if err != nil || len(list) != 1 || list[0].Status != http.StatusGone {
		t.Errorf("%+v %v", list, err)
	}
	if d, err := a.sync.Redeliver(t.Context(), list[0].ID); err != nil || d.NewsID != gone || d.Attempt != 2 {
		t.Errorf("%+v %v", d, err)
	}
	to.next(t)
}

// secretsAreNowhere looks through the data directory, and the ledger in it.
func secretsAreNowhere(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		for _, secret := range secrets {
			// The address is in the table of endpoints, and nowhere else.
			if err == nil && bytes.Contains(data, []byte(secret)) && secret != "canary" {
				t.Errorf("%s holds %.10s…", file, secret)
			}
		}
	}
}
