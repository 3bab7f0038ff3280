package store

import (
	"errors"
	"strings"
)

// ReceiveTransfer books what became of goods on their way, in as many goes as
// it takes: received into a room, refused, lost, extra, or returned to the
// sender. All lines or none. Without an ID it is of the incoming transfer with
// the Number; when nothing is known of that it is received blind. Codes, of
// every failing line: not_found, stale_version, transfer_unbalanced,
// unit_mismatch, lot_closed, quantity_out_of_range, future_time,
// backdate_limit, payload_too_large, invalid_request.
type ReceiveTransfer struct {
	ID     ID
	Number string
	// From is who sent what is received blind, as far as that is known.
	From Party
	// Version is the version the caller has seen; zero for any.
	Version int64
	// Location is where it arrives; zero when there is no choice.
	Location ID
	// Reference is for what is received blind.
	Reference, Notes string
	// OccurredAt is when it happened; zero for now.
	OccurredAt Instant
	Lines      []ReceiveLine
}

// ReceiveLine is what became of one line, which is named by its number, its
// package tag or its SKU.
type ReceiveLine struct {
	Line                    int64
	SKU                     string
	PackageTag, BatchNumber string
	ExpiresOn               string
	// Goods make the product when there is none with the SKU; nil for none.
	Goods *Goods

	Received, Refused, Lost, Returned, Extra Quantity
	// Room is where the goods go; zero for the row they came from, which only
	// returned goods have.
	Room Room
}

func (c *ReceiveTransfer) decide(t *tx) error {
	var p problems
	p.text("/notes", &c.Notes, 0, 2000)
	p.add(t.checkOccurred(c.OccurredAt))
	if len(c.Lines) == 0 || len(c.Lines) > MaxTransferLines {
		p.add(refuse(CodeInvalid, "Give 1 to %d lines.", MaxTransferLines).at("/lines"))
	}
	d, err := c.find(t, &p)
	if err != nil {
		return err
	}
	r := &receiving{t: t, c: c, d: d}
	p.add(r.locate())
	if err := p.err(); err != nil {
		return err
	}
	for i := range c.Lines {
		if err := p.addLine(i, r.line(&c.Lines[i])); err != nil {
			return err
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

// find gives a copy of the transfer, or a new one to be received blind.
func (c *ReceiveTransfer) find(t *tx, p *problems) (*TransferDocument, error) {
	if c.ID.IsZero() {
		return c.findNumber(t, p)
	}
	d, err := t.transfer(c.ID, c.Version)
	if err != nil {
		return nil, err
	}
	return d.copy(), nil
}

func (c *ReceiveTransfer) findNumber(t *tx, p *problems) (*TransferDocument, error) {
	p.text("/number", &c.Number, 1, 60)
	p.text("/reference", &c.Reference, 0, 200)
	c.From.check(p, "/from")
	if !c.From.Location.IsZero() {
		p.add(refuse(CodeInvalid, "The sender is a store of the chain, or has a name.").at("/from/location_id"))
	}
	var known []*TransferDocument
	for _, d := range t.s.withNumber(DirectionIn, c.Number) {
		if c.From.mayBe(d.From) {
			known = append(known, d)
		}
	}
	switch len(known) {
	case 0:
		return &TransferDocument{
			ID: t.newID(), Number: c.Number, Direction: DirectionIn, Blind: true, From: c.From, Reference: c.Reference,
		}, nil
	case 1:
		return known[0].copy(), checkedVersion(c.Version, known[0].Version)
	}
	return nil, refuse(CodeInvalid, "Transfers of several senders have that number; receive it by its id.").at("/number")
}

func checkedVersion(want, have int64) error {
	if err := checkVersion(want, have); err != nil {
		return err
	}
	return nil
}

// mayBe tells whether a sender as it is described may be the one of a
// document.
func (p Party) mayBe(from Party) bool {
	switch {
	case p.External():
		return from.External() && strings.EqualFold(p.Name, from.Name)
	case p.Store.IsZero():
		return true
	}
	return from.Store == p.Store || from == Party{}
}

// receiving is one ReceiveTransfer being decided.
type receiving struct {
	t        *tx
	c        *ReceiveTransfer
	d        *TransferDocument
	location *Location
}

// locate finds the location where the goods arrive.
func (r *receiving) locate() *Error {
	id := r.d.To.Location
	if r.d.Direction == DirectionOut {
		id = r.d.From.Location
	}
	location, ok := r.t.s.locations.get(id)
	if !ok && r.c.Location.IsZero() {
		location, ok = r.t.onlyLocation()
		if !ok {
			return refuse(CodeInvalid, "location_id is required: there are several locations.").at("/location_id")
		}
	} else if !ok {
		if location, ok = r.t.s.locations.get(r.c.Location); !ok || location.ArchivedAt != 0 {
			return refuse(CodeNotFound, "There is no location %s.", r.c.Location).at("/location_id")
		}
	}
	if !r.c.Location.IsZero() && r.c.Location != location.ID {
		return refuse(CodeInvalid, "This transfer is about %s.", location.Name).at("/location_id")
	}
	r.location = location
	if r.d.Direction == DirectionIn {
		r.d.To = r.t.here(location)
	}
	return nil
}

// onlyLocation gives the location of a store that has but one.
func (t *tx) onlyLocation() (only *Location, ok bool) {
	for _, id := range t.s.locationIDs() {
		l, _ := t.s.locations.get(id)
		if l.ArchivedAt != 0 {
			continue
		}
		if only != nil {
			return nil, false
		}
		only = l
	}
	return only, only != nil
}

// line books one line.
func (r *receiving) line(c *ReceiveLine) error {
	n, err := r.find(c)
	if err != nil {
		return err
	}
	if err := r.check(c, n); err != nil {
		return err
	}
	l := &r.d.Lines[n]
	if r.d.Direction != DirectionOut && c.Received+c.Extra > 0 {
		if err := r.bringIn(l, c); err != nil {
			return err
		}
	}
	if c.Returned > 0 {
		if err := r.takeBack(l, c); err != nil {
			return err
		}
	}
	l.Received += c.Received
	l.Refused += c.Refused
	l.Lost += c.Lost
	l.Returned += c.Returned
	l.Extra += c.Extra
	if c.Extra+c.Lost > 0 {
		return r.t.event(EventDiscrepancy, transferDiscrepancy{
			Class: "transfer", Transfer: r.d.ID, Line: int64(n + 1), Lost: c.Lost, Extra: c.Extra,
		})
	}
	return nil
}

// transferDiscrepancy is the body of a discrepancy_opened event about a
// transfer: what did not arrive, arrived without being on it, or left although
// it had been canceled.
type transferDiscrepancy struct {
	Class    string   `json:"class"`
	Transfer ID       `json:"transfer_id"`
	Line     int64    `json:"line,omitempty"`
	Lost     Quantity `json:"lost,omitempty"`
	Extra    Quantity `json:"extra,omitempty"`
	Canceled Quantity `json:"canceled,omitempty"`
}

// bringIn books goods into a room. Extra goods are a finding, not part of the
// transfer: AUDIT.
func (r *receiving) bringIn(l *TransferLine, c *ReceiveLine) error {
	item, err := r.row(l, c)
	if err != nil {
		return err
	}
	if c.Received > 0 {
		if err := r.t.carry(item, c.Received, Transfer, SubReceived, r.d, r.c.OccurredAt); err != nil {
			return relocateTo(err, "/received")
		}
		item, _ = r.t.s.items.get(item.ID)
	}
	if c.Extra > 0 {
		return relocateTo(r.t.carry(item, c.Extra, Audit, SubSurplus, r.d, r.c.OccurredAt), "/extra")
	}
	return nil
}

// takeBack books refused goods into the row they came from, or into a room.
func (r *receiving) takeBack(l *TransferLine, c *ReceiveLine) error {
	item, _ := r.t.s.items.get(l.Item)
	if c.Room != 0 && c.Room != item.Room {
		p := item.place()
		p.room = c.Room
		found, err := r.t.rowAt(p)
		if err != nil {
			return err
		}
		item = found
	}
	item, err := r.t.reopen(item)
	if err != nil {
		return err
	}
	return relocateTo(r.t.carry(item, c.Returned, Transfer, SubReturned, r.d, r.c.OccurredAt), "/returned")
}

// relocateTo says which field an error is about, if it does not.
func relocateTo(err error, pointer string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.at(pointer)
	}
	return err
}
