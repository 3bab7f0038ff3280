package store

// transfer brings a transfer document to a version again. One that was changed
// here as well becomes what both say together: amounts only grow, so of each
// the larger counts.
func (c *Reappend) transfer(t *tx, r *row, next *Entry) error {
	of, err := decodeDocument(r.Entry)
	if err != nil {
		return &Error{Code: CodeInvalid, Message: "Entry " + r.Position.String() + " is of a newer version of the program.", Err: err}
	}
	d := of.(*TransferDocument).copy()
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
	_, err = t.write(next)
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
