package store

import (
	"encoding/json"
	"fmt"
)

// apply folds one entry into the state's draft. It is the only way the state
// changes, while deciding and while replaying alike. of is the new version of
// what the entry is about, nil for most events. An entry that does not fit
// the state is an uncoded error: the ledger is damaged.
func (s *state) apply(e *Entry) (of any, err error) {
	if e.Again.Seq > s.historyDraft.again.Seq {
		s.historyDraft.again = e.Again
	}
	switch e.Kind {
	case KindMovement:
		return s.applyMovement(e)
	case KindHold:
		return s.applyHold(e)
	case KindDocument:
		return s.applyDocument(e)
	case KindEvent:
		return s.applyEvent(e)
	}
	return nil, fmt.Errorf("entry %s has unknown kind %d", e.Position, e.Kind)
}

func (s *state) applyMovement(e *Entry) (*Item, error) {
	m := e.Movement
	was, ok := s.items.get(m.Item)
	if !ok || was.Quantity+m.Change != m.After || was.Reserved != m.ReservedAfter {
		return nil, fmt.Errorf("entry %s does not continue the balance of item %s", e.Position, m.Item)
	}
	next := *was
	next.Quantity, next.Value = m.After, was.Value+m.ValueChange
	next.Seq, next.UpdatedAt = e.Seq, e.RecordedAt
	if m.Reason == Audit {
		next.CountedAt = e.OccurredAt
	}
	s.putItem(was, &next)
	return &next, nil
}

func (s *state) applyHold(e *Entry) (*Reservation, error) {
	h := e.Hold
	was, ok := s.items.get(h.Item)
	if !ok || was.Reserved+h.ReservedChange != h.ReservedAfter || was.Quantity != h.After {
		return nil, fmt.Errorf("entry %s does not continue the holds of item %s", e.Position, h.Item)
	}
	next := *was
	next.Reserved, next.Seq, next.UpdatedAt = h.ReservedAfter, e.Seq, e.RecordedAt
	s.putItem(was, &next)
	old, _ := s.reservations.get(h.Reservation)
	r := old.with(e)
	if r.Status == ReservationOpen {
		s.reservations.put(r.ID, r)
	} else {
		s.reservations.put(r.ID, nil)
	}
	return r, nil
}

// with folds one more hold entry into a reservation; nil is one not yet made.
func (r *Reservation) with(e *Entry) *Reservation {
	h := e.Hold
	next := &Reservation{
		ID: h.Reservation, ItemID: h.Item, Reference: h.Reference, Requested: h.ReservedChange,
		CreatedAt: e.RecordedAt, Actor: e.Actor, Status: ReservationOpen,
	}
	if r != nil {
		*next = *r
	}
	next.Quantity += h.ReservedChange
	next.Version, next.UpdatedAt = e.Seq, e.RecordedAt
	if h.ExpiresAt != 0 {
		next.ExpiresAt = h.ExpiresAt
	}
	if next.Quantity == 0 {
		next.Status = ReservationStatus(h.Why)
	}
	return next
}

func (s *state) applyEvent(e *Entry) (any, error) {
	switch e.Event.Type {
	case EventLowStock:
		var body lowStock
		if err := json.Unmarshal(e.Event.Body, &body); err != nil {
			return nil, fmt.Errorf("entry %s: %w", e.Position, err)
		}
		s.applyLowStock(body)
	case EventLotExpiring:
		return nil, s.applyLotExpiring(e)
	case EventSyncRun:
		run := new(Run)
		if err := json.Unmarshal(e.Event.Body, run); err != nil {
			return nil, fmt.Errorf("entry %s: %w", e.Position, err)
		}
		s.putRun(run)
		return run, nil
	case EventEpoch:
		return nil, s.applyEpoch(e)
	case EventReappended:
		return nil, s.applyReappended(e)
	case EventCommand:
		return nil, s.applyCommand(e)
	}
	return nil, nil
}
