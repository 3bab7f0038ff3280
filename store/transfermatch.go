package store

// matched is what was received blind, seen with what the sender sent: its
// lines are the sender's, and what was received beyond them is extra. No
// movement follows from it: the goods are in their rows.
func (d *TransferDocument) matched(sent *TransferDocument) *TransferDocument {
	m := sent.copy()
	m.ID, m.Blind, m.To = d.ID, true, d.To
	if m.Reference == "" {
		m.Reference = d.Reference
	}
	for i := range d.Lines {
		m.allot(d.Lines[i])
	}
	return m
}

// allot spreads what was received blind of some goods over the lines that may
// be of them.
func (d *TransferDocument) allot(got TransferLine) {
	rest, near := got.Received, d.nearest(&got)
	for _, n := range near {
		l := &d.Lines[n]
		q := min(rest, max(0, l.Shipped-l.Settled()))
		l.Received += q
		rest -= q
	}
	switch {
	case rest == 0:
	case len(near) > 0:
		d.Lines[near[0]].Extra += rest
	default:
		got.Received, got.Extra = 0, rest
		d.Lines = append(d.Lines, got)
	}
}

// saveMatched writes a document that was matched, and where it differs.
func (t *tx) saveMatched(d *TransferDocument) error {
	for n := range d.Lines {
		if extra := d.Lines[n].Extra; extra > 0 {
			found := transferDiscrepancy{Class: "transfer", Transfer: d.ID, Line: int64(n + 1), Extra: extra}
			if err := t.event(EventDiscrepancy, found); err != nil {
				return err
			}
		}
	}
	return t.saveTransfer(d, 0, "")
}
