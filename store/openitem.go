package store

// OpenItem opens a row of stock, with opening stock if any. Codes: not_found,
// same_item when the row exists, lot_closed, quantity_out_of_range, invalid_request.
type OpenItem struct {
	Product, Location, Lot ID
	Room                   Room
	// Opening is booked as ADJUSTMENT/opening; zero for none.
	Opening   Quantity
	Threshold *Quantity
	Notes     string
}

func (c *OpenItem) decide(t *tx) error {
	item, err := c.check(t)
	if err != nil {
		return err
	}
	item, err = t.open(item)
	if err != nil || c.Opening == 0 {
		return err
	}
	return t.setQuantity(item, c.Opening, SubOpening, c.Notes)
}

func (c *OpenItem) check(t *tx) (*Item, error) {
	var p problems
	p.text("/notes", &c.Notes, 0, 2000)
	item := &Item{Room: c.Room, Threshold: c.Threshold}
	var ok bool
	if item.Product, ok = t.s.products.get(c.Product); !ok || item.Product.ArchivedAt != 0 {
		p.add(refuse(CodeNotFound, "There is no product %s.", c.Product).at("/product_id"))
	}
	if item.Location, ok = t.s.locations.get(c.Location); !ok || item.Location.ArchivedAt != 0 {
		p.add(refuse(CodeNotFound, "There is no location %s.", c.Location).at("/location_id"))
	}
	if !c.Lot.IsZero() {
		if item.Lot, ok = t.s.lots.get(c.Lot); !ok || item.Lot.ProductID != c.Product || item.Lot.ArchivedAt != 0 {
			p.add(refuse(CodeNotFound, "There is no lot %s of this product.", c.Lot).at("/lot_id"))
		} else if c.Opening != 0 {
			p.add(item.checkOpen())
		}
	}
	if c.Room == 0 {
		p.add(refuse(CodeInvalid, "room_type is sales_floor, vault, quarantine or secret_menu.").at("/room_type"))
	}
	if c.Opening < 0 || c.Opening > MaxQuantity {
		p.add(refuse(CodeRange, "quantity is between 0 and 1000000000.").at("/quantity"))
	}
	if c.Threshold != nil {
		checkThreshold(&p, *c.Threshold, "/low_stock_threshold")
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if id, ok := t.s.find(item.place()); ok {
		return nil, refuse(CodeSameItem, "That row of stock exists: it is inventory item %s.", id)
	}
	return item, nil
}

// open writes the document of a new item.
func (t *tx) open(item *Item) (*Item, error) {
	item.ID, item.No = t.newID(), t.s.itemCountDraft+1
	of, err := t.document(DocItem, item.ID, item.document())
	if err != nil {
		return nil, err
	}
	return of.(*Item), nil
}

// setQuantity books the adjustment that brings an item to a quantity.
func (t *tx) setQuantity(item *Item, to Quantity, sub, notes string) error {
	change := to - item.Quantity
	value, ok := valueOf(change, item.Product.UnitCost)
	if !ok {
		return refuse(CodeRange, "The value of this movement is out of range.").at("/quantity")
	}
	m := &Movement{
		Item: item.ID, Change: change, After: to, ReservedAfter: item.Reserved,
		Reason: Adjustment, SubReason: sub, ValueChange: value,
	}
	m.flagBalance()
	_, err := t.write(&Entry{Kind: KindMovement, Movement: m, Notes: t.note(notes)})
	return err
}

// EditItem changes an item's own settings. Codes: not_found, stale_version,
// quantity_out_of_range, invalid_request when it is archived with stock.
type EditItem struct {
	ID      ID
	Version int64
	// Threshold is the room's own low-stock threshold; nil for none.
	Threshold *Quantity
	// Archive takes the row out of all lists.
	Archive bool
}

func (c *EditItem) decide(t *tx) error {
	old, missing := t.item(c.ID, "")
	if missing != nil {
		return missing
	}
	if err := checkVersion(c.Version, old.Version()); err != nil {
		return err
	}
	var p problems
	if c.Threshold != nil {
		checkThreshold(&p, *c.Threshold, "/low_stock_threshold")
	}
	if c.Archive && (old.Quantity != 0 || old.Reserved != 0) {
		p.add(refuseArchive())
	}
	if err := p.err(); err != nil {
		return err
	}
	next := old.document()
	next.Threshold = c.Threshold
	switch {
	case !c.Archive:
		next.ArchivedAt = 0
	case next.ArchivedAt == 0:
		next.ArchivedAt = t.now
	}
	if !changed(old.document(), next) {
		t.receipt.Of = old
		return nil
	}
	_, err := t.document(DocItem, c.ID, next)
	return err
}
