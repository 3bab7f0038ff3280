package store

import (
	"fmt"
	"strconv"
	"strings"
)

// ShipTransfer sends goods of one location off: to another store, to another
// location of this one, or to somebody else. All lines or none, and never
// below zero or out of what is reserved. Codes, of every failing line:
// not_found, insufficient_stock, lot_closed, quantity_out_of_range,
// future_time, backdate_limit, same_item, payload_too_large, invalid_request.
type ShipTransfer struct {
	To Party
	// Number is the manifest number; empty for one of our own.
	Number, Reference, Notes string
	// OccurredAt is when it happened; zero for now.
	OccurredAt Instant
	Lines      []ShipLine
}

// ShipLine is so much of one row. ToItem or ToRoom is where MoveStock puts it.
type ShipLine struct {
	Item     ID
	Quantity Quantity
	ToItem   ID
	ToRoom   Room
}

func (c *ShipTransfer) decide(t *tx) error {
	d := &TransferDocument{ID: t.newID(), Direction: DirectionOut, To: c.To}
	var p problems
	d.To.check(&p, "/to")
	c.destination(t, d, &p)
	t.beginTransfer(d, &p, c.Number, c.Reference, &c.Notes, c.OccurredAt)
	t.sender(d, c.Lines, &p)
	for i := range c.Lines {
		item, err := t.shippable(&c.Lines[i], d)
		if err == nil {
			err = t.takeAway(item, c.Lines[i].Quantity, d, c.OccurredAt)
		}
		if err := p.addLine(i, err); err != nil {
			return err
		}
		if item != nil {
			d.Lines = append(d.Lines, lineOf(item, c.Lines[i].Quantity))
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

// destination says where it goes, and so on which side of it the store is.
func (c *ShipTransfer) destination(t *tx, d *TransferDocument, p *problems) {
	switch {
	case c.To.Store == t.store && !t.store.IsZero():
		d.To.Store = ID{}
		fallthrough
	case c.To.Store.IsZero() && !c.To.Location.IsZero():
		location, ok := t.s.locations.get(c.To.Location)
		if !ok || location.ArchivedAt != 0 {
			p.add(refuse(CodeNotFound, "There is no location %s.", c.To.Location).at("/to/location_id"))
			return
		}
		d.Direction, d.Shipment = DirectionInternal, d.ID
		d.To = t.here(location)
	case !c.To.Store.IsZero():
		d.Shipment = d.ID
	case c.To.Name == "":
		p.add(refuse(CodeInvalid, "Say where it goes: a store_id, a location_id or a name.").at("/to"))
	}
}

// here is the party that a location of this store is.
func (t *tx) here(l *Location) Party {
	return Party{Store: t.store, Name: l.Name, Location: l.ID, Licence: l.Licence}
}

// beginTransfer checks and fills what every new document has.
func (t *tx) beginTransfer(d *TransferDocument, p *problems, number, reference string, notes *string, at Instant) {
	d.Number, d.Reference, d.ShippedAt = number, reference, at
	p.text("/number", &d.Number, 0, 60)
	p.text("/reference", &d.Reference, 0, 200)
	p.text("/notes", notes, 0, 2000)
	p.add(t.checkOccurred(at))
	if at == 0 {
		d.ShippedAt = t.now
	}
	if d.Number == "" {
		d.Number = t.nextNumber()
	}
	for _, direction := range []Direction{DirectionOut, DirectionInternal} {
		if taken := t.s.withNumber(direction, d.Number); len(taken) > 0 {
			p.add(refuse(CodeInvalid, "Transfer %s has that number.", taken[0].ID).at("/number"))
		}
	}
}

// nextNumber makes a manifest number: four characters of the store's id and a
// number of its own.
func (t *tx) nextNumber() string {
	id := strings.ToUpper(fmt.Sprintf("%x", t.store[14:]))
	if t.s.draft.Epoch > 1 {
		id += "-" + strconv.FormatInt(t.s.draft.Epoch, 10)
	}
	return id + "-" + strconv.FormatInt(t.s.draft.Seq+1, 10)
}

// sender says where the goods come from: all from one location.
func (t *tx) sender(d *TransferDocument, lines []ShipLine, p *problems) {
	if len(lines) == 0 || len(lines) > MaxTransferLines {
		p.add(refuse(CodeInvalid, "A transfer has 1 to %d lines.", MaxTransferLines).at("/lines"))
	}
	for i := range lines {
		if item, ok := t.s.items.get(lines[i].Item); ok {
			d.From = t.here(item.Location)
			break
		}
	}
	if !d.From.Location.IsZero() && d.From.Location == d.To.Location {
		p.add(refuse(CodeSameItem, "The goods are at that location. To move them to another room, give each line a to_room_type and leave out to.").at("/to/location_id"))
	}
}

// shippable finds the row of a line and names what keeps it from being sent.
func (t *tx) shippable(l *ShipLine, d *TransferDocument) (*Item, error) {
	item, missing := t.item(l.Item, "/inventory_id")
	if missing != nil {
		return nil, missing
	}
	var p problems
	switch {
	case l.Quantity <= 0 || l.Quantity > MaxQuantity:
		p.add(refuse(CodeRange, "quantity is above zero and at most 1000000000.").at("/quantity"))
	case l.Quantity > item.Available():
		p.add(refuse(CodeInsufficientStock, "%s asked, %s available.", l.Quantity, max(0, item.Available())).at("/quantity"))
	}
	if item.Location.ID != d.From.Location {
		p.add(refuse(CodeInvalid, "This row is at %s; the rows of a transfer are all at one location.", item.Location.Name).at("/inventory_id"))
	}
	if err := item.checkOpen(); err != nil {
		p.add(err.at("/inventory_id"))
	}
	return item, p.err()
}

// takeAway books what leaves a row.
func (t *tx) takeAway(item *Item, q Quantity, d *TransferDocument, at Instant) error {
	return t.carry(item, -q, Transfer, SubShipped, d, at)
}

// carry books one movement of a transfer.
func (t *tx) carry(item *Item, change Quantity, reason Reason, sub string, d *TransferDocument, at Instant) error {
	value, ok := valueOf(change, item.Product.UnitCost)
	after := item.Quantity + change
	if !ok || abs64(int64(after)) > uint64(MaxQuantity) {
		return refuse(CodeRange, "The quantity after it, %s, is out of range.", after)
	}
	m := &Movement{
		Item: item.ID, Change: change, After: after, ReservedAfter: item.Reserved,
		Reason: reason, SubReason: sub, Reference: d.Number, Transfer: d.ID, ValueChange: value,
	}
	m.flagBalance()
	if d.From.External() || d.To.External() {
		m.Flags |= FlagExternal
	}
	return t.move(&Entry{Kind: KindMovement, OccurredAt: at, Movement: m}, nil)
}

// lineOf is the line of so much of a row.
func lineOf(item *Item, q Quantity) TransferLine {
	l := TransferLine{SKU: item.Product.SKU, Unit: item.Product.Unit, Product: item.Product.ID, Item: item.ID, Shipped: q}
	if lot := item.Lot; lot != nil {
		l.PackageTag, l.BatchNumber, l.ExpiresOn = lot.PackageTag, lot.BatchNumber, lot.ExpiresOn
	}
	return l
}

// addLine gathers the refusal of line i; any other error is given back.
func (p *problems) addLine(i int, err error) error {
	return p.addAt(fmt.Sprintf("/lines/%d", i), err)
}

func refuseLarge() *Error {
	return refuse(CodePayloadTooLarge, "These lines are too many for one transfer; make several of them.").at("/lines")
}
