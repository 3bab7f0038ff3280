package store

import "context"

// Reverse undoes one movement by an opposite one with the same reason; any
// leg of a transfer reverses the whole of it. Once only. Codes: not_found,
// already_reversed, insufficient_stock, quantity_out_of_range, invalid_request
// for a leg of a transfer that has, or had, another side.
type Reverse struct {
	Movement Position
	Notes    string

	legs     []*Entry
	reversed bool
}

func (c *Reverse) recall(ctx context.Context, _ Request, j Journal) error {
	e, err := readEntry(ctx, j, c.Movement.Seq)
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err != nil || e.Kind != KindMovement || e.Position != c.Movement {
		return err
	}
	c.legs = []*Entry{e}
	if !e.Movement.Transfer.IsZero() {
		c.legs, err = readTransfer(ctx, j, e.Movement.Transfer)
	}
	for _, leg := range c.legs {
		if err != nil {
			return err
		}
		var by int64
		by, err = j.FindReversal(ctx, leg.Seq)
		c.reversed = c.reversed || by != 0
	}
	return err
}

func readTransfer(ctx context.Context, j Journal, id ID) ([]*Entry, error) {
	seqs, err := j.ListTransfer(ctx, id)
	if err != nil {
		return nil, err
	}
	var legs []*Entry
	for _, seq := range seqs {
		e, err := readEntry(ctx, j, seq)
		if err != nil {
			return nil, err
		}
		if e.Movement.Reverses.IsZero() {
			legs = append(legs, e)
		}
	}
	return legs, nil
}

func (c *Reverse) decide(t *tx) error {
	if len(c.legs) == 0 {
		return refuse(CodeNotFound, "There is no movement %s.", c.Movement)
	}
	var p problems
	p.text("/notes", &c.Notes, 0, 2000)
	if err := p.err(); err != nil {
		return err
	}
	var plans []*Movement
	for _, leg := range c.legs {
		m, err := c.plan(t, leg)
		if err != nil {
			return err
		}
		plans = append(plans, m)
	}
	transfer := ID{}
	if len(plans) > 1 {
		transfer = t.newID()
	}
	for _, m := range plans {
		m.Transfer = transfer
		if err := t.move(&Entry{Kind: KindMovement, Movement: m, Notes: t.note(c.Notes)}, nil); err != nil {
			return err
		}
		t.s.reversed.put(m.Reverses.Seq, true)
	}
	return t.undone(c.legs[0].Movement.Transfer)
}

// plan makes the movement that undoes one leg.
func (c *Reverse) plan(t *tx, leg *Entry) (*Movement, error) {
	was := leg.Movement
	if here, _ := t.s.reversed.get(leg.Seq); here || c.reversed || !was.Reverses.IsZero() {
		return nil, refuse(CodeAlreadyReversed, "Movement %s has been reversed, or is a reversal.", c.Movement)
	}
	item, missing := t.item(was.Item, "")
	if missing != nil {
		return nil, missing
	}
	if item.ArchivedAt != 0 {
		return nil, item.checkOpen()
	}
	m := &Movement{
		Item: item.ID, Change: -was.Change, After: item.Quantity - was.Change, ReservedAfter: item.Reserved,
		Reason: was.Reason, SubReason: SubReversal, Reference: was.Reference, Reverses: leg.Position,
		ValueChange: -was.ValueChange,
	}
	m.flagBalance()
	if m.Change < 0 && m.After < 0 && !item.Location.AllowBelow {
		return nil, refuse(CodeInsufficientStock, "Reversing it takes %s; %s in stock.", -m.Change, item.Quantity)
	}
	if abs64(int64(m.After)) > uint64(MaxQuantity) {
		return nil, refuse(CodeRange, "The quantity after it, %s, is out of range.", m.After)
	}
	return m, nil
}
