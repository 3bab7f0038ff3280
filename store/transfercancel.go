package store

// CancelTransfer takes back everything that is in transit, as long as nothing
// was received, refused or lost as far as this store knows. If the receiver
// turns out to have got it after all, what it got leaves the rows again. Codes:
// not_found, stale_version, transfer_unbalanced, invalid_request.
type CancelTransfer struct {
	ID      ID
	Version int64
	Notes   string
}

func (c *CancelTransfer) decide(t *tx) error {
	var p problems
	p.text("/notes", &c.Notes, 0, 2000)
	if err := p.err(); err != nil {
		return err
	}
	old, err := t.transfer(c.ID, c.Version)
	if err != nil {
		return err
	}
	switch {
	case old.CanceledAt != 0:
		return refuse(CodeTransferUnbalanced, "Transfer %s was canceled at %s.", old.Number, old.CanceledAt)
	case old.Direction == DirectionIn:
		return refuse(CodeInvalid, "Only the sender cancels a transfer; refuse the goods when they come.")
	case old.any((*TransferLine).Settled) || old.any(func(l *TransferLine) Quantity { return l.Extra }):
		return refuse(CodeTransferUnbalanced, "Some of transfer %s was received, refused or lost already.", old.Number)
	}
	d := old.copy()
	for n := range d.Lines {
		item, _ := t.s.items.get(d.Lines[n].Item)
		item, err := t.reopen(item)
		if err != nil {
			return err
		}
		if err := t.carry(item, d.InTransit(n), Transfer, SubReturned, d, 0); err != nil {
			return err
		}
	}
	d.CanceledAt = t.now
	return t.saveTransfer(d, 0, c.Notes)
}

// transfer finds a transfer to change, which must have the version that the
// caller has seen; 0 is any.
func (t *tx) transfer(id ID, version int64) (*TransferDocument, error) {
	d, ok := t.s.transfers.get(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no transfer %s.", id)
	}
	if err := checkVersion(version, d.Version); err != nil {
		return nil, err
	}
	return d, nil
}

// undone notes on a transfer's document that its movements were reversed.
// Only a closed one that never left the store can be: the others have another
// side, which would not know.
func (t *tx) undone(id ID) error {
	old, ok := t.s.transfers.get(id)
	switch {
	case !ok:
		return nil
	case old.Direction != DirectionInternal || old.Open():
		return refuse(CodeInvalid, "This movement is part of transfer %s; cancel that, or receive it.", old.Number)
	}
	d := old.copy()
	d.CanceledAt = t.now
	return t.saveTransfer(d, 0, "")
}

// RenumberTransfer puts the number right under which something was received
// blind, and matches it if something of that number is on its way here. Codes:
// not_found, stale_version, invalid_request.
type RenumberTransfer struct {
	ID      ID
	Version int64
	Number  string
}

func (c *RenumberTransfer) decide(t *tx) error {
	var p problems
	p.text("/number", &c.Number, 1, 60)
	if err := p.err(); err != nil {
		return err
	}
	old, err := t.transfer(c.ID, c.Version)
	if err != nil {
		return err
	}
	if old.Status != TransferUnmatched {
		return refuse(CodeInvalid, "Only what was received blind, and is not matched yet, can get another number.")
	}
	if old.Number == c.Number {
		t.receipt.Of = old
		return nil
	}
	d := old.copy()
	d.Number = c.Number
	for _, other := range t.s.withNumber(DirectionIn, c.Number) {
		if !d.From.mayBe(other.From) || other.ID == d.ID {
			continue
		}
		if other.unannounced() || other.any((*TransferLine).Settled) || other.any(func(l *TransferLine) Quantity { return l.Extra }) {
			return refuse(CodeInvalid, "Transfer %s has that number, and some of it was received already.", other.ID).at("/number")
		}
		return t.joinTransfers(d, other)
	}
	return t.saveTransfer(d, 0, "")
}

// joinTransfers makes one of what was received blind and what was on its way.
func (t *tx) joinTransfers(blind, sent *TransferDocument) error {
	merged := blind.matched(sent)
	if !merged.fits() {
		return refuseLarge()
	}
	empty := sent.copy()
	empty.Shipment, empty.Lines, empty.CanceledAt = ID{}, nil, t.now
	if err := t.saveTransfer(empty, 0, ""); err != nil {
		return err
	}
	return t.saveMatched(merged)
}
