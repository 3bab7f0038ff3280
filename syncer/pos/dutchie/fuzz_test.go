package dutchie

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// FuzzAnswers reads anything as every answer there is. What is given without
// a problem must be whole.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"LocationId":42,"locationName":"Green Door"}`, `[]`, `null`, `<html>`, `"Vendor not found."`, `{"receiveInventoryHistoryId":301}`,
		`[{"roomId":3,"isVaultRoom":true},{"roomId":3}]`, `[{"productId":1,"price":1.5,"upc":"0"},{"productId":1}]`,
		`[` + row(``) + `,` + row(`,"allocatedQuantity":2,"packageStatus":"Quarantine"`) + `]`,
		`[` + receipt(item(``)+`,`+item(`,"transactionItemId":2,"quantity":-1`), `,"isVoid":true`) + `]`,
		`[{"receiveInventoryHistoryId":301,"title":"x [7]","status":"Failed","failureMessage":"no"}]`,
		`{"message":"no","propertyErrors":[{"propertyName":"externalId","propertyError":"taken"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := &pos.Answer{Status: 200, Body: body}
		name, err := readIdentity(a)
		sound(t, err, name != "")
		rooms, _, err := readRooms(a)
		sound(t, err, !slices.ContainsFunc(rooms, func(r pos.Room) bool { return r.ID == "" }))
		products, err := readProducts(a)
		sound(t, err, !slices.ContainsFunc(products, func(p pos.Product) bool { return p.Problem == "" && p.ID == "" }))
		stock, err := readStock(a)
		sound(t, err, !slices.ContainsFunc(stock, badStock) && distinct(stock))
		sales, err := readSales(a)
		sound(t, err, !slices.ContainsFunc(sales, badSale))
		id, err := readSaved(a)
		sound(t, err, id != "")
		found, err := readReceived(a, "[7]")
		sound(t, err, found == nil || strings.HasSuffix(found.Title, "[7]") && found.ID > 0)
		if refusal := readRefusal(a); !utf8.ValidString(refusal.Detail) || strings.ContainsAny(refusal.Detail, "\n\x00") {
			t.Errorf("the refusal is %q", refusal.Detail)
		}
	})
}

func sound(t *testing.T, err error, good bool) {
	t.Helper()
	if _, is := errors.AsType[*syncer.Failure](err); err != nil && !is {
		t.Errorf("the error is %v", err)
	}
	if err == nil && !good {
		t.Error("what was read is not whole")
	}
}

func badStock(s pos.Stock) bool {
	return s.Problem == "" && (s.Product == "" || s.Room == "" || max(s.Quantity, -s.Quantity) > store.MaxQuantity)
}

func badSale(s pos.Sale) bool {
	return s.Problem == "" && (s.ID == "" || s.Line < 1 || s.Product == "" || s.At == 0 || s.Change == 0 ||
		int64(s.Change)*int64(s.Reason.Sign()) <= 0 || max(s.Change, -s.Change) > store.MaxQuantity)
}

// distinct tells whether every place of a product is there once.
func distinct(stock []pos.Stock) bool {
	seen := map[store.Place]bool{}
	for _, s := range stock {
		if s.Product != "" && seen[s.Place] {
			return false
		}
		seen[s.Place] = true
	}
	return true
}
