package store

import (
	"encoding/json"
	"fmt"
)

// row is an entry to be appended again.
type row struct {
	*Entry
	notes *Text
	key   *Key
	// as is the entry that is here for it already, zero for none.
	as Position
}

// unit is what one command appended, as far as that can be told: all of it is
// appended again, or left for the next call.
type unit struct {
	key   *Key
	first int64
	parts []part
	// upto is the unit's last entry.
	upto Position
	// cut: entries of it are missing, or may be.
	cut bool
}

// part is entries that are one fact: the two movements of a transfer, the hold
// that a sale uses up and the sale.
type part struct {
	rows []row
	// known: the fact is here already.
	known bool
}

// unitsOf groups rows into units. The last one is left out when it is cut,
// unless there is no other.
func unitsOf(rows []row) []unit {
	var units []unit
	for len(rows) > 0 {
		u := unitOf(rows)
		units, rows = append(units, u), rows[u.taken():]
	}
	if n := len(units); n > 1 && units[n-1].cut {
		units = units[:n-1]
	}
	return units
}

// unitOf takes the first unit of some rows: all of a command with a key, else
// one fact.
func unitOf(rows []row) unit {
	u := unit{key: rows[0].key, first: rows[0].Seq}
	if u.key == nil {
		p := partOf(rows)
		u.parts, u.cut = []part{p}, len(p.rows) == len(rows) && p.isOpen()
	} else {
		count := max(u.key.Count, 1)
		u.cut = count > int64(len(rows))
		for mine := rows[:min(count, int64(len(rows)))]; len(mine) > 0; {
			p := partOf(mine)
			u.parts, mine = append(u.parts, p), mine[len(p.rows):]
		}
	}
	u.upto = rows[u.taken()-1].Position
	return u
}

func (u *unit) taken() (n int) {
	for i := range u.parts {
		n += len(u.parts[i].rows)
	}
	return n
}

// partOf takes the first fact of some rows.
func partOf(rows []row) part {
	n := 1
	for n < len(rows) && rows[n].continues(rows[:n]) {
		n++
	}
	return part{rows: rows[:n:n]}
}

// continues tells whether a row belongs to the fact that those before it are.
func (r *row) continues(before []row) bool {
	if r.key != nil {
		return false
	}
	if r.derived() {
		return true
	}
	last := lastFact(before)
	return r.Movement != nil && last != nil &&
		(last.usesUp(r.Movement.Reservation) || last.isLegOf(r.Movement.Transfer))
}

// lastFact gives the newest row that does not follow from another.
func lastFact(rows []row) *row {
	for n := len(rows) - 1; n >= 0; n-- {
		if !rows[n].derived() {
			return &rows[n]
		}
	}
	return nil
}

// usesUp tells whether it is the hold that a sale of reserved units begins with.
func (r *row) usesUp(reservation ID) bool {
	return r.Hold != nil && r.Hold.Why == string(ReservationCommitted) && r.Hold.Reservation == reservation
}

func (r *row) isLegOf(transfer ID) bool {
	return r.Movement != nil && !transfer.IsZero() && r.Movement.Transfer == transfer
}

// derived tells events that follow from the entries before them.
func (r *row) derived() bool {
	return r.Kind == KindEvent && (r.Event.Type == EventLowStock || r.Event.Type == EventLotExpiring || r.Event.Type == EventDiscrepancy)
}

// isOpen tells whether more of the fact may follow: the sale after its hold,
// the other movement of a transfer.
func (p *part) isOpen() bool {
	last, legs := lastFact(p.rows), 0
	for n := range p.rows {
		if m := p.rows[n].Movement; m != nil && !m.Transfer.IsZero() {
			legs++
		}
	}
	return last != nil && (last.usesUp(last.holdID()) || legs == 1)
}

func (r *row) holdID() ID {
	if r.Hold == nil {
		return ID{}
	}
	return r.Hold.Reservation
}

// outcome is what the unit's key remembers, with the facts where they are now:
// those that moved, counted from first. A line whose fact was here already is
// remembered as refused.
func (u *unit) outcome(moved map[int64]Position, first int64) ([]byte, error) {
	if len(u.key.Outcome) == 0 {
		return nil, nil
	}
	var o outcome
	if err := json.Unmarshal(u.key.Outcome, &o); err != nil {
		return nil, refuse(CodeInvalid, "The idempotency key of entry %d cannot be read: %v", u.first, err)
	}
	for line, fact := range o.Facts {
		if fact < 0 {
			continue
		}
		if now, ok := moved[u.first+int64(fact)]; ok && now.Seq >= first {
			o.Facts[line] = int(now.Seq - first)
			continue
		}
		o.Facts[line] = -1
		if o.Failed == nil {
			o.Failed = map[int]*Refused{}
		}
		o.Failed[line] = &Refused{Code: CodeInvalid, Message: fmt.Sprintf("Line %d is booked already.", line)}
	}
	return encodeDocument(o), nil
}
