package square

import (
	"errors"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// FuzzAnswers reads whatever bytes as every kind of answer. Each is either a
// failure that is a sentence, or rows that keep their promises.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` null`, `[]`, `<html>`, ``, `{"errors":[{"category":"API_ERROR","code":"GONE","detail":"x","field":"y"}]}`,
		`{"locations":[{"id":"L8GYN5ZGWHXDX","name":"Downtown","status":"ACTIVE"}]}`,
		`{"counts":[{"catalog_object_id":"VARIATION0001","location_id":"L8GYN5ZGWHXDX","state":"IN_STOCK","quantity":"-1e3","calculated_at":"2026-01-27T10:30:00.5Z"}],"cursor":"c"}`,
		`{"changes":[{"type":"ADJUSTMENT","adjustment":{"id":"A","location_id":"L8GYN5ZGWHXDX","catalog_object_id":"V","from_state":"IN_STOCK","to_state":"COMPOSED","quantity":"1","occurred_at":"2026-01-27T10:30:00Z","adjustment_group":{"to_state":"SOLD"}}}]}`,
		`{"changes":[{"type":"ADJUSTMENT"},{"type":"PHYSICAL_COUNT","physical_count":{}},null]}`,
	} {
		f.Add(200, []byte(seed))
	}
	f.Add(400, []byte(`{"errors":[{}]}`))
	c := &Connector{location: simLocation, key: simKey}
	lines := []line{c.line(&pos.Change{Place: store.Place{Product: "VARIATION0001"}, Delta: -1, Reason: store.Sale}, began)}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a := &pos.Answer{Status: status, Body: body}
		var list locations
		if checkRead(t, c.read(a, false, &list)) {
			_, err := c.find(&list)
			checkRead(t, err)
		}
		var stock counts
		if checkRead(t, c.read(a, false, &stock)) {
			for _, r := range c.stock(stock.Counts) {
				if r.Product == "" && r.Problem == "" || r.Quantity > store.MaxQuantity || r.Quantity < -store.MaxQuantity {
					t.Errorf("%+v", r)
				}
			}
		}
		var sold changes
		if checkRead(t, c.read(a, false, &sold)) {
			for _, r := range c.sales(sold.Changes) {
				good := r.ID != "" && r.Product != "" && r.Change != 0 && (r.Change < 0) == (r.Reason == store.Sale)
				if !good && r.Problem == "" {
					t.Errorf("%+v", r)
				}
			}
		}
		var made changed
		if checkRead(t, c.read(a, true, &made)) && checkRead(t, c.confirmed(lines, &made)) && !made.results() {
			t.Error("it is confirmed by nothing")
		}
	})
}

// checkRead tells whether there is an answer; an error has to be a failure.
func checkRead(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return true
	}
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok || f.Code == "" || f.Detail == "" || f.Detail[len(f.Detail)-1] != '.' {
		t.Errorf("the error is %#v", err)
	}
	return false
}
