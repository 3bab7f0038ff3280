package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// writable is one request of every write route that is as it should be,
// except that those which take no body have an empty one.
func (a *api) writable() []write {
	item := a.Stocked("ONE", 100)
	of, _ := a.Item(item)
	product := of.Product.ID.String()
	a.AddLocation("Second Street", "America/Chicago")
	reservation := a.reserve(item, 0, "R-1")
	lot := a.post("manager", "/lots", fmt.Sprintf(`{"product_id":%q,"package_tag":"9A40"}`, product)).is(201).text("id")
	movement := a.Adjust(item, -1, store.Sale).Facts[0].Entry.Position.String()
	inventory, location := "/inventory/"+item.String(), a.Location.String()
	run, work, aside := a.sync.fill(a, item)
	a.sync.counter.open(a.Location, product)
	hook, delivery := a.sync.hooks.open(a.Location)
	patchProduct := strings.Replace(fmt.Sprintf(newProduct, location), `"sku":"BD-1",`, "", 1)
	return slices.Concat(a.writableTransfers(), []write{
		{"admin", "POST", "/inventory", fmt.Sprintf(`{"sku":"ONE","location_id":%q,"room_type":"vault","lot_id":%q,"quantity":1,"low_stock_threshold":1,"notes":"x"}`, location, lot), 201},
		{"admin", "PATCH", inventory, `{"quantity_change":-1,"reason_code":"SALE","notes":"x","reference":"x","occurred_at":"2026-01-27T10:00:00Z","offline":false,"expected_quantity":99}`, 200},
		{"admin", "PATCH", inventory, `{"quantity_change":-1,"reason_code":"TRANSFER","sub_reason":"shipped","to_room_type":"vault"}`, 200},
		{"admin", "PUT", inventory + "/settings", `{"low_stock_threshold":1}`, 200},
		{"admin", "POST", "/inventory/bulk-update", fmt.Sprintf(`{"mode":"atomic","updates":[{"id":%q,"quantity_change":-1,"reason_code":"SALE"}]}`, item), 200},
		{"admin", "POST", "/inventory/sync", fmt.Sprintf(`{"location_id":%q,"sync_type":"full"}`, location), 202},
		{"admin", "POST", "/sync/runs/" + run + "/cancel", "", 200},
		{"admin", "POST", "/sync/work-items/" + work + "/done", "", 200},
		{"admin", "POST", "/sync/quarantine/" + aside + "/retry", "", 202},
		{"admin", "POST", "/sync/destinations/central/resume", "", 204},
		{"admin", "PUT", "/sync/central", `{"url":"https://central.example.com","code":"XK3V","name":"Main Street"}`, 200},
		{"admin", "DELETE", "/sync/central", "", 204},
		{"admin", "POST", "/sync/adopt", "", 204},
		{"admin", "POST", "/pos/till/check", "", 200},
		{"admin", "POST", "/pos/till/map", "", 200},
		{"admin", "POST", "/pos/till/compare", "", 200},
		{"admin", "PUT", "/pos/till/links/product/" + product, `{"theirs":"x","name":"x"}`, 200},
		{"admin", "DELETE", "/pos/till/links/product/" + product, "", 204},
		{"admin", "POST", "/webhooks", fmt.Sprintf(newWebhook, location), 201},
		{"admin", "PATCH", hook, `{"url":"https://x.example.com/","events":["inventory.low_stock"],"description":"x","active":true,"lan":true,"legacy_header":"X-Sign"}`, 200},
		{"admin", "DELETE", hook, "", 204},
		{"admin", "POST", hook + "/rotate-secret", "", 200},
		{"admin", "POST", hook + "/test", "", 200},
		{"admin", "POST", hook + "/replay", `{"from":"1-1"}`, 202},
		{"admin", "POST", hook + "/replay", `{"since":"2026-01-27T10:00:00Z"}`, 202},
		{"admin", "POST", hook + "/deliveries/" + delivery + "/redeliver", "", 200},
		{"admin", "POST", "/movements/" + movement + "/reverse", `{"notes":"x"}`, 201},
		{"admin", "DELETE", "/movements/" + movement + "/notes", "", 204},
		{"admin", "POST", "/reservations", fmt.Sprintf(`{"inventory_id":%q,"quantity":1,"reference":"x","ttl_seconds":60}`, item), 201},
		{"admin", "PATCH", reservation, `{"ttl_seconds":60}`, 200},
		{"admin", "POST", reservation + "/commit", `{"notes":"x"}`, 200},
		{"admin", "POST", reservation + "/release", "", 200},
		{"admin", "POST", "/products", fmt.Sprintf(newProduct, location), 201},
		{"admin", "PATCH", "/products/" + product, strings.Replace(patchProduct, `"unit":"g",`, `"unit":"each",`, 1), 200},
		{"admin", "POST", "/products/" + a.AddProduct("TWO").String() + "/archive", "", 200},
		{"admin", "POST", "/locations", newLocation, 201},
		{"admin", "PATCH", "/locations/" + location, newLocation, 200},
		{"admin", "POST", "/locations/" + a.AddLocation("Third Street", "UTC").String() + "/archive", "", 200},
		{"admin", "POST", "/lots", fmt.Sprintf(`{"product_id":%q,"package_tag":"2A40","batch_number":"B","expires_at":"2026-11-30","status":"active","external_id":"x"}`, product), 201},
		{"admin", "PATCH", "/lots/" + lot, `{"package_tag":"2A40","batch_number":"B","expires_at":"2026-11-30","status":"held","external_id":"x"}`, 200},
		{"admin", "POST", "/lots/" + lot + "/archive", "", 200},
		{"admin", "POST", "/import", twoRows, 200},
		{"admin", "POST", "/tokens", fmt.Sprintf(`{"name":"x","role":"viewer","location_id":%q,"terminal":"x","expires_at":"2026-11-30T00:00:00Z"}`, location), 201},
		{"admin", "DELETE", "/tokens/" + a.Tokens()[0].ID.String(), "", 204},
		{"admin", "POST", "/clock/confirm", "", 200},
	})
}

// A write route missing from writable would escape the tests below.
func TestEveryWriteIsTriedWithBadInput(t *testing.T) {
	a := openAPIServer(t)
	writes := a.writable()
	for _, w := range writes {
		a.call(w.as, w.method, "/api/v1"+w.path+"?dry_run=true", w.body).is(w.status)
	}
	for _, r := range a.server.routes() {
		if r.writes && !slices.ContainsFunc(writes, func(w write) bool { return r.method == w.method && matches(r.path, "/api/v1"+w.path) }) {
			t.Errorf("%s %s is not tried", r.method, r.path)
		}
	}
}

// matches tells whether a path is one of a route's.
func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && !strings.HasPrefix(want[i], ":") {
			return false
		}
	}
	return true
}

var badBodies = map[string]string{
	"broken":          `{"notes":`,
	"text":            `hello`,
	"a list":          `[]`,
	"a list of many":  `[{"notes":"x"}]`,
	"a number":        `1`,
	"null":            `null`,
	"two objects":     `{} {}`,
	"a comma more":    `{"notes":"x",}`,
	"NaN":             `{"quantity_change":NaN}`,
	"infinity":        `{"quantity":-Infinity}`,
	"a name twice":    `{"notes":"x","notes":"y"}`,
	"unknown field":   `{"no_such_field":1}`,
	"no name":         `{"":1}`,
	"other case":      `{"NOTES":"x"}`,
	"invalid UTF-8":   "{\"notes\":\"\xff\xfe\"}",
	"half surrogate":  `{"notes":"\ud800"}`,
	"zero bytes":      "\x00\x00",
	"deep lists":      `{"notes":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
	"deep objects":    strings.Repeat(`{"notes":`, 20_000) + "1" + strings.Repeat("}", 20_000),
	"a single quote":  `{'notes':'x'}`,
	"a comment":       `{/* x */}`,
	"form":            `notes=x&quantity_change=1`,
	"a byte order":    "\xef\xbb\xbf{}",
	"much whitespace": strings.Repeat(" ", 100_000) + "x",
}

func TestBodiesThatCannotBeReadAreRefusedEverywhere(t *testing.T) {
	a := openAPIServer(t)
	huge := `{"notes":"` + strings.Repeat("x", 9<<20) + `"}`
	for _, w := range a.writable() {
		a.writesNothing(func() {
			for name, body := range badBodies {
				if r := a.call(w.as, w.method, "/api/v1"+w.path, body); r.status != http.StatusBadRequest {
					t.Errorf("%s with %s → %d: %s", r.what, name, r.status, r.body)
				}
			}
			a.call(w.as, w.method, "/api/v1"+w.path, huge).refused(413, store.CodePayloadTooLarge)
			a.call(w.as, w.method, "/api/v1"+w.path+"?nope=1", w.body).is(400)
			a.call(w.as, w.method, "/api/v1"+w.path+"?dry_run=yes", w.body).is(400)
			a.call(w.as, w.method, "/api/v1"+w.path+"?dry_run=true&dry_run=false", w.body).is(400)
			a.call(w.as, w.method, "/api/v1"+w.path+"?dry_run=%zz", w.body).is(400)
			a.call(w.as, w.method, "/api/v1"+w.path, w.body, "Idempotency-Key: "+strings.Repeat("k", 201)).is(400)
		})
	}
}

// badValues take the place of every value of every body in turn. Where one is
// right after all, the contract says so, and it is a dry run.
var badValues = []string{
	`"x"`, `""`, `" "`, `true`, `null`, `[]`, `{}`, `[[]]`, `{"x":1}`, `0`, `-1`, `1.5`, `1.00001`, `1e400`, `-1e400`, `1e-400`, `1e12`, `-1e12`, `1E5`, `-0`,
	`99999999999999999999999999`, `0.00000000000000000000000001`, `1000000000.0001`, `"1"`, `"NaN"`,
	`"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"2026-13-45T99:99:99Z"`, `"2026-02-30"`, `"0000-00-00"`, `"99999-01-01"`, `"1899-12-31"`, `"2026-01-27T10:30:00"`,
	`"` + longText + `"`, `"\u0000"`, `"\u0007"`, `"a\u202eb"`, `"💊"`, `"../../etc"`, `"'; DROP TABLE entry;--"`, `"00000000-0000-0000-0000-000000000000"`,
}

func TestBadValuesInAnyFieldNeverPassNorBreakAnything(t *testing.T) {
	a := openAPIServer(t)
	for _, w := range a.writable() {
		a.writesNothing(func() {
			for _, body := range spoilt(t, w.body) {
				r := a.send(w.as, w.method, "/api/v1"+w.path+"?dry_run=true", body.text)
				switch {
				case r.status >= 500:
					t.Errorf("%s with %.300s → %d", r.what, body.text, r.status)
				case r.status < 300 && body.absent:
					a.contract.accept(r)
				case r.status < 300:
					a.contract.validate(t, r.req, &http.Response{StatusCode: r.status, Header: r.header}, r.body)
				}
			}
		})
	}
}

// spoiltBody is a body with one bad value; absent when that value counts as
// no value at all.
type spoiltBody struct {
	text   string
	absent bool
}

// spoilt gives a body once for each value in it and each bad value or, except
// at length, a third of them, which are others for the next value.
func spoilt(t *testing.T, body string) (all []spoiltBody) {
	if body == "" {
		return nil
	}
	var whole any
	if err := json.Unmarshal([]byte(body), &whole); err != nil {
		t.Fatal(err)
	}
	n, step := 0, storetest.Some(3, 1)
	spoil := func(was any, set func(any)) {
		n++
		for i, bad := range badValues {
			if (n+i)%step != 0 {
				continue
			}
			set(json.RawMessage(bad))
			b, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, spoiltBody{string(b), bad == `null` || bad == `""` || bad == `" "`})
		}
		set(was)
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, field := range v {
				spoil(field, func(to any) { v[name] = to })
				visit(field)
			}
		case []any:
			for i, e := range v {
				spoil(e, func(to any) { v[i] = to })
				visit(e)
			}
		}
	}
	visit(whole)
	return all
}

// FuzzBody sends any body to any write route, dry: it is refused or would be
// accepted, and nothing is written either way.
func FuzzBody(f *testing.F) {
	a := openAPIServer(f)
	writes := a.writable()
	for i, w := range writes {
		f.Add(i, []byte(w.body))
	}
	for _, body := range badBodies {
		f.Add(0, []byte(body))
	}
	seq := a.Head().Seq
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		w := writes[uint(which)%uint(len(writes))]
		req, err := http.NewRequestWithContext(t.Context(), w.method, "http://localhost/api/v1"+w.path+"?dry_run=true", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.secrets["admin"])
		rec := httptest.NewRecorder()
		a.server.Handler().ServeHTTP(rec, req)
		if rec.Code >= 500 {
			t.Errorf("%s %s → %d: %s", w.method, w.path, rec.Code, rec.Body)
		}
		if rec.Code < 300 && len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) {
			t.Errorf("%s %s took what is no JSON", w.method, w.path)
		}
		if a.Head().Seq != seq {
			t.Error("something was written")
		}
	})
}
