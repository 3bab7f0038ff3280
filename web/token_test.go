package web

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestATokenIsShownOnceAndWorks(t *testing.T) {
	a := openAPIServer(t)
	body := fmt.Sprintf(`{"name":"Till 2","role":"terminal","location_id":%q,"terminal":"Till 2","expires_at":"2026-01-28T00:00:00Z"}`, a.Location)
	r := a.keepsPromises(write{"admin", "POST", "/tokens", body, 201})
	secret := r.text("token")
	if !strings.HasPrefix(secret, store.TokenPrefix) || len(secret) != len(store.TokenPrefix)+43 {
		t.Errorf("the secret is %q", secret)
	}
	a.secrets["till"] = secret
	a.get("till", "/me").is(200).has("actor", r.text("id"), "name", "Till 2", "role", "terminal", "location_id", a.Location.String(),
		"terminal", "Till 2", "expires_at", "2026-01-28T00:00:00Z", "version", "test", "clock_ok", "true")
	list := a.get("admin", "/tokens").is(200).has("data.0.id", r.text("id"))
	if strings.Contains(string(list.body), secret) {
		t.Error("the secret is listed")
	}
	a.Clock.Advance(24 * time.Hour)
	a.get("till", "/me").refused(401, store.CodeUnauthorized)
}

func TestADryTokenHasNoSecret(t *testing.T) {
	a := openAPIServer(t)
	if r := a.post("admin", "/tokens?dry_run=true", `{"name":"x","role":"sync"}`).is(201); r.text("token") != "" {
		t.Errorf("there is a secret: %s", r.body)
	}
}

func TestARevokedTokenStopsAtOnce(t *testing.T) {
	a := openAPIServer(t)
	r := a.post("admin", "/tokens", `{"name":"x","role":"viewer"}`, "Idempotency-Key: k").is(201)
	a.secrets["gone"] = r.text("token")
	a.get("gone", "/me").is(200)
	a.keepsPromises(write{"admin", "DELETE", "/tokens/" + r.text("id"), "", 204})
	a.get("gone", "/me").refused(401, store.CodeUnauthorized)
	a.writesNothing(func() {
		a.call("admin", "DELETE", "/api/v1/tokens/"+r.text("id"), "").is(204)
		a.call("admin", "DELETE", "/api/v1/tokens/none", "").refused(404, store.CodeNotFound)
		a.call("admin", "DELETE", "/api/v1/tokens/"+a.Location.String(), "").refused(404, store.CodeNotFound)
		a.post("admin", "/tokens", `{"name":"x","role":"viewer"}`, "Idempotency-Key: k").is(201).has("revoked_at", "", "token", "")
	})
	if got := a.get("admin", "/tokens").text("data.0.revoked_at"); got == "" {
		t.Error("the list does not say that it is revoked")
	}
}

func TestATokenNamesAllThatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	a.writesNothing(func() {
		if got := a.post("admin", "/tokens", `{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/name /role" {
			t.Errorf("missing: %s", got)
		}
		r := a.post("admin", "/tokens", `{"name":"","role":"god","location_id":"none","expires_at":"2020-01-01T00:00:00Z"}`).refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/name /role /location_id /expires_at" {
			t.Errorf("wrong: %s", got)
		}
		a.post("admin", "/tokens", `{"name":"x","role":"admin","token":"shelfd_mine"}`).refused(400, store.CodeUnknownField)
	})
}

func TestTheMachinesOwnTokenIsAnAdmin(t *testing.T) {
	const secret = "shelfd_control"
	a := openAPIServer(t, func(c *Config) { c.ControlTokenHash = sha256.Sum256([]byte(secret)) })
	a.secrets["cli"] = secret
	a.get("cli", "/me").is(200).has("actor", "cli", "role", "admin", "location_id", "", "expires_at", "")
	r := a.post("cli", "/products", `{"sku":"x","name":"x"}`).is(201)
	f, err := a.Fact(t.Context(), store.Position{Epoch: 1, Seq: a.Head().Seq})
	if err != nil || f.Entry.Source != "cli" || f.Entry.Document.ID.String() != r.text("id") {
		t.Errorf("it is recorded as %+v, %v", f.Entry, err)
	}
}

func TestAConfirmedClockIsTrustedAgain(t *testing.T) {
	a := openAPIServer(t)
	a.Clock.Step(-time.Hour)
	item := a.Stocked("ONE", 5)
	a.get("viewer", "/me").is(200).has("clock_ok", "false")
	a.Clock.Step(2 * time.Hour)
	f := a.Adjust(item, -1, store.Sale).Facts[0].Entry
	if f.ClockOK {
		t.Fatal("the clock is trusted after a step")
	}
	a.keepsPromises(write{"admin", "POST", "/clock/confirm", "", 200}).has("clock_ok", "true", "time", "2026-01-27T11:30:00Z")
	if f := a.Adjust(item, -1, store.Sale).Facts[0].Entry; !f.ClockOK {
		t.Error("the clock is not trusted")
	}
	a.post("admin", "/clock/confirm", `{"time":"now"}`).refused(400, store.CodeUnknownField)
}
