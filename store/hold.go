package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// findHold gives the open reservation of an item's units, or why there is
// none. status is what the journal says of a reservation that is not open.
func (t *tx) findHold(id ID, status ReservationStatus) (*Reservation, *Error) {
	r, ok := t.s.reservations.get(id)
	switch {
	case ok && t.clockOK && r.ExpiresAt <= t.now:
		return nil, refuse(CodeReservationExpired, "Reservation %s expired at %s.", id, r.ExpiresAt)
	case ok:
		return r, nil
	case status == ReservationExpired:
		return nil, refuse(CodeReservationExpired, "Reservation %s has expired.", id)
	case status != "":
		return nil, refuse(CodeReservationClosed, "Reservation %s is closed.", id)
	}
	return nil, refuse(CodeNotFound, "There is no reservation %s.", id)
}

// recallReservation asks the journal how a reservation stands; "" for none.
func recallReservation(ctx context.Context, j Journal, id ID) (ReservationStatus, error) {
	r, err := readReservation(ctx, j, id, maxInt64)
	if err != nil || r == nil {
		return "", err
	}
	return r.Status, nil
}

// readReservation folds a reservation from its entries up to a seq; nil for
// none.
func readReservation(ctx context.Context, j Journal, id ID, upTo int64) (*Reservation, error) {
	seqs, err := j.ListReservation(ctx, id)
	if err != nil {
		return nil, err
	}
	var r *Reservation
	for _, seq := range seqs {
		if seq > upTo {
			break
		}
		e, err := readEntry(ctx, j, seq)
		if err != nil {
			return nil, err
		}
		if e.Kind == KindHold {
			r = r.with(e)
		}
	}
	return r, nil
}

// checkHold makes room for the units that a sale has reserved.
func (a *Adjust) checkHold(t *tx, item *Item, m *Movement) *Error {
	if a.Reservation.IsZero() {
		return nil
	}
	r, err := t.findHold(a.Reservation, a.closed)
	if err != nil {
		return err.at("/reservation_id")
	}
	if r.ItemID != item.ID {
		return refuse(CodeInvalid, "Reservation %s is of another item.", r.ID).at("/reservation_id")
	}
	if -m.Change > r.Quantity {
		return refuse(CodeInsufficientStock, "%s asked, %s reserved.", -m.Change, r.Quantity).at("/quantity_change")
	}
	m.Reservation = r.ID
	m.ReservedAfter -= -m.Change
	return nil
}

// useHold takes a sale's units out of its reservation.
func (a *Adjust) useHold(t *tx, m *Movement) error {
	if m.Reservation.IsZero() {
		return nil
	}
	_, err := t.hold(m.Reservation, m.Change, 0, ReservationCommitted)
	return err
}

// hold writes a change of an open reservation's quantity or expiry.
func (t *tx) hold(id ID, change Quantity, expires Instant, why ReservationStatus) (*Reservation, error) {
	r, _ := t.s.reservations.get(id)
	item, _ := t.s.items.get(r.ItemID)
	of, err := t.write(&Entry{Kind: KindHold, Hold: &Hold{
		Item: item.ID, ReservedChange: change, After: item.Quantity, ReservedAfter: item.Reserved + change,
		Reservation: id, ExpiresAt: expires, Why: string(why),
	}})
	if err != nil {
		return nil, err
	}
	return of.(*Reservation), nil
}

// holdCreated is why a reservation's first hold was written.
const holdCreated = "created"

// Reserve holds units of an item for an order. Codes: not_found,
// insufficient_stock, room_not_sellable, lot_closed, quantity_out_of_range,
// invalid_request.
type Reserve struct {
	Item      ID
	Quantity  Quantity
	Reference string
	// Seconds is how long the units are held; zero for the default.
	Seconds int64
}

func (c *Reserve) decide(t *tx) error {
	var p problems
	p.text("/reference", &c.Reference, 0, 200)
	if c.Quantity <= 0 || c.Quantity > MaxQuantity {
		p.add(refuse(CodeRange, "quantity is above zero and at most 1000000000.").at("/quantity"))
	}
	expires := t.expiry(c.Seconds, &p)
	item, missing := t.item(c.Item, "/inventory_id")
	p.add(missing)
	if err := p.err(); err != nil {
		return err
	}
	if item.Reserved+c.Quantity > MaxQuantity {
		return refuse(CodeRange, "The reserved quantity is at most 1000000000.").at("/quantity")
	}
	sale := Adjust{Reason: Sale, Change: -c.Quantity, held: true}
	if _, _, err := sale.plan(t, item, -c.Quantity); err != nil {
		return err
	}
	_, err := t.write(&Entry{Kind: KindHold, Hold: &Hold{
		Item: item.ID, ReservedChange: c.Quantity, After: item.Quantity, ReservedAfter: item.Reserved + c.Quantity,
		Reservation: t.newID(), ExpiresAt: expires, Why: holdCreated, Reference: c.Reference,
	}})
	return err
}

// expiry gives the end of a hold of so many seconds.
func (t *tx) expiry(seconds int64, p *problems) Instant {
	if seconds == 0 {
		seconds = DefaultHoldSeconds
	}
	if seconds < 1 || seconds > MaxHoldSeconds {
		p.add(refuse(CodeInvalid, "ttl_seconds is between 1 and %d.", MaxHoldSeconds).at("/ttl_seconds"))
		return 0
	}
	return t.now.Add(time.Duration(seconds) * time.Second)
}

// EndReservation releases a reservation's units or, when Sell is set, sells
// them. Codes: not_found,
// reservation_expired, reservation_closed and those of Adjust.
type EndReservation struct {
	ID    ID
	Sell  bool
	Notes string

	closed ReservationStatus
}

func (c *EndReservation) recall(ctx context.Context, _ Request, j Journal) (err error) {
	c.closed, err = recallReservation(ctx, j, c.ID)
	return err
}

func (c *EndReservation) decide(t *tx) error {
	r, refusal := t.findHold(c.ID, c.closed)
	if refusal != nil {
		return refusal
	}
	if !c.Sell {
		_, err := t.hold(c.ID, -r.Quantity, 0, ReservationReleased)
		return err
	}
	sale := Adjust{
		Item: r.ItemID, Change: -r.Quantity, Reason: Sale, Reference: r.Reference,
		Notes: c.Notes, Reservation: r.ID,
	}
	return sale.decide(t)
}

// ExtendReservation holds units longer, counted from now. Codes: not_found,
// stale_version, reservation_expired, reservation_closed, invalid_request.
type ExtendReservation struct {
	ID      ID
	Seconds int64
	Version int64

	closed ReservationStatus
}

func (c *ExtendReservation) recall(ctx context.Context, _ Request, j Journal) (err error) {
	c.closed, err = recallReservation(ctx, j, c.ID)
	return err
}

func (c *ExtendReservation) decide(t *tx) error {
	r, refusal := t.findHold(c.ID, c.closed)
	if refusal != nil {
		return refusal
	}
	if err := checkVersion(c.Version, r.Version); err != nil {
		return err
	}
	var p problems
	expires := t.expiry(c.Seconds, &p)
	if err := p.err(); err != nil {
		return err
	}
	_, err := t.hold(c.ID, 0, expires, "extended")
	return err
}

// expireHolds releases what is past its time, oldest first. The ledger itself
// sends it, and only while the clock is trusted.
type expireHolds struct{}

func (expireHolds) decide(t *tx) error {
	if !t.clockOK {
		return nil
	}
	due := slices.SortedFunc(maps.Values(t.s.reservations.base), func(a, b *Reservation) int {
		return cmp.Compare(a.ExpiresAt, b.ExpiresAt)
	})
	for _, r := range due {
		r, open := t.s.reservations.get(r.ID)
		if !open || r.ExpiresAt > t.now {
			continue
		}
		if _, err := t.hold(r.ID, -r.Quantity, 0, ReservationExpired); err != nil {
			return err
		}
	}
	return nil
}
