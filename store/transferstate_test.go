package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// busyWithTransfers is a shop with transfers of every kind and status.
func busyWithTransfers(t *testing.T) *storetest.Shop {
	s := storetest.Open(t)
	a := s.Stocked("A", 50)
	sent := transferOf(t, s.Must(ship(store.ShipLine{Item: a, Quantity: units(6)})))
	s.Must(&store.CancelTransfer{ID: transferOf(t, s.Must(ship(store.ShipLine{Item: a, Quantity: units(2)}))).ID})
	s.Must(&store.MoveStock{Lines: []store.ShipLine{{Item: a, Quantity: units(3), ToRoom: store.Vault}}, Notes: "to the vault"})
	obeyed(t, s, "transfer_result", store.TransferResult{Shipment: sent.ID, Lines: []store.ResultLine{{Refused: units(2)}}})
	s.Must(&store.ReceiveTransfer{ID: sent.ID, Lines: []store.ReceiveLine{{Line: 1, Returned: units(1)}}})
	for _, number := range []string{"M-1", "M-2"} {
		s.Must(&store.ReceiveTransfer{Number: number, Lines: []store.ReceiveLine{received("A", "1A40", 3)}})
	}
	obeyed(t, s, "transfer", order(s, "M-2", store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1A40", Shipped: units(5)}))
	for range 3 {
		o := order(s, "M-3", store.OrderLine{SKU: "NEW", Unit: "each", Shipped: units(5), Goods: &store.Goods{Name: "New", Unit: "each"}})
		o.From.Store = storetest.NewID()
		obeyed(t, s, "transfer", o)
	}
	return s
}

func TestTransfers_survive_a_restart(t *testing.T) {
	s := busyWithTransfers(t)
	restated, err := s.Restate()
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "written and read", restated, s.Dump())
	refolded, err := s.Refold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "folded again", refolded, s.Dump())
	before := s.Dump()
	s.Reopen()
	sameDump(t, "reopened", s.Dump(), before)
	if _, err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestReplica_has_the_transfers_of_its_store(t *testing.T) {
	s := busyWithTransfers(t)
	kept, replica := newRows(), store.NewReplica(store.Head{Epoch: 1}, 0, 10)
	kept.fold(t, replica, stored(t, s, 0), true)
	sameAsLedger(t, s, replica, kept)
	items, docs := kept.list()
	head, want := s.StateDigest()
	if got := store.DigestState(items, docs); got != want || replica.Head() != head {
		t.Error("the digests differ")
	}
	found := 0
	for _, d := range docs {
		if d.Type != store.DocTransfer {
			continue
		}
		found++
		read, err := store.ParseTransfer(d)
		if own, _ := s.Transfer(d.ID); err != nil || lines(read) != lines(own) || read.Version != own.Version || read.Status != own.Status {
			t.Errorf("%+v, want %+v, %v", read, own, err)
		}
	}
	if found != len(s.Transfers(store.TransferFilter{})) {
		t.Errorf("%d transfers", found)
	}
}

func TestNotes_of_a_transfer_can_be_erased(t *testing.T) {
	s := storetest.Open(t)
	cmd := ship(store.ShipLine{Item: s.Stocked("A", 5), Quantity: units(1)})
	cmd.Notes = "driver: somebody"
	d := transferOf(t, s.Must(cmd))
	s.Must(&store.CancelTransfer{ID: d.ID, Notes: "somebody again"})
	s.Must(&store.EraseTransferNotes{ID: d.ID})
	list, err := s.TransferHistory(t.Context(), d.ID, 10)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for _, f := range list {
		if f.Entry.Notes != nil || f.Entry.NotesDigest == nil {
			t.Errorf("notes of %s: %v", f.Entry.Position, f.Entry.Notes)
		}
	}
	if got := s.Refused(&store.EraseTransferNotes{ID: d.ID}); got != store.CodeNotFound {
		t.Error(got)
	}
	if _, err := s.Verify(); err != nil {
		t.Error(err)
	}
}
