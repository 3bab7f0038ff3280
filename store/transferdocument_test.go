package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// transferOf gives the transfer document that a receipt is about.
func transferOf(t *testing.T, r store.Receipt) *store.TransferDocument {
	t.Helper()
	for _, f := range slices.Backward(r.Facts) {
		if d, ok := f.Of.(*store.TransferDocument); ok {
			return d
		}
	}
	t.Fatal("no transfer was made")
	return nil
}

func quantityOf(t *testing.T, s *storetest.Shop, item store.ID) store.Quantity {
	t.Helper()
	i, ok := s.Item(item)
	if !ok {
		t.Fatalf("there is no item %s", item)
	}
	return i.Quantity
}

// elsewhere is another store of the chain.
var elsewhere = store.ID{1, 2, 3}

func ship(lines ...store.ShipLine) *store.ShipTransfer {
	return &store.ShipTransfer{To: store.Party{Store: elsewhere, Name: "Elm Street"}, Lines: lines}
}

// order is a command of central about what elsewhere sent here.
func order(s *storetest.Shop, number string, lines ...store.OrderLine) *store.TransferOrder {
	return &store.TransferOrder{
		Shipment: storetest.NewID(), Number: number, From: store.Party{Store: elsewhere, Name: "Elm Street"},
		To: store.Party{Store: s.Meta().Store}, ShippedAt: store.InstantOf(storetest.Start), Lines: lines,
	}
}

// commanded does a command of central, the next in number.
func commanded(t *testing.T, s *storetest.Shop, kind string, body any) *store.CommandDone {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return obey(t, s, s.Command()+1, kind, string(raw))
}

// obeyed is commanded, and done.
func obeyed(t *testing.T, s *storetest.Shop, kind string, body any) {
	t.Helper()
	if done := commanded(t, s, kind, body); done.Status != store.CommandApplied {
		t.Fatalf("%s was refused: %s %s", kind, done.Code, done.Detail)
	}
}

func incoming(t *testing.T, s *storetest.Shop, number string) *store.TransferDocument {
	t.Helper()
	list := s.Transfers(store.TransferFilter{Direction: store.DirectionIn, Number: number})
	if len(list) != 1 {
		t.Fatalf("%d transfers came in as %s", len(list), number)
	}
	return list[0]
}

func TestShipping_takes_the_goods_away_and_tells_where_they_are(t *testing.T) {
	s := storetest.Open(t)
	a, b := s.Stocked("A", 10), s.Stocked("B", 5)
	r := s.Must(ship(store.ShipLine{Item: a, Quantity: units(4)}, store.ShipLine{Item: b, Quantity: units(5)}))
	d := transferOf(t, r)
	if d.Status != store.TransferInTransit || d.InTransit(0) != units(4) || d.Lines[1].SKU != "B" || d.From.Location != s.Location {
		t.Errorf("%+v", d)
	}
	for i, f := range moves(r) {
		m := f.Entry.Movement
		if m.Reason != store.Transfer || m.SubReason != "shipped" || m.Transfer != d.ID || m.Reference != d.Number || m.Flags != 0 {
			t.Errorf("movement %d is %+v", i, m)
		}
	}
	if quantityOf(t, s, a) != units(6) || quantityOf(t, s, b) != 0 {
		t.Error("the goods are still here")
	}
	seq := r.Facts[len(r.Facts)-1].Entry.Seq
	s.Must(&store.CancelTransfer{ID: d.ID})
	if was, err := s.TransferAt(t.Context(), d.ID, seq); err != nil || was.Status != store.TransferInTransit {
		t.Errorf("then it was %+v, %v", was, err)
	}
	if now, _ := s.Transfer(d.ID); now.Status != store.TransferCanceled || quantityOf(t, s, a) != units(10) {
		t.Errorf("now it is %+v", now)
	}
	if list, err := s.TransferHistory(t.Context(), d.ID, 10); err != nil || len(list) != 2 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	if list, next, err := s.TransferMovements(t.Context(), d.ID, 0, 3); err != nil || len(list) != 3 || next == 0 {
		t.Errorf("%d movements, then %d, %v", len(list), next, err)
	}
}

func TestShipment_is_all_or_nothing_and_names_every_line(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	s.Must(&store.Reserve{Item: a, Quantity: units(3)})
	there := s.AddLocation("Far", "America/Chicago")
	far := s.Must(&store.OpenItem{Product: s.AddProduct("F"), Location: there, Room: store.Vault, Opening: units(9)}).Facts[0].Of.(*store.Item).ID
	before := s.Head().Seq
	_, err := try(s, ship(
		store.ShipLine{Item: a, Quantity: units(4)}, store.ShipLine{Item: a, Quantity: units(4)},
		store.ShipLine{Item: far, Quantity: units(1)}, store.ShipLine{Item: store.ID{9}, Quantity: 1}, store.ShipLine{Item: a},
	))
	want := "[insufficient_stock /lines/1/quantity invalid_request /lines/2/inventory_id not_found /lines/3/inventory_id quantity_out_of_range /lines/4/quantity]"
	if got := fmt.Sprint(codes(err)); got != want {
		t.Errorf("refused with %s, not %s", got, want)
	}
	if s.Head().Seq != before || quantityOf(t, s, a) != units(10) {
		t.Error("something was written")
	}
	for _, c := range []struct {
		cmd  store.Command
		want store.Code
	}{
		{ship(), store.CodeInvalid},
		{ship(store.ShipLine{Item: a, Quantity: units(8)}), store.CodeInsufficientStock},
		{&store.ShipTransfer{Lines: []store.ShipLine{{Item: a, Quantity: 1}}}, store.CodeInvalid},
		{&store.ShipTransfer{To: store.Party{Location: s.Location}, Lines: []store.ShipLine{{Item: a, Quantity: 1}}}, store.CodeSameItem},
		{&store.ShipTransfer{To: store.Party{Location: store.ID{7}}, Lines: []store.ShipLine{{Item: a, Quantity: 1}}}, store.CodeNotFound},
	} {
		if got := s.Refused(c.cmd); got != c.want {
			t.Errorf("%+v → %s, not %s", c.cmd, got, c.want)
		}
	}
}

func TestStock_never_goes_below_zero_by_shipping_whatever_the_location_allows(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 1)
	s.Must(&store.EditLocation{ID: s.Location, Edit: func(l *store.Location) { l.AllowBelow = true }})
	if got := s.Refused(ship(store.ShipLine{Item: a, Quantity: units(2)})); got != store.CodeInsufficientStock {
		t.Errorf("shipped: %s", got)
	}
	move := &store.MoveStock{Lines: []store.ShipLine{{Item: a, Quantity: units(2), ToRoom: store.Vault}}}
	if got := s.Refused(move); got != store.CodeInsufficientStock {
		t.Errorf("moved: %s", got)
	}
}

func TestNumber_is_unique_among_what_is_sent(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	line := store.ShipLine{Item: a, Quantity: units(1)}
	first := ship(line)
	first.Number = "M-1"
	s.Must(first)
	again := ship(line)
	again.Number = "m-1"
	if got := s.Refused(again); got != store.CodeInvalid {
		t.Error(got)
	}
	x, y := transferOf(t, s.Must(ship(line))), transferOf(t, s.Must(ship(line)))
	if x.Number == y.Number || x.Number == "" {
		t.Errorf("%q and %q", x.Number, y.Number)
	}
	obeyed(t, s, "transfer", order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: 1}))
	if d := incoming(t, s, "M-1"); d.Direction != store.DirectionIn {
		t.Errorf("%+v", d)
	}
}

func TestMoving_between_rooms_is_two_movements_a_line(t *testing.T) {
	s := storetest.Open(t)
	a, b := s.Stocked("A", 10), s.Stocked("B", 10)
	vault := s.OpenItem(mustItem(t, s, b).Product.ID, store.Vault, 0)
	r := s.Must(&store.MoveStock{Lines: []store.ShipLine{
		{Item: a, Quantity: units(3), ToRoom: store.Vault}, {Item: b, Quantity: units(2), ToItem: vault},
	}})
	d := transferOf(t, r)
	if d.Direction != store.DirectionInternal || d.Status != store.TransferClosed || len(moves(r)) != 4 || d.ClosedAt == 0 {
		t.Errorf("%+v with %d movements", d, len(moves(r)))
	}
	for _, f := range moves(r) {
		if f.Entry.Movement.Transfer != d.ID {
			t.Errorf("%+v is of no transfer", f.Entry.Movement)
		}
	}
	if quantityOf(t, s, a) != units(7) || quantityOf(t, s, vault) != units(2) {
		t.Error("the goods did not move")
	}
	_, err := try(s, &store.MoveStock{Lines: []store.ShipLine{
		{Item: a, Quantity: units(1), ToRoom: store.Vault},
		{Item: a, Quantity: units(1)},
		{Item: a, Quantity: units(1), ToItem: vault},
		{Item: a, Quantity: units(1), ToItem: a},
	}})
	want := "[invalid_request /lines/1/to_inventory_id unit_mismatch /lines/2/to_inventory_id same_item /lines/3/to_inventory_id]"
	if got := fmt.Sprint(codes(err)); got != want {
		t.Errorf("refused with %s", got)
	}
	s.Must(&store.Reverse{Movement: moves(r)[0].Entry.Position})
	if now, _ := s.Transfer(d.ID); now.Status != store.TransferCanceled || quantityOf(t, s, a) != units(10) || quantityOf(t, s, vault) != 0 {
		t.Errorf("after the reversal: %+v", now)
	}
}

func mustItem(t *testing.T, s *storetest.Shop, id store.ID) *store.Item {
	t.Helper()
	i, ok := s.Item(id)
	if !ok {
		t.Fatalf("there is no item %s", id)
	}
	return i
}

func TestTransfer_to_another_location_arrives_there(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	there := s.AddLocation("Far", "America/Chicago")
	d := transferOf(t, s.Must(&store.ShipTransfer{
		To: store.Party{Location: there}, Lines: []store.ShipLine{{Item: a, Quantity: units(6)}},
	}))
	if d.Direction != store.DirectionInternal || d.Status != store.TransferInTransit {
		t.Fatalf("%+v", d)
	}
	r := s.Must(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{
		{SKU: "a", Received: units(3), Refused: units(2), Room: store.Vault},
	}})
	if got := moves(r)[0].After; got.Location.ID != there || got.Room != store.Vault || got.Quantity != units(3) {
		t.Errorf("it arrived at %+v", got)
	}
	for _, c := range []struct {
		line store.ReceiveLine
		want store.Code
	}{
		{store.ReceiveLine{Line: 1, Received: units(2), Room: store.Vault}, store.CodeTransferUnbalanced},
		{store.ReceiveLine{Line: 1, Received: units(1)}, store.CodeInvalid},
		{store.ReceiveLine{Line: 1, Returned: units(3)}, store.CodeTransferUnbalanced},
		{store.ReceiveLine{Line: 2, Lost: 1}, store.CodeNotFound},
		{store.ReceiveLine{SKU: "B", Lost: 1}, store.CodeNotFound},
		{store.ReceiveLine{Line: 1, SKU: "B", Lost: 1}, store.CodeInvalid},
		{store.ReceiveLine{Line: 1, ExpiresOn: "soon", Lost: 1}, store.CodeInvalid},
		{store.ReceiveLine{Line: 1, Lost: 1, Goods: &store.Goods{}}, store.CodeInvalid},
		{store.ReceiveLine{Line: 1}, store.CodeRange},
		{store.ReceiveLine{Line: 1, Lost: -1, Returned: units(1)}, store.CodeRange},
	} {
		if got := s.Refused(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{c.line}}); got != c.want {
			t.Errorf("%+v → %s, not %s", c.line, got, c.want)
		}
	}
	s.Must(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{{Line: 1, Lost: units(1), Extra: units(2), Room: store.Vault}}})
	s.Must(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{{Line: 1, Returned: units(2)}}})
	now, _ := s.Transfer(d.ID)
	if now.Status != store.TransferClosed || quantityOf(t, s, a) != units(6) {
		t.Errorf("%+v, %s here", now, quantityOf(t, s, a))
	}
	if got := s.Refused(&store.CancelTransfer{ID: d.ID}); got != store.CodeTransferUnbalanced {
		t.Errorf("canceled: %s", got)
	}
}

func TestExtra_goods_are_an_audit_finding(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("A")
	obeyed(t, s, "transfer", order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", Shipped: units(2)}))
	d := incoming(t, s, "M-1")
	if got := s.Refused(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{{Line: 1, Received: units(3), Room: store.Vault}}}); got != store.CodeTransferUnbalanced {
		t.Errorf("over-receiving: %s", got)
	}
	r := s.Must(&store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{
		{Line: 1, Received: units(2), Extra: units(1), Room: store.Vault},
		{SKU: "NEW", Extra: units(4), Room: store.Vault, Goods: &store.Goods{Name: "New"}},
	}})
	var reasons []string
	for _, f := range moves(r) {
		reasons = append(reasons, f.Entry.Movement.Reason.String()+"/"+f.Entry.Movement.SubReason+" "+f.Entry.Movement.Change.String())
	}
	if got := strings.Join(reasons, ", "); got != "TRANSFER/received 2, AUDIT/surplus 1, AUDIT/surplus 4" {
		t.Error(got)
	}
	if now, _ := s.Transfer(d.ID); now.Status != store.TransferClosed || now.Lines[1].Extra != units(4) || now.Lines[1].Shipped != 0 {
		t.Errorf("%+v", now)
	}
}

func TestWhat_is_on_its_way_brings_its_products_lots_and_rows(t *testing.T) {
	s := storetest.Open(t)
	s.AddProduct("KG", func(p *store.Product) { p.Unit = "g" })
	o := order(s, "M-1",
		store.OrderLine{
			SKU: "NEW", Unit: "each", PackageTag: "1A40", BatchNumber: "B7", ExpiresOn: "2027-01-31", Shipped: units(5),
			Goods: &store.Goods{Name: "New one", Category: "Edible", Unit: "each", UnitPrice: 10_0000, UnitCost: 4_0000},
		},
		store.OrderLine{SKU: "KG", Unit: "oz", Shipped: units(1), Goods: &store.Goods{Name: "Other", Unit: "oz"}},
		store.OrderLine{SKU: "BAD", Unit: "each", Shipped: units(1), Goods: &store.Goods{Unit: "each"}},
	)
	obeyed(t, s, "transfer", o)
	head := s.Head().Seq
	obeyed(t, s, "transfer", o)
	if s.Head().Seq != head+1 {
		t.Error("the same again made more than its outcome")
	}
	d := incoming(t, s, "M-1")
	if p, ok := s.ProductBySKU("NEW"); !ok || p.Name != "New one" || p.UnitCost != 4_0000 || d.Lines[0].Product != p.ID {
		t.Fatalf("product %+v", p)
	}
	r := s.Must(&store.ReceiveTransfer{Number: "m-1", Lines: []store.ReceiveLine{{PackageTag: "1a40", Received: units(2), Room: store.Quarantine}}})
	row := moves(r)[0].After
	if row.Lot == nil || row.Lot.PackageTag != "1A40" || row.Lot.ExpiresOn != "2027-01-31" || row.Room != store.Quarantine || row.Value != 8_0000 {
		t.Errorf("row %+v, lot %+v", row, row.Lot)
	}
	receive := func(l store.ReceiveLine) store.Command {
		return &store.ReceiveTransfer{ID: d.ID, Lines: []store.ReceiveLine{l}}
	}
	if got := s.Refused(receive(store.ReceiveLine{SKU: "KG", Received: units(1), Room: store.Vault})); got != store.CodeUnitMismatch {
		t.Errorf("another unit: %s", got)
	}
	if got := s.Refused(receive(store.ReceiveLine{SKU: "BAD", Received: units(1), Room: store.Vault})); got != store.CodeNotFound {
		t.Errorf("a product that could not be made: %s", got)
	}
	s.Must(receive(store.ReceiveLine{SKU: "BAD", Received: units(1), Room: store.Vault, Goods: &store.Goods{Name: "Good"}}))
	s.Must(&store.EditLot{ID: row.Lot.ID, Edit: func(l *store.Lot) { l.Status = store.LotClosed }})
	if got := s.Refused(receive(store.ReceiveLine{Line: 1, Received: units(1), Room: store.Quarantine})); got != store.CodeLotClosed {
		t.Errorf("a closed lot: %s", got)
	}
}

func TestReceiving_again_brings_back_what_was_archived(t *testing.T) {
	s := storetest.Open(t)
	product := s.AddProduct("A")
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, "1A40" }}).Facts[0].Of.(*store.Lot).ID
	row := s.Must(&store.OpenItem{Product: product, Location: s.Location, Room: store.Vault, Lot: lot}).Facts[0].Of.(*store.Item).ID
	s.Must(&store.EditItem{ID: row, Archive: true})
	s.Must(&store.EditLot{ID: lot, Edit: func(l *store.Lot) { l.ArchivedAt = 1 }})
	s.Must(&store.EditProduct{ID: product, Edit: func(p *store.Product) { p.ArchivedAt = 1 }})
	obeyed(t, s, "transfer", order(s, "M-1", store.OrderLine{SKU: "A", Unit: "each", PackageTag: "1A40", Shipped: units(2)}))
	s.Must(&store.ReceiveTransfer{Number: "M-1", Lines: []store.ReceiveLine{{Line: 1, Received: units(2), Room: store.Vault}}})
	i := mustItem(t, s, row)
	if i.Quantity != units(2) || i.ArchivedAt != 0 || i.Lot.ArchivedAt != 0 || i.Product.ArchivedAt != 0 {
		t.Errorf("%+v", i)
	}
}
