package pos

import (
	"fmt"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// The codes of work items about what is not linked, and of what must be set
// by hand.
const (
	CodeUnmappedProduct = "unmapped_product"
	CodeUnmappedLot     = "unmapped_package"
	CodeUnmappedRoom    = "unmapped_room"
	CodeUnmappedSale    = "unmapped_sale"
	CodeNoPackage       = "no_package"
	CodeSetQuantity     = "set_quantity"
)

// placed is where a row of stock is at the point of sale.
type placed struct {
	store.Place
	// out: it is left out there on purpose.
	out bool
	// missing is what keeps it from being placed, nil for nothing.
	missing *syncer.Outcome
}

// place finds where a row is there.
func (t *Target) place(i *store.Item) placed {
	var p placed
	t.placeRoom(i, &p)
	if byLot := t.caps.State && t.caps.Lots; !p.out && p.missing == nil && !byLot {
		t.placeProduct(i, &p)
	}
	if !p.out && p.missing == nil && t.caps.Lots {
		t.placeLot(i, &p)
	}
	return p
}

func (t *Target) placeRoom(i *store.Item, p *placed) {
	link, ok := t.links.find(store.LinkRoom, i.Room.String())
	switch {
	case ok && link.Theirs == "":
		p.out = true
	case ok && t.caps.Rooms:
		p.Room = link.Theirs
	case ok:
	case t.caps.Rooms:
		p.missing = manual(CodeUnmappedRoom, "The room %s is not linked to a room at %s.", i.Room, t.cfg.Name)
	case !t.caps.State:
		// What may not be sold does not count where there are no rooms.
		p.out = i.Room == store.Quarantine
	}
}

func (t *Target) placeProduct(i *store.Item, p *placed) {
	link, ok := t.links.find(store.LinkProduct, i.Product.ID.String())
	p.Product, p.out = link.Theirs, ok && link.Theirs == ""
	if !ok {
		p.missing = manual(CodeUnmappedProduct, "%s (%s) is not linked to a product at %s.", i.Product.Name, i.Product.SKU, t.cfg.Name)
	}
}

func (t *Target) placeLot(i *store.Item, p *placed) {
	if i.Lot == nil {
		p.missing = manual(CodeNoPackage, "%s keeps %s (%s) by package; this row of stock has none.", t.cfg.Name, i.Product.Name, i.Product.SKU)
		return
	}
	link, ok := t.links.find(store.LinkLot, i.Lot.ID.String())
	p.Lot, p.out = link.Theirs, ok && link.Theirs == ""
	if !ok {
		p.missing = manual(CodeUnmappedLot, "Package %s of %s is not linked to a package at %s.", lotName(i.Lot), i.Product.Name, t.cfg.Name)
	}
}

// lotName is what people call a lot.
func lotName(l *store.Lot) string {
	if l == nil {
		return ""
	}
	if l.PackageTag != "" {
		return l.PackageTag
	}
	return l.BatchNumber
}

func manual(code, format string, args ...any) *syncer.Outcome {
	return &syncer.Outcome{Status: syncer.Manual, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// shelf is what the ledger has of one place of the point of sale: one row, or
// several that are the same there.
type shelf struct {
	store.Place
	items    []*store.Item
	quantity store.Quantity
	// seq is the newest entry about any of them.
	seq int64
}

// shelfOf gathers the rows that are at the same place as one of them.
func (t *Target) shelfOf(i *store.Item, at store.Place) *shelf {
	s := &shelf{Place: at}
	for _, other := range t.ledger.ItemsOf(i.Product.ID, i.Location.ID) {
		if p := t.place(other); p.missing == nil && !p.out && p.Place == at {
			s.add(other)
		}
	}
	return s
}

func (s *shelf) add(i *store.Item) {
	s.items = append(s.items, i)
	s.quantity += i.Quantity
	s.seq = max(s.seq, i.Seq)
}
