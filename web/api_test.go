package web

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// api is a server over a real ledger, and tokens of every role.
type api struct {
	*storetest.Shop
	client
	server *Server
	sync   *fakeSync
}

// client asks a server as the holder of a token, whose secrets are by name.
type client struct {
	t        testing.TB
	contract *contract
	handler  http.Handler
	secrets  map[string]string
}

// openAPIServer serves an empty shop. The edits change the configuration.
func openAPIServer(t testing.TB, edits ...func(*Config)) *api {
	t.Helper()
	a := &api{Shop: storetest.Open(t), client: client{t: t, contract: loadContract(t), secrets: map[string]string{}}}
	cfg := Config{Version: "test", RequestsPerSecond: 1e9, Burst: 1e9}
	for _, edit := range edits {
		edit(&cfg)
	}
	a.sync = &fakeSync{noDestination: noDestination{a.Ledger}}
	var err error
	if a.server, err = New(cfg, Deps{Ledger: a.Ledger, Clock: a.Clock, Log: slog.New(slog.DiscardHandler), Sync: a.sync}); err != nil {
		t.Fatal(err)
	}
	a.handler = a.server.Handler()
	for _, role := range store.Roles {
		a.addToken(string(role), role, store.ID{})
	}
	return a
}

// addToken makes a token that requests can be made as.
func (a *api) addToken(name string, role store.Role, location store.ID) {
	a.t.Helper()
	a.secrets[name] = store.TokenPrefix + name + strings.Repeat("x", 43-len(name))
	a.Must(&store.IssueToken{Name: name, Role: role, Terminal: "till " + name, Location: location, Hash: store.HashToken(a.secrets[name])})
}

// answer is what the server said, and the JSON of it.
type answer struct {
	t      testing.TB
	what   string
	req    *http.Request
	status int
	header http.Header
	body   []byte
}

// call makes one request as the holder of a token and holds the answer
// against the contract. Headers are given as "Name: value".
func (a *client) call(as, method, path, body string, headers ...string) *answer {
	a.t.Helper()
	r := a.send(as, method, path, body, headers...)
	a.contract.validate(a.t, r.req, &http.Response{StatusCode: r.status, Header: r.header}, r.body)
	return r
}

// send makes one request as the holder of a token.
func (a *client) send(as, method, path, body string, headers ...string) *answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+a.secrets[as])
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	a.handler.ServeHTTP(rec, req)
	return &answer{t: a.t, what: method + " " + path, req: req, status: rec.Code, header: rec.Result().Header, body: rec.Body.Bytes()}
}

func (a *client) get(as, path string, headers ...string) *answer {
	a.t.Helper()
	return a.call(as, http.MethodGet, "/api/v1"+path, "", headers...)
}

func (a *client) post(as, path, body string, headers ...string) *answer {
	a.t.Helper()
	return a.call(as, http.MethodPost, "/api/v1"+path, body, headers...)
}

func (a *client) patch(as, path, body string, headers ...string) *answer {
	a.t.Helper()
	return a.call(as, http.MethodPatch, "/api/v1"+path, body, headers...)
}

// is fails the test unless the status is as wanted.
func (r *answer) is(status int) *answer {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s → %d, want %d: %.1000s", r.what, r.status, status, r.body)
	}
	return r
}

// refused fails the test unless it is a problem with a status and code.
func (r *answer) refused(status int, code store.Code) *answer {
	r.t.Helper()
	return r.is(status).has("code", string(code))
}

// at gives the JSON value at a path such as "data.0.id", nil for none.
func (r *answer) at(path string) any {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		r.t.Fatalf("%s: %v: %.300s", r.what, err, r.body)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch of := v.(type) {
		case map[string]any:
			v = of[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(of) {
				return nil
			}
			v = of[n]
		default:
			return nil
		}
	}
	return v
}

// text gives what is at a path as text; "" for null and for nothing.
func (r *answer) text(path string) string {
	r.t.Helper()
	switch v := r.at(path).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// has fails the test unless pairs of paths and texts are in the answer.
func (r *answer) has(pairs ...string) *answer {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := r.text(pairs[i]); got != pairs[i+1] {
			r.t.Errorf("%s: %s is %q, want %q: %.1000s", r.what, pairs[i], got, pairs[i+1], r.body)
		}
	}
	return r
}

// texts gives one member of each element of a list, joined by spaces.
func (r *answer) texts(list, member string) string {
	r.t.Helper()
	all, _ := r.at(list).([]any)
	var texts []string
	for i := range all {
		texts = append(texts, r.text(list+"."+strconv.Itoa(i)+"."+member))
	}
	return strings.Join(texts, " ")
}

// writesNothing fails the test when what it does makes a ledger entry.
func (a *api) writesNothing(do func()) {
	a.t.Helper()
	before := a.Head().Seq
	do()
	if after := a.Head().Seq; after != before {
		a.t.Errorf("%d entries were written", after-before)
	}
}

// write is a request that succeeds, to be tried in all the ways that every
// write promises.
type write struct {
	as, method, path, body string
	status                 int
}

// ask makes a write; rows that are to be skipped need not be as documented.
func (a *api) ask(w write, query, body, key string) *answer {
	a.t.Helper()
	if !strings.Contains(body, `"skip_bad":true`) {
		return a.call(w.as, w.method, "/api/v1"+w.path+query, body, key)
	}
	r := a.send(w.as, w.method, "/api/v1"+w.path+query, body, key)
	a.contract.accept(r)
	return r
}

// keepsPromises makes a write dry, then for good, then again with the same
// key, and then another request with that key. It gives the second answer.
func (a *api) keepsPromises(w write) *answer {
	a.t.Helper()
	key := "Idempotency-Key: " + w.method + w.path + strconv.FormatInt(a.Head().Seq, 10)
	a.writesNothing(func() {
		dry := a.ask(w, "?dry_run=true", w.body, key).is(w.status)
		if dry.header.Get("Dry-Run") != "true" {
			a.t.Errorf("%s: the dry run does not say so", dry.what)
		}
	})
	first := a.ask(w, "", w.body, key).is(w.status)
	if first.header.Get("Idempotency-Replayed") != "" || first.header.Get("Dry-Run") != "" {
		a.t.Errorf("%s: the first answer claims to be none", first.what)
	}
	a.Clock.Advance(time.Minute)
	a.writesNothing(func() {
		again := a.ask(w, "", w.body, key).is(w.status)
		if again.header.Get("Idempotency-Replayed") != "true" {
			a.t.Errorf("%s: the replay does not say so", again.what)
		}
		if again.header.Get("Location") != first.header.Get("Location") || again.header.Get("Etag") != first.header.Get("Etag") {
			a.t.Errorf("%s: the replay has other headers: %v, not %v", again.what, again.header, first.header)
		}
		if want := withoutSecret(first); withoutSecret(again) != want {
			a.t.Errorf("%s: the replay is\n%s\nnot\n%s", again.what, again.body, want)
		}
		a.ask(w, "", w.body+" ", key).refused(422, store.CodeIdempotencyMismatch)
	})
	return first
}

// withoutSecret gives the body of an answer without a token's secret.
func withoutSecret(r *answer) string {
	if secret := `"` + r.secret() + `"`; secret != `""` {
		return strings.ReplaceAll(string(r.body), secret, "null")
	}
	return string(r.body)
}

func (r *answer) secret() string {
	if len(r.body) == 0 || r.body[0] != '{' {
		return ""
	}
	return r.text("token")
}

var longText = strings.Repeat("long ", 500)

// accept fails the test unless an answer is as documented, whatever the
// request: one that was more than it may be is read with good will.
func (c *contract) accept(r *answer) {
	r.t.Helper()
	in, err := c.requestInput(r.req)
	if err == nil {
		err = checkAnswer(in, &http.Response{StatusCode: r.status, Header: r.header}, r.body)
	}
	if err != nil {
		r.t.Errorf("%s → %d breaks openapi.yaml: %v", r.what, r.status, err)
	}
}
