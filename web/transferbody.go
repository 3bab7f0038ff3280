package web

import (
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// shipment is the body of a new transfer.
type shipment struct {
	to                       store.Party
	sent                     bool // there is a to
	number, reference, notes string
	at                       store.Instant
	lines                    []store.ShipLine
}

// command moves goods within the shop when lines say where to, and sends them
// off otherwise.
func (c *shipment) command() store.Command {
	for i := range c.lines {
		if l := &c.lines[i]; !l.ToItem.IsZero() || l.ToRoom != 0 {
			return &store.MoveStock{Number: c.number, Reference: c.reference, Notes: c.notes, OccurredAt: c.at, Lines: c.lines}
		}
	}
	return &store.ShipTransfer{
		To: c.to, Number: c.number, Reference: c.reference, Notes: c.notes, OccurredAt: c.at, Lines: c.lines,
	}
}

func (x *exchange) decodeShipment() (*shipment, error) {
	c, missing := &shipment{}, required{"lines"}
	var faults []store.Detail
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "to":
			c.sent = b.party(&c.to)
		case "number":
			b.text(&c.number)
		case "reference":
			b.text(&c.reference)
		case "notes":
			b.text(&c.notes)
		case "occurred_at":
			b.time(&c.at)
		case "lines":
			b.list(store.MaxTransferLines, func(i int) {
				var l store.ShipLine
				faults = append(faults, b.shipLine(i, &l)...)
				c.lines = append(c.lines, l)
			})
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = missing.err("")
	}
	if err == nil && len(faults) > 0 {
		err = &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
	}
	if err != nil {
		return nil, err
	}
	if _, moves := c.command().(*store.MoveStock); moves && c.sent {
		return nil, refuseAt("/to", store.CodeInvalid, "Either the transfer goes somewhere, or each line says where in the shop it goes.")
	}
	return c, nil
}

// party reads one end of a transfer; false for null.
func (b *body) party(p *store.Party) bool {
	if b.null() {
		return false
	}
	b.object(func(name string) bool {
		switch name {
		case "store_id":
			b.id(&p.Store)
		case "name":
			b.text(&p.Name)
		case "location_id":
			b.id(&p.Location)
		case "licence_number":
			b.text(&p.Licence)
		default:
			return false
		}
		return true
	})
	return true
}

// shipLine reads one line of a new transfer.
func (b *body) shipLine(i int, l *store.ShipLine) []store.Detail {
	missing := required{"inventory_id", "quantity"}
	b.object(func(name string) bool {
		missing.seen(name)
		switch name {
		case "inventory_id":
			b.id(&l.Item)
		case "quantity":
			b.quantity(&l.Quantity)
		case "to_inventory_id":
			b.id(&l.ToItem)
		case "to_room_type":
			b.room(&l.ToRoom)
		default:
			return false
		}
		return true
	})
	return b.lacks(missing, i)
}

// lacks gives the members that line i has not, unless the body is broken.
func (b *body) lacks(missing required, i int) []store.Detail {
	e, ok := errors.AsType[*store.Error](missing.err(fmt.Sprintf("/lines/%d", i)))
	if !ok || b.broken != nil {
		return nil
	}
	return e.Details
}

// decodeReceipt reads what was received; blind takes a number and a sender.
func (x *exchange) decodeReceipt(blind bool) (*store.ReceiveTransfer, error) {
	c, missing := &store.ReceiveTransfer{}, required{"lines"}
	if blind {
		missing = append(missing, "number")
	}
	var room store.Room
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "location_id":
			b.id(&c.Location)
		case "room_type":
			b.room(&room)
		case "notes":
			b.text(&c.Notes)
		case "occurred_at":
			b.time(&c.OccurredAt)
		case "lines":
			b.list(store.MaxTransferLines, func(int) { c.Lines = append(c.Lines, b.receiveLine()) })
		default:
			return blind && b.sender(c, name)
		}
		return true
	})
	if err == nil {
		err = missing.err("")
	}
	if err != nil {
		return nil, err
	}
	for i := range c.Lines {
		if l := &c.Lines[i]; l.Room == 0 && l.Received+l.Extra != 0 {
			l.Room = room
		}
	}
	return c, nil
}

// sender reads what only a receipt by number has.
func (b *body) sender(c *store.ReceiveTransfer, name string) bool {
	switch name {
	case "number":
		b.text(&c.Number)
	case "reference":
		b.text(&c.Reference)
	case "from":
		b.party(&c.From)
	default:
		return false
	}
	return true
}

// receiveLine reads one line of a receipt.
func (b *body) receiveLine() (l store.ReceiveLine) {
	var goods store.Goods
	b.object(func(name string) bool {
		switch name {
		case "line":
			b.lineNumber(&l.Line)
		case "sku":
			b.text(&l.SKU)
		case "package_tag":
			b.text(&l.PackageTag)
		case "batch_number":
			b.text(&l.BatchNumber)
		case "expires_at":
			b.text(&l.ExpiresOn)
		case "received":
			b.quantity(&l.Received)
		case "refused":
			b.quantity(&l.Refused)
		case "lost":
			b.quantity(&l.Lost)
		case "returned":
			b.quantity(&l.Returned)
		case "extra":
			b.quantity(&l.Extra)
		case "room_type":
			b.room(&l.Room)
		case "product":
			if b.goods(&goods) {
				l.Goods = &goods
			}
		default:
			return false
		}
		return true
	})
	return l
}

// lineNumber reads the number of a line, from 1.
func (b *body) lineNumber(to *int64) {
	if b.null() {
		return
	}
	n := int64(1)
	if b.int(&n); n < 1 {
		b.add(store.CodeInvalid, "Lines are counted from 1.")
	}
	*to = n
}

// goods reads what makes a product that is not known; false for null.
func (b *body) goods(g *store.Goods) bool {
	if b.null() {
		return false
	}
	texts := map[string]*string{
		"name": &g.Name, "category": &g.Category, "subcategory": &g.Subcategory, "brand": &g.Brand, "strain": &g.Strain,
		"unit": (*string)(&g.Unit), "size": &g.Size,
	}
	b.object(func(name string) bool {
		if to := texts[name]; to != nil {
			b.text(to)
			return true
		}
		switch name {
		case "barcodes":
			b.list(20, func(int) {
				var code string
				b.text(&code)
				g.Barcodes = append(g.Barcodes, code)
			})
		case "unit_price":
			b.money(&g.UnitPrice)
		case "unit_cost":
			b.money(&g.UnitCost)
		default:
			return false
		}
		return true
	})
	return true
}
