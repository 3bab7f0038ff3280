package store

import "context"

// EraseTransferNotes takes the free text from all versions of a transfer
// document; the digests stay in the chain. Codes: not_found.
type EraseTransferNotes struct {
	ID ID

	found []Position
}

func (c *EraseTransferNotes) recall(ctx context.Context, _ Request, j Journal) error {
	c.found = nil
	for seq := int64(maxInt64); ; seq-- {
		at, err := j.FindDocument(ctx, c.ID, seq)
		if err != nil || at == 0 {
			return err
		}
		stored, err := j.FindEntry(ctx, at)
		if err != nil {
			return err
		}
		e, err := stored.Entry()
		if err != nil {
			return err
		}
		if stored.Notes != nil && e.Document.Type == DocTransfer {
			c.found = append(c.found, e.Position)
		}
		seq = at
	}
}

func (c *EraseTransferNotes) decide(t *tx) error {
	if len(c.found) == 0 {
		return refuse(CodeNotFound, "There is no transfer %s with notes.", c.ID)
	}
	for _, p := range c.found {
		t.erased = append(t.erased, p.Seq)
		if err := t.event(EventNotesErased, notesErased{p.String()}); err != nil {
			return err
		}
	}
	return nil
}
