package store

import "context"

// Explanation says how an item's quantity came about: the opening stock and
// the sum of every reason add up to the quantity, the open holds to the
// reserved quantity.
type Explanation struct {
	Item      *Item
	AsOf      Instant
	Opening   Quantity
	ByReason  map[Reason]Quantity
	Quantity  Quantity
	Reserved  Quantity
	Movements int
	// LastCount is the newest AUDIT movement; nil for none.
	LastCount *Entry
	// Holds are what each open reservation holds.
	Holds map[ID]Quantity
}

// Explain explains an item's quantity as of a moment (zero: now), by when
// things occurred. Codes: not_found.
func (l *Ledger) Explain(ctx context.Context, id ID, asOf Instant) (*Explanation, error) {
	item, ok := l.Item(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no inventory item %s.", id)
	}
	x := &Explanation{Item: item, AsOf: asOf, ByReason: map[Reason]Quantity{}, Holds: map[ID]Quantity{}}
	for seq := item.Seq; seq > 0; {
		stored, err := l.h.FindEntry(ctx, seq)
		if err != nil {
			return nil, err
		}
		e, err := stored.Entry()
		if err != nil {
			return nil, err
		}
		if asOf == 0 || e.OccurredAt <= asOf {
			x.add(e)
		}
		seq = stored.Prev
	}
	for id, q := range x.Holds {
		if q == 0 {
			delete(x.Holds, id)
		}
	}
	return x, nil
}

// add takes one entry, newest first, into the sums.
func (x *Explanation) add(e *Entry) {
	switch e.Kind {
	case KindMovement:
		m := e.Movement
		x.Quantity += m.Change
		x.Movements++
		if m.SubReason == SubOpening {
			x.Opening += m.Change
		} else {
			x.ByReason[m.Reason] += m.Change
		}
		if m.Reason == Audit && x.LastCount == nil {
			x.LastCount = e
		}
	case KindHold:
		x.Reserved += e.Hold.ReservedChange
		x.Holds[e.Hold.Reservation] += e.Hold.ReservedChange
	}
}
