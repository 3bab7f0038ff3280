package metrc

import (
	"context"
	"errors"
	"net/http"
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
	// Another change that wants the same is not this one.
	if o := writeOne(t, c, change(1, 10*unit, 9*unit, func(ch *pos.Change) { ch.Reference = "1-3" })); o.Code != CodeChangedThere {
		t.Errorf("the change is %+v", o)
	}
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
	if f := refused(t, c, change(1, 10*unit, 9*unit)); f.Unknown {
		t.Errorf("a refusal is %+v", f)
	}
	s.before = nil
	if o := writeOne(t, c, change(1, 9*unit, 8*unit)); o.Code != CodeChangedThere {
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
