package store

import (
	"encoding/json"
	"slices"
)

// TransferOrder is the body of a "transfer" command: what a store of the chain
// sent to this one. It says everything each time, so that it may come twice
// and out of order.
type TransferOrder struct {
	Shipment   ID          `json:"shipment_id"`
	Number     string      `json:"number"`
	From       Party       `json:"from"`
	To         Party       `json:"to"`
	Reference  string      `json:"reference,omitempty"`
	ShippedAt  Instant     `json:"shipped_at"`
	CanceledAt Instant     `json:"canceled_at,omitempty"`
	Lines      []OrderLine `json:"lines"`
}

// OrderLine is one line of a TransferOrder.
type OrderLine struct {
	SKU         string   `json:"sku"`
	Unit        Unit     `json:"unit"`
	PackageTag  string   `json:"package_tag,omitempty"`
	BatchNumber string   `json:"batch_number,omitempty"`
	ExpiresOn   string   `json:"expires_on,omitempty"`
	Shipped     Quantity `json:"shipped"`
	Returned    Quantity `json:"returned,omitempty"`
	// Goods make the product where there is none with the SKU; not needed for
	// a product that the receiver has.
	Goods *Goods `json:"goods,omitempty"`
}

// TransferResult is the body of a "transfer_result" command: what the receiver
// says became of what this store sent it, line by line. Lines beyond those
// that were sent are goods that were not on it.
type TransferResult struct {
	Shipment ID           `json:"shipment_id"`
	Lines    []ResultLine `json:"lines"`
}

// ResultLine is one line of a TransferResult. SKU, Unit, PackageTag and
// BatchNumber are given for lines that were not sent.
type ResultLine struct {
	Received    Quantity `json:"received,omitempty"`
	Refused     Quantity `json:"refused,omitempty"`
	Lost        Quantity `json:"lost,omitempty"`
	Extra       Quantity `json:"extra,omitempty"`
	SKU         string   `json:"sku,omitempty"`
	Unit        Unit     `json:"unit,omitempty"`
	PackageTag  string   `json:"package_tag,omitempty"`
	BatchNumber string   `json:"batch_number,omitempty"`
}

// Order is what the sender's document has to tell the receiver. goods gives
// what the sender knows of a product.
func (d *TransferDocument) Order(goods func(product ID) (*Product, bool)) *TransferOrder {
	o := &TransferOrder{
		Shipment: d.ID, Number: d.Number, From: d.From, To: d.To, Reference: d.Reference,
		ShippedAt: d.ShippedAt, CanceledAt: d.CanceledAt,
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Shipped == 0 {
			break
		}
		line := OrderLine{
			SKU: l.SKU, Unit: l.Unit, PackageTag: l.PackageTag, BatchNumber: l.BatchNumber, ExpiresOn: l.ExpiresOn,
			Shipped: l.Shipped, Returned: l.Returned,
		}
		if p, ok := goods(l.Product); ok {
			line.Goods = goodsOf(p)
		}
		o.Lines = append(o.Lines, line)
	}
	return o
}

// Result is what the receiver's document has to tell the sender.
func (d *TransferDocument) Result() *TransferResult {
	r := &TransferResult{Shipment: d.Shipment}
	for i := range d.Lines {
		l := &d.Lines[i]
		line := ResultLine{Received: l.Received, Refused: l.Refused, Lost: l.Lost, Extra: l.Extra}
		if l.Shipped == 0 {
			line.SKU, line.Unit, line.PackageTag, line.BatchNumber = l.SKU, l.Unit, l.PackageTag, l.BatchNumber
		}
		r.Lines = append(r.Lines, line)
	}
	return r
}

// obeyTransfer takes note of what is on its way here, or of what became of
// that at the sender.
func obeyTransfer(t *tx, body json.RawMessage) error {
	var o TransferOrder
	if _, err := readCommand(body, &o); err != nil {
		return err
	}
	if err := o.check(t); err != nil {
		return err
	}
	if old, ok := t.s.incoming(o.Shipment); ok {
		return t.updateTransfer(old, &o)
	}
	if _, ok := t.s.transfers.get(o.Shipment); ok {
		return refuse(CodeInvalid, "Transfer %s is here already, and did not come in.", o.Shipment)
	}
	d := o.document(t)
	for _, blind := range t.s.withNumber(DirectionIn, o.Number) {
		if blind.Status != TransferUnmatched || !o.From.mayBe(blind.From) {
			continue
		}
		if merged := blind.matched(d); merged.fits() {
			return t.saveMatched(merged)
		}
	}
	return t.saveTransfer(d, 0, "")
}

func (o *TransferOrder) check(t *tx) error {
	var p problems
	p.text("/number", &o.Number, 1, 60)
	p.text("/reference", &o.Reference, 0, 200)
	o.From.check(&p, "/from")
	o.To.check(&p, "/to")
	switch {
	case o.Shipment.IsZero() || o.From.Store.IsZero():
		p.add(refuse(CodeInvalid, "shipment_id and from.store_id are required."))
	case o.To.Store != t.store:
		p.add(refuse(CodeInvalid, "It was sent to another store.").at("/to/store_id"))
	}
	if len(o.Lines) == 0 || len(o.Lines) > MaxTransferLines {
		p.add(refuse(CodeInvalid, "A transfer has 1 to %d lines.", MaxTransferLines).at("/lines"))
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Shipped <= 0 || l.Shipped > MaxQuantity || l.Returned < 0 || l.Returned > l.Shipped {
			p.add(refuse(CodeRange, "Line %d was not shipped.", i+1).at("/lines"))
		}
	}
	return p.err()
}

// document makes the receiver's document. Products that are not known are made
// at once, so that a manager can see to them before the goods are here; what
// cannot be made is asked for when they are received.
func (o *TransferOrder) document(t *tx) *TransferDocument {
	d := &TransferDocument{
		ID: o.Shipment, Shipment: o.Shipment, Number: o.Number, Direction: DirectionIn, From: o.From, To: o.To,
		Reference: o.Reference, ShippedAt: o.ShippedAt, CanceledAt: o.CanceledAt,
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		line := TransferLine{
			SKU: l.SKU, Unit: l.Unit, PackageTag: l.PackageTag, BatchNumber: l.BatchNumber, ExpiresOn: l.ExpiresOn,
			Shipped: l.Shipped, Returned: l.Returned, Refused: l.Returned,
		}
		id, known := t.s.skus.get(skuKey(l.SKU))
		if p, _ := t.s.products.get(id); known && p.Unit == l.Unit {
			line.Product = id
		} else if made := t.makeProduct(l); !known && made != nil {
			line.Product = made.ID
		}
		d.Lines = append(d.Lines, line)
	}
	return d
}

// makeProduct makes the product of a line; nil when it cannot be made.
func (t *tx) makeProduct(l *OrderLine) *Product {
	if l.Goods == nil {
		return nil
	}
	next := &Product{}
	l.Goods.fill(l.SKU, next)
	if t.checkProduct(&Product{}, next) != nil {
		return nil
	}
	p, err := t.editProduct(ID{}, 0, func(p *Product) { l.Goods.fill(l.SKU, p) })
	if err != nil {
		return nil
	}
	return p
}

// updateTransfer takes note of what came back to the sender and of its having
// canceled. The receiver's own amounts stay.
func (t *tx) updateTransfer(old *TransferDocument, o *TransferOrder) error {
	d := old.copy()
	for n := range min(len(d.Lines), len(o.Lines)) {
		l := &d.Lines[n]
		l.Returned = max(l.Returned, min(o.Lines[n].Returned, l.Refused))
	}
	if d.CanceledAt == 0 {
		d.CanceledAt = o.CanceledAt
	}
	if !changed(old, d) {
		return nil
	}
	return t.saveTransfer(d, 0, "")
}

// obeyTransferResult takes note of what became of what this store sent. Of
// amounts that come out of order the larger is the later.
func obeyTransferResult(t *tx, body json.RawMessage) error {
	var r TransferResult
	if _, err := readCommand(body, &r); err != nil {
		return err
	}
	old, ok := t.s.transfers.get(r.Shipment)
	if !ok || old.Direction != DirectionOut {
		return refuse(CodeNotFound, "This store sent no transfer %s.", r.Shipment)
	}
	d := old.copy()
	for n := range r.Lines {
		if err := t.takeResult(d, n, &r.Lines[n]); err != nil {
			return err
		}
	}
	if !changed(old, d) {
		return nil
	}
	return t.saveTransfer(d, 0, "")
}

// takeResult takes note of what became of line n, counted from 0.
func (t *tx) takeResult(d *TransferDocument, n int, r *ResultLine) error {
	if min(r.Received, r.Refused, r.Lost, r.Extra) < 0 || max(r.Received, r.Refused, r.Lost, r.Extra) > MaxQuantity {
		return refuse(CodeRange, "Line %d has an amount that cannot be.", n+1).at("/lines")
	}
	if n == len(d.Lines) && n < MaxTransferLines {
		d.Lines = append(d.Lines, TransferLine{SKU: r.SKU, Unit: r.Unit, PackageTag: r.PackageTag, BatchNumber: r.BatchNumber})
	}
	if n >= len(d.Lines) {
		return refuse(CodeInvalid, "Line %d is one too many.", n+1).at("/lines")
	}
	l := &d.Lines[n]
	before := l.Settled()
	l.Received, l.Refused, l.Lost = max(l.Received, r.Received), max(l.Refused, r.Refused), max(l.Lost, r.Lost)
	l.Extra = max(l.Extra, r.Extra)
	if l.Settled() > l.Shipped {
		return refuse(CodeTransferUnbalanced, "Line %d: %s were shipped, %s are accounted for.", n+1, l.Shipped, l.Settled()).at("/lines")
	}
	if d.CanceledAt == 0 || l.Settled() == before {
		return nil
	}
	return t.leftAfterAll(d, n, l.Settled()-before)
}

// leftAfterAll books again what the receiver got of a transfer that was
// canceled. It happened, so it is never refused: below zero is flagged.
func (t *tx) leftAfterAll(d *TransferDocument, n int, q Quantity) error {
	item, ok := t.s.items.get(d.Lines[n].Item)
	if !ok {
		return refuse(CodeInvalid, "Line %d was not sent.", n+1).at("/lines")
	}
	gone := transferDiscrepancy{Class: "transfer", Transfer: d.ID, Line: int64(n + 1), Canceled: q}
	if err := t.event(EventDiscrepancy, gone); err != nil {
		return err
	}
	return t.takeAway(item, q, d, 0)
}

// Empty tells that the receiver has said nothing yet.
func (r *TransferResult) Empty() bool {
	return !slices.ContainsFunc(r.Lines, func(l ResultLine) bool { return l.Received+l.Refused+l.Lost+l.Extra != 0 })
}
