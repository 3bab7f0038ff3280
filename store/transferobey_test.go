package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// line is what a test wants to know of a transfer line.
func line(l store.TransferLine) string {
	return fmt.Sprintf("%s %s/%s/%s/%s/%s/%s", l.SKU, l.Shipped, l.Received, l.Refused, l.Lost, l.Returned, l.Extra)
}

func lines(d *store.TransferDocument) string {
	var list []string
	for _, l := range d.Lines {
		list = append(list, line(l))
	}
	return strings.Join(list, ", ")
}

func received(sku, tag string, n int64) store.ReceiveLine {
	return store.ReceiveLine{SKU: sku, PackageTag: tag, Received: units(n), Room: store.Vault}
}

func TestWhat_was_received_blind_is_matched_by_package_then_by_product(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("A")
	s.AddProduct("B")
	blind := transferOf(t, s.Must(&store.ReceiveTransfer{Number: "M-1", Lines: []store.ReceiveLine{
		received("A", "1A40", 3), received("A", "1A41", 2), received("B", "", 4),
	}}))
	s.Must(&store.ReceiveTransfer{Number: "m-1", Lines: []store.ReceiveLine{received("A", "1A41", 1)}})
	head := s.Head().Seq
	o := order(s, "M-1",
		store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1a41", Shipped: units(5)},
		store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1A99", Shipped: units(1)},
		store.OrderLine{SKU: "B", Unit: "each", BatchNumber: "B7", Shipped: units(1)},
		store.OrderLine{SKU: "B", Unit: "each", BatchNumber: "B8", Shipped: units(2)},
	)
	obeyed(t, s, "transfer", o)
	for _, e := range entries(t, s, head) {
		if e.Movement != nil {
			t.Errorf("matching moved goods: %+v", e.Movement)
		}
	}
	d := incoming(t, s, "M-1")
	if d.ID != blind.ID || d.Shipment != o.Shipment || !d.Blind || d.Status != store.TransferInTransit || d.ShippedAt != o.ShippedAt {
		t.Errorf("%+v", d)
	}
	want := "A 5/3/0/0/0/0, A 1/0/0/0/0/0, B 1/1/0/0/0/1, B 2/2/0/0/0/0, A 0/0/0/0/0/3"
	if got := lines(d); got != want {
		t.Errorf("matched as %s, not %s", got, want)
	}
	obeyed(t, s, "transfer", o)
	if again := incoming(t, s, "M-1"); again.Version != d.Version {
		t.Error("the same order again made a version")
	}
}

func TestOnly_the_sender_that_was_named_is_matched(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("A")
	for _, from := range []store.Party{{Store: store.ID{9}}, {Name: "Green Fields"}} {
		s.Must(&store.ReceiveTransfer{Number: "M-1", From: from, Lines: []store.ReceiveLine{received("A", "", 1)}})
	}
	obeyed(t, s, "transfer", order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: units(1)}))
	if list := s.Transfers(store.TransferFilter{Direction: store.DirectionIn, Number: "M-1"}); len(list) != 3 {
		t.Errorf("%d transfers", len(list))
	}
	again := &store.ReceiveTransfer{Number: "M-1", Lines: []store.ReceiveLine{received("A", "", 1)}}
	if got := s.Refused(again); got != store.CodeInvalid {
		t.Errorf("received as one of three: %s", got)
	}
	again.From = store.Party{Name: "green fields"}
	if d := transferOf(t, s.Must(again)); d.Lines[0].Received != units(2) || d.Status != store.TransferClosed {
		t.Errorf("%+v", d)
	}
}

func TestNumber_that_was_mistyped_is_put_right(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("A")
	blind := transferOf(t, s.Must(&store.ReceiveTransfer{Number: "M-l", Lines: []store.ReceiveLine{received("A", "", 3)}}))
	o := order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: units(3)})
	obeyed(t, s, "transfer", o)
	if got := s.Refused(&store.RenumberTransfer{ID: o.Shipment, Number: "X"}); got != store.CodeInvalid {
		t.Errorf("what was announced got another number: %s", got)
	}
	s.Must(&store.RenumberTransfer{ID: blind.ID, Number: "M-1"})
	d, _ := s.Transfer(blind.ID)
	if d.Shipment != o.Shipment || d.Status != store.TransferClosed || lines(d) != "A 3/3/0/0/0/0" {
		t.Errorf("%+v", d)
	}
	o.Lines[0].Returned = units(1)
	obeyed(t, s, "transfer", o)
	if other, _ := s.Transfer(o.Shipment); other.Status != store.TransferCanceled || len(other.Lines) != 0 || !other.Shipment.IsZero() {
		t.Errorf("the other is %+v", other)
	}
}

func TestResult_reaches_the_sender_whatever_the_order(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	d := transferOf(t, s.Must(ship(store.ShipLine{Item: a, Quantity: units(6)})))
	result := func(received, refused, lost int64) store.TransferResult {
		return store.TransferResult{Shipment: d.ID, Lines: []store.ResultLine{
			{Received: units(received), Refused: units(refused), Lost: units(lost)},
			{Extra: units(1), SKU: "B", Unit: "g", PackageTag: "1A40"},
		}}
	}
	obeyed(t, s, "transfer_result", result(2, 1, 1))
	obeyed(t, s, "transfer_result", result(1, 0, 0))
	now, _ := s.Transfer(d.ID)
	if got := lines(now); got != "A 6/2/1/1/0/0, B 0/0/0/0/0/1" || now.InTransit(0) != units(2) {
		t.Error(got)
	}
	obeyed(t, s, "transfer_result", result(4, 1, 1))
	for _, c := range []struct {
		line store.ReceiveLine
		want store.Code
	}{
		{store.ReceiveLine{Line: 1, Received: units(1), Room: store.Vault}, store.CodeInvalid},
		{store.ReceiveLine{Line: 1, Returned: units(2)}, store.CodeTransferUnbalanced},
	} {
		if got := s.Refused(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{c.line}}); got != c.want {
			t.Errorf("%+v → %s", c.line, got)
		}
	}
	r := s.Must(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{{Line: 1, Returned: units(1), Room: store.Quarantine}}})
	if m := moves(r)[0]; m.After.Room != store.Quarantine || m.Entry.Movement.SubReason != "returned" {
		t.Errorf("it came back into %+v", m.After)
	}
	if now, _ := s.Transfer(d.ID); now.Status != store.TransferClosed || now.ClosedAt == 0 {
		t.Errorf("%+v", now)
	}
}

func TestWhat_the_receiver_got_of_a_canceled_transfer_leaves_after_all(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	d := transferOf(t, s.Must(ship(store.ShipLine{Item: a, Quantity: units(6)})))
	s.Must(&store.CancelTransfer{ID: d.ID})
	s.Adjust(a, -9, store.Sale)
	obeyed(t, s, "transfer_result", store.TransferResult{Shipment: d.ID, Lines: []store.ResultLine{{Received: units(3), Lost: units(1)}}})
	if got := quantityOf(t, s, a); got != units(-3) {
		t.Errorf("%s are here", got)
	}
	list := entries(t, s, 0)
	if !slices.ContainsFunc(list, func(e *store.Entry) bool { return e.Movement != nil && e.Movement.Flags&store.FlagNegative != 0 }) {
		t.Error("going below zero was not flagged")
	}
	if n := len(slices.DeleteFunc(list, func(e *store.Entry) bool { return e.Event == nil || e.Event.Type != store.EventDiscrepancy })); n != 2 {
		t.Errorf("%d discrepancies", n)
	}
	if now, _ := s.Transfer(d.ID); now.Status != store.TransferCanceled || lines(now) != "A 6/3/0/1/0/0" {
		t.Errorf("%+v", now)
	}
}

func TestCanceled_transfer_is_not_received(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("A")
	o := order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: units(3)})
	obeyed(t, s, "transfer", o)
	canceled := *o
	canceled.CanceledAt = store.InstantOf(storetest.Start)
	obeyed(t, s, "transfer", canceled)
	obeyed(t, s, "transfer", o)
	if d := incoming(t, s, "M-1"); d.Status != store.TransferCanceled {
		t.Errorf("%+v", d)
	}
	got := s.Refused(&store.ReceiveTransfer{Number: "M-1", Lines: []store.ReceiveLine{received("A", "", 1)}})
	if got != store.CodeTransferUnbalanced {
		t.Error(got)
	}
}

func TestCommands_about_transfers_that_cannot_be_are_refused_and_change_nothing(t *testing.T) {
	s := storetest.Open(t)
	d := transferOf(t, s.Must(ship(store.ShipLine{Item: s.Stocked("A", 10), Quantity: units(6)})))
	good := store.OrderLine{SKU: "NEW", Unit: "each", Shipped: units(1), Goods: &store.Goods{Name: "New", Unit: "each"}}
	edited := func(edit func(*store.TransferOrder)) *store.TransferOrder {
		o := order(s, "M-1", good)
		edit(o)
		return o
	}
	for what, c := range map[string]struct {
		kind string
		body any
		want store.Code
	}{
		"of no shipment":    {"transfer", edited(func(o *store.TransferOrder) { o.Shipment = store.ID{} }), store.CodeInvalid},
		"of no sender":      {"transfer", edited(func(o *store.TransferOrder) { o.From.Store = store.ID{} }), store.CodeInvalid},
		"for another":       {"transfer", edited(func(o *store.TransferOrder) { o.To.Store = store.ID{5} }), store.CodeInvalid},
		"without a number":  {"transfer", edited(func(o *store.TransferOrder) { o.Number = " " }), store.CodeInvalid},
		"without lines":     {"transfer", edited(func(o *store.TransferOrder) { o.Lines = nil }), store.CodeInvalid},
		"of nothing":        {"transfer", edited(func(o *store.TransferOrder) { o.Lines[0].Shipped = 0 }), store.CodeRange},
		"that we sent":      {"transfer", edited(func(o *store.TransferOrder) { o.Shipment = d.ID }), store.CodeInvalid},
		"no object":         {"transfer", "nonsense", store.CodeInvalid},
		"too large":         {"transfer", edited(func(o *store.TransferOrder) { o.Lines = slices.Repeat(longLines(good), 100) }), store.CodePayloadTooLarge},
		"of none":           {"transfer_result", store.TransferResult{Shipment: store.ID{5}}, store.CodeNotFound},
		"more than shipped": {"transfer_result", store.TransferResult{Shipment: d.ID, Lines: []store.ResultLine{{Received: units(7)}}}, store.CodeTransferUnbalanced},
		"below nothing":     {"transfer_result", store.TransferResult{Shipment: d.ID, Lines: []store.ResultLine{{Lost: -1}}}, store.CodeRange},
	} {
		before := s.Head().Seq
		done := commanded(t, s, c.kind, c.body)
		if done.Status != store.CommandRefused || done.Code != c.want {
			t.Errorf("a command %s: %+v, want %s", what, done, c.want)
		}
		if n := s.Head().Seq - before; n != 1 {
			t.Errorf("a command %s wrote %d entries", what, n)
		}
	}
	if _, ok := s.ProductBySKU("NEW"); ok {
		t.Error("a refused command made a product")
	}
}

func longLines(l store.OrderLine) []store.OrderLine {
	l.PackageTag = strings.Repeat("9", 100)
	return []store.OrderLine{l}
}

func TestTransfer_that_would_not_fit_an_entry_later_is_refused_at_once(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	var all []store.ShipLine
	for n := range store.MaxTransferLines {
		lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, fmt.Sprintf("1A406030000000100%07d", n) }}).Facts[0].Of.(*store.Lot).ID
		row := s.Must(&store.OpenItem{Product: product, Location: s.Location, Room: store.Vault, Lot: lot, Opening: units(100)}).Facts[0].Of.(*store.Item).ID
		all = append(all, store.ShipLine{Item: row, Quantity: units(7) / 2})
	}
	if got := s.Refused(ship(all...)); got != store.CodePayloadTooLarge {
		t.Errorf("all lines: %s", got)
	}
	d := transferOf(t, s.Must(ship(all[:45]...)))
	result := store.TransferResult{Shipment: d.ID, Lines: make([]store.ResultLine, 45)}
	for n := range result.Lines {
		result.Lines[n] = store.ResultLine{Received: 1_1111, Refused: 1_2222, Lost: 3334}
	}
	obeyed(t, s, "transfer_result", result)
	back := &store.ReceiveTransfer{ID: d.ID}
	for n := range result.Lines {
		back.Lines = append(back.Lines, store.ReceiveLine{Line: int64(n + 1), Returned: 1_2221})
	}
	s.Must(back)
}
