package metrc

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// FuzzAnswers reads whatever METRC might say, and holds what comes of it to
// the contract: a row is usable, or says why it is not.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"Data":[{"Label":"1A4","Quantity":1.5,"UnitOfMeasureName":"Grams","Item":{"Id":7},"LastModified":"2026-01-27T10:30:00+00:00"}],"TotalPages":1}`,
		`[{"Id":5,"ReceiptNumber":"1","SalesDateTime":"2026-01-27T10:30:00.000","Transactions":[{"PackageLabel":"1A4","QuantitySold":1}]}]`,
		`[{"Label":"1A4","Quantity":"1e400","Item":{"Id":-1},"ArchivedDate":"0001-01-01"}]`,
		`{"Label":1}`, `[null]`, `{"Data":[[]]}`, `<html>`, ``, `[{"Quantity":{"a":1}}]`,
	} {
		f.Add([]byte(seed))
	}
	zone := time.FixedZone("PST", -8*60*60)
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &connector{options: options{zone: zone}}
		answer := &pos.Answer{Status: 200, Body: body}
		l, err := readList(answer)
		if err == nil && l.Data == nil {
			t.Error("a list has no rows")
		}
		if raw, err := readObject(answer); err == nil {
			l.Data = append(l.Data, raw)
		}
		for _, raw := range l.Data {
			checkPackage(t, c, raw)
			checkReceipt(t, c, raw)
		}
	})
}

func checkPackage(t *testing.T, c *connector, raw object) {
	p := c.readPackage(raw)
	if p.problem == "" && (p.label == "" || p.item == "" || p.quantity > store.MaxQuantity || p.quantity < -store.MaxQuantity) {
		t.Errorf("%s is read as %+v", raw, p)
	}
	if p.problem != "" && !strings.HasSuffix(p.problem, ".") {
		t.Errorf("the problem of %s is no sentence: %s", raw, p.problem)
	}
}

func checkReceipt(t *testing.T, c *connector, raw object) {
	var r receipt
	if decodeRow(raw, &r) != "" {
		return
	}
	// What is known need not be asked for.
	for _, line := range r.Transactions {
		var named transaction
		_ = json.Unmarshal(line, &named)
		c.known.put(&pack{label: strings.TrimSpace(named.PackageLabel), item: "7", unit: "each"})
	}
	lines, err := c.lines(t.Context(), &r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range lines {
		if s.Problem == "" && (s.Lot == "" || s.At == 0 || s.Change == 0 || s.Line < 1 || s.Product == "") {
			t.Errorf("%s is read as %+v", raw, s)
		}
	}
}
