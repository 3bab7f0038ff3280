package test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	svix "github.com/svix/svix-webhooks/go"
)

// endpoint is a webhook as the API makes it.
type endpoint struct{ ID, Secret string }

func (s *server) endpoint(t *testing.T, url, legacy string) (e endpoint) {
	t.Helper()
	body := map[string]any{"url": url, "lan": true}
	if legacy != "" {
		body["legacy_header"] = legacy
	}
	s.must(t, http.MethodPost, "/api/v1/webhooks", body, &e)
	return e
}

// told has something happen, waits until an endpoint was told, and gives how
// that ended.
func (s *server) told(t *testing.T, e endpoint, item string) (outcome string) {
	t.Helper()
	s.must(t, http.MethodPatch, "/api/v1/inventory/"+item, map[string]any{"quantity_change": -1, "reason_code": "SALE"}, nil)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		var list struct{ Data []struct{ Outcome string } }
		s.must(t, http.MethodGet, "/api/v1/webhooks/"+e.ID+"/deliveries", nil, &list)
		if len(list.Data) > 0 {
			return list.Data[0].Outcome
		}
		<-tick.C
	}
	t.Fatal("nothing was delivered")
	return ""
}

// TestLibrariesOfOthersVerifyWebhooks has the libraries of Standard Webhooks
// and of Svix look at one request each.
func TestLibrariesOfOthersVerifyWebhooks(t *testing.T) {
	s := start(t, t.TempDir())
	item := s.stocked(t, 1, 10)[0]
	var secret string
	var mu sync.Mutex
	verified := map[string]int{}
	verify := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		ours, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = ours.Verify(body, r.Header)
		}
		if err != nil {
			t.Errorf("standard-webhooks: %v", err)
		}
		theirs, err := svix.NewWebhook(secret)
		if err == nil {
			err = theirs.Verify(body, r.Header)
		}
		if err != nil {
			t.Errorf("svix: %v", err)
		}
		body[len(body)-2] ^= 1
		if theirs.Verify(body, r.Header) == nil || ours.Verify(body, r.Header) == nil {
			t.Error("a changed body verifies")
		}
		verified[r.Header.Get("webhook-id")]++
	}
	receiver := httptest.NewServer(http.HandlerFunc(verify))
	defer receiver.Close()
	mu.Lock()
	e := s.endpoint(t, receiver.URL, "")
	secret = e.Secret
	mu.Unlock()
	if got := s.told(t, e, item); got != "delivered" || len(verified) == 0 {
		t.Errorf("%s: %v", got, verified)
	}
}

func TestStandardwebhooksOfNodeVerifiesWebhooks(t *testing.T) {
	s := start(t, t.TempDir())
	item := s.stocked(t, 1, 10)[0]
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	file := filepath.Join(t.TempDir(), "secret")
	script, err := filepath.Abs("testdata/standardwebhooks/receive.js")
	if err != nil {
		t.Fatal(err)
	}
	p := startNode(t, "", []string{"NODE_PATH=" + packages(t, "standardwebhooks")}, script, file, port)
	p.await(t, "http://"+address, http.StatusOK)
	e := s.endpoint(t, "http://"+address+"/hook", "")
	if err := os.WriteFile(file, []byte(e.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.told(t, e, item); got != "delivered" {
		t.Errorf("it was %s\n%s", got, p.log)
	}
}

// TestDebiansWebhookTakesThePlainSignature runs the program that Debian calls
// webhook, which knows HMAC alone. It answers 500 to what does not verify.
func TestDebiansWebhookTakesThePlainSignature(t *testing.T) {
	program, err := exec.LookPath("webhook")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("webhook is missing: apt-get install webhook")
	}
	if err != nil {
		t.Skip("webhook is not installed; apt-get install webhook brings it")
	}
	s := start(t, t.TempDir())
	item := s.stocked(t, 1, 10)[0]
	address := freeAddress(t)
	good := s.endpoint(t, "http://"+address+"/hooks/good", "X-Signature")
	bad := s.endpoint(t, "http://"+address+"/hooks/bad", "X-Signature")
	startWebhook(t, program, address, map[string]string{"good": good.Secret, "bad": good.Secret})
	if got := s.told(t, good, item); got != "delivered" {
		t.Errorf("with the right secret it was %s", got)
	}
	if got := s.told(t, bad, item); got != "bad_status" {
		t.Errorf("with another secret it was %s", got)
	}
}

// startWebhook runs Debian's webhook with hooks that each want a signature.
func startWebhook(t *testing.T, program, address string, secrets map[string]string) {
	t.Helper()
	var hooks []any
	for id, secret := range secrets {
		hooks = append(hooks, map[string]any{
			"id": id, "execute-command": "/bin/true", "trigger-rule": map[string]any{"match": map[string]any{
				"type": "payload-hmac-sha256", "secret": secret,
				"parameter": map[string]any{"source": "header", "name": "X-Signature"},
			}},
		})
	}
	text, err := json.Marshal(hooks)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hooks.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	cmd := exec.Command(program, "-hooks", file, "-ip", host, "-port", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		<-tick.C
	}
	t.Fatal("webhook does not listen")
}
