package store

import "slices"

// document brings a document to a version again, unless it was changed here
// since the branch.
func (c *Reappend) document(t *tx, r *row, next *Entry) error {
	of, err := decodeDocument(r.Entry)
	if err != nil {
		return &Error{Code: CodeInvalid, Message: "Entry " + r.Position.String() + " is of a newer version of the program.", Err: err}
	}
	if sent, ok := of.(*TransferDocument); ok {
		return c.transfer(t, sent.copy(), next)
	}
	id := r.Document.ID
	if c.changed[id] || t.s.ours(id) != id {
		return nil
	}
	d := &Document{Type: r.Document.Type, ID: id, Body: r.Document.Body}
	next.Document = d
	var same ID
	switch v := of.(type) {
	case *Product:
		same = t.sameProduct(v, d)
	case *Location:
		here := slices.DeleteFunc(t.s.allItems(), func(i *Item) bool { return i.Location.ID != id })
		keepOpen(&v.ArchivedAt, v, d, here)
	case *Lot:
		same = t.sameLot(v, d)
	case *itemDocument:
		same, err = t.sameItem(v, d)
	}
	switch {
	case err != nil || d.Body == nil:
		return err
	case same.IsZero():
		return t.rewrite(next)
	case t.has(d.Type, id):
		return nil // it would take a name that another has here
	}
	return t.event(EventReappended, reappended{Upto: r.Position.String(), From: id, To: same})
}

// rewrite writes a document, and has its items looked at for low stock.
func (t *tx) rewrite(next *Entry) error {
	of, err := t.write(next)
	if p, ok := of.(*Product); ok && err == nil {
		for _, item := range t.itemsOf(p.ID) {
			t.touched = append(t.touched, item.ID)
		}
	}
	return err
}

// has tells whether a product or lot is known.
func (t *tx) has(kind DocumentType, id ID) (known bool) {
	switch kind {
	case DocProduct:
		_, known = t.s.products.get(id)
	case DocLot:
		_, known = t.s.lots.get(id)
	}
	return known
}

// keepOpen takes the archiving out of a version while there is stock.
func keepOpen(at *Instant, version any, d *Document, items []*Item) {
	if *at != 0 && stocked(items) {
		*at = 0
		d.Body = encodeDocument(version)
	}
}

// sameProduct gives the other product here that has the SKU; zero for none.
func (t *tx) sameProduct(p *Product, d *Document) ID {
	keepOpen(&p.ArchivedAt, p, d, t.itemsOf(p.ID))
	if other, ok := t.s.skus.get(skuKey(p.SKU)); ok && other != p.ID {
		return other
	}
	return ID{}
}

// sameLot gives the other lot here that has the package tag, or the batch
// number of the product; zero for none.
func (t *tx) sameLot(l *Lot, d *Document) ID {
	if product := t.s.ours(l.ProductID); product != l.ProductID {
		l.ProductID = product
		d.Body = encodeDocument(l)
	}
	mine := slices.DeleteFunc(t.itemsOf(l.ProductID), func(i *Item) bool { return i.Lot == nil || i.Lot.ID != l.ID })
	keepOpen(&l.ArchivedAt, l, d, mine)
	if other, ok := t.s.tags.get(l.key()); ok && other != l.ID {
		return other
	}
	return ID{}
}

// sameItem gives the other row of stock here at the same place; zero for none.
// The body goes when nothing would change.
func (t *tx) sameItem(v *itemDocument, d *Document) (ID, error) {
	if known, ok := t.s.items.get(v.ID); ok {
		was := known.document()
		next := was
		next.Threshold, next.ArchivedAt = v.Threshold, v.ArchivedAt
		d.Body = encodeDocument(next)
		keepOpen(&next.ArchivedAt, &next, d, []*Item{known})
		if !changed(was, next) {
			d.Body = nil
		}
		return ID{}, nil
	}
	v.ProductID, v.LotID = t.s.ours(v.ProductID), t.s.ours(v.LotID)
	at := place{product: v.ProductID, location: v.LocationID, lot: v.LotID, room: v.Room}
	if other, ok := t.s.find(at); ok {
		return other, nil
	}
	v.No = t.s.itemCountDraft + 1
	d.Body = encodeDocument(v)
	return ID{}, nil
}

// transfer brings a transfer document to a version again. One that was changed
// here as well becomes what both say together: amounts only grow, so of each
// the larger counts.
func (c *Reappend) transfer(t *tx, d *TransferDocument, next *Entry) error {
	d.rename(t.s.ours)
	here, known := t.s.transfers.get(d.ID)
	if known && c.changed[d.ID] {
		d = here.joined(d)
		d.settle(t.now)
	}
	if known && !changed(here, d) {
		return nil
	}
	next.Document = &Document{Type: DocTransfer, ID: d.ID, Body: encodeDocument(d)}
	_, err := t.write(next)
	return err
}

// joined is what two versions of a document say together.
func (d *TransferDocument) joined(o *TransferDocument) *TransferDocument {
	j := d.copy()
	for n := range o.Lines {
		if n == len(j.Lines) {
			j.Lines = append(j.Lines, o.Lines[n])
		}
		l, other := &j.Lines[n], &o.Lines[n]
		l.Received, l.Refused = max(l.Received, other.Received), max(l.Refused, other.Refused)
		l.Lost, l.Returned = max(l.Lost, other.Lost), max(l.Returned, other.Returned)
		l.Extra = max(l.Extra, other.Extra)
	}
	if j.Shipment.IsZero() {
		j.Shipment, j.From, j.ShippedAt = o.Shipment, o.From, o.ShippedAt
	}
	if j.CanceledAt == 0 {
		j.CanceledAt = o.CanceledAt
	}
	return j
}
