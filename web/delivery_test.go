package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestDeliveriesSayWhatBecameOfEveryAttempt(t *testing.T) {
	a, hook, newest := openHooks(t)
	a.get("manager", hook+"/deliveries").is(200).has("data.0.id", newest, "data.0.webhook_id", strings.TrimPrefix(hook, "/webhooks/"),
		"data.0.event_id", "1-8.2", "data.0.entry", "1-8", "data.0.type", "inventory.low_stock", "data.0.attempt", "2",
		"data.0.attempted_at", "1970-01-01T00:00:01Z", "data.0.status_code", "204", "data.0.duration_ms", "84", "data.0.outcome", "delivered",
		"data.0.detail", "", "data.0.next_attempt_at", "", "data.1.status_code", "", "data.1.duration_ms", "15000", "data.1.outcome", "timed_out",
		"data.1.detail", "It did not answer within 15 seconds.", "data.1.next_attempt_at", "1970-01-01T00:00:02Z", "data.2", "", "next_cursor", "")
	a.get("viewer", hook+"/deliveries").refused(403, store.CodeForbidden)
}

func TestDeliveriesAreChosen(t *testing.T) {
	a, hook, newest := openHooks(t)
	a.sync.hooks.open(a.Location)
	for query, want := range map[string]string{
		"": "delivered timed_out", "status=all": "delivered timed_out", "status=failed": "timed_out", "status=ok": "delivered",
		"type=inventory.low_stock": "delivered timed_out", "type=webhook.test": "", "event_id=1-8.2": "delivered timed_out", "event_id=1-8": "",
		"limit=1": "delivered", "limit=1&cursor=" + newest: "timed_out", "limit=1&status=ok&cursor=" + newest: "",
	} {
		if got := a.get("manager", hook+"/deliveries?"+query).is(200).texts("data", "outcome"); got != want {
			t.Errorf("%s chooses %q, not %q", query, got, want)
		}
	}
	a.get("manager", hook+"/deliveries?limit=1").has("next_cursor", newest)
	a.get("manager", hook+"/deliveries?limit=1&status=failed").has("next_cursor", "")
	r := a.get("manager", hook+"/deliveries?status=bad&type=sale.made&cursor=x&limit=0&page=1").refused(400, store.CodeInvalid)
	if got := r.texts("errors", "pointer"); got != "status cursor type limit page" {
		t.Errorf("it names %s", got)
	}
}

// A page may have less than asked for, but following the cursors misses none.
func TestFollowingTheCursorMissesNoDelivery(t *testing.T) {
	a, hook, _ := openHooks(t)
	of := a.sync.hooks.deliveries[0].Webhook
	want := 1
	for i := range 40 {
		d := store.Delivery{ID: storetest.NewID(), Webhook: of, NewsID: fmt.Sprintf("1-%d", i+9), Type: store.NewsUpdated, Attempt: 1, At: 1000, Outcome: store.DeliveryDone, Status: 200}
		if i%7 > 0 {
			d.Outcome, d.Status = store.DeliveryStatus, 500
		} else {
			want++
		}
		a.sync.hooks.deliveries = append(a.sync.hooks.deliveries, d)
	}
	got := 0
	for cursor := ""; ; {
		r := a.get("manager", hook+"/deliveries?status=ok&limit=3"+cursor).is(200)
		got += len(r.at("data").([]any))
		if r.text("next_cursor") == "" {
			break
		}
		cursor = "&cursor=" + r.text("next_cursor")
	}
	if got != want {
		t.Errorf("it lists %d, not %d", got, want)
	}
}

func TestATestSaysWhatBecameOfIt(t *testing.T) {
	a, hook, newest := openHooks(t)
	a.post("admin", hook+"/test?dry_run=true", "").is(200).has("id", "", "outcome", "", "type", "webhook.test", "duration_ms", "", "attempt", "")
	a.post("admin", hook+"/deliveries/"+newest+"/redeliver?dry_run=true", "").is(200).
		has("id", "", "outcome", "", "event_id", "1-8.2", "entry", "1-8", "type", "inventory.low_stock")
	if len(a.sync.hooks.done) > 0 {
		t.Errorf("a dry run did %v", a.sync.hooks.done)
	}
	a.post("admin", hook+"/test", "").is(200).has("status_code", "401", "outcome", "bad_status", "detail", "It answered 401.", "entry", "", "duration_ms", "1")
	a.post("admin", hook+"/deliveries/"+newest+"/redeliver", "").is(200).has("event_id", "1-8.2", "attempt", "3", "outcome", "delivered")
	a.post("admin", hook+"/test", `{"url":"x"}`).refused(400, store.CodeUnknownField)
	for _, role := range []string{"manager", "sync"} {
		a.post(role, hook+"/test", "").refused(403, store.CodeForbidden)
	}
}

func TestOnlyTheEndpointsOwnAttemptsAreDeliveredAgain(t *testing.T) {
	a, hook, newest := openHooks(t)
	other, another := a.sync.hooks.open(a.Location)
	for _, path := range []string{hook + "/deliveries/" + another, other + "/deliveries/" + newest, hook + "/deliveries/none", hook + "/deliveries/" + a.Location.String()} {
		a.post("admin", path+"/redeliver", "").refused(404, store.CodeNotFound)
	}
	a.post("admin", hook+"/deliveries/"+a.sync.hooks.deliveries[0].ID.String()+"/redeliver", "").is(200)
	if got := fmt.Sprint(a.sync.hooks.done); got != "[redeliver]" {
		t.Errorf("it did %s", got)
	}
	last := store.ID{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	if got := idAfter(last); got != (store.ID{1}) {
		t.Errorf("after %s is %s", last, got)
	}
}

func TestAReceiverMayTakeItsTime(t *testing.T) {
	a, hook, newest := openHooks(t)
	for path, want := range map[string]bool{"/test": true, "/deliveries/" + newest + "/redeliver": true, "/rotate-secret": false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/api/v1"+hook+path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+a.secrets["admin"])
		w := &timed{ResponseRecorder: httptest.NewRecorder()}
		if a.handler.ServeHTTP(w, r); w.Code != http.StatusOK || w.lifted != want {
			t.Errorf("%s → %d; lifted: %v", path, w.Code, w.lifted)
		}
	}
}

func TestAStoreWithoutWebhooksHasNone(t *testing.T) {
	a := openAPIServer(t)
	n, ctx, id := noDestination{a.Ledger}, t.Context(), storetest.NewID()
	_, found := n.FindWebhook(ctx, id)
	_, edited := n.EditWebhook(ctx, store.Request{}, id, nil)
	_, rotated := n.RotateSecret(ctx, store.Request{}, id)
	_, tested := n.TestWebhook(ctx, id)
	_, replayed := n.Replay(ctx, store.Request{}, id, store.Position{}, 0)
	_, again := n.Redeliver(ctx, id)
	for _, err := range []error{found, edited, rotated, tested, replayed, again, n.DeleteWebhook(ctx, store.Request{}, id)} {
		if store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("it says %v", err)
		}
	}
	list, _ := n.Webhooks(ctx)
	deliveries, _ := n.Deliveries(ctx, store.DeliveryFilter{})
	_, secret, err := n.CreateWebhook(ctx, store.Request{}, store.Webhook{})
	if len(list)+len(deliveries) > 0 || secret != "" || store.CodeOf(err) != store.CodeUnavailable {
		t.Errorf("it has %v, %v and says %v", list, deliveries, err)
	}
}
