package store

import (
	"errors"
	"strings"
)

// MoveStock moves goods between rows of the store at once: two movements a
// line, all lines or none. Codes as for ShipTransfer, and unit_mismatch.
type MoveStock struct {
	Number, Reference, Notes string
	OccurredAt               Instant
	Lines                    []ShipLine
}

func (c *MoveStock) decide(t *tx) error {
	d := &TransferDocument{ID: t.newID(), Direction: DirectionInternal}
	d.Shipment = d.ID
	var p problems
	t.beginTransfer(d, &p, c.Number, c.Reference, &c.Notes, c.OccurredAt)
	t.sender(d, c.Lines, &p)
	for i := range c.Lines {
		l := &c.Lines[i]
		item, err := t.shippable(l, d)
		if err == nil {
			err = c.move(t, item, l, d)
		}
		if err := p.addLine(i, err); err != nil {
			return err
		}
		if item != nil {
			line := lineOf(item, l.Quantity)
			line.Received = l.Quantity
			d.Lines = append(d.Lines, line)
		}
	}
	if !d.fits() {
		p.add(refuseLarge())
	}
	if err := p.err(); err != nil {
		return err
	}
	return t.saveTransfer(d, c.OccurredAt, c.Notes)
}

// move books one line, and notes where the goods of the transfer end up.
func (c *MoveStock) move(t *tx, item *Item, l *ShipLine, d *TransferDocument) error {
	a := &Adjust{
		Item: item.ID, Change: -l.Quantity, Reason: Transfer, Reference: d.Number, OccurredAt: c.OccurredAt,
		ToItem: l.ToItem, ToRoom: l.ToRoom, as: d.ID,
	}
	if l.ToItem.IsZero() && l.ToRoom == 0 {
		return refuse(CodeInvalid, "Give to_inventory_id or to_room_type.").at("/to_inventory_id")
	}
	if err := a.transfer(t, item); err != nil {
		return relocate(err, "/quantity_change", "/quantity")
	}
	target, _ := t.s.items.get(t.touched[len(t.touched)-1])
	if d.To.Location.IsZero() {
		d.To = t.here(target.Location)
	}
	if d.To.Location != target.Location.ID {
		return refuse(CodeInvalid, "This row is at %s; the rows that a transfer goes to are all at one location.", target.Location.Name).at("/to_inventory_id")
	}
	return nil
}

// relocate moves what is said of one field to another.
func relocate(err error, from, to string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	for i, d := range e.Details {
		e.Details[i].Pointer = strings.Replace(d.Pointer, from, to, 1)
	}
	return e
}
