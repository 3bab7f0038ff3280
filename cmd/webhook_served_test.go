package cmd

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// receiver is an endpoint that answers as the test says; it gives each body
// with its webhook-id before it.
type receiver struct {
	*httptest.Server
	got chan string
}

func startReceiver(t *testing.T) *receiver {
	r := &receiver{got: make(chan string, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.got <- q.Header.Get("webhook-id") + " " + string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

// next gives what it is told next.
func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(20 * time.Second):
		t.Fatal("it is told nothing more")
		return ""
	}
}

// keyed sends a request with an Idempotency-Key and gives the answer.
func (s *served) keyed(method, path, key, body string) (status int, replayed bool, answer map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Token)
	r.Header.Set("Idempotency-Key", key)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	_ = json.Unmarshal(text, &answer)
	return got.StatusCode, got.Header.Get("Idempotency-Replayed") == "true", answer
}

// Nothing here is made up but the receiver.
func TestAWebhookIsAddedTestedToldAndReplayed(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	r := startReceiver(t)
	says(t, dir, "webhook list", exitOK, "There is no webhook.")
	if code, stdout, stderr := call(t, dir, "webhook", "add", r.URL, "--lan"); code != exitOK || !strings.HasPrefix(stdout, "whsec_") {
		t.Fatalf("add ends with %d: %s%s", code, stdout, stderr)
	}
	says(t, dir, "webhook test "+r.URL, exitOK, "good. It answered 204")
	if got := r.next(t); !strings.HasPrefix(got, "test-") || !strings.Contains(got, `"type":"webhook.test"`) {
		t.Errorf("the test is %s", got)
	}
	stocked(t, dir)
	first := r.next(t)
	r.next(t) // Told of the second, the first is written down.
	id, body, _ := strings.Cut(first, " ")
	if !strings.HasPrefix(id, "1-") || !strings.Contains(body, `"type":"inventory.`) {
		t.Errorf("it is told %s", first)
	}
	says(t, dir, "webhook deliveries "+r.URL, exitOK, id+" ", "delivered", "webhook.test")
	says(t, dir, "webhook replay "+r.URL+" --from 1-1", exitOK, "is told once more what happened from 1-1 on")
	for again := ""; again != first; {
		again = r.next(t)
	}
	if secret := succeed(t, dir, "webhook", "rotate", r.URL); !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("the new secret is %s", secret)
	}
	says(t, dir, "webhook remove "+r.URL, exitOK, "is told nothing any more.")
	says(t, dir, "webhook list", exitOK, "There is no webhook.")
	s.stop()
}

func TestRequestsAboutWebhooksAreAnsweredOnce(t *testing.T) {
	s := startServer(t, t.TempDir())
	const path, body = "/api/v1/webhooks", `{"url":"https://screens.example.com/hooks"}`
	if status, _, dry := s.keyed("POST", path+"?dry_run=true", "a", body); status != http.StatusCreated || dry["secret"] != nil || dry["id"] == nil {
		t.Errorf("a dry run → %d: %v", status, dry)
	}
	status, replayed, made := s.keyed("POST", path, "a", body)
	if secret, _ := made["secret"].(string); status != http.StatusCreated || replayed || !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("making one → %d: %v", status, made)
	}
	if status, replayed, again := s.keyed("POST", path, "a", body); status != http.StatusCreated || !replayed || again["id"] != made["id"] || again["secret"] != nil {
		t.Errorf("once more → %d: %v", status, again)
	}
	if status, _, _ := s.keyed("POST", path, "a", body+" "); status != http.StatusUnprocessableEntity {
		t.Errorf("another request with the key → %d", status)
	}
	hook := path + "/" + made["id"].(string)
	for _, w := range []struct {
		method, path, body string
		status             int
	}{
		{"PATCH", hook, `{"active":false,"events":["inventory.low_stock"]}`, 200},
		{"POST", hook + "/replay", `{"from":"1-1"}`, 202},
		{"POST", hook + "/rotate-secret", ``, 200},
		{"DELETE", hook, ``, 204},
	} {
		for _, again := range []bool{false, true} {
			status, replayed, answer := s.keyed(w.method, w.path, w.method+w.path, w.body)
			// The secret of one that is gone is not shown again either.
			if status != w.status || replayed != again || (again && answer["secret"] != nil) {
				t.Errorf("%s %s → %d, replayed: %v: %v", w.method, w.path, status, replayed, answer)
			}
		}
	}
	if status, _, _ := s.keyed("DELETE", hook, "another", ""); status != http.StatusNotFound {
		t.Errorf("deleting it twice → %d", status)
	}
}
