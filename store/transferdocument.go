package store

import (
	"slices"
)

// Direction says on which side of a transfer a store is.
type Direction string

// The directions of a transfer. An internal one stays within the store: from
// room to room at once, or on its way to another of its locations.
const (
	DirectionOut      Direction = "out"
	DirectionIn       Direction = "in"
	DirectionInternal Direction = "internal"
)

// Directions lists the directions.
var Directions = []Direction{DirectionOut, DirectionIn, DirectionInternal}

// TransferStatus says how far a transfer has come; it follows from the lines.
type TransferStatus string

// The statuses of a transfer.
const (
	// TransferInTransit: some of it is still to be received, refused or lost.
	TransferInTransit TransferStatus = "in_transit"
	// TransferReturning: nothing is in transit, and refused goods are on their
	// way back.
	TransferReturning TransferStatus = "returning"
	// TransferUnmatched: it was received blind, and what the sender says of it
	// is not here yet.
	TransferUnmatched TransferStatus = "unmatched"
	// TransferClosed: all of it is accounted for.
	TransferClosed TransferStatus = "closed"
	// TransferCanceled: the sender took back what had not been received.
	TransferCanceled TransferStatus = "canceled"
)

// TransferStatuses lists the statuses.
var TransferStatuses = []TransferStatus{
	TransferInTransit, TransferReturning, TransferUnmatched, TransferClosed, TransferCanceled,
}

// Party is one end of a transfer: a store of the chain, a location of this
// store, or somebody else by name and licence.
type Party struct {
	Store    ID     `json:"store_id,omitzero"`
	Name     string `json:"name,omitempty"`
	Location ID     `json:"location_id,omitzero"`
	Licence  string `json:"licence_number,omitempty"`
}

// External tells a party that is neither a store of the chain nor unknown.
func (p Party) External() bool { return p.Store.IsZero() && p.Location.IsZero() && p.Name != "" }

// check names every fault of a party and trims its texts.
func (p *Party) check(faults *problems, pointer string) {
	faults.text(pointer+"/name", &p.Name, 0, 200)
	faults.text(pointer+"/licence_number", &p.Licence, 0, 100)
	if p.Store == nothingID {
		faults.add(refuse(CodeNotFound, "There is no store with that id.").at(pointer + "/store_id"))
	}
	if p.Location == nothingID && !p.Store.IsZero() {
		faults.add(refuse(CodeNotFound, "There is no location with that id.").at(pointer + "/location_id"))
	}
}

// TransferDocument is stock on its way from one party to another, as one side
// knows it: the sender's and the receiver's store each have their own, which
// say the same once both have heard of everything. A value is one immutable
// version.
type TransferDocument struct {
	ID ID `json:"id"`
	// Number is the manifest number, unique among what a store sends.
	Number    string         `json:"number"`
	Direction Direction      `json:"direction"`
	Status    TransferStatus `json:"status"`
	// Blind: it was received before anything was known of it.
	Blind bool `json:"blind,omitempty"`
	// Shipment is the id of the sender's document; zero when that is not known.
	Shipment  ID     `json:"shipment_id,omitzero"`
	From      Party  `json:"from"`
	To        Party  `json:"to"`
	Reference string `json:"reference,omitempty"`
	// Lines are counted from 1. Those of the sender come first.
	Lines      []TransferLine `json:"lines"`
	ShippedAt  Instant        `json:"shipped_at,omitempty"`
	CanceledAt Instant        `json:"canceled_at,omitempty"`
	ClosedAt   Instant        `json:"closed_at,omitempty"`

	// Version is the seq of the document that made this version.
	Version int64 `json:"-"`
}

// TransferLine is one product, and lot if any, of a transfer. The amounts only
// ever grow.
type TransferLine struct {
	SKU     string `json:"sku"`
	Unit    Unit   `json:"unit,omitempty"`
	Product ID     `json:"product_id,omitzero"`
	// Item is the row that it was taken from; the sender's side only.
	Item        ID     `json:"inventory_id,omitzero"`
	PackageTag  string `json:"package_tag,omitempty"`
	BatchNumber string `json:"batch_number,omitempty"`
	ExpiresOn   string `json:"expires_on,omitempty"`

	Shipped Quantity `json:"shipped,omitempty"`
	// Received, Refused and Lost are what the receiver says became of it,
	// Returned what came back of the refused.
	Received Quantity `json:"received,omitempty"`
	Refused  Quantity `json:"refused,omitempty"`
	Lost     Quantity `json:"lost,omitempty"`
	Returned Quantity `json:"returned,omitempty"`
	// Extra is what the receiver got beyond what was shipped.
	Extra Quantity `json:"extra,omitempty"`
}

// Settled is what the receiver has said about a line: received, refused or
// lost.
func (l *TransferLine) Settled() Quantity { return l.Received + l.Refused + l.Lost }

// Returning is what was refused and has not come back.
func (l *TransferLine) Returning() Quantity { return l.Refused - l.Returned }

// InTransit is what of line n, counted from 0, was shipped and not received,
// refused or lost; none of what was canceled.
func (d *TransferDocument) InTransit(n int) Quantity {
	l := &d.Lines[n]
	if d.CanceledAt != 0 || l.Shipped < l.Settled() {
		return 0
	}
	return l.Shipped - l.Settled()
}

// Open tells whether any line may still change hands.
func (d *TransferDocument) Open() bool {
	return d.Status != TransferClosed && d.Status != TransferCanceled
}

// unannounced tells that nothing is known of what was sent.
func (d *TransferDocument) unannounced() bool { return d.Blind && d.Shipment.IsZero() }

// Own tells which locations of this store the transfer is about; an incoming
// one has none before it was received.
func (d *TransferDocument) Own() []ID {
	var own []ID
	if d.Direction != DirectionIn {
		own = append(own, d.From.Location)
	}
	if d.Direction != DirectionOut && !d.To.Location.IsZero() {
		own = append(own, d.To.Location)
	}
	return own
}

// copy gives a version that shares no list with the one readers may hold.
func (d *TransferDocument) copy() *TransferDocument {
	c := *d
	c.Lines = slices.Clone(d.Lines)
	return &c
}

// rename replaces ids of records that others stand for.
func (d *TransferDocument) rename(to func(ID) ID) {
	for i := range d.Lines {
		d.Lines[i].Item, d.Lines[i].Product = to(d.Lines[i].Item), to(d.Lines[i].Product)
	}
}

// any tells whether a line has something of an amount.
func (d *TransferDocument) any(amount func(*TransferLine) Quantity) bool {
	return slices.ContainsFunc(d.Lines, func(l TransferLine) bool { return amount(&l) != 0 })
}

// moving tells whether anything is in transit.
func (d *TransferDocument) moving() bool {
	for n := range d.Lines {
		if d.InTransit(n) != 0 {
			return true
		}
	}
	return false
}

// settle says what follows from the lines.
func (d *TransferDocument) settle(now Instant) {
	switch {
	case d.unannounced() && !d.From.External():
		d.Status = TransferUnmatched
	case d.moving():
		d.Status = TransferInTransit
	case d.any((*TransferLine).Returning):
		d.Status = TransferReturning
	case d.CanceledAt != 0:
		d.Status = TransferCanceled
	default:
		d.Status = TransferClosed
	}
	if d.Open() {
		d.ClosedAt = 0
	} else if d.ClosedAt == 0 {
		d.ClosedAt = now
	}
}

// MaxTransferLines is how many lines a transfer may have at most. Long names
// make it fewer: a document is one entry, see MaxEntryBytes.
const MaxTransferLines = 100

// fits tells whether every later version of the document, on both sides, will
// still be within the bounds of an entry.
func (d *TransferDocument) fits() bool {
	if len(d.Lines) > MaxTransferLines {
		return false
	}
	c := d.copy()
	c.ID, c.Shipment, c.Status = nothingID, nothingID, TransferInTransit
	c.ShippedAt, c.CanceledAt, c.ClosedAt = minInstant, minInstant, minInstant
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Item, l.Product = nothingID, nothingID
		longest := l.Shipped/scale*scale + scale - 1
		l.Received, l.Refused, l.Lost, l.Returned = longest, longest, longest, longest
	}
	const besides = 1024 // the entry's own fields, and both parties as the other side knows them
	return len(encodeDocument(c)) <= MaxEntryBytes-besides
}

// nothingID is an id that nothing has; see the web package.
var nothingID = ID{0xff}

// save writes a version of a transfer document.
func (t *tx) saveTransfer(d *TransferDocument, at Instant, notes string) error {
	d.settle(t.now)
	_, err := t.write(&Entry{
		Kind: KindDocument, OccurredAt: at, Notes: t.note(notes),
		Document: &Document{Type: DocTransfer, ID: d.ID, Body: encodeDocument(d)},
	})
	return err
}
