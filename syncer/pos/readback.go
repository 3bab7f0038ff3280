package pos

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// verdict is what reading back shows of a change.
type verdict uint8

const (
	absent verdict = iota
	arrived
	doubtful
)

// ReadBack finds out which parcels arrived, of a batch whose answer got lost.
// What cannot be told is sent anew as a whole number where the store's word
// counts; at a state's register a person has to look.
func (s *reader) ReadBack(ctx context.Context, parcels []syncer.Parcel) ([]syncer.Outcome, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	outcomes := make([]syncer.Outcome, len(parcels))
	for n := range outcomes {
		outcomes[n].Status = syncer.Absent
	}
	sent, ok, err := s.kept(ctx)
	if err != nil || !ok {
		return outcomes, err
	}
	there, err := s.readStock(ctx, sent.places())
	if err != nil {
		return nil, err
	}
	before, err := s.records.Levels(ctx, s.cfg.Name, sent.places())
	if err != nil {
		return nil, err
	}
	now, _ := s.ledger.Now()
	known, index := newLevels(before), s.index(parcels)
	for wave, indexes := range s.waves(sent) {
		for _, i := range indexes {
			c := &sent.Changes[i]
			switch s.found(sent, wave, c, there, before[c.Place]) {
			case arrived:
				known.raise(c.level(now))
				index.confirm(outcomes, parcels, c)
			case doubtful:
				if err := s.doubt(ctx, known, c); err != nil {
					return nil, err
				}
				if !s.coalesces() {
					index.confirm(outcomes, parcels, c)
				}
			}
		}
	}
	return outcomes, s.putLevels(ctx, known.list())
}

// found tells whether a change is there. Of those that are made up from each
// other only the wave that was under way can be in doubt: what went before was
// answered, and what comes after was not sent.
func (s *reader) found(sent *plan, wave int, c *Change, there map[store.Place]Stock, known store.Level) verdict {
	o, answered := sent.Done[c.Seq]
	switch {
	case answered && o.Status != syncer.Confirmed:
		return absent
	case answered, known.Seq >= c.Seq:
		return arrived
	case wave > sent.Wave:
		return absent
	}
	stock, has := there[c.Place]
	_, reads := s.stockReader()
	switch {
	case !reads, stock.Problem != "":
		return doubtful
	case !has:
		if c.Seen == nil {
			return absent
		}
		return doubtful
	case stock.Quantity == c.Quantity && (c.Seen == nil || *c.Seen != c.Quantity):
		return arrived
	case c.Seen != nil && stock.Quantity == *c.Seen:
		return absent
	}
	return doubtful
}

// doubt deals with a change of which there is neither what was before nor what
// should be after it.
func (s *reader) doubt(ctx context.Context, known *levels, c *Change) error {
	if s.coalesces() {
		known.unsettle(c)
		return nil
	}
	known.raise(store.Level{Place: c.Place, Seq: c.Seq})
	w := store.WorkItem{ID: s.newID(), Destination: s.cfg.Name, Code: syncer.CodeOutcomeUnknown}
	w.CreatedAt, _ = s.ledger.Now()
	w.Detail = c.label() + " was changed to " + c.Quantity.String() + " at " + s.cfg.Name + " and no answer came. Look there whether it arrived."
	return s.records.PutWorkItems(ctx, []store.WorkItem{w})
}

// parcelsAt are the parcels of each place, by their index.
type parcelsAt map[store.Place][]int

func (t *Target) index(parcels []syncer.Parcel) parcelsAt {
	at := parcelsAt{}
	for n := range parcels {
		if i := parcels[n].Item; i != nil {
			p := t.place(i).Place
			at[p] = append(at[p], n)
		}
	}
	return at
}

// confirm marks the parcels that a change is about as being there.
func (p parcelsAt) confirm(outcomes []syncer.Outcome, parcels []syncer.Parcel, c *Change) {
	for _, n := range p[c.Place] {
		seq := parcels[n].Position.Seq
		if seq == c.Seq || seq < c.Seq && parcels[n].Entry == nil {
			outcomes[n].Status = syncer.Confirmed
		}
	}
}

// label names a change for people.
func (c *Change) label() string {
	text := c.Name + " (" + c.SKU + ")"
	if c.Tag != "" {
		text += ", package " + c.Tag
	}
	return text
}

// places lists those of a plan's changes, each once.
func (p *plan) places() []store.Place {
	list := make([]store.Place, 0, len(p.Changes))
	known := make(map[store.Place]bool, len(p.Changes))
	for i := range p.Changes {
		if at := p.Changes[i].Place; !known[at] {
			known[at] = true
			list = append(list, at)
		}
	}
	return list
}
