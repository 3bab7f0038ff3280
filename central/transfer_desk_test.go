package central_test

import (
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// visit pushes what a store has and does what central has for it.
func (o *outlet) visit() (done []string) {
	o.t.Helper()
	o.push()
	for _, c := range o.commands(o.Command(), 0).Commands {
		r := o.Must(&store.Obey{N: c.N, Kind: c.Kind, Body: c.Body})
		done = append(done, fmt.Sprintf("%s %s", c.Kind, r.Facts[len(r.Facts)-1].Entry.Event.Body))
	}
	o.push()
	return done
}

func TestTransfer_travels_through_central_and_back(t *testing.T) {
	d := openDesk(t)
	a, b := d.enrol(storetest.Open(t)), d.enrol(storetest.Open(t))
	product := a.AddProduct("A", func(p *store.Product) { p.Name, p.UnitCost = "Only here", 7_0000 })
	item := a.OpenItem(product, store.SalesFloor, 10)
	shipped := a.Must(&store.ShipTransfer{To: store.Party{Store: b.id}, Lines: []store.ShipLine{{Item: item, Quantity: 6_0000}}})
	id := shipped.Facts[len(shipped.Facts)-1].Of.(*store.TransferDocument).ID
	nowhere := a.Must(&store.ShipTransfer{To: store.Party{Store: storetest.NewID()}, Lines: []store.ShipLine{{Item: item, Quantity: 1}}})
	a.visit()
	if done := b.visit(); len(done) != 1 {
		t.Fatalf("the receiver did %q", done)
	}
	if p, ok := b.ProductBySKU("A"); !ok || p.Name != "Only here" || p.UnitCost != 7_0000 {
		t.Errorf("product %+v", p)
	}
	receive := func(o *outlet, l store.ReceiveLine) {
		t.Helper()
		l.Line = 1
		o.Must(&store.ReceiveTransfer{ID: id, Lines: []store.ReceiveLine{l}})
	}
	receive(b, store.ReceiveLine{Received: 3_0000, Refused: 2_0000, Room: store.Vault})
	receive(b, store.ReceiveLine{Lost: 1_0000})
	b.visit()
	if done := a.visit(); len(done) != 1 {
		t.Fatalf("the sender did %q", done)
	}
	receive(a, store.ReceiveLine{Returned: 2_0000})
	a.visit()
	if done := b.visit(); len(done) != 1 {
		t.Fatalf("the receiver did %q", done)
	}
	for _, o := range []*outlet{a, b, a, b} {
		if done := o.visit(); len(done) != 0 {
			t.Errorf("there was more to do: %q", done)
		}
		d.equal(o)
	}
	out, _ := a.Transfer(id)
	in, _ := b.Transfer(id)
	for _, of := range []*store.TransferDocument{out, in} {
		l := of.Lines[0]
		if of.Status != store.TransferClosed || l.Received != 3_0000 || l.Refused != 2_0000 || l.Lost != 1_0000 || l.Returned != 2_0000 {
			t.Errorf("%s: %s, %+v", of.Direction, of.Status, l)
		}
	}
	if lost, _ := a.Transfer(nowhere.Facts[len(nowhere.Facts)-1].Of.(*store.TransferDocument).ID); lost.Status != store.TransferInTransit {
		t.Errorf("%+v", lost)
	}
}
