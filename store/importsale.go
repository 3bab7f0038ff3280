package store

import (
	"context"
	"errors"
	"fmt"
)

// MaxSaleLines is how many lines one ImportSales may have.
const MaxSaleLines = 500

// ImportSales books what a point of sale reports as sold or brought back.
// These are facts: no line is refused because of stock, room or lot, but
// flagged, and opens a discrepancy. A line whose name is booked already
// changes nothing, so that reading the same sales again is safe. Each line
// stands by itself; Receipt.Lines says what became of it, with the codes
// not_found, reason_sign_mismatch, quantity_out_of_range, sale_source and
// invalid_request.
type ImportSales struct {
	Location ID
	Lines    []SaleLine
}

// SaleLine is one line of a sale, or of a return.
type SaleLine struct {
	Product ID
	// Lot is the zero ID when the point of sale does not say which: then it is
	// the one that expires first of those that may be sold and have enough.
	Lot  ID
	Room Room
	// Change is below zero for a sale, above for a return.
	Change    Quantity
	Reason    Reason
	Reference string
	// OccurredAt is when it happened there; a time ahead of ours counts as now.
	OccurredAt Instant
	// ExternalID and Line are its name there for ever.
	ExternalID string
	Line       int64

	known int64 // the entry that has the name already
}

func (c *ImportSales) recall(ctx context.Context, r Request, j Journal) (err error) {
	for i := range c.Lines {
		line := &c.Lines[i]
		if line.known, err = j.FindExternal(ctx, r.Source, line.ExternalID, line.Line); err != nil {
			return err
		}
	}
	return nil
}

func (c *ImportSales) decide(t *tx) error {
	location, ok := t.s.locations.get(c.Location)
	if !ok {
		return refuse(CodeNotFound, "There is no location %s.", c.Location).at("/location_id")
	}
	if len(c.Lines) > MaxSaleLines {
		return refuse(CodePayloadTooLarge, "At most %d lines of sales go together.", MaxSaleLines)
	}
	for i := range c.Lines {
		out, err := c.book(t, location, &c.Lines[i])
		if err != nil {
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Code == "" {
				return err
			}
			out.Err = refusal.at(fmt.Sprintf("/lines/%d", i))
		}
		t.receipt.Lines = append(t.receipt.Lines, out)
	}
	return nil
}

// book books one line. Everything that can refuse it comes before anything is
// written.
func (c *ImportSales) book(t *tx, location *Location, line *SaleLine) (out Line, err error) {
	out = Line{Fact: -1, Status: "unchanged"}
	here, _ := t.s.external.get(externalKey{t.req.Source, line.ExternalID, line.Line})
	if line.known != 0 || here {
		return out, nil
	}
	adjust := line.adjust(t)
	if err := line.check(t, adjust); err != nil {
		return out, err
	}
	item, err := line.item(t, location)
	if err != nil {
		return out, err
	}
	first := len(t.receipt.Facts)
	adjust.Item = item.ID
	m, refusals, err := adjust.plan(t, item, adjust.Change)
	if err != nil {
		return out, err
	}
	if err := line.uncover(t, item, m); err != nil {
		return out, err
	}
	adjust.Item = m.Item
	if err := adjust.write(t, m, refusals); err != nil {
		return out, err
	}
	item, _ = t.s.items.get(m.Item)
	out.Fact, out.Status = t.firstMovement(first, item.ID), "created"
	out.Item = item
	return out, nil
}

// check names every fault that a line has by itself.
func (l *SaleLine) check(t *tx, adjust *Adjust) error {
	var p problems
	if l.ExternalID == "" {
		p.add(refuse(CodeInvalid, "external_id names the line where it comes from.").at("/external_id"))
	}
	if l.Room == 0 {
		p.add(refuse(CodeInvalid, "room_type is sales_floor, vault, quarantine or secret_menu.").at("/room_type"))
	}
	if l.Reason != Sale && l.Reason != Return {
		p.add(refuse(CodeUnknownReason, "reason_code is SALE or RETURN.").at("/reason_code"))
	}
	if err := p.err(); err != nil {
		return err
	}
	return adjust.checkForm(t)
}

// uncover opens the row of a movement that is not open yet, and brings back
// one that was archived: what was sold of it must not be out of sight.
func (l *SaleLine) uncover(t *tx, item *Item, m *Movement) (err error) {
	if item.Seq == 0 {
		item, err = t.open(item)
	} else if item.ArchivedAt != 0 {
		next := item.document()
		next.ArchivedAt = 0
		_, err = t.document(DocItem, item.ID, next)
	}
	if err == nil {
		m.Item = item.ID
	}
	return err
}

// adjust makes the adjustment that a line is, of no item yet.
func (l *SaleLine) adjust(t *tx) *Adjust {
	a := &Adjust{
		Change: l.Change, Reason: l.Reason, Reference: l.Reference, OccurredAt: l.OccurredAt,
		ExternalID: l.ExternalID, Line: l.Line, Offline: true, happened: true,
	}
	if a.OccurredAt > t.now {
		a.OccurredAt = t.now
	}
	return a
}

// item finds the row that a line is about; one without Seq is not open yet.
func (l *SaleLine) item(t *tx, location *Location) (*Item, error) {
	product, ok := t.s.products.get(l.Product)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no product %s.", l.Product).at("/product_id")
	}
	item := &Item{Room: l.Room, Product: product, Location: location}
	if l.Lot.IsZero() {
		if best := l.best(t, t.itemsOf(product.ID), location); best != nil {
			return best, nil
		}
	} else if item.Lot, ok = t.s.lots.get(l.Lot); !ok || item.Lot.ProductID != product.ID {
		return nil, refuse(CodeNotFound, "There is no lot %s of this product.", l.Lot).at("/lot_id")
	}
	if id, ok := t.s.find(item.place()); ok {
		item, _ = t.s.items.get(id)
	}
	return item, nil
}

// best chooses a row of the room for a line that names no lot; nil when there
// is none.
func (l *SaleLine) best(t *tx, items []*Item, location *Location) (best *Item) {
	for _, i := range items {
		if i.Location.ID == location.ID && i.Room == l.Room && i.ArchivedAt == 0 && (best == nil || l.better(t, i, best)) {
			best = i
		}
	}
	return best
}

// better tells whether a row suits a line more than another: it may be sold,
// it has enough, it expires sooner, it has more, in this order.
func (l *SaleLine) better(t *tx, a, b *Item) bool {
	if may := t.sellable(a); may != t.sellable(b) {
		return may
	}
	enoughA, enoughB := a.Quantity-a.Reserved+l.Change >= 0, b.Quantity-b.Reserved+l.Change >= 0
	if enoughA != enoughB {
		return enoughA
	}
	if x, y := a.expiry(), b.expiry(); x != y {
		return x < y
	}
	return a.Quantity > b.Quantity
}

// sellable tells whether the lot of a row may be sold.
func (t *tx) sellable(i *Item) bool {
	l := i.Lot
	switch {
	case l == nil:
		return true
	case l.Status != LotActive:
		return false
	}
	return !t.clockOK || !l.ExpiredAt(t.now, i.Location.Zone())
}

// expiry orders rows by when they expire; never is last.
func (i *Item) expiry() string {
	if i.Lot == nil || i.Lot.ExpiresOn == "" {
		return "9999"
	}
	return i.Lot.ExpiresOn
}
