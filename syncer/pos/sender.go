package pos

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// CodeBadAnswer is the code of a row of the point of sale's that cannot be
// used.
const CodeBadAnswer = "bad_answer"

// sender is the target as the feed sees it. One batch is under way at a time.
type sender struct{ *Target }

// reader is a sender whose point of sale can be asked what arrived, or can be
// told the same number twice.
type reader struct{ sender }

// feedSender gives what a feed sends through.
func (t *Target) feedSender() syncer.Sender {
	if _, reads := t.stockReader(); reads || t.coalesces() {
		return &reader{sender{t}}
	}
	return &sender{t}
}

// Traits say how the feed has to go about it.
func (s *sender) Traits() syncer.Traits {
	most := s.caps.Most
	if most == 0 {
		most = 100
	}
	return syncer.Traits{
		Absolute: s.coalesces(), Keys: s.caps.Keys, Most: most, Source: s.source(), Wants: s.reports,
	}
}

// Send makes up the changes that parcels come to, keeps them so that they can
// be sent again or read back, and sends them.
func (s *sender) Send(ctx context.Context, b syncer.Batch) ([]syncer.Outcome, error) {
	p, err := s.plan(ctx, b)
	if err != nil {
		return nil, err
	}
	p.Key = b.Key
	if kept, ok, err := s.kept(ctx); err != nil {
		return nil, err
	} else if ok && kept.Key == b.Key {
		p.Changes, p.Carries = kept.Changes, kept.Carries
	}
	if err := s.records.PutLevels(ctx, s.cfg.Name, p.settled); err != nil {
		return nil, err
	}
	for wave, more := range s.waves(p) {
		if err := s.send(ctx, p, wave, more); err != nil {
			return nil, err
		}
	}
	return p.outcomes, nil
}

// waves gives the indexes of changes that go together: all, or where each
// change is read back by itself, one of each place at a time.
func (s *sender) waves(p *plan) [][]int {
	if !s.chains() {
		if len(p.Changes) == 0 {
			return nil
		}
		all := make([]int, len(p.Changes))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}
	}
	var waves [][]int
	turn := map[store.Place]int{}
	for i := range p.Changes {
		n := turn[p.Changes[i].Place]
		turn[p.Changes[i].Place]++
		if n == len(waves) {
			waves = append(waves, nil)
		}
		waves[n] = append(waves[n], i)
	}
	return waves
}

// chains tells whether each change is made up from what is there before it.
func (t *Target) chains() bool {
	_, reads := t.stockReader()
	return !t.coalesces() && !t.caps.Keys && reads
}

// send writes one wave and takes note of what became of it.
func (s *sender) send(ctx context.Context, p *plan, wave int, indexes []int) error {
	b := p.batch(wave, indexes)
	if err := s.keep(ctx, p); err != nil {
		return err
	}
	outcomes, err := s.to.(Writer).Write(ctx, b)
	if err != nil {
		return err
	}
	if len(outcomes) != len(b.Changes) {
		return &syncer.Failure{
			Class: syncer.Retry, Code: CodeNotPOS, Unknown: true,
			Detail: s.cfg.Name + " did not say of every change whether it took it.",
		}
	}
	now, _ := s.ledger.Now()
	var levels []store.Level
	for n, o := range outcomes {
		c := &b.Changes[n]
		for _, parcel := range p.Carries[indexes[n]] {
			p.outcomes[parcel] = o
		}
		// What a person is to do is done as far as this store goes.
		if o.Status == syncer.Confirmed {
			levels = append(levels, c.level(now))
		} else if o.Status == syncer.Manual && s.caps.State {
			levels = append(levels, store.Level{Place: c.Place, Seq: c.Seq, Known: c.Seen != nil, SeenAt: now, Seen: seen(c)})
		}
	}
	return s.records.PutLevels(ctx, s.cfg.Name, levels)
}

func seen(c *Change) store.Quantity {
	if c.Seen == nil {
		return 0
	}
	return *c.Seen
}

// level is what is known of a place once a change is confirmed.
func (c *Change) level(now store.Instant) store.Level {
	return store.Level{Place: c.Place, Seq: c.Seq, Seen: c.Quantity, SeenAt: now, Known: c.Absolute || c.Seen != nil}
}

// sendingStream is the mark under which the changes under way are kept.
const sendingStream = "sending"

// keep makes the changes durable before they are sent.
func (s *sender) keep(ctx context.Context, p *plan) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	now, _ := s.ledger.Now()
	return s.records.PutMark(ctx, store.Mark{Destination: s.cfg.Name, Stream: sendingStream, Value: string(value), At: now})
}

// kept gives the changes that were sent last; ok is false when none were.
func (s *sender) kept(ctx context.Context) (p *plan, ok bool, err error) {
	mark, err := s.records.FindMark(ctx, s.cfg.Name, sendingStream)
	if err != nil || mark.Value == "" {
		return nil, false, err
	}
	p = new(plan)
	err = json.Unmarshal([]byte(mark.Value), p)
	return p, err == nil, err
}

// ReadBack finds out which parcels arrived, of a batch whose answer got lost.
// What cannot be told is sent anew as a whole number where the store's word
// counts; at a state's register a person has to look.
func (s *reader) ReadBack(ctx context.Context, parcels []syncer.Parcel) ([]syncer.Outcome, error) {
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
	levels, err := s.records.Levels(ctx, s.cfg.Name, sent.places())
	if err != nil {
		return nil, err
	}
	now, _ := s.ledger.Now()
	var learned []store.Level
	for i := range sent.Changes {
		c := &sent.Changes[i]
		arrived, doubt := c.arrived(there[c.Place], levels[c.Place])
		switch {
		case arrived:
			learned = append(learned, c.level(now))
			confirm(outcomes, parcels, s.Target, c)
		case doubt && s.coalesces():
			learned = append(learned, store.Level{Place: c.Place})
		case doubt:
			learned = append(learned, store.Level{Place: c.Place, Seq: c.Seq})
			confirm(outcomes, parcels, s.Target, c)
			if err := s.askPerson(ctx, c); err != nil {
				return nil, err
			}
		}
	}
	return outcomes, s.records.PutLevels(ctx, s.cfg.Name, learned)
}

// arrived tells whether a change is there, or that it cannot be told: there is
// neither what was before nor what should be after it.
func (c *Change) arrived(there Stock, known store.Level) (arrived, doubt bool) {
	switch {
	case known.Seq >= c.Seq, there.Quantity == c.Quantity && (c.Seen == nil || *c.Seen != c.Quantity):
		return true, false
	case c.Seen != nil && there.Quantity == *c.Seen:
		return false, false
	}
	return false, true
}

// confirm marks the parcels that a change is about as being there.
func confirm(outcomes []syncer.Outcome, parcels []syncer.Parcel, t *Target, c *Change) {
	for n := range parcels {
		if i := parcels[n].Item; i != nil && parcels[n].Position.Seq <= c.Seq && t.place(i).Place == c.Place {
			outcomes[n].Status = syncer.Confirmed
		}
	}
}

// askPerson makes a work item of a change that may have arrived or not.
func (s *reader) askPerson(ctx context.Context, c *Change) error {
	w := store.WorkItem{ID: s.newID(), Destination: s.cfg.Name, Code: syncer.CodeOutcomeUnknown}
	w.CreatedAt, _ = s.ledger.Now()
	w.Detail = c.label() + " was changed to " + c.Quantity.String() + " at " + s.cfg.Name + " and no answer came. Look there whether it arrived."
	return s.records.PutWorkItems(ctx, []store.WorkItem{w})
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
func (p *plan) places() (list []store.Place) {
	for i := range p.Changes {
		if !slices.Contains(list, p.Changes[i].Place) {
			list = append(list, p.Changes[i].Place)
		}
	}
	return list
}
