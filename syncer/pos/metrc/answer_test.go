package metrc

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	for _, body := range []string{
		"", "<html>", "{", "[", "null", "1", `"text"`, "{}", `{"Data":null}`, `{"Data":{}}`, `{"Data":[],"TotalPages":"x"}`,
		`{"Data":[],"TotalPages":3}`, `{"Data":[],"CurrentPage":2}`, strings.Repeat(" ", pos.MaxAnswer) + "[]",
	} {
		s.Answer(200, "application/json", body)
		f := failure(t, stockOf(t.Context(), c, nil, new([]pos.Stock)))
		if f.Code != pos.CodeNotPOS || f.Class != syncer.Retry || f.Unknown {
			t.Errorf("%.40q is %+v", body, f)
		}
	}
	for _, body := range []string{"", "[]", "null", "<html>"} {
		s.Answer(200, "application/json", body)
		if f := failure(t, stockOf(t.Context(), c, []store.Place{{Lot: label(1)}}, new([]pos.Stock))); f.Code != pos.CodeNotPOS {
			t.Errorf("of one package, %q is %+v", body, f)
		}
	}
}

func TestABadRowTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	rows := []string{
		`{"Label":"A","Quantity":1.5,"UnitOfMeasureName":"Pounds","Item":{"Id":7,"Name":"x"}}`,
		`{"Label":"B","Quantity":"many","Item":{"Id":7}}`,
		`{"Label":"C","Quantity":1,"Item":{"Id":7},"IsOnHold":"yes"}`,
		`{"Label":"D","Quantity":1e30,"Item":{"Id":7}}`,
		`{"Label":"E","Quantity":0.00001,"Item":{"Id":7}}`,
		`{"Label":"F","Item":{"Id":7}}`,
		`{"Label":"G","Quantity":1}`,
		`{"Quantity":1,"Item":{"Id":7}}`,
		`{"Label":["H"],"Quantity":1,"Item":{"Id":7}}`,
		`null`, `[]`, `7`,
	}
	s.Answer(200, "application/json", "["+strings.Join(rows, ",")+"]")
	list := readStock(t, c, nil)
	if len(list) != len(rows) {
		t.Fatalf("%d rows give %+v", len(rows), list)
	}
	if good := list[0]; good.Problem != "" || good.Quantity != 15_000 || good.Unit != "Pounds" || good.UpdatedAt != 0 {
		t.Errorf("the good row is %+v", good)
	}
	for i, row := range list[1:] {
		if !strings.HasSuffix(row.Problem, ".") || i < 6 && row.Lot == "" {
			t.Errorf("the row %s has the problem %q", rows[i+1], row.Problem)
		}
	}
	s.Answer(200, "application/json", `{"Label":"other","Quantity":1,"Item":{"Id":7}}`)
	if list := readStock(t, c, []store.Place{{Lot: label(1)}}); len(list) != 1 || list[0].Problem == "" || list[0].Lot != label(1) {
		t.Errorf("another package in place of the one is %+v", list)
	}
}

// TestNoKeyIsTold has a METRC that repeats what it was sent in everything it
// says.
func TestNoKeyIsTold(t *testing.T) {
	t.Parallel()
	both := base64.StdEncoding.EncodeToString([]byte(vendorKey + ":" + userKey))
	var status int
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, "You said ", both, " which is ", vendorKey, " and ", userKey)
	}))
	t.Cleanup(srv.Close)
	var log bytes.Buffer
	c, err := New(pos.Settings{
		Name: "state", URL: srv.URL, User: vendorKey, Key: userKey, PerSecond: 1e6,
		Options: map[string]string{"license": license, "write": "on", "time_zone": "America/Denver"},
	}, pos.Deps{Clock: storetest.NewClock(storetest.Start), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	told := func() string {
		_, checked := c.Check(t.Context())
		_, wrote := c.(pos.Writer).Write(t.Context(), batch(change(1, 10*unit, 9*unit)))
		read := stockOf(t.Context(), c, nil, new([]pos.Stock))
		return fmt.Sprintf("%v %+v %v %+v %v %+v", checked, checked, wrote, wrote, read, read)
	}
	for _, status = range []int{200, 302, 400, 401, 413, 429, 500} {
		text := told() + log.String()
		for _, secret := range []string{vendorKey, userKey, both} {
			if strings.Contains(text, secret) {
				t.Errorf("after a %d a key is told: %s", status, text)
			}
		}
	}
	if status = 400; !strings.Contains(told(), "You said … which is … and …") {
		t.Errorf("a refusal does not say why: %s", told())
	}
}
