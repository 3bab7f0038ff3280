package dutchie

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// draft is goods that arrived an hour ago.
func draft() Draft {
	cost := store.Money(3_2500)
	return Draft{
		ExternalID: "transfer-77", Title: "From Warehouse", Note: "2 boxes", VendorLicense: "C11-0000001-LIC", DeliveredBy: "Kim",
		DeliveredAt: store.InstantOf(newClock().at.Add(-time.Hour)),
		Items: []DraftItem{
			{
				Place: store.Place{Product: "1001", Lot: "PKG-9", Room: "12"}, Tag: "1A40603000009", Batch: "B-1",
				Quantity: 12_5000, Unit: "g", Cost: &cost, ExpiresAt: store.InstantOf(newClock().at.AddDate(1, 0, 0)),
			},
			{Place: store.Place{Product: "1002"}, Quantity: 3_0000, Unit: "each"},
		},
	}
}

func TestReceive_makes_a_draft_that_moves_no_stock(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	id, err := c.Receive(t.Context(), draft())
	if err != nil || id != "301" || s.Changed() != 0 || s.Requests() != 1 {
		t.Fatalf("it is %q, %v, with %d changes and %d requests", id, err, s.Changed(), s.Requests())
	}
	d := draft()
	body, err := d.body()
	const want = `{"deliveredOn":"2026-03-01T11:00:00.000Z","deliveredBy":"Kim","vendorLicense":"C11-0000001-LIC",` +
		`"orderTitle":"From Warehouse [transfer-77]","externalId":"transfer-77","note":"2 boxes","receiveIntoInventory":false,"items":[` +
		`{"productId":1001,"quantity":12.5,"unitType":"g","roomId":12,"packageId":"PKG-9","externalPackageId":"1A40603000009","lot":"B-1","cost":3.25,"expirationDate":"2027-03-01T12:00:00.000Z"},` +
		`{"productId":1002,"quantity":3,"unitType":"qty"}]}`
	if err != nil || string(body) != want {
		t.Errorf("the body is %s, %v", body, err)
	}
	if asked, _ := s.last(); asked != "POST /inventory/receiveinventory" || s.drafts()[0].title != "From Warehouse [transfer-77]" {
		t.Errorf("asked was %q, there is %+v", asked, s.drafts())
	}
}

func TestReceive_with_a_lost_answer_is_one_draft(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.LoseAnswer(1)
	id, err := c.Receive(t.Context(), draft())
	if err != nil || id != "301" || len(s.drafts()) != 1 {
		t.Errorf("it is %q, %v, and there are %+v", id, err, s.drafts())
	}
	if asked, _ := s.last(); asked != "GET /inventory/receivedinventory?endDate=2026-03-02T12%3A00%3A00.000Z&startDate=2026-02-28T11%3A00%3A00.000Z" {
		t.Errorf("asked was %q", asked)
	}
}

func TestReceive_with_a_lost_answer_and_a_list_that_lags_is_one_draft(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	s.LoseAnswer(1)
	s.lag(2)
	_, err := c.Receive(t.Context(), draft())
	if f := failure(t, err); f.Class != syncer.Retry || !f.Unknown {
		t.Fatalf("not knowing is %+v", f)
	}
	_, err = c.Receive(t.Context(), draft())
	if f := failure(t, err); f.Code != pos.CodeRefused || !strings.Contains(f.Detail, "transfer-77 was used before") {
		t.Fatalf("refused without being listed is %+v", f)
	}
	id, err := c.Receive(t.Context(), draft())
	if err != nil || id != "301" || len(s.drafts()) != 1 {
		t.Errorf("at last it is %q, %v, and there are %+v", id, err, s.drafts())
	}
}

func TestReceive_again_gives_the_same_draft(t *testing.T) {
	s, clock := newSim(t), newClock()
	c := s.connect(t, clock)
	other := draft()
	other.ExternalID = "7"
	for _, d := range []Draft{draft(), other, draft(), other} {
		if _, err := c.Receive(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	clock.pass(20 * 24 * time.Hour)
	first, err := c.Receive(t.Context(), draft())
	second, errOther := c.Receive(t.Context(), other)
	if err != nil || errOther != nil || first != "301" || second != "302" || len(s.drafts()) != 2 {
		t.Errorf("they are %q and %q (%v, %v) of %+v", first, second, err, errOther, s.drafts())
	}
}

func TestReceive_tells_why_dutchie_will_not_have_it(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`"Vendor not found."`, "Dutchie refuses the draft: Vendor not found."},
		{`{"message":"Not valid","propertyErrors":[{"propertyName":"Items[0].RoomId","propertyError":"No such\nroom"}]}`, "Dutchie refuses the draft: Not valid; Items[0].RoomId: No such room."},
		{`{"message":null,"propertyErrors":null}`, "Dutchie refuses the draft."},
		{`Vendor not found`, "Dutchie refuses the draft: Vendor not found."},
		{`<html>Bad request`, "Dutchie refuses the draft."},
		{``, "Dutchie refuses the draft."},
		{`"` + strings.Repeat("x", 1000) + `"`, "Dutchie refuses the draft: " + strings.Repeat("x", 200) + "."},
	} {
		s := newSim(t)
		conn := s.connect(t, newClock())
		s.Answer(400, "application/json", c.body)
		_, err := conn.Receive(t.Context(), draft())
		if f := failure(t, err); f.Class != syncer.Alarm || f.Code != pos.CodeRefused || f.Unknown || f.Detail != c.want {
			t.Errorf("%.100s gives %+v", c.body, f)
		}
	}
	s := newSim(t)
	s.Refuse(1)
	_, err := s.connect(t, newClock()).Receive(t.Context(), draft())
	if f := failure(t, err); f.Code != pos.CodeRefused || len(s.drafts()) != 0 {
		t.Errorf("it is %+v", f)
	}
}

func TestReceive_does_not_know_what_an_unreadable_answer_means(t *testing.T) {
	for _, body := range []string{``, `{}`, `null`, `[]`, `{"receiveInventoryHistoryId":"301"}`, `<html>`} {
		s := newSim(t)
		c := s.connect(t, newClock())
		s.Answer(200, "application/json", body)
		_, err := c.Receive(t.Context(), draft())
		if f := failure(t, err); f.Class != syncer.Retry || !f.Unknown || s.Requests() != 2 {
			t.Errorf("%s gives %+v after %d requests", body, f, s.Requests())
		}
	}
	s := newSim(t)
	c := s.connect(t, newClock())
	s.Limit(1)
	_, err := c.Receive(t.Context(), draft())
	if f := failure(t, err); f.Unknown || f.RetryAfter != 2*time.Second || s.Requests() != 1 {
		t.Errorf("asked too often is %+v after %d requests", f, s.Requests())
	}
}

func TestReceive_does_not_know_what_it_cannot_look_up(t *testing.T) {
	for _, status := range []int{400, 500} {
		s := newSim(t)
		c := s.connect(t, newClock())
		s.Answer(status, "application/json", `"No."`)
		s.Answer(503, "text/plain", "")
		_, err := c.Receive(t.Context(), draft())
		if f := failure(t, err); !f.Unknown || s.Requests() != 2 {
			t.Errorf("after %d it is %+v", status, f)
		}
	}
}

func TestReceive_finds_a_draft_without_a_title_of_ours(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	d := draft()
	d.Title = ""
	s.LoseAnswer(1)
	if id, err := c.Receive(t.Context(), d); err != nil || id != "301" || s.drafts()[0].title != "[transfer-77]" {
		t.Errorf("it is %q, %v of %+v", id, err, s.drafts())
	}
}

func TestReceive_tells_a_draft_that_failed_from_one_that_waits(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	if _, err := c.Receive(t.Context(), draft()); err != nil {
		t.Fatal(err)
	}
	s.change(func(d *simData, _ store.Instant) { d.drafts[0].status = "Failed" })
	_, err := c.Receive(t.Context(), draft())
	if f := failure(t, err); f.Class != syncer.Alarm || !strings.Contains(f.Detail, "failed at it") {
		t.Errorf("it is %+v", f)
	}
}

func TestReceive_sends_nothing_that_cannot_be(t *testing.T) {
	s := newSim(t)
	c := s.connect(t, newClock())
	for name, spoil := range map[string]func(*Draft){
		"no external id": func(d *Draft) { d.ExternalID = "" },
		"no date":        func(d *Draft) { d.DeliveredAt = 0 },
		"no goods":       func(d *Draft) { d.Items = nil },
		"no product":     func(d *Draft) { d.Items[0].Product = "" },
		"another room":   func(d *Draft) { d.Items[0].Room = "Vault" },
		"nothing of it":  func(d *Draft) { d.Items[1].Quantity = 0 },
		"less than none": func(d *Draft) { d.Items[1].Quantity = -1 },
		"a large id":     func(d *Draft) { d.Items[1].Product = "4294967297" },
	} {
		d := draft()
		spoil(&d)
		_, err := c.Receive(t.Context(), d)
		if f := failure(t, err); f.Class != syncer.Alarm || s.Requests() != 0 {
			t.Errorf("%s gives %+v", name, f)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := c.Receive(ended, draft()); !errors.Is(err, context.Canceled) || s.Requests() != 0 {
		t.Errorf("after the end it is %v", err)
	}
}
