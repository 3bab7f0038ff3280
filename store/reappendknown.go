package store

import (
	"crypto/sha256"
	"time"
)

// ownFact is an entry of this ledger from after the branch and before the
// epoch was opened.
type ownFact struct {
	at, again Position
	item      ID
	mark      [sha256.Size]byte
	// row is the one that it was found to be, zero for none yet.
	row Position
}

// ownFacts finds them by where they stood, here or before, and by what they
// say.
type ownFacts struct {
	at     map[Position][]*ownFact
	marked map[[sha256.Size]byte][]*ownFact
	// opened is the epoch's first entry, before which they are; used is when
	// they were last asked for, in monotonic time.
	opened int64
	used   time.Duration
}

// keepFacts is how long the writer keeps them for the next Reappend: there may
// be many, and everybody waits while they are read.
const keepFacts = time.Minute

// own reads the facts once that this ledger has beyond the branch. What a copy
// of it appended again may be one of them.
func (f *lookup) own() error {
	h, used := f.c.history, f.l.cfg.Clock.Mono()
	if f.l.facts != nil && f.l.facts.opened == h.opened {
		f.l.facts.used = used
		return nil
	}
	facts := &ownFacts{
		at: map[Position][]*ownFact{}, marked: map[[sha256.Size]byte][]*ownFact{}, opened: h.opened, used: used,
	}
	err := f.l.j.Scan(f.ctx, h.branch.Seq, h.opened-1, func(s *Stored) error {
		e, err := ParseEntry(s.Bytes)
		if err != nil {
			return err
		}
		fact := &ownFact{at: e.Position, again: e.Again, item: e.itemID(), mark: fingerprint(e)}
		facts.at[e.Position] = append(facts.at[e.Position], fact)
		if !e.Again.IsZero() {
			facts.at[e.Again] = append(facts.at[e.Again], fact)
		}
		facts.marked[fact.mark] = append(facts.marked[fact.mark], fact)
		return nil
	})
	if err == nil {
		f.l.facts = facts
	}
	return err
}

// forgetFacts lets go of what no Reappend has asked for lately.
func (l *Ledger) forgetFacts() {
	if l.facts != nil && l.cfg.Clock.Mono()-l.facts.used > keepFacts {
		l.facts = nil
	}
}

// ownFact gives the fact that a row is, in this ledger's own words: one of the
// two is the other again. That is told by where they stood or, when the row
// came again more than once, by all that it says. nil is none.
func (f *lookup) ownFact(e *Entry) *ownFact {
	mark := fingerprint(e)
	for _, p := range []Position{e.Again, e.Position} {
		for _, fact := range f.l.facts.at[p] {
			if fact.mayBe(e) && fact.mark == mark && (!e.Again.IsZero() || !fact.again.IsZero()) {
				return fact
			}
		}
	}
	if e.Again.IsZero() {
		return nil
	}
	item := f.l.s.ours(e.itemID())
	_, known := f.l.s.items.get(item)
	for _, fact := range f.l.facts.marked[mark] {
		// An item that is made by the rows themselves may stand for another.
		if fact.mayBe(e) && (fact.item == item || !known) {
			return fact
		}
	}
	return nil
}

// mayBe tells that no other row is the fact already.
func (f *ownFact) mayBe(row *Entry) bool { return f.row.IsZero() || f.row == row.Position }

// fingerprint is a hash of what an entry says but for its place in a ledger,
// what follows from that, and its item, which may have another id here.
func fingerprint(e *Entry) [sha256.Size]byte {
	same := *e
	same.Position, same.Again, same.RecordedAt, same.ClockOK = Position{1, 1}, Position{}, 0, true
	switch e.Kind {
	case KindMovement:
		m := *e.Movement
		m.Item, m.After, m.ReservedAfter, m.Reverses = ID{}, 0, 0, Position{}
		m.Flags &^= FlagNegative | FlagShort
		same.Movement = &m
	case KindHold:
		h := *e.Hold
		h.Item, h.After, h.ReservedAfter = ID{}, 0, 0
		same.Hold = &h
	}
	return sha256.Sum256(AppendEntry(nil, &same))
}

// again tells whether a row is a fact that this ledger wrote itself, and where.
// Documents are told by their versions.
func (f *lookup) again(e *Entry) (Position, error) {
	if e.Kind == KindDocument || f.c.history.opened == f.c.history.branch.Seq+1 {
		return Position{}, nil
	}
	if err := f.own(); err != nil {
		return Position{}, err
	}
	fact := f.ownFact(e)
	if fact == nil {
		return Position{}, nil
	}
	fact.row = e.Position
	return fact.at, nil
}
