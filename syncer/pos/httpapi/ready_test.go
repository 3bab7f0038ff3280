package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// script answers requests that hold a text; the first that fits counts.
type script struct {
	t     *testing.T
	steps []step
	// asked are the requests: method, address and body.
	asked []string
}

type step struct {
	holds  string
	status int
	answer string
	header string
	// once: it answers one request only.
	once bool
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	uri, _ := strings.CutPrefix(r.URL.RequestURI(), "/admin-api")
	text := r.Method + " " + uri + " " + string(body) + " " + r.Header.Get("Authorization")
	s.asked = append(s.asked, text)
	for i, step := range s.steps {
		if !strings.Contains(text, step.holds) {
			continue
		}
		if step.once {
			s.steps = append(s.steps[:i:i], s.steps[i+1:]...)
		}
		if step.header != "" {
			w.Header().Set("Vendure-Auth-Token", step.header)
		}
		w.WriteHeader(max(step.status, 200))
		_, _ = w.Write([]byte(step.answer))
		return
	}
	s.t.Errorf("no answer to %s", text)
	w.WriteHeader(http.StatusTeapot)
}

// ready connects a file that comes with shelfd to a script.
func ready(t *testing.T, file string, steps ...step) (pos.Connector, *script) {
	text, err := os.ReadFile("../../../install/pos/" + file)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, steps: steps}
	return connect(t, string(text), s.ServeHTTP), s
}

// stockOf lists what a connector reads, a line for each row.
func stockOf(t *testing.T, c pos.Connector, only []store.Place) string {
	t.Helper()
	var lines []string
	err := c.(pos.StockReader).ReadStock(t.Context(), only, func(page []pos.Stock) error {
		for _, s := range page {
			lines = append(lines, fmt.Sprintf("%s in %s: %s %s%s", s.SKU, s.Room, s.Quantity, s.UpdatedAt, s.Problem))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// salesOf lists the sales of a second.
func salesOf(t *testing.T, c pos.Connector) string {
	t.Helper()
	var lines []string
	err := c.(pos.SaleReader).ReadSales(t.Context(), 1_795_901_688_000, 1_795_901_699_000, func(page []pos.Sale) error {
		for _, s := range page {
			lines = append(lines, fmt.Sprintf("%s/%d %s %s in %s %s %s %s%s", s.ID, s.Line, s.SKU, s.Change, s.Room, s.Reason, s.Reference, s.At, s.Problem))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

// The answers below are those of Vendure 3.7, shortened.
var (
	vendureLogin = step{holds: "login(", answer: `{"data":{"login":{"__typename":"CurrentUser"}}}`, header: "tok-1"}
	vendureStock = `{"data":{"productVariants":{"totalItems":2,"items":[
		{"id":"2","sku":"BD-3.5","name":"Blue Dream","trackInventory":"TRUE","stockLevels":[
			{"stockLocationId":"1","stockOnHand":38,"updatedAt":"2026-11-28T21:34:48.045Z"},
			{"stockLocationId":"2","stockOnHand":5,"updatedAt":"2026-11-28T21:30:00.000Z"}]},
		{"id":"3","sku":"BD-7","name":"Not tracked","trackInventory":"FALSE","stockLevels":[
			{"stockLocationId":"1","stockOnHand":-1,"updatedAt":"2026-11-28T21:34:50.000Z"}]}]},
		"globalSettings":{"trackInventory":true}}}`
)

func TestVendureIsRead(t *testing.T) {
	expired := `{"errors":[{"message":"You are not currently authorized to perform this action","extensions":{"code":"FORBIDDEN"}}],"data":null}`
	c, s := ready(t, "vendure.yaml", vendureLogin,
		step{holds: "activeChannel", answer: expired, once: true},
		step{holds: "activeChannel", answer: `{"data":{"activeChannel":{"code":"__default_channel__"}}}`},
		step{holds: `v0: productVariant(id: \"2\") { id sku stockMovements(options: {skip: 0, take: 1})`, answer: `{"data":{"v0":{"id":"2","sku":"BD-3.5","stockMovements":{"totalItems":53,"items":[{"id":"3","type":"ADJUSTMENT","quantity":40,"createdAt":"2026-11-28T21:00:00.000Z"}]}}}}`},
		step{holds: "skip: 3, take: 50", answer: `{"data":{"v0":{"id":"2","sku":"BD-3.5","stockMovements":{"totalItems":53,"items":[
			{"id":"8","type":"SALE","quantity":-2,"createdAt":"2026-11-28T21:34:48.045Z"},
			{"id":"9","type":"CANCELLATION","quantity":2,"createdAt":"2026-11-28T21:34:50.332Z"},
			{"id":"10","type":"ALLOCATION","quantity":2,"createdAt":"2026-11-28T21:34:50.332Z"},
			{"id":"11","type":"SALE","quantity":-5,"createdAt":"2026-11-28T21:34:52.000Z"},
			{"id":"12","type":"SALE","quantity":-5,"createdAt":"2026-11-28T21:34:52.000Z"}]}}}}`},
		step{holds: "skip: 0, take: 3", answer: `{"data":{"v0":{"id":"2","sku":"BD-3.5","stockMovements":{"totalItems":53,"items":[{"id":"3","type":"SALE","quantity":-1,"createdAt":"2026-11-28T21:00:00.000Z"}]}}}}`},
		step{holds: "stockLocations", answer: `{"data":{"stockLocations":{"totalItems":101,"items":[{"id":"1","name":"Default Stock Location"}]}}}`},
		step{holds: "productVariants", answer: vendureStock},
	)
	if id, err := c.Check(t.Context()); err != nil || id.Name != "Vendure" {
		t.Errorf("%+v %v", id, err)
	}
	same(t, "stock", stockOf(t, c, nil), "BD-3.5 in 1: 38 2026-11-28T21:34:48.045Z\nBD-3.5 in 2: 5 2026-11-28T21:30:00Z\nBD-7 in 1: -1 2026-11-28T21:34:50Z")
	same(t, "some stock", stockOf(t, c, []store.Place{{Product: "3", Room: "1"}}), "BD-7 in 1: -1 2026-11-28T21:34:50Z")
	s.asked = nil
	same(t, "sales", salesOf(t, c), `8/0 BD-3.5 -2 in 1 SALE movement 8 2026-11-28T21:34:48.045Z
9/0 BD-3.5 2 in 1 RETURN movement 9 2026-11-28T21:34:50.332Z
11/0 BD-3.5 -5 in 1 SALE movement 11 2026-11-28T21:34:52Z`)
	if len(s.asked) != 4 {
		t.Errorf("the sales took %d requests: %s", len(s.asked), strings.Join(s.asked, "\n"))
	}
	for _, text := range s.asked {
		if !strings.HasSuffix(text, "Bearer tok-1") {
			t.Errorf("not signed: %s", text)
		}
	}
}

func TestVendureIsWritten(t *testing.T) {
	b := pos.Batch{Key: "k", Changes: []pos.Change{
		{Place: store.Place{Product: "2", Room: "1"}, Quantity: 390_000, Absolute: true},
		{Place: store.Place{Product: "2", Room: "2"}, Quantity: 60_000, Absolute: true},
	}}
	c, _ := ready(t, "vendure.yaml", vendureLogin, step{holds: "updateProductVariants", answer: `{"data":{"updateProductVariants":[
		{"id":"2","stockLevels":[{"stockLocationId":"1","stockOnHand":39},{"stockLocationId":"2","stockOnHand":5}]}]}}`})
	outcomes, err := c.(pos.Writer).Write(t.Context(), b)
	want := syncer.Outcome{Status: syncer.Rejected, Code: "not_taken", Detail: "Vendure took the change and has 5 all the same."}
	if err != nil || outcomes[0].Status != syncer.Confirmed || outcomes[1] != want {
		t.Errorf("%+v %v", outcomes, err)
	}
	for answer, want := range map[string]syncer.Failure{
		`{"errors":[{"message":"No ProductVariant with the id \"2\" could be found","extensions":{"code":"ENTITY_NOT_FOUND"}}],"data":null}`: {Class: syncer.Alarm, Code: "entity_not_found"},
		`{"errors":[{"message":"insert or update on table \"stock_level\" violates foreign key constraint"}],"data":null}`:                   {Class: syncer.Alarm, Code: "refused"},
		`{"errors":[{"message":"deadlock detected"}],"data":null}`:                                                                           {Class: syncer.Retry, Code: "refused"},
		`{"errors":[{"message":"could not serialize access due to concurrent update"}],"data":null}`:                                         {Class: syncer.Retry, Code: "refused"},
		`{"errors":[{"message":"Lock wait timeout exceeded; try restarting transaction"}],"data":null}`:                                      {Class: syncer.Retry, Code: "refused"},
		`{"errors":[{"message":"SQLITE_BUSY: database is locked"}],"data":null}`:                                                             {Class: syncer.Retry, Code: "refused"},
		`{"errors":[{"message":"Internal server error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`:                                     {Class: syncer.Retry, Code: "internal_server_error"},
		`{"errors":[{"message":"You may not","extensions":{"code":"FORBIDDEN"}}]}`:                                                           {Class: syncer.Pause, Code: pos.CodeUnauthorized},
	} {
		c, _ := ready(t, "vendure.yaml", vendureLogin, step{holds: "updateProductVariants", answer: answer})
		_, err := c.(pos.Writer).Write(t.Context(), b)
		if f := failure(t, err); f.Class != want.Class || f.Code != want.Code || f.Unknown {
			t.Errorf("%s: %+v", answer, f)
		}
	}
	c, _ = ready(t, "vendure.yaml", step{holds: "login(", answer: `{"data":{"login":{"__typename":"InvalidCredentialsError","message":"The provided credentials are invalid"}}}`})
	_, err = c.Check(t.Context())
	if f := failure(t, err); f.Class != syncer.Pause || f.Code != pos.CodeUnauthorized || !strings.Contains(f.Detail, "credentials are invalid") {
		t.Errorf("%+v", f)
	}
}

// The answers below are those of Medusa 2.21, shortened.
const medusaLevels = `{"count":1,"offset":0,"limit":100,"inventory_items":[{"id":"iitem_1","sku":"BD-3.5","title":"3.5","location_levels":[
	{"location_id":"sloc_1","inventory_item_id":"iitem_1","raw_stocked_quantity":{"value":"1234567.1234"},"stocked_quantity":1234567.1234,"updated_at":"2026-11-28T22:01:23.905Z"},
	{"location_id":"sloc_2","inventory_item_id":"iitem_1","raw_stocked_quantity":{"value":"5"},"stocked_quantity":5,"updated_at":"2026-11-28T22:01:23.905Z"},
	{"location_id":"sloc_3","inventory_item_id":"iitem_1","raw_stocked_quantity":{"value":"7"},"stocked_quantity":7,"updated_at":"2026-11-28T22:01:25.000Z"}]}]}`

func TestMedusaIsReadAndWritten(t *testing.T) {
	c, s := ready(t, "medusa.yaml",
		step{holds: "/auth/user/emailpass", answer: `{"token":"tok-1"}`},
		step{holds: "/admin/stores", status: 401, answer: `{"message":"Unauthorized"}`, once: true},
		step{holds: "/admin/stores", answer: `{"stores":[{"name":"Medusa Store"}]}`},
		step{holds: "/admin/inventory-items?", answer: medusaLevels},
		step{holds: "location-levels/batch", answer: `{"created":[],"updated":[
			{"location_id":"sloc_1","inventory_item_id":"iitem_1","stocked_quantity":1234567.1234,"available_quantity":3,"updated_at":"2026-11-28T22:01:23.905Z"},
			{"location_id":"sloc_2","inventory_item_id":"iitem_1","stocked_quantity":6,"updated_at":"2026-11-28T22:01:23.905Z"},
			{"location_id":"sloc_3","inventory_item_id":"iitem_1","stocked_quantity":8,"updated_at":"2026-11-28T22:01:23.905Z"}]}`},
		step{holds: "/admin/orders", answer: `{"count":1,"offset":0,"limit":50,"orders":[{"id":"order_1","display_id":1,
			"fulfillments":[
				{"location_id":"sloc_1","created_at":"2026-11-28T22:02:03.715Z","canceled_at":null,"items":[{"id":"fulit_1","quantity":1,"sku":"BD-3.5","line_item_id":"ordli_1","inventory_item_id":"iitem_1"}]},
				{"location_id":"sloc_2","created_at":"2026-11-28T22:02:08.493Z","canceled_at":"2026-11-28T22:02:11.349Z","items":[{"id":"fulit_2","quantity":2.5,"sku":"BD-3.5","line_item_id":"ordli_1","inventory_item_id":"iitem_1"}]}],
			"returns":[{"status":"received","location_id":"sloc_1","received_at":"2026-11-28T22:02:55.373Z","items":[{"id":"retitem_1","item_id":"ordli_1","quantity":1,"received_quantity":1}]},
				{"status":"requested","location_id":"sloc_1","received_at":null,"items":[{"id":"retitem_2","item_id":"ordli_1","quantity":1,"received_quantity":0}]}]}]}`},
	)
	if id, err := c.Check(t.Context()); err != nil || id.Name != "Medusa Store" {
		t.Errorf("%+v %v", id, err)
	}
	same(t, "stock", stockOf(t, c, nil), "BD-3.5 in sloc_1: 1234567.1234 2026-11-28T22:01:23.905Z\nBD-3.5 in sloc_2: 5 2026-11-28T22:01:23.905Z\nBD-3.5 in sloc_3: 7 2026-11-28T22:01:25Z")
	s.asked = nil
	same(t, "sales", salesOf(t, c), `fulit_1/1 BD-3.5 -1 in sloc_1 SALE order 1 2026-11-28T22:02:03.715Z
fulit_2/1 BD-3.5 -2.5 in sloc_2 SALE order 1 2026-11-28T22:02:08.493Z
fulit_2/2 BD-3.5 2.5 in sloc_2 RETURN order 1 2026-11-28T22:02:11.349Z
retitem_1/1 BD-3.5 1 in sloc_1 RETURN order 1 2026-11-28T22:02:55.373Z`)
	if !strings.Contains(s.asked[0], "updated_at%5B%24gte%5D=2026-11-28T21%3A24%3A48Z") {
		t.Errorf("asked %s", s.asked[0])
	}
	var seen store.Quantity
	changes := []pos.Change{}
	for n, q := range []store.Quantity{1_234_567_1234, 60_000, 80_000} {
		changes = append(changes, pos.Change{Place: store.Place{Product: "iitem_1", Room: fmt.Sprintf("sloc_%d", n+1)}, Quantity: q, Seen: &seen, Absolute: true})
	}
	outcomes, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: changes})
	want := syncer.Outcome{Status: syncer.Rejected, Code: "not_taken", Detail: "Medusa took the change and has 5 all the same."}
	// The third was taken, and changed by somebody since.
	if err != nil || outcomes[0].Status != syncer.Confirmed || outcomes[1] != want || outcomes[2].Status != syncer.Confirmed {
		t.Errorf("%+v %v", outcomes, err)
	}
}

// TestAWriteThatCannotBeReadAgainIsUnknown: it was sent and taken.
func TestAWriteThatCannotBeReadAgainIsUnknown(t *testing.T) {
	c, _ := ready(t, "medusa.yaml", step{holds: "/auth/", answer: `{"token":"tok-1"}`},
		step{holds: "/batch", answer: `{"created":[],"updated":[]}`}, step{holds: "/admin/inventory-items?", status: 503})
	_, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{{Place: store.Place{Product: "i", Room: "s"}}}})
	if f := failure(t, err); !f.Unknown || f.Code != pos.CodeServer {
		t.Errorf("%+v", f)
	}
}
