package httpapi_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

const loginYAML = small + `
auth:
  headers: {X-Token: "${token}"}
  query: {shop: "${options.shop}"}
  login:
    request:
      path: /login
      form: '{user: $user, password: $key}'
    token: $headers["x-new-token"]
options:
  shop: {help: The shop., default: s 1}
error: .fault? // empty
stock:
  request: {path: /stock}
  rows: '.[] | {product: .id, quantity: .q}'
write:
  mode: absolute
  request: {path: /stock, body: $changes}
`

// tokens is a point of sale that one logs in to.
type tokens struct {
	logins, asked atomic.Int64
	// good is the only token that is accepted; expire has another be that.
	mu   sync.Mutex
	good string
	// status is how an expired token is answered: 401, or 200 with a fault.
	status int
}

func (s *tokens) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = ""
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/login" {
		n := s.logins.Add(1)
		if r.FormValue("user") != "anna" || r.FormValue("password") != simKey || r.Header.Get("X-Token") != "" {
			reply(w, http.StatusBadRequest, "wrong: "+r.FormValue("password"))
			return
		}
		s.good = fmt.Sprintf("token-%d-canary", n)
		w.Header().Set("X-New-Token", s.good)
		reply(w, http.StatusOK, map[string]any{})
		return
	}
	s.asked.Add(1)
	switch {
	case r.URL.Query().Get("shop") != "s 1":
		reply(w, http.StatusBadRequest, r.URL.RawQuery)
	case s.good != "" && r.Header.Get("X-Token") == s.good:
		reply(w, http.StatusOK, []any{map[string]any{"id": "1", "q": 1.5}})
	default:
		reply(w, s.status, map[string]any{"fault": map[string]any{"message": "who are you? " + r.Header.Get("X-Token"), "class": "login"}})
	}
}

func TestALoginIsRenewedOnce(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusOK} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := &tokens{status: status}
			c := connect(t, loginYAML, s.ServeHTTP)
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					if err := c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil }); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if n := s.logins.Load(); n != 1 {
				t.Errorf("%d logins for eight at once, want 1", n)
			}
			s.expire()
			outcomes, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{change("1", "1", 0, 0)}})
			if err != nil || outcomes[0].Status != syncer.Confirmed || s.logins.Load() != 2 {
				t.Errorf("after it expired: %v %v, %d logins", outcomes, err, s.logins.Load())
			}
		})
	}
}

func TestALoginThatDoesNotHelpPauses(t *testing.T) {
	s := &tokens{status: http.StatusOK}
	c := connect(t, loginYAML, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			r.Header.Set("X-Token", r.Header.Get("X-Token")+"x")
		}
		s.ServeHTTP(w, r)
	})
	_, err := c.Check(t.Context())
	f := failure(t, err)
	if f.Class != syncer.Pause || f.Code != pos.CodeUnauthorized || s.logins.Load() != 2 || s.asked.Load() != 2 {
		t.Errorf("%v after %d logins and %d questions", f, s.logins.Load(), s.asked.Load())
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the token is in %v", err)
	}
}

// TestNoSecretIsEverSaid lets a point of sale repeat whatever it is sent, in
// every way that there is to answer.
func TestNoSecretIsEverSaid(t *testing.T) {
	echo := func(status int, shape string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			_ = r.ParseForm()
			said := fmt.Sprintf("%s %s %s %s", r.Header.Get("Authorization"), r.Header.Get("X-Token"), r.URL.RawQuery, r.Form.Encode())
			w.WriteHeader(status)
			fmt.Fprintf(w, shape, strings.ReplaceAll(said, `"`, ""))
		}
	}
	const basic = small + "auth: {basic: {}, query: {k: '${key}'}}\n"
	texts := map[string]string{
		"basic": basic + "error: .fault\n", "a runaway": basic + "error: error(tojson)\n",
		"login": loginYAML, "token": strings.Replace(loginYAML, `$headers["x-new-token"]`, "error(tojson)", 1),
		"body":  strings.Replace(loginYAML, "{user: $user, password: $key}", "error($user + $key)", 1),
		"pairs": strings.Replace(loginYAML, "{user: $user, password: $key}", "$key", 1),
	}
	for name, text := range texts {
		for _, answer := range []http.HandlerFunc{
			echo(200, `{"fault": "%s"}`), echo(200, `%s`), echo(200, `["%s"]`), echo(400, `{"message": "%s"}`), echo(401, "%s"), echo(500, "%s"), echo(422, "%s"),
		} {
			var log strings.Builder
			server := httptest.NewServer(answer)
			c, err := httpapi.New(pos.Settings{File: "till.yaml", Description: []byte(text), URL: server.URL, User: "anna", Key: simKey},
				pos.Deps{Clock: store.SystemClock(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Check(t.Context())
			server.Close()
			if err == nil && name != "basic" {
				t.Errorf("%s: no error", name)
			}
			said := fmt.Sprintf("%v %v %+v", err, errors.Unwrap(err), err) + log.String()
			for _, secret := range []string{simKey, "canary", "YW5uYTpjYW5hcnk"} {
				if strings.Contains(said, secret) {
					t.Errorf("%s: %s is in %s", name, secret, said)
				}
			}
		}
	}
}
