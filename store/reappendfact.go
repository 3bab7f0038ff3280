package store

// ours gives the id of the record that stands here for one.
func (s *state) ours(id ID) ID {
	if here, ok := s.aliases.get(id); ok {
		return here
	}
	return id
}

// item gives the item that stands here for one. If it was archived here since
// the branch it is taken out of the archive: something happened to it.
func (c *Reappend) item(t *tx, id ID) (*Item, error) {
	item, ok := t.s.items.get(t.s.ours(id))
	if !ok {
		return nil, refuse(CodeInvalid, "There is no inventory item %s, and nothing says what it was.", id)
	}
	if !c.changed[item.ID] {
		return item, nil
	}
	return t.reopen(item)
}

// movement books a movement again, on the balance there is now.
func (c *Reappend) movement(t *tx, r *row, next *Entry) error {
	item, err := c.item(t, r.Movement.Item)
	if err != nil {
		return err
	}
	m := *r.Movement
	m.Item, m.After, m.ReservedAfter = item.ID, item.Quantity+m.Change, item.Reserved
	m.Flags &^= FlagNegative | FlagShort
	m.flagBalance()
	if !m.Reverses.IsZero() {
		if m.Reverses = c.here(m.Reverses); !m.Reverses.IsZero() {
			t.s.reversed.put(m.Reverses.Seq, true)
		}
	}
	next.Movement = &m
	return t.move(next, nil)
}

// hold changes a reservation again. One that ended here holds no more units
// that could be given back.
func (c *Reappend) hold(t *tx, r *row, next *Entry) error {
	h := *r.Hold
	open, isOpen := t.s.reservations.get(h.Reservation)
	if isOpen == (h.Why == holdCreated) {
		return nil
	}
	item, err := c.item(t, h.Item)
	if err != nil {
		return err
	}
	if isOpen {
		h.ReservedChange = max(h.ReservedChange, -open.Quantity)
	}
	h.Item, h.After, h.ReservedAfter = item.ID, item.Quantity, item.Reserved+h.ReservedChange
	next.Hold = &h
	_, err = t.write(next)
	return err
}

// event notes again what nothing else tells. What follows from other entries,
// and what is about the machine or the ledger itself, is not.
func (c *Reappend) event(t *tx, r *row, next *Entry) error {
	next.Event = r.Event
	switch r.Event.Type {
	case EventLowStock, EventLotExpiring, EventDiscrepancy, EventReconciled, EventClock, EventClockConfirmed, EventRecovered, EventEpoch, EventReappended:
		return nil
	case EventNotesErased:
		at := c.here(ErasedBy(r.Entry))
		if at.IsZero() {
			return nil
		}
		t.erased = append(t.erased, at.Seq)
		next.Event = &Event{Type: EventNotesErased, Body: encodeDocument(notesErased{at.String()})}
	case EventCommand:
		if commandOf(r.Entry) <= t.s.historyDraft.command {
			return nil
		}
	}
	_, err := t.write(next)
	return err
}
