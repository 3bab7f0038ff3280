package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// MaxReappend is how many rows a Reappend may have. A thousand at a time are
// enough; only a command that made more (Rows[0].Key.Count) should be given
// whole, so that its key is answered as before.
const MaxReappend = 8192

// Copied is an entry of this store that central holds beyond the branch.
type Copied struct {
	// Bytes are its canonical bytes, Notes the text beside it, nil for none or
	// when it was erased.
	Bytes []byte
	Notes *Text
	// Key is the idempotency key of the command that begins with it, nil for
	// none. Its Seq is not looked at.
	Key *Key
}

// Reappend appends once more what central holds of this store beyond the
// branch of its epoch and what this ledger therefore lost or never had. Rows
// are in order and go on at or before Ledger.Again; those up to it are passed
// over, so that a call may be repeated whatever became of it. Facts keep when,
// by whom and under which names they happened; balances are computed anew and
// may end below zero, which is flagged. Not appended are: what follows from
// other entries, such as low stock; facts that this ledger wrote itself and a
// copy of it appended again, or whose external id or idempotency key is here; reversals of what was reversed here; versions of documents
// that changed here since the branch; and changes of holds that ended here. A
// product, lot or row of stock that was made on both sides stays the one that
// is here, and what happens to the other goes to it.
//
// A command that is cut by the end of Rows is left for the next call, unless
// there is nothing else; a command that is here already is passed over whole.
// So Ledger.Again tells where to go on, before or beyond the last row. Codes:
// invalid_request when the rows do not go on there or cannot be read,
// payload_too_large.
type Reappend struct {
	Rows []Copied

	history lineage
	head    Head
	units   []unit
	// changed tells the documents that were changed here since the branch.
	changed map[ID]bool
	// moved gives the entries that stand here for earlier ones, by their seq.
	moved map[int64]Position
}

// reappended is the body of a reappended event: every entry of the stream left
// behind was dealt with up to Upto, which may have no entry of its own.
type reappended struct {
	Upto string `json:"upto"`
	// From is the id of a product, lot or item that was made on both sides, To
	// of the one here that stands for it.
	From ID `json:"from,omitzero"`
	To   ID `json:"to,omitzero"`
	// As is the entry that is here for that one already.
	As string `json:"as,omitempty"`
}

// applyReappended notes how far the stream left behind was dealt with.
func (s *state) applyReappended(e *Entry) error {
	var body reappended
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return fmt.Errorf("entry %s: %w", e.Position, err)
	}
	upto, ok := ParsePosition(body.Upto)
	if !ok {
		return fmt.Errorf("entry %s names no position", e.Position)
	}
	if upto.Seq > s.historyDraft.again.Seq {
		s.historyDraft.again = upto
	}
	if !body.From.IsZero() {
		s.aliases.put(body.From, body.To)
	}
	return nil
}

// review reads the rows and compares them with what is on disk. The command is
// the first of its commit, so that everything is.
func (c *Reappend) review(ctx context.Context, l *Ledger) error {
	c.history, c.head = l.s.history, l.s.head
	c.changed, c.moved = map[ID]bool{}, map[int64]Position{}
	if len(c.Rows) > MaxReappend {
		return refuse(CodePayloadTooLarge, "%d entries; at most %d can be appended again at once.", len(c.Rows), MaxReappend)
	}
	if c.history.branch.IsZero() {
		return refuse(CodeInvalid, "This ledger never branched: there is nothing to append again.")
	}
	rows, err := c.parse()
	if err != nil {
		return err
	}
	c.units = unitsOf(rows)
	look := lookup{ctx: ctx, l: l, c: c}
	for n := range c.units {
		if err := look.unit(&c.units[n]); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the rows that were not dealt with before.
func (c *Reappend) parse() ([]row, error) {
	var rows []row
	last := c.history.again.Seq
	for n := range c.Rows {
		e, err := ParseEntry(c.Rows[n].Bytes)
		if err != nil {
			return nil, err
		}
		if e.Seq > last+1 || (len(rows) > 0 && e.Seq != last+1) {
			return nil, refuse(CodeInvalid, "Entry %s does not go on after entry %d.", e.Position, last)
		}
		if e.Epoch >= c.head.Epoch {
			return nil, refuse(CodeInvalid, "Entry %s is not of an epoch before %d.", e.Position, c.head.Epoch)
		}
		if e.Seq <= last {
			continue
		}
		last = e.Seq
		rows = append(rows, row{Entry: e, notes: c.Rows[n].Notes, key: c.Rows[n].Key})
	}
	return rows, nil
}

func (c *Reappend) decide(t *tx) error {
	for n := range c.units {
		u := &c.units[n]
		if err := c.append(t, u); err != nil {
			return err
		}
		if n == len(c.units)-1 && u.upto.Seq > t.s.historyDraft.again.Seq {
			return t.event(EventReappended, reappended{Upto: u.upto.String()})
		}
	}
	return nil
}

// append appends what a command did, and its key.
func (c *Reappend) append(t *tx, u *unit) error {
	first, facts := len(t.rows), 0
	for n := range u.parts {
		for i := range u.parts[n].rows {
			r := &u.parts[n].rows[i]
			write := c.row
			if u.parts[n].known {
				write = c.known
			}
			wrote, err := write(t, r)
			if err != nil {
				return err
			}
			if wrote {
				facts++
			}
		}
	}
	if u.key == nil || facts == 0 {
		return nil
	}
	outcome, err := u.outcome(c.moved, t.rows[first].Entry.Seq)
	t.keys = append(t.keys, Key{
		Seq: t.rows[first].Entry.Seq, Count: int64(len(t.rows) - first),
		Hash: u.key.Hash, Print: u.key.Print, At: t.now, Outcome: outcome,
	})
	return err
}

// known notes which entry is here for a movement, so that what refers to it
// later is understood.
func (c *Reappend) known(t *tx, r *row) (bool, error) {
	if r.Movement == nil || r.as.IsZero() {
		return false, nil
	}
	return false, t.event(EventReappended, reappended{Upto: r.Position.String(), As: r.as.String()})
}

// row appends one fact unless there is nothing in it for this ledger.
func (c *Reappend) row(t *tx, r *row) (wrote bool, err error) {
	next := &Entry{
		Kind: r.Kind, OccurredAt: r.OccurredAt, Actor: r.Actor, Terminal: r.Terminal, Source: r.Source,
		ExternalID: r.ExternalID, Line: r.Line, Again: r.Position, Notes: r.notes, NotesDigest: r.NotesDigest,
	}
	if r.notes != nil && !matches(r.Entry, r.notes) {
		next.Notes = nil // not the text that was hashed: as if erased
	}
	switch r.Kind {
	case KindMovement:
		err = c.movement(t, r, next)
	case KindHold:
		err = c.hold(t, r, next)
	case KindDocument:
		err = c.document(t, r, next)
	case KindEvent:
		err = c.event(t, r, next)
	}
	if err != nil || next.Seq == 0 {
		return false, err
	}
	c.moved[r.Seq] = next.Position
	if r.ExternalID != "" {
		t.s.external.put(externalKey{r.Source, r.ExternalID, r.Line}, true)
	}
	return true, nil
}
