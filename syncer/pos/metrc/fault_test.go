package metrc

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// post adjusts by POST, as nothing of ours does.
func post(t *testing.T, s *sim, body string) {
	t.Helper()
	address := s.srv.URL + "/packages/v2/adjust?licenseNumber=" + license
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(vendorKey, userKey)
	resp, err := s.srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestALostAnswerIsUnknownAndNothingIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*sim){
		"lost":  func(s *sim) { s.lose = 1 },
		"stall": func(s *sim) { s.stall = 1 },
	} {
		s, clock := newSim(t), storetest.NewClock(storetest.Start)
		s.Connector(t, clock)
		c := s.open(t, clock, map[string]string{"write": "on"}, func(v *pos.Settings, _ *pos.Deps) { v.Timeout = 300 * time.Millisecond })
		s.add(1, 1)
		s.set(func() { fault(s) })
		if f := refused(t, c, change(1, 10*unit, 9*unit)); !f.Unknown || f.Class != syncer.Retry {
			t.Errorf("%s: the failure is %+v", name, f)
		}
		if len(s.sent("PUT")) != 1 || s.Stock(1) != 9*unit {
			t.Errorf("%s: it was sent %d times", name, len(s.sent("PUT")))
		}
		// The core reads back, and finds it.
		if list := readStock(t, c, []store.Place{{Lot: label(1)}}); len(list) != 1 || list[0].Quantity != 9*unit {
			t.Errorf("%s: read back, there is %+v", name, list)
		}
		// Told to send it again all the same, it does not.
		if o := writeOne(t, c, change(1, 10*unit, 9*unit)); o.Status != syncer.Confirmed || s.Changed() != 1 {
			t.Errorf("%s: sent again, it is %+v", name, o)
		}
	}
}

func TestAFaultOfMETRCIsUnknown(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 1)
	s.before = func(a asked) {
		if a.method == http.MethodPut {
			s.Answer(503, "text/html", "<html>down</html>")
		}
	}
	if f := refused(t, c, change(1, 10*unit, 9*unit)); !f.Unknown || f.Class != syncer.Retry || f.Code != pos.CodeServer {
		t.Errorf("a 503 is %+v", f)
	}
	s.before = nil
	// It may have arrived and not be shown yet, so it waits.
	if f := refused(t, c, change(1, 10*unit, 9*unit)); f.Code != CodeBehind || f.Unknown || len(s.sent("PUT")) != 1 {
		t.Errorf("at once, it is %+v after %d requests", f, len(s.sent("PUT")))
	}
	clock.Advance(61 * time.Second)
	if o := writeOne(t, c, change(1, 10*unit, 9*unit)); o.Status != syncer.Confirmed || s.Changed() != 1 {
		t.Errorf("sent again, it is %+v", o)
	}
}

func TestAPageInPlaceOfAnAnswerConfirmsNothing(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 2)
	for body, unknown := range map[string]bool{"<html>Sign in</html>": true, "{": true, "": false, `{"Ids":[1]}`: false} {
		s.before = func(a asked) {
			if a.method == http.MethodPut {
				s.Answer(200, "text/html", body)
			}
		}
		outcomes, err := c.(pos.Writer).Write(t.Context(), batch(change(1, 10*unit, 9*unit)))
		f, failed := errors.AsType[*syncer.Failure](err)
		clock.Advance(time.Hour)
		if failed != unknown || failed && !f.Unknown || !failed && outcomes[0].Status != syncer.Confirmed {
			t.Errorf("an answer %q is %v, %v", body, outcomes, err)
		}
	}
}

func TestRefusalsOfAWrite(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]syncer.Class{
		400: syncer.Alarm, 413: syncer.Alarm, 401: syncer.Pause, 403: syncer.Pause, 429: syncer.Retry,
	} {
		s, c, _ := shop(t)
		s.add(1, 1)
		s.before = func(a asked) {
			if a.method == http.MethodPut {
				s.Answer(status, "application/json", `{"Message":"No."}`)
			}
		}
		f := refused(t, c, change(1, 10*unit, 9*unit))
		if f.Class != class || f.Unknown {
			t.Errorf("a %d is %+v", status, f)
		}
		if len(s.sent("PUT")) != 1 {
			t.Errorf("after a %d it was sent %d times", status, len(s.sent("PUT")))
		}
	}
}

func TestTheSimulatorRefusesElevenRows(t *testing.T) {
	t.Parallel()
	s := newSim(t)
	row := `{"Label":"` + label(1) + `","Quantity":1,"UnitOfMeasure":"Each","AdjustmentReason":"Waste","AdjustmentDate":"2026-01-27","ReasonNote":null}`
	s.add(1, 1)
	post(t, s, "["+strings.Repeat(row+",", 10)+row+"]")
	if s.Changed() != 0 {
		t.Error("eleven rows are taken")
	}
}

func TestReadsThatAreBehind(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	s.add(1, 1)
	s.lag = 2
	if o := writeOne(t, c, change(1, 10*unit, 9*unit)); o.Status != syncer.Confirmed {
		t.Fatalf("the first change is %+v", o)
	}
	second := change(1, 9*unit, 7*unit, func(ch *pos.Change) { ch.Reference = "1-2" })
	for range 2 {
		if f := refused(t, c, second); f.Code != CodeBehind || f.Class != syncer.Retry || f.Unknown || f.RetryAfter == 0 {
			t.Errorf("while METRC is behind, a change is %+v", f)
		}
	}
	if o := writeOne(t, c, second); o.Status != syncer.Confirmed || s.Stock(1) != 7*unit {
		t.Errorf("then it is %+v", o)
	}
	s.set(func() { s.lag = 0 })
	s.edit(1, func(p *simPackage) { p.stale, p.quantity = 0, 9*unit })
	clock.Advance(2 * time.Minute)
	third := change(1, 7*unit, 6*unit, func(ch *pos.Change) { ch.Reference = "1-3" })
	if o := writeOne(t, c, third); o.Code != CodeChangedThere {
		t.Errorf("what is still so after minutes was changed there, and is %+v", o)
	}
}

func TestSomebodyElsesChangeIsNotTakenForLateness(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 1)
	writeAll(t, c, change(1, 10*unit, 9*unit))
	s.Set(1, 4*unit)
	if o := writeOne(t, c, change(1, 9*unit, 8*unit, func(ch *pos.Change) { ch.Reference = "1-2" })); o.Code != CodeChangedThere {
		t.Errorf("the change is %+v", o)
	}
	// Nor what was refused for what was sent.
	s.Set(1, 10*unit)
	s.before = func(a asked) {
		if a.method == http.MethodPut {
			s.Answer(400, "application/json", `{"Message":"No."}`)
		}
	}
	refused(t, c, change(1, 10*unit, 9*unit))
	s.before = nil
	if o := writeOne(t, c, change(1, 9*unit, 8*unit)); o.Code != CodeChangedThere {
		t.Errorf("the change is %+v", o)
	}
	s.Set(1, 4*unit)
	// Nor is what has by chance what another change wants.
	if o := writeOne(t, c, change(1, 9*unit, 4*unit, func(ch *pos.Change) { ch.Reference = "1-3" })); o.Code != CodeChangedThere {
		t.Errorf("the change is %+v", o)
	}
}

func TestReadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 1)
	read := func() *syncer.Failure { return failure(t, stockOf(t.Context(), c, nil, new([]pos.Stock))) }
	s.Limit(1)
	if f := read(); f.Class != syncer.Retry || f.Code != pos.CodeRateLimited || f.RetryAfter != 2*time.Second {
		t.Errorf("a limit is %+v", f)
	}
	s.Unauthorize()
	if f := read(); f.Class != syncer.Pause || f.Code != pos.CodeUnauthorized {
		t.Errorf("a key that was taken away is %+v", f)
	}
	if f := refused(t, c, change(1, 10*unit, 9*unit)); f.Class != syncer.Pause || f.Unknown || len(s.sent("PUT")) != 0 {
		t.Errorf("for a write it is %+v", f)
	}
	s.Authorize()
	if n := len(readStock(t, c, nil)); n != 1 {
		t.Errorf("%d packages are read", n)
	}
}

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

func TestAContextThatEndedStopsEverything(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stockOf(ctx, c, nil, new([]pos.Stock)); !errors.Is(err, context.Canceled) {
		t.Errorf("reading gives %v", err)
	}
	if _, err := c.(pos.Writer).Write(ctx, batch(change(1, 10*unit, 9*unit))); !errors.Is(err, context.Canceled) {
		t.Errorf("writing gives %v", err)
	}
	if s.Requests() != 0 {
		t.Errorf("%d requests are made", s.Requests())
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
