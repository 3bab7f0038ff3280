package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// inTransit is a shop with a transfer on its way out and one on its way in.
func inTransit(t *testing.T) (s *storetest.Shop, item, out, in store.ID) {
	s = storetest.Open(t)
	item = s.Stocked("A", 20)
	out = transferOf(t, s.Must(ship(store.ShipLine{Item: item, Quantity: units(6)}))).ID
	o := order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1A40", Shipped: units(9)})
	obeyed(t, s, "transfer", o)
	return s, item, out, o.Shipment
}

func takeIn(s *storetest.Shop, in store.ID, n int64) {
	s.Must(&store.ReceiveTransfer{ID: in, Lines: []store.ReceiveLine{{Line: 1, Received: units(n), Room: store.Vault}}})
}

func TestReappend_brings_transfers_to_where_they_were(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s, item, out, in := inTransit(t)
		f := fork(t, s)
		takeIn(f.theirs, in, 2)
		takeIn(f.theirs, in, 3)
		obeyed(t, f.theirs, "transfer_result", store.TransferResult{Shipment: out, Lines: []store.ResultLine{{Refused: units(2)}}})
		f.theirs.Must(&store.ReceiveTransfer{ID: out, Lines: []store.ReceiveLine{{Line: 1, Returned: units(1)}}})
		var many []store.ShipLine
		for range 5 {
			many = append(many, store.ShipLine{Item: item, Quantity: units(1)})
		}
		more := transferOf(t, f.theirs.Must(ship(many...)))
		f.theirs.Must(&store.MoveStock{Lines: []store.ShipLine{{Item: item, Quantity: units(1), ToRoom: store.Vault}}})
		blind := transferOf(t, f.theirs.Must(&store.ReceiveTransfer{Number: "M-2", Lines: []store.ReceiveLine{received("A", "1A41", 4)}}))
		f.join(t, limit)
		for _, id := range []store.ID{out, in, more.ID, blind.ID} {
			ours, _ := f.ours.Transfer(id)
			theirs, _ := f.theirs.Transfer(id)
			if ours == nil || lines(ours) != lines(theirs) || ours.Status != theirs.Status {
				t.Errorf("transfer %+v, not %+v", ours, theirs)
			}
		}
		if got, want := f.quantity(t, item), quantityOf(t, f.theirs, item); got != want {
			t.Errorf("%s are left, not %s", got, want)
		}
		obeyed(t, f.ours, "transfer", order(f.ours, "M-2", store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1A41", Shipped: units(4)}))
		if d, _ := f.ours.Transfer(blind.ID); d.Status != store.TransferClosed {
			t.Errorf("after the match: %+v", d)
		}
	})
}

func TestReappend_joins_what_both_sides_say_of_a_transfer(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s, _, out, in := inTransit(t)
		f := fork(t, s)
		takeIn(f.ours, in, 2)
		takeIn(f.theirs, in, 3)
		f.theirs.Must(&store.ReceiveTransfer{ID: in, Lines: []store.ReceiveLine{{Line: 1, Lost: units(1)}, {SKU: "B", Extra: units(1), Room: store.Vault, Goods: &store.Goods{Name: "B"}}}})
		f.ours.Must(&store.CancelTransfer{ID: out})
		f.join(t, limit)
		d, _ := f.ours.Transfer(in)
		if got := lines(d); got != "A 9/3/0/1/0/0, B 0/0/0/0/0/1" || d.Status != store.TransferInTransit {
			t.Errorf("%s, %s", d.Status, got)
		}
		if d, _ := f.ours.Transfer(out); d.Status != store.TransferCanceled {
			t.Errorf("%+v", d)
		}
	})
}
