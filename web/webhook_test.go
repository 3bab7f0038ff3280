package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// openHooks serves a shop with one endpoint.
func openHooks(t *testing.T) (a *api, hook, delivery string) {
	a = openAPIServer(t)
	a.Stocked("ONE", 45)
	hook, delivery = a.sync.hooks.open(a.Location)
	return a, hook, delivery
}

func TestAWebhookSaysHowItStands(t *testing.T) {
	a, hook, _ := openHooks(t)
	stands := []string{
		"id", strings.TrimPrefix(hook, "/webhooks/"), "url", "https://screens.example.com/hooks", "events.0", "inventory.updated",
		"events.1", "inventory.low_stock", "description", "Menu screens", "active", "true", "lan", "false", "location_id", a.Location.String(),
		"legacy_header", "", "created_at", "2026-01-27T10:30:00Z", "version", "3", "old_secret_until", "2026-01-27T10:30:00Z", "state", "waiting",
		"disabled_at", "", "disabled_reason", "", "cursor", "1-7", "waiting", "318", "last_success_at", "1970-01-01T00:00:00.5Z", "failures", "2",
		"failing_since", "1970-01-01T00:00:01Z", "next_attempt_at", "1970-01-01T00:00:02Z", "error.code", "timed_out",
		"error.detail", "It did not answer within 15 seconds.",
	}
	r := a.get("manager", hook).is(200).has(stands...)
	if got := r.header.Get("Etag"); got != `"3"` {
		t.Errorf("its version is %s", got)
	}
	a.get("manager", hook, `If-None-Match: "3"`).is(200)
	for i := 0; i < len(stands); i += 2 {
		stands[i] = "data.0." + stands[i]
	}
	if r := a.get("manager", "/webhooks").is(200).has(stands...); strings.Contains(string(r.body), "secret\"") {
		t.Errorf("a secret is listed: %s", r.body)
	}
	h := &a.sync.hooks.list[0]
	h.Webhook = store.Webhook{ID: h.ID, Version: 3, URL: "https://x.example.com", CreatedAt: 1, DisabledAt: 1000, DisabledWhy: store.WebhookGone}
	h.Code, h.State = "", store.DestinationPaused
	a.get("manager", hook).is(200).has("description", "", "location_id", "", "error", "", "disabled_at", "1970-01-01T00:00:01Z",
		"disabled_reason", "gone", "old_secret_until", "")
	for _, path := range []string{"/webhooks/none", "/webhooks/" + a.Location.String(), "/webhooks/none/deliveries"} {
		a.get("manager", path).refused(404, store.CodeNotFound)
	}
}

func TestAWebhooksSecretIsShownOnce(t *testing.T) {
	a, hook, _ := openHooks(t)
	body := fmt.Sprintf(newWebhook, a.Location)
	for _, path := range []string{"/webhooks", hook + "/rotate-secret"} {
		if path != "/webhooks" {
			body = ""
		}
		key := "Idempotency-Key: " + path
		a.post("admin", path+"?dry_run=true", body, key).has("secret", "", "version", map[bool]string{true: "1", false: "3"}[body != ""])
		first := a.post("admin", path, body, key)
		secret := first.text("secret")
		if !strings.HasPrefix(secret, "whsec_") || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s gives %s", path, first.body)
		}
		again := a.post("admin", path, body, key)
		if again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s, once more, has %v", path, again.header)
		}
		if want := strings.ReplaceAll(string(first.body), `"`+secret+`"`, "null"); string(again.body) != want {
			t.Errorf("%s, once more, gives %s", path, again.body)
		}
		for _, path := range []string{"/webhooks", hook, hook + "/deliveries"} {
			if r := a.get("admin", path).is(200); strings.Contains(string(r.body), "whsec_") || strings.Contains(string(r.body), "sealed") {
				t.Errorf("%s shows the secret: %s", path, r.body)
			}
		}
	}
}

func TestAWebhookIsMadeAsAsked(t *testing.T) {
	a, _, _ := openHooks(t)
	r := a.post("admin", "/webhooks", fmt.Sprintf(newWebhook, a.Location)).is(201).has("url", "http://192.168.1.40:9000/hooks/label",
		"events.0", "inventory.updated", "events.1", "transfer.completed", "description", "Label printer", "active", "true", "lan", "true",
		"location_id", a.Location.String(), "legacy_header", "X-Hub-Signature-256")
	if got := r.header.Get("Location"); got != "/api/v1/webhooks/"+r.text("id") || r.header.Get("Etag") != `"1"` {
		t.Errorf("it is at %s, %s", got, r.header.Get("Etag"))
	}
	r = a.post("admin", "/webhooks", `{"url":"https://x.example.com:8443/a?b=c&d=%20","events":null,"description":null}`).is(201)
	if r.has("active", "true", "lan", "false", "location_id", "", "description", ""); !strings.Contains(string(r.body), `"events":[],`) {
		t.Errorf("it is told %s", r.body)
	}
	a.post("admin", "/webhooks", `{"url":"https://`+strings.Repeat("x", 60)+`.example.com/`+strings.Repeat("a", 1919)+`","description":"`+strings.Repeat("é", 200)+`"}`).is(201)
	a.post("admin", "/webhooks", `{"url":"https://x","active":false,"events":[]}`).is(201).has("active", "false")
}

func TestAWebhookNamesAllThatIsWrong(t *testing.T) {
	a, hook, _ := openHooks(t)
	n := len(a.sync.hooks.list)
	a.post("admin", "/webhooks", `{}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/url")
	r := a.post("admin", "/webhooks", `{"url":"ftp://x","events":["inventory.updated","sale.made","inventory.updated"],"description":" ","legacy_header":"Host","secret":"mine"}`)
	if got := r.refused(400, store.CodeInvalid).texts("errors", "pointer"); got != "/url /events/1 /events/2 /description /legacy_header /secret" {
		t.Errorf("it names %s", got)
	}
	if said := r.text("errors.1.detail"); !strings.Contains(said, `"sale.made"`) || !strings.Contains(said, strings.Join(webhookEvents, ", ")) {
		t.Errorf("of the event it says %s", said)
	}
	a.post("admin", "/webhooks", `{"url":"https://x.example.com","events":["sale.made"]}`).refused(400, store.CodeInvalid)
	r = a.post("admin", "/webhooks", `{"url":"http://x.example.com","location_id":"none"}`)
	if got := r.refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/url /location_id" {
		t.Errorf("as a whole it names %s", got)
	}
	for _, body := range []string{`{}`, `{"location_id":"x"}`, `{"secret":"x"}`, `{"url":null}`, `{"active":null}`, `{"lan":null}`, `{"events":["webhook.test"]}`} {
		if r := a.patch("admin", hook, body); r.status != 422 && r.status != 400 {
			t.Errorf("%s → %d", body, r.status)
		}
	}
	a.patch("admin", hook, `{"url":"http://x.example.com"}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/url")
	if h := a.sync.hooks.list[0]; len(a.sync.hooks.list) != n || h.Version != 3 {
		t.Errorf("something was made, or is %+v", h)
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	a, _, _ := openHooks(t)
	for _, url := range []string{
		"", "x", "/x", "//x.example.com/", "https:", "https://", "https:///x", "https://:443/", "HTTPS://x.example.com", "https:x.example.com",
		"ftp://x.example.com", "file:///etc/passwd", "javascript:alert(1)", "https://x.example.com/#a", "https://x.example.com/#",
		"https://u:p@x.example.com/", "https://u@x.example.com/", "https://x.example.com:0/", "https://x.example.com:65536/", "https://x.example.com:http/",
		"https://x.example.com/a b", " https://x.example.com", "https://x.example.com/é", "https://é.example.com", "https://x.example.com/\\u0007",
		"https://x.example.com/%zz\\n", "https://[::1", "https://x.example.com/" + strings.Repeat("a", 1979),
	} {
		for _, lan := range []bool{false, true} {
			r := a.post("admin", "/webhooks", `{"url":"`+url+`","lan":`+strconv.FormatBool(lan)+`}`).refused(422, store.CodeInvalid)
			if got := r.texts("errors", "pointer"); got != "/url" {
				t.Errorf("%.60q names %s", url, got)
			}
		}
	}
}

func TestAWebhookIsChangedAsAsked(t *testing.T) {
	a, hook, _ := openHooks(t)
	a.patch("admin", hook, `{"active":false,"description":"","events":["inventory.low_stock"],"legacy_header":"X-Sign"}`).is(200).
		has("active", "false", "description", "", "events.0", "inventory.low_stock", "events.1", "", "url", "https://screens.example.com/hooks",
			"legacy_header", "X-Sign", "version", "4", "location_id", a.Location.String())
	a.patch("admin", hook, `{"lan":true,"url":"http://x.example.com","legacy_header":null,"events":null}`).is(200).
		has("lan", "true", "url", "http://x.example.com", "legacy_header", "", "events.0", "")
	a.patch("admin", hook, `{"lan":false}`).refused(422, store.CodeInvalid)
	h := &a.sync.hooks.list[0]
	h.DisabledAt, h.DisabledWhy = 1000, store.WebhookFailing
	a.patch("admin", hook, `{"description":"x"}`).is(200).has("disabled_reason", "failing")
	a.patch("admin", hook, `{"active":true}`).is(200).has("active", "true", "disabled_reason", "", "disabled_at", "")
	a.patch("admin", hook+"?dry_run=true", `{"active":false}`).is(200).has("active", "false")
	if version := h.Version; !h.Active {
		t.Errorf("a dry run changed it, to version %d", version)
	}
	seen := a.get("admin", hook).header.Get("Etag")
	a.patch("admin", hook, `{"active":false}`, `If-Match: "3"`).refused(412, store.CodeStaleVersion)
	if !h.Active {
		t.Error("it was changed by one who has not seen it")
	}
	a.patch("admin", hook, `{"active":false}`, "If-Match: "+seen).is(200).has("active", "false")
	a.call("admin", "DELETE", "/api/v1"+hook+"?dry_run=true", "").is(204)
	a.call("admin", "DELETE", "/api/v1"+hook, "").is(204)
	a.call("admin", "DELETE", "/api/v1"+hook, "").refused(404, store.CodeNotFound)
	a.get("admin", hook).refused(404, store.CodeNotFound)
}

func TestAReplayBeginsAtAnEntryOrAMoment(t *testing.T) {
	a, hook, _ := openHooks(t)
	a.post("admin", hook+"/replay", `{"from":"1-2"}`).is(202).has("id", strings.TrimPrefix(hook, "/webhooks/"))
	a.post("admin", hook+"/replay", `{"since":"2026-01-27T10:00:00Z"}`).is(202)
	a.post("admin", hook+"/replay?dry_run=true", `{"from":"1-2"}`).is(202)
	if got := fmt.Sprint(a.sync.hooks.done); got != "[replay from 1-2 since  replay from  since 2026-01-27T10:00:00Z]" {
		t.Errorf("it did %s", got)
	}
	for body, want := range map[string]string{
		`{}`: " invalid_request",
		`{"from":"1-2","since":"2026-01-27T10:00:00Z"}`: " invalid_request", `{"from":"402"}`: "/from invalid_request", `{"from":"1-0"}`: "/from invalid_request",
		`{"from":"1-99999"}`: "/from invalid_request", `{"from":"9-1"}`: "/from invalid_request", `{"since":"yesterday"}`: "/since invalid_request",
		`{"since":"2026-02-27T10:00:00Z"}`: "/since future_time",
	} {
		r := a.post("admin", hook+"/replay", body).is(422)
		if got := r.text("errors.0.pointer") + " " + r.text("errors.0.code"); got != want {
			t.Errorf("%s is refused with %q", body, got)
		}
	}
	if len(a.sync.hooks.done) != 2 {
		t.Errorf("it did %v", a.sync.hooks.done)
	}
}

func TestABoundTokenHasOnlyItsOwnWebhooks(t *testing.T) {
	b := openBound(t)
	there, delivery := b.sync.hooks.open(b.other)
	everywhere, _ := b.sync.hooks.open(store.ID{})
	here, ours := b.sync.hooks.open(b.Location)
	for _, hook := range []string{there, everywhere} {
		for _, r := range [][3]string{
			{"GET", "", ""},
			{"PATCH", "", `{"active":false}`},
			{"DELETE", "", ""},
			{"POST", "/test", ""},
			{"POST", "/rotate-secret", ""},
			{"POST", "/replay", `{"from":"1-1"}`},
			{"GET", "/deliveries", ""},
			{"POST", "/deliveries/" + delivery + "/redeliver", ""},
		} {
			b.call("ours", r[0], "/api/v1"+hook+r[1], r[2]).refused(403, store.CodeForbidden)
		}
	}
	if len(b.sync.hooks.list) != 3 || len(b.sync.hooks.done) > 0 || b.sync.hooks.secrets > 0 {
		t.Errorf("it did %v", b.sync.hooks.done)
	}
	if got := b.get("ours", "/webhooks").is(200).texts("data", "location_id"); got != b.Location.String() {
		t.Errorf("it sees those of %s", got)
	}
	b.post("ours", "/webhooks", fmt.Sprintf(newWebhook, b.other)).refused(403, store.CodeForbidden)
	b.post("ours", "/webhooks", `{"url":"https://x.example.com"}`).is(201).has("location_id", b.Location.String())
	b.get("ours", here).is(200)
	b.post("ours", here+"/deliveries/"+ours+"/redeliver", "").is(200)
	b.patch("ours", here, `{"location_id":null}`).refused(400, store.CodeUnknownField)
}

// Whatever the store can tell, the catalogue of the API has.
func TestTheCatalogueHasEveryKindOfNews(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../store/news.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "NewsType" {
				name, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				all = append(all, name)
			}
		}
		return true
	})
	schemas := loadContract(t).doc.Components.Schemas
	if want := append(slices.Clone(webhookEvents), string(store.NewsTest)); !slices.Equal(all, want) || fmt.Sprint(schemas["DeliveryType"].Value.Enum) != fmt.Sprint(all) {
		t.Errorf("the store has %v, the API %v, the contract %v", all, want, schemas["DeliveryType"].Value.Enum)
	}
	if got := schemas["WebhookEvent"].Value.Enum; fmt.Sprint(got) != fmt.Sprint(webhookEvents) || *schemas["WebhookEvents"].Value.MaxItems != uint64(len(got)) {
		t.Errorf("the contract lets subscribe to %v", got)
	}
}
