package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestHeadOfficeServesItsContract(t *testing.T) {
	o := openOffice(t, 0)
	o.promises(o.server.front, o.server.routes())
	o.letsIn()
	if got := o.call("", http.MethodGet, "/openapi.yaml", "").is(http.StatusOK); !bytes.Equal(got.body, fleetText()) {
		t.Error("/openapi.yaml is not head office's")
	}
	if got := o.call("", http.MethodGet, "/docs", "").is(http.StatusOK); !strings.Contains(string(got.body), "shelfd head office") {
		t.Error("/docs is not head office's")
	}
	metrics := o.call("viewer", http.MethodGet, "/metrics", "").is(http.StatusOK)
	if !strings.Contains(string(metrics.body), `shelfd_fleet_stores{health="ok"} 0`) {
		t.Errorf("the metrics do not count stores:\n%s", metrics.body)
	}
	o.call("", http.MethodGet, "/healthz", "").is(http.StatusOK).has("status", "ok")
	o.call("", http.MethodGet, "/readyz", "").is(http.StatusOK).has("ready", "true")
	o.get("viewer", "/me").is(http.StatusOK).has("role", "viewer")
}

func TestHeadOfficeChangesNoStock(t *testing.T) {
	o := openOffice(t, 1)
	item := o.stores[0].Stocked("A", 5)
	o.sync()
	own := map[string]bool{}
	for _, r := range o.server.routes() {
		own[r.method+" "+r.path] = true
	}
	for _, r := range o.stores[0].server.routes() {
		if !r.writes || own[r.method+" "+r.path] {
			continue
		}
		path := strings.ReplaceAll(r.path, ":id", item.String())
		got := o.call("admin", r.method, path, `{"quantity_change":-1,"reason_code":"SALE"}`).refused(http.StatusMethodNotAllowed, store.CodeReadOnly)
		if got.header.Get("Allow") == "" {
			t.Errorf("%s %s: nothing says which methods there are", r.method, path)
		}
	}
	o.get("admin", "/inventory/"+item.String()).is(http.StatusOK).has("quantity", "5")
	o.call("admin", http.MethodGet, "/api/v1/nothing", "").refused(http.StatusNotFound, store.CodeNotFound)
	o.call("admin", http.MethodPost, "/healthz", "").refused(http.StatusMethodNotAllowed, store.CodeInvalid)
}

func TestStoresAreListedWithHowTheyAre(t *testing.T) {
	o := openOffice(t, 2)
	o.stores[0].Stocked("A", 5)
	o.sync()
	id := o.stores[0].Meta().Store.String()
	head := fmt.Sprint(o.stores[0].Head().Seq)
	o.get("viewer", "/stores").is(http.StatusOK).has("pagination.total", "2", "data.0.name", "Store 1", "data.0.id", id,
		"data.0.items", "1", "data.0.acked_seq", head, "data.0.lag", "0", "data.0.health", "ok", "data.1.items", "0")
	o.get("viewer", "/stores?limit=1&page=2").is(http.StatusOK).has("data.0.name", "Store 2")
	o.get("viewer", "/stores?health=fork").is(http.StatusOK).has("pagination.total", "0")
	o.get("viewer", "/stores?health=well").refused(http.StatusBadRequest, store.CodeInvalid)
	o.get("viewer", "/stores/"+id).is(http.StatusOK).has("locations.0.name", "Main Street", "locations.0.timezone", "America/Chicago")
	o.get("viewer", "/stores/"+storetest.NewID().String()).refused(http.StatusNotFound, store.CodeNotFound)

	o.pass(2 * time.Hour)
	o.get("viewer", "/stores/"+id).is(http.StatusOK).has("health", "silent")
}

// promised makes a write dry, for good, again with the same key, and another
// with that key. It gives the answer for good.
func (o *office) promised(path, body string, status int) *answer {
	o.t.Helper()
	key := "Idempotency-Key: " + path + body
	if dry := o.post("admin", path+"?dry_run=true", body, key).is(status); dry.header.Get("Dry-Run") != "true" {
		o.t.Errorf("%s: the dry run does not say so", dry.what)
	}
	first := o.post("admin", path, body, key).is(status)
	if first.header.Get("Idempotency-Replayed") != "" {
		o.t.Errorf("%s: the first answer claims to be a replay", first.what)
	}
	o.pass(time.Minute)
	again := o.post("admin", path, body, key).is(status)
	if again.header.Get("Idempotency-Replayed") != "true" {
		o.t.Errorf("%s: the replay does not say so", again.what)
	}
	secret := first.text("token") + first.text("code")
	if got, want := string(again.body), strings.ReplaceAll(string(first.body), `"`+secret+`"`, "null"); secret != "" && got != want {
		o.t.Errorf("%s: the replay is\n%s\nnot\n%s", again.what, got, want)
	}
	o.post("admin", path, body+" ", key).refused(http.StatusUnprocessableEntity, store.CodeIdempotencyMismatch)
	return first
}

func TestAStoreIsLetInOnceByCode(t *testing.T) {
	o := openOffice(t, 0)
	invited := o.promised("/stores", `{"name":"Harbour"}`, http.StatusCreated).has("name", "Harbour")
	if len(invited.text("code")) < 10 {
		t.Errorf("the code is %q", invited.text("code"))
	}
	if want := store.InstantOf(storetest.Start.Add(24 * time.Hour)).String(); invited.text("expires_at") != want {
		t.Errorf("it expires at %s, not %s", invited.text("expires_at"), want)
	}
	shop := storetest.Open(t)
	o.EnrollWith(shop.Ledger, invited.text("code"))
	o.Push(shop.Ledger)
	o.get("viewer", "/stores").is(http.StatusOK).has("pagination.total", "1", "data.0.name", "Harbour")

	id := shop.Meta().Store.String()
	o.promised("/stores/"+id+"/revoke", "", http.StatusOK).has("health", "revoked")
	o.post("admin", "/stores/"+storetest.NewID().String()+"/revoke", "").refused(http.StatusNotFound, store.CodeNotFound)
	for body, pointer := range map[string]string{
		`{}`: "/name", `{"name":""}`: "/name", `{"name":"x","valid_seconds":5}`: "/valid_seconds", `{"name":"x","colour":1}`: "/colour",
	} {
		if r := o.post("admin", "/stores", body); r.status < 400 || r.status > 422 || r.text("errors.0.pointer") != pointer {
			t.Errorf("%s → %d %s", body, r.status, r.body)
		}
	}
}

func TestCommandsReachTheMailboxes(t *testing.T) {
	o := openOffice(t, 2)
	body := `{"kind":"product","body":{"sku":"A","unit_price":25.00}}`
	r := o.promised("/commands", body, http.StatusAccepted).has("kind", "product", "sent.0.n", "1", "sent.1.n", "1")
	if got := len(strings.Fields(r.texts("sent", "store_id"))); got != 2 {
		t.Errorf("it was sent to %d stores", got)
	}
	id := o.stores[1].Meta().Store
	o.promised("/commands", `{"kind":"threshold","body":{"sku":"A","low_stock_threshold":null},"stores":["`+id.String()+`"]}`, http.StatusAccepted).
		has("sent.0.store_id", id.String(), "sent.0.n", "2")
	commands := o.Commands(o.stores[1].Ledger, 0)
	if len(commands) != 2 || string(commands[0].Body) != `{"sku":"A","unit_price":25.00}` || commands[1].Kind != "threshold" {
		t.Errorf("the store is told %+v", commands)
	}
	o.post("admin", "/commands", `{"kind":"product","body":{},"stores":["nothing"]}`).refused(http.StatusNotFound, store.CodeNotFound)
	o.post("admin", "/commands", `{"kind":"transfer","body":{}}`).refused(http.StatusUnprocessableEntity, store.CodeInvalid)
	o.post("admin", "/commands", `{"kind":"product","body":[1]}`).refused(http.StatusBadRequest, store.CodeInvalid)
	if got := o.Commands(o.stores[0].Ledger, 0); len(got) != 1 {
		t.Errorf("a refused command was sent: %+v", got)
	}
}

func TestHeadOfficeKeepsItsOwnTokens(t *testing.T) {
	o := openOffice(t, 1)
	o.sync()
	made := o.promised("/tokens", `{"name":"Buyer","role":"viewer","location_id":"`+o.stores[0].Location.String()+`"}`, http.StatusCreated)
	o.secrets["buyer"] = made.text("token")
	o.get("buyer", "/me").is(http.StatusOK).has("name", "Buyer", "location_id", o.stores[0].Location.String())
	o.get("admin", "/tokens").is(http.StatusOK).has("data.0.name", "Buyer")
	o.call("admin", http.MethodDelete, "/api/v1/tokens/"+made.text("id")+"?dry_run=true", "").is(http.StatusNoContent)
	o.get("buyer", "/me").is(http.StatusOK)
	o.call("admin", http.MethodDelete, "/api/v1/tokens/"+made.text("id"), "").is(http.StatusNoContent)
	o.get("buyer", "/me").refused(http.StatusUnauthorized, store.CodeUnauthorized)

	short := o.post("admin", "/tokens", `{"name":"Short","role":"viewer","expires_at":"`+store.InstantOf(o.clock.Wall().Add(time.Minute)).String()+`"}`).is(http.StatusCreated)
	o.secrets["short"] = short.text("token")
	o.get("short", "/me").is(http.StatusOK)
	o.pass(time.Minute)
	o.get("short", "/me").refused(http.StatusUnauthorized, store.CodeUnauthorized)

	o.secrets["store's"] = o.stores[0].secrets["admin"]
	o.get("store's", "/me").refused(http.StatusUnauthorized, store.CodeUnauthorized)
	o.post("admin", "/tokens", `{"name":"x","role":"king"}`).refused(http.StatusUnprocessableEntity, store.CodeInvalid)
	o.post("admin", "/tokens", `{"name":"x","role":"viewer","location_id":"nothing"}`).refused(http.StatusNotFound, store.CodeNotFound)
}

func TestHeadOfficeSaysWhenItsDatabaseIsAway(t *testing.T) {
	cluster := centraltest.NewCluster(t)
	c, err := central.Open(t.Context(), central.Config{Database: cluster.Database(t), Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := NewFleet(Config{}, FleetDeps{Fleet: c, Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := client{t: t, contract: loadFleetContract(t), handler: s.Handler(), secrets: map[string]string{"admin": newSecret()}}
	if _, _, err := c.IssueToken(t.Context(), store.Request{}, store.Token{Name: "a", Role: store.RoleAdmin, Hash: store.HashToken(o.secrets["admin"])}); err != nil {
		t.Fatal(err)
	}
	o.get("admin", "/inventory").is(http.StatusOK)
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	// The processes of a killed server notice that it is gone in a moment of
	// their own.
	deadline := time.Now().Add(10 * time.Second)
	for c.Ready(t.Context()) == nil && time.Now().Before(deadline) {
		<-store.SystemClock().After(time.Millisecond)
	}
	o.send("", http.MethodGet, "/healthz", "").is(http.StatusServiceUnavailable).has("status", "failing")
	o.send("", http.MethodGet, "/readyz", "").is(http.StatusServiceUnavailable).has("ready", "false")
	o.get("admin", "/inventory").refused(http.StatusServiceUnavailable, store.CodeUnavailable)
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	o.get("admin", "/inventory").is(http.StatusOK)
	o.call("", http.MethodGet, "/readyz", "").is(http.StatusOK)
}
