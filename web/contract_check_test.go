package web

import (
	"net/http"
	"strings"
	"testing"
)

// itemBody is a row as it should be.
const itemBody = `{"id":"inv-uuid","product_id":"prod-uuid","product_name":"Blue Dream 1/8","sku":"BD-EIGHTH-001",
"location_id":"loc-uuid","room_type":"sales_floor","quantity":45,"reserved_quantity":5,"available_quantity":40,
"unit_cost":25.00,"unit_price":45.00,"last_sync":null,"location_name":"Main Street","category":"Flower","subcategory":null,
"brand":null,"strain":null,"size":null,"unit":"each",
"lot":{"id":"lot-uuid","package_tag":null,"batch_number":"B7","expires_at":"2026-11-30","status":"active"},
"low_stock_threshold":10.5,"low_stock":false,"version":8841,"updated_at":"2026-01-27T10:28:41.512Z","currency":"USD"}`

// withoutLot is itemBody of a product that has no lots.
var withoutLot = func() string {
	before, lot, _ := strings.Cut(itemBody, `{"id":"lot`)
	_, after, _ := strings.Cut(lot, "}")
	return before + "null" + after
}()

const problemBody = `{"type":"/docs#problem-not_found","title":"Not found.","status":404,"code":"not_found","request_id":"r1"}`

// sample is a request and its answer.
type sample struct {
	method, path, send string
	status             int
	mime, body         string
	headers            map[string]string
}

func (e sample) check(t *testing.T) error {
	t.Helper()
	req, err := http.NewRequest(e.method, "http://127.0.0.1:8321"+e.path, strings.NewReader(e.send))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {e.mime}, "X-Request-Id": {"r1"}}
	for name, value := range e.headers {
		header.Set(name, value)
		if value == "" {
			header.Del(name)
		}
	}
	return loadContract(t).check(req, &http.Response{StatusCode: e.status, Header: header}, []byte(e.body))
}

var itemETag = map[string]string{"ETag": `"8841"`}

func getItem(body string) sample {
	return sample{method: "GET", path: "/api/v1/inventory/inv-uuid", status: 200, mime: "application/json", body: body, headers: itemETag}
}

func listItems(query, body string) sample {
	return sample{method: "GET", path: "/api/v1/inventory" + query, status: 200, mime: "application/json; charset=utf-8", body: body}
}

func ledgerLines(body string) sample {
	return sample{
		method: "GET", path: "/api/v1/ledger?after=7", status: 200, mime: mimeNDJSON, body: body,
		headers: map[string]string{"Ledger-Head": "1-9", "Ledger-Previous-Hash": strings.Repeat("a1", 32)},
	}
}

func problemSample(status int, body string) sample {
	return sample{method: "GET", path: "/api/v1/inventory/none", status: status, mime: "application/problem+json", body: body}
}

const pageJSON = `"pagination":{"page":1,"limit":50,"total":1}}`

func TestContractAcceptsWhatItPromises(t *testing.T) {
	sale := getItem(strings.Replace(itemBody, `"id"`, movementField+`"id"`, 1))
	sale.method, sale.send = "PATCH", `{"quantity_change":-5,"reason_code":"SALE"}`
	cases := map[string]sample{
		"a row":                      getItem(itemBody),
		"a row without a lot":        getItem(withoutLot),
		"an adjustment":              sale,
		"a list":                     listItems("?room_type=vault,sales_floor&low_stock=true&page=1", `{"data":[`+itemBody+`],`+pageJSON),
		"a list of some fields":      listItems("?fields=id,sku", `{"data":[{"id":"x","sku":"y"}],"fields":["id","sku"],`+pageJSON),
		"ledger lines":               ledgerLines(entryLine + entryLine),
		"no ledger lines":            ledgerLines(""),
		"a problem":                  problemSample(404, problemBody),
		"a problem off the map":      {method: "GET", path: "/nowhere", status: 404, mime: "application/problem+json", body: problemBody},
		"a bad request's refusal":    {method: "GET", path: "/api/v1/inventory?colour=red", status: 400, mime: "application/problem+json", body: strings.NewReplacer("not_found", "unknown_parameter", "404", "400").Replace(problemBody)},
		"a fault without a code":     problemSample(500, `{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"r1"}`),
		"an answer without a body":   {method: "DELETE", path: "/api/v1/tokens/t1", status: 204},
		"a page for people":          {method: "GET", path: "/docs", status: 200, mime: "text/html; charset=utf-8", body: "<!doctype html>"},
		"the contract itself":        {method: "GET", path: "/openapi.yaml", status: 200, mime: "application/yaml", body: string(openAPI)},
		"a table of comma-separated": {method: "GET", path: "/api/v1/inventory", status: 200, mime: "text/csv; charset=utf-8", body: "id,sku\r\nx,y\r\n"},
	}
	for name, e := range cases {
		t.Run(name, func(t *testing.T) {
			if err := e.check(t); err != nil {
				t.Error(err)
			}
		})
	}
}

const entryLine = `{"v":1,"id":"1-8","kind":"movement","occurred_at":1,"recorded_at":1,"item":"x","quantity_change":-5}` + "\n"

const movementField = `"movement":{"id":"1-8842","seq":8842,"inventory_id":"inv-uuid","product_id":"prod-uuid","location_id":"loc-uuid",
"room_type":"sales_floor","quantity_change":-5,"quantity_after":40,"reserved_after":5,"reason_code":"SALE","sub_reason":null,"reference":null,
"notes":null,"transfer_id":null,"reverses":null,"reservation_id":null,"value_change":-125.00,"occurred_at":"2026-01-27T10:30:12Z",
"recorded_at":"2026-01-27T10:30:12Z","clock_ok":true,"late":false,"actor":"a","terminal":null,"source":"api","flags":[],"external_id":null},`

func TestContractRefusesWhatItDoesNotPromise(t *testing.T) {
	change := func(old, new string) sample { return getItem(strings.Replace(itemBody, old, new, 1)) }
	noETag, noID, lateLine := getItem(itemBody), getItem(itemBody), ledgerLines(strings.TrimSuffix(entryLine, "\n"))
	noETag.headers, noID.headers = nil, map[string]string{"ETag": `"1"`, "X-Request-Id": ""}
	silent := getItem(itemBody)
	silent.method, silent.send = "PATCH", `{"quantity_change":-5,"reason_code":"SALE"}`
	accepted := getItem(strings.Replace(itemBody, `"id"`, movementField+`"id"`, 1))
	accepted.method, accepted.send = "PATCH", `{"quantity_change":-5,"reason_code":"SALE","colour":"red"}`
	gift := accepted
	gift.send = `{"quantity_change":-5,"reason_code":"GIFT"}`
	cases := map[string]struct {
		sample
		says string
	}{
		"a missing field":                {change(`"sku":"BD-EIGHTH-001",`, ``), "sku"},
		"an undocumented field":          {change(`"sku"`, `"colour":"red","sku"`), "/colour is not documented"},
		"an undocumented field in a lot": {change(`"package_tag"`, `"colour":"red","package_tag"`), "/lot/colour is not documented"},
		"a wrong type":                   {change(`"low_stock":false`, `"low_stock":"no"`), "low_stock"},
		"null where there is none":       {change(`"unit_price":45.00`, `"unit_price":null`), "unit_price"},
		"a fifth room":                   {change(`"sales_floor"`, `"attic"`), "room_type"},
		"money without cents":            {change(`45.00`, `45`), "/unit_price is 45"},
		"money with three zeros":         {change(`45.00`, `45.000`), "/unit_price is 45.000"},
		"a whole quantity with decimals": {change(`"quantity":45`, `"quantity":45.0`), "/quantity is 45.0"},
		"a quantity in powers of ten":    {change(`"quantity":45`, `"quantity":4.5e1`), "/quantity is 4.5e1"},
		"five decimals":                  {change(`10.5`, `10.50001`), "/low_stock_threshold is 10.50001"},
		"a time with an offset":          {change(`41.512Z`, `41.512+02:00`), "/updated_at is"},
		"a day that is none":             {change(`2026-11-30`, `2026-11-31`), "day out of range"},
		"no ETag":                        {noETag, "ETag"},
		"no request id":                  {noID, "X-Request-Id"},
		"another media type":             {sample{method: "GET", path: "/api/v1/me", status: 200, mime: "text/html", body: "hello"}, "text/html"},
		"a status out of the blue":       {sample{method: "GET", path: "/api/v1/me", status: 418, mime: "application/json", body: "{}"}, "status"},
		"a body where there is none":     {sample{method: "DELETE", path: "/api/v1/tokens/t1", status: 204, body: "{}"}, "body"},
		"an unknown operation":           {sample{method: "GET", path: "/api/v1/coffee", status: 200, mime: "application/json", body: "{}"}, "not documented"},
		"an accepted odd parameter":      {listItems("?colour=red", `{"data":[],`+pageJSON), `"colour"`},
		"an accepted odd page":           {listItems("?page=0", `{"data":[],`+pageJSON), "page"},
		"an accepted odd room":           {listItems("?room_type=attic", `{"data":[],`+pageJSON), "room_type"},
		"an accepted odd field":          {accepted, "colour"},
		"an accepted odd reason":         {gift, "reason_code"},
		"an adjustment without movement": {silent, "movement"},
		"a row's odd field in a list":    {listItems("", `{"data":[`+strings.Replace(itemBody, `"sku"`, `"colour":"red","sku"`, 1)+`],`+pageJSON), "/data/0/colour"},
		"a short row in a list":          {listItems("", `{"data":[{"id":"x"}],`+pageJSON), "data"},
		"a bad ledger line":              {ledgerLines(entryLine + "{}\n"), "kind"},
		"a ledger line without end":      {lateLine, "line feed"},
		"a problem without a code":       {problemSample(404, `{"type":"about:blank","title":"Not found.","status":404,"request_id":"r1"}`), "no code"},
		"a problem of another status":    {problemSample(404, strings.Replace(problemBody, "404", "409", 1)), "status 409"},
		"a code of another status":       {problemSample(409, strings.Replace(problemBody, "404", "409", 1)), "[404]"},
		"an eighth wonder of a code":     {problemSample(404, strings.ReplaceAll(problemBody, "not_found", "lost")), "code"},
		"a problem that points nowhere":  {problemSample(404, strings.Replace(problemBody, "#problem-not_found", "", 1)), "type"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := c.check(t)
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("the refusal does not name %s: %v", c.says, err)
			}
		})
	}
}

func TestContractListsRoutesAsGinWritesThem(t *testing.T) {
	routes := strings.Join(loadContract(t).routes(), "\n")
	for _, want := range []string{"PATCH /api/v1/inventory/:id\n", "GET /api/v1/inventory/snapshot\n", "POST /api/v1/movements/:id/reverse\n", "GET /docs\n"} {
		if !strings.Contains(routes, want) {
			t.Errorf("%q is not among\n%s", want, routes)
		}
	}
}
