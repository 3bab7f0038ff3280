package dutchie

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// simPackage is the package of a product.
func simPackage(n int) string { return "PKG-" + strconv.Itoa(n) }

// object is one JSON object of an answer.
type object = map[string]any

// handle is what Dutchie does with a request. The lock is held.
func (s *sim) handle(r *http.Request, body []byte, key string) (status int, answer any) {
	if key != simKey || s.denied {
		return http.StatusUnauthorized, nil
	}
	q := r.URL.Query()
	switch r.Method + " " + r.URL.Path {
	case "GET /whoami":
		return http.StatusOK, object{"locationId": 42, "locationName": "Green Door", "lspId": 7, "lspName": "Doors"}
	case "GET /room/rooms":
		return http.StatusOK, s.rooms()
	case "GET /reporting/products":
		return http.StatusOK, s.products(q)
	case "GET /reporting/inventory":
		return http.StatusOK, s.inventory(q)
	case "GET /reporting/transactions":
		return s.transactions(q)
	case "POST /inventory/receiveinventory":
		return s.receive(body)
	case "GET /inventory/receivedinventory":
		return http.StatusOK, s.received(q)
	}
	s.t.Errorf("the simulated Dutchie cannot do %s %s", r.Method, r.URL.Path)
	return http.StatusInternalServerError, nil
}

// data is what a read sees.
func (s *sim) data() simData {
	if s.stale > 0 {
		s.stale--
		return s.past
	}
	return s.now
}

func (s *sim) rooms() any {
	return []object{
		{"roomId": simFloor, "roomName": "Front", "isSalesFloor": true, "isInventoryRoom": true, "isPOSRoom": true},
		{"roomId": simVault, "roomName": "Back", "isVaultRoom": true, "isInventoryRoom": true},
		{"roomId": 13, "roomName": "Cage", "isQuarantineRoom": true, "isInventoryRoom": true},
		{"roomId": 14, "roomName": "Waiting", "isWaitingRoom": true},
	}
}

func (s *sim) products(q url.Values) any {
	list := []object{}
	for _, g := range s.now.goods {
		if after := q.Get("fromLastModifiedDateUTC"); after != "" && g.at <= s.moment(after) {
			continue
		}
		list = append(list, object{
			"productId": 1000 + g.n, "sku": g.sku, "productName": "Product " + g.sku, "upc": "00" + g.sku, "category": "Flower",
			"brandName": "Acme", "strain": nil, "defaultUnit": "Each", "price": json.Number("12.5"), "unitCost": json.Number("3.333333333"),
			"isActive": true, "isCoupon": false, "lastModifiedDateUTC": g.at.String(),
		})
	}
	return list
}

func (s *sim) inventory(q url.Values) any {
	list := []object{}
	for _, g := range s.data().goods {
		row := object{
			"inventoryId": 5000 + g.n, "productId": 1000 + g.n, "sku": g.sku, "productName": "Product " + g.sku,
			"packageId": simPackage(g.n), "externalPackageId": g.tag, "packageStatus": "Active", "quantityUnits": "ea",
			"quantityAvailable": g.stock - g.allocated, "lastModifiedDateUtc": g.at.String(), "roomQuantities": nil,
			"allocatedQuantity": nil, "expirationDate": nil,
		}
		if q.Get("includeRoomQuantities") == "true" {
			row["roomQuantities"] = []object{{"roomId": simFloor, "room": "Front", "quantityAvailable": g.stock - g.allocated}}
		}
		if q.Get("includeAllocated") == "true" {
			row["allocatedQuantity"] = g.allocated
		}
		list = append(list, row)
	}
	return list
}

func (s *sim) transactions(q url.Values) (status int, answer any) {
	selectors := 0
	for _, names := range [][]string{{"TransactionId"}, {"FromDateUTC", "ToDateUTC"}, {"FromLastModifiedDateUTC", "ToLastModifiedDateUTC"}} {
		if q.Has(names[0]) || q.Has(names[len(names)-1]) {
			selectors++
		}
	}
	if selectors != 1 {
		return http.StatusBadRequest, object{"isValid": false, "ruleSetsExecuted": []string{"default"}, "errors": []object{{
			"propertyName": "", "errorMessage": "Use one of TransactionId, dates, and last modified dates.", "severity": 0,
		}}}
	}
	list := []object{}
	for _, r := range s.now.receipts {
		if q.Has("FromLastModifiedDateUTC") && (r.changed < s.moment(q.Get("FromLastModifiedDateUTC")) || r.changed > s.moment(q.Get("ToLastModifiedDateUTC"))) {
			continue
		}
		if q.Has("FromDateUTC") && (r.at < s.moment(q.Get("FromDateUTC")) || r.at > s.moment(q.Get("ToDateUTC"))) {
			continue
		}
		list = append(list, r.answer(q.Get("IncludeDetail") == "true"))
	}
	return http.StatusOK, list
}

func (r *simReceipt) answer(detail bool) object {
	t := object{
		"transactionId": r.id, "transactionDate": r.at.String(), "lastModifiedDateUTC": r.changed.String(), "voidDate": nil,
		"isVoid": r.voids != 0, "isReturn": r.returns != 0, "returnOnTransactionId": nil, "transactionType": "Retail",
		"invoiceNumber": nil, "referenceId": nil, "totalItems": 1, "items": []object{},
	}
	if r.voids != 0 {
		t["voidDate"] = r.voids.String()
	}
	if r.returns != 0 {
		t["returnOnTransactionId"] = r.returns
	}
	if r.reference != "" {
		t["referenceId"] = r.reference
	}
	if detail {
		t["items"] = []object{{
			"transactionId": r.id, "transactionItemId": 1, "productId": 1000 + r.n, "packageId": simPackage(r.n),
			"inventoryId": 5000 + r.n, "quantity": r.units, "isCoupon": false, "isReturned": false, "unitId": 9,
		}}
	}
	return t
}

func (s *sim) receive(body []byte) (status int, answer any) {
	var r receive
	if err := json.Unmarshal(body, &r); err != nil {
		s.t.Error(err)
	}
	for _, d := range s.now.drafts {
		if d.externalID == r.ExternalID {
			return http.StatusBadRequest, "ExternalId " + r.ExternalID + " was used before"
		}
	}
	for _, i := range r.Items {
		if s.refused[int(i.ProductID)-1000] {
			return http.StatusBadRequest, "Product is not active"
		}
	}
	if r.Into {
		s.changed++
	}
	s.past = s.now.clone()
	id := 301 + len(s.now.drafts)
	s.now.drafts = append(s.now.drafts, simDraft{
		id: id, externalID: r.ExternalID, title: r.OrderTitle, status: "Pending",
		deliveredOn: r.DeliveredOn, addedOn: s.clock.Wall().Format(time.RFC3339),
	})
	return http.StatusOK, object{"receiveInventoryHistoryId": id}
}

func (s *sim) received(q url.Values) any {
	list := []object{}
	for _, d := range s.data().drafts {
		added := s.moment(d.addedOn)
		if added < s.moment(q.Get("startDate")) || added > s.moment(q.Get("endDate")) {
			continue
		}
		list = append(list, object{
			"receiveInventoryHistoryId": d.id, "title": d.title, "status": d.status, "failureMessage": nil,
			"deliveredOn": d.deliveredOn, "addedOn": d.addedOn, "items": []object{},
		})
	}
	return list
}

// moment reads a date of a request.
func (s *sim) moment(text string) store.Instant {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !strings.HasSuffix(text, "Z") {
		s.t.Errorf("%q is no date in UTC", text)
	}
	return store.InstantOf(t)
}
