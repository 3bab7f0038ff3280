package store

import "context"

// Adjust changes one item's quantity: a movement, or two for a transfer that
// names its counterpart. Codes: not_found, stale_version, stale_quantity,
// reason_sign_mismatch, unknown_reason, quantity_out_of_range,
// insufficient_stock, room_not_sellable, lot_closed, future_time,
// backdate_limit, approval_required, reservation_expired,
// reservation_closed, same_item, unit_mismatch, sale_source, invalid_request.
type Adjust struct {
	Item      ID
	Change    Quantity
	Reason    Reason
	SubReason string
	Reference string
	Notes     string
	// OccurredAt is when it happened; zero for now.
	OccurredAt Instant
	// Offline says that it already happened while the terminal was away:
	// business refusals become flags and a discrepancy.
	Offline bool
	// Expected is the quantity the caller believes there is; nil for any.
	Expected *Quantity
	// Version is the item version the caller has seen; zero for any.
	Version int64
	// Reservation says whose units a sale takes.
	Reservation ID
	// ToItem or ToRoom is the counterpart of a transfer.
	ToItem ID
	ToRoom Room
	// ExternalID and Line name the fact in the source's own terms.
	ExternalID string
	Line       int64

	// happened: it was not asked for here, so nobody can add notes to it; held:
	// the units are only held, which is no sale yet.
	happened, held bool

	as     ID                // the id of the transfer, if it has one already
	closed ReservationStatus // what the journal says of the reservation
	known  int64             // the entry that has the external id already
}

// externalKey names a fact in its source's own terms.
type externalKey struct {
	source, id string
	line       int64
}

func (a *Adjust) recall(ctx context.Context, r Request, j Journal) (err error) {
	if !a.Reservation.IsZero() {
		a.closed, err = recallReservation(ctx, j, a.Reservation)
	}
	if err == nil && a.ExternalID != "" {
		a.known, err = j.FindExternal(ctx, r.Source, a.ExternalID, a.Line)
	}
	return err
}

func (a *Adjust) decide(t *tx) error {
	_, err := a.run(t)
	return err
}

// run checks everything, then writes. It writes nothing when it refuses.
func (a *Adjust) run(t *tx) (*Item, error) {
	if err := a.checkForm(t); err != nil {
		return nil, err
	}
	item, missing := t.item(a.Item, "")
	if missing != nil {
		return nil, missing
	}
	if a.ToItem != (ID{}) || a.ToRoom != 0 {
		return item, a.transfer(t, item)
	}
	m, refusals, err := a.plan(t, item, a.Change)
	if err != nil {
		return item, err
	}
	if a.Reason == Transfer {
		m.Flags |= FlagExternal
	}
	return item, a.write(t, m, refusals)
}

// checkForm names every fault that the request has by itself.
func (a *Adjust) checkForm(t *tx) error {
	var p problems
	switch {
	case a.Change == 0:
		p.add(refuse(CodeRange, "quantity_change is not zero.").at("/quantity_change"))
	case abs64(int64(a.Change)) > uint64(MaxQuantity):
		p.add(refuse(CodeRange, "quantity_change is at most 1000000000 either way.").at("/quantity_change"))
	case a.Reason != 0 && int64(a.Change)*int64(a.Reason.Sign()) < 0:
		p.add(refuse(CodeReasonSign, "%s needs a quantity_change %s zero.", a.Reason, [3]string{"below", "", "above"}[a.Reason.Sign()+1]).at("/quantity_change"))
	}
	if a.Reason == 0 {
		p.add(refuse(CodeUnknownReason, "reason_code is one of SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER, AUDIT.").at("/reason_code"))
	} else if err := t.rules.checkSubReason(a.SubReason, a.Reason); err != nil {
		p.add(err.at("/sub_reason"))
	}
	p.text("/notes", &a.Notes, 0, 2000)
	p.text("/reference", &a.Reference, 0, 200)
	p.text("/external_id", &a.ExternalID, 0, 200)
	if limit, ok := t.rules.NotesAbove[a.Reason]; ok && a.Notes == "" && !a.happened && abs64(int64(a.Change)) > uint64(limit) {
		p.add(refuse(CodeInvalid, "%s of more than %s wants notes.", a.Reason, limit).at("/notes"))
	}
	if (a.ToItem != (ID{}) || a.ToRoom != 0) && a.Reason != Transfer {
		p.add(refuse(CodeInvalid, "Only a TRANSFER has a counterpart.").at("/reason_code"))
	}
	if a.Reservation != (ID{}) && a.Reason != Sale {
		p.add(refuse(CodeInvalid, "Only a SALE takes reserved units.").at("/reservation_id"))
	}
	if err := t.checkOccurred(a.OccurredAt); err != nil {
		p.add(err)
	}
	if here, _ := t.s.external.get(externalKey{t.req.Source, a.ExternalID, a.Line}); here || a.known != 0 {
		p.add(refuse(CodeInvalid, "%s %s is booked already.", t.req.Source, a.ExternalID).at("/external_id"))
	}
	return p.err()
}

// checkSeen compares what the caller believes of the item it named.
func (a *Adjust) checkSeen(_ *tx, item *Item, _ *Movement) *Error {
	if item.ID != a.Item {
		return nil
	}
	if err := checkVersion(a.Version, item.Version()); err != nil {
		return err
	}
	if a.Expected != nil && *a.Expected != item.Quantity {
		return refuse(CodeStaleQuantity, "The quantity is %s, not %s.", item.Quantity, *a.Expected).at("/expected_quantity")
	}
	return nil
}

// plan makes the movement of change on item. refusals are business refusals
// that an offline request turns into flags; err is a definite refusal.
func (a *Adjust) plan(t *tx, item *Item, change Quantity) (*Movement, []*Error, error) {
	if err := a.checkSource(t, item); err != nil {
		return nil, nil, err
	}
	value, ok := valueOf(change, item.Product.UnitCost)
	after := item.Quantity + change
	if !ok || abs64(int64(after)) > uint64(MaxQuantity) {
		return nil, nil, refuse(CodeRange, "The quantity after it, %s, is out of range.", after).at("/quantity_change")
	}
	m := &Movement{
		Item: item.ID, Change: change, After: after, ReservedAfter: item.Reserved,
		Reason: a.Reason, SubReason: a.SubReason, Reference: a.Reference, ValueChange: value,
	}
	var refusals []*Error
	for _, check := range []func(*tx, *Item, *Movement) *Error{a.checkSeen, a.checkOpen, a.checkSellable, a.checkHold, a.checkStock} {
		if err := check(t, item, m); err != nil {
			refusals = append(refusals, err)
		}
	}
	if len(refusals) > 0 && !a.Offline {
		var p problems
		for _, r := range refusals {
			p.add(r)
		}
		err := p.refusal()
		err.Code = refusals[0].Code
		return nil, nil, err
	}
	if a.Offline {
		m.Flags |= FlagOffline
	}
	return m, refusals, nil
}

// checkSource refuses sales and returns where something else reports them: it
// does so for an offline request too, because booking one twice is no way to
// accept it.
func (a *Adjust) checkSource(t *tx, item *Item) *Error {
	source := t.rules.saleSource(item.Location)
	if a.held || source == "" || source == t.req.Source || (a.Reason != Sale && a.Reason != Return) {
		return nil
	}
	return refuse(CodeSaleSource, "Sales of %s are booked from %s.", item.Location.Name, source).at("/reason_code")
}

func (a *Adjust) checkOpen(_ *tx, item *Item, _ *Movement) *Error { return item.checkOpen() }

// checkOpen refuses movements of archived items and closed lots.
func (i *Item) checkOpen() *Error {
	if i.ArchivedAt != 0 {
		return refuse(CodeNotFound, "Inventory item %s is archived.", i.ID)
	}
	if i.Lot != nil && i.Lot.Status == LotClosed {
		return refuse(CodeLotClosed, "Lot %s is closed.", i.Lot.PackageTag+i.Lot.BatchNumber)
	}
	return nil
}

// checkSellable refuses sales from quarantine and of held or expired lots.
// An expiry is not believed while the clock is not.
func (a *Adjust) checkSellable(t *tx, item *Item, m *Movement) *Error {
	if a.Reason != Sale {
		return nil
	}
	var why string
	switch lot := item.Lot; {
	case item.Room == Quarantine:
		why = "It is in quarantine."
	case lot != nil && lot.Status == LotHeld:
		why = "Its lot is held."
	case lot != nil && t.clockOK && lot.ExpiredAt(t.now, item.Location.Zone()):
		why = "Its lot expired on " + lot.ExpiresOn + "."
	default:
		return nil
	}
	m.Flags |= FlagRoom
	return refuse(CodeRoomNotSellable, "This stock may not be sold. %s", why)
}

// checkStock refuses to take what is not there, or is reserved for another.
func (a *Adjust) checkStock(_ *tx, item *Item, m *Movement) *Error {
	free, word := m.After, "in stock"
	if a.Reason == Sale && m.Reservation.IsZero() {
		free, word = free-m.ReservedAfter, "available"
	}
	m.flagBalance()
	if m.Change > 0 || free >= 0 || item.Location.AllowBelow {
		return nil
	}
	return refuse(CodeInsufficientStock, "%s asked, %s %s.", -m.Change, free-m.Change, word).at("/quantity_change")
}

// write books the hold that a sale uses up, and the movement.
func (a *Adjust) write(t *tx, m *Movement, refusals []*Error) error {
	if err := a.useHold(t, m); err != nil {
		return err
	}
	e := &Entry{Kind: KindMovement, OccurredAt: a.OccurredAt, Movement: m, Notes: t.note(a.Notes)}
	if m.Item == a.Item && a.ExternalID != "" { // the name is unique: not on both legs of a transfer
		e.ExternalID, e.Line = a.ExternalID, a.Line
		t.s.external.put(externalKey{t.req.Source, a.ExternalID, a.Line}, true)
	}
	return t.move(e, refusals)
}

// move writes a movement, and a discrepancy for what is not as it should be.
func (t *tx) move(e *Entry, refusals []*Error) error {
	if _, err := t.write(e); err != nil {
		return err
	}
	if len(refusals) == 0 && e.Movement.Flags&FlagNegative == 0 {
		return nil
	}
	return t.event(EventDiscrepancy, discrepancyOf(e, refusals))
}

// flagBalance marks a movement that leaves less than nothing, or less than is
// reserved.
func (m *Movement) flagBalance() {
	if m.After < m.ReservedAfter {
		m.Flags |= FlagShort
	}
	if m.After < 0 {
		m.Flags |= FlagNegative
	}
}

// discrepancy is the body of a discrepancy_opened event.
type discrepancy struct {
	Class    string   `json:"class"`
	ItemID   ID       `json:"inventory_id"`
	Movement string   `json:"movement_id"`
	After    Quantity `json:"quantity_after"`
	Codes    []Code   `json:"codes,omitempty"`
}

func discrepancyOf(e *Entry, refusals []*Error) discrepancy {
	d := discrepancy{Class: "quantity", ItemID: e.Movement.Item, Movement: e.Position.String(), After: e.Movement.After}
	for _, r := range refusals {
		d.Codes = append(d.Codes, r.Code)
	}
	return d
}
