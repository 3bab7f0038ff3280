package store

import (
	"context"
	"encoding/json"
)

// lookup finds out what is here already of rows to be appended again.
type lookup struct {
	ctx context.Context
	l   *Ledger
	c   *Reappend
}

// unit marks what is known of a unit. A command whose key is known is passed
// over whole, also where its rows are not given.
func (f *lookup) unit(u *unit) error {
	if u.key != nil {
		known, err := f.key(u.key)
		if err != nil {
			return err
		}
		if known {
			u.parts, u.upto.Seq = nil, u.first+max(u.key.Count, 1)-1
			return nil
		}
	}
	for n := range u.parts {
		for i := range u.parts[n].rows {
			r := &u.parts[n].rows[i]
			known, err := f.row(r)
			if err != nil {
				return err
			}
			u.parts[n].known = u.parts[n].known || known
			if !r.as.IsZero() {
				f.c.moved[r.Seq] = r.as
			}
		}
	}
	return nil
}

// key tells whether a command was asked for here under the same key.
func (f *lookup) key(k *Key) (bool, error) {
	seq := f.l.keys.find(k.Hash)
	if seq == 0 {
		return false, nil
	}
	here, err := f.l.j.FindKey(f.ctx, seq)
	if CodeOf(err) == CodeNotFound {
		return false, nil
	}
	return here.Hash == k.Hash, err
}

// row tells whether a fact is here, and learns what it refers to.
func (f *lookup) row(r *row) (known bool, err error) {
	if r.as, err = f.again(r.Entry); err != nil || !r.as.IsZero() {
		return true, err
	}
	if r.ExternalID != "" {
		seq, err := f.l.j.FindExternal(f.ctx, r.Source, r.ExternalID, r.Line)
		if err != nil || seq != 0 {
			return true, f.name(r, seq, err)
		}
	}
	if item, ok := f.l.s.items.get(f.l.s.ours(r.itemID())); ok && item.ArchivedAt != 0 {
		if err := f.document(item.ID); err != nil {
			return false, err
		}
	}
	switch r.Kind {
	case KindMovement:
		return f.reversed(r.Movement.Reverses)
	case KindDocument:
		return false, f.document(r.Document.ID)
	case KindEvent:
		if r.Event.Type == EventNotesErased {
			_, err = f.find(ErasedBy(r.Entry))
		}
	}
	return false, err
}

// name notes the entry that is here for a row.
func (f *lookup) name(r *row, seq int64, err error) error {
	if err != nil {
		return err
	}
	e, err := readEntry(f.ctx, f.l.j, seq)
	if err == nil {
		r.as = e.Position
	}
	return err
}

// reversed tells whether a movement of the stream left behind was reversed
// here.
func (f *lookup) reversed(p Position) (bool, error) {
	if p.IsZero() {
		return false, nil
	}
	at, err := f.find(p)
	if err != nil || at.IsZero() {
		return false, err
	}
	by, err := f.l.j.FindReversal(f.ctx, at.Seq)
	return by != 0, err
}

// document finds out whether a document was changed here since the branch.
func (f *lookup) document(id ID) error {
	if _, done := f.c.changed[id]; done {
		return nil
	}
	seq, err := f.l.j.FindDocument(f.ctx, id, f.c.head.Seq)
	if err != nil {
		return err
	}
	h := f.c.history
	if f.c.changed[id] = seq > h.branch.Seq; seq <= h.opened {
		return nil
	}
	e, err := readEntry(f.ctx, f.l.j, seq)
	if err != nil {
		return err
	}
	f.c.changed[id] = e.Again.IsZero()
	return nil
}

// find gives the entry that stands here for one of the stream left behind, and
// remembers it; zero when there is none yet.
func (f *lookup) find(p Position) (Position, error) {
	h := f.c.history
	if p.Seq <= h.branch.Seq || p.Seq > h.again.Seq {
		return f.c.here(p), nil
	}
	// What the epoch says of the stream left behind is in that one's order.
	for after, upTo := h.opened, f.c.head.Seq; after < upTo; {
		middle := after + (upTo-after+1)/2
		seq, was, is, err := f.next(middle, upTo)
		switch {
		case err != nil:
			return Position{}, err
		case seq == 0 || was.Seq > p.Seq:
			upTo = middle - 1
		case was.Seq < p.Seq:
			after = seq
		default:
			f.c.moved[p.Seq] = is
			return is, nil
		}
	}
	return Position{}, nil
}

// next gives the first entry in from ≤ seq ≤ upTo that says where an entry of
// the stream left behind is here; seq is 0 for none.
func (f *lookup) next(from, upTo int64) (seq int64, was, is Position, err error) {
	for seq = from; seq <= upTo; seq++ {
		e, err := readEntry(f.ctx, f.l.j, seq)
		if err != nil || !e.Again.IsZero() {
			return seq, e.Again, e.Position, err
		}
		if e.Event == nil || e.Event.Type != EventReappended {
			continue
		}
		var body reappended
		if err := json.Unmarshal(e.Event.Body, &body); err != nil {
			return seq, was, is, err
		}
		if is, ok := ParsePosition(body.As); ok {
			was, _ = ParsePosition(body.Upto)
			return seq, was, is, nil
		}
	}
	return 0, was, is, nil
}

// here gives the entry that stands here for one of the stream left behind, as
// far as is known; zero for none.
func (c *Reappend) here(p Position) Position {
	if p.Seq <= c.history.branch.Seq {
		return p
	}
	return c.moved[p.Seq]
}
