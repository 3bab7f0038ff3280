package pos

import (
	"context"
	"encoding/json"
	"errors"
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
	_, reads := s.stockReader()
	return syncer.Traits{
		Absolute: s.coalesces(), Remembers: reads, Keys: s.caps.Keys, Most: most, Source: s.source(), Wants: s.reports,
	}
}

// Send makes up the changes that parcels come to, keeps them so that they can
// be sent again or read back, and sends them.
func (s *sender) Send(ctx context.Context, b syncer.Batch) ([]syncer.Outcome, error) {
	if err := s.matchFirst(ctx, b); err != nil {
		return nil, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	outcomes, err := s.sendPlan(ctx, b)
	switch {
	case err != nil:
		s.answered = 0
		return nil, err
	case !b.Whole:
		for n := range b.Parcels {
			s.answered = max(s.answered, b.Parcels[n].Position.Seq)
		}
	}
	return outcomes, nil
}

// mayGoAgain tells whether any of a batch may have been sent before.
func (s *sender) mayGoAgain(b *syncer.Batch) bool {
	return !b.Whole && (s.answered == 0 || slices.ContainsFunc(b.Parcels, func(p syncer.Parcel) bool { return p.Position.Seq <= s.answered }))
}

func (s *sender) sendPlan(ctx context.Context, b syncer.Batch) ([]syncer.Outcome, error) {
	p, err := s.plan(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := s.goOn(ctx, p, b); err != nil {
		return nil, err
	}
	if err := s.putLevels(ctx, p.settled); err != nil {
		return nil, err
	}
	waves := s.waves(p)
	for p.Wave = range waves {
		if err := s.send(ctx, p, waves[p.Wave]); err != nil {
			return nil, err
		}
	}
	return p.outcomes, nil
}

// goOn takes over what was kept of a batch that was sent before: a range that
// goes again goes as it went, and what was refused of it already stays so.
func (s *sender) goOn(ctx context.Context, p *plan, b syncer.Batch) error {
	p.Key, p.whole, p.Done = b.Key, b.Whole, map[int64]syncer.Outcome{}
	if !s.mayGoAgain(&b) {
		return nil
	}
	kept, ok, err := s.kept(ctx)
	if err != nil || !ok {
		return err
	}
	if kept.Key == b.Key && len(kept.Outcomes) == len(p.outcomes) {
		p.Changes, p.Carries, p.Outcomes = kept.Changes, kept.Carries, kept.Outcomes
		copy(p.outcomes, kept.Outcomes)
	}
	for n := range b.Parcels {
		seq := b.Parcels[n].Position.Seq
		if o, known := kept.Done[seq]; known && o.Status != syncer.Confirmed && s.chains() {
			p.Done[seq] = o
			if seq <= p.levels[s.place(b.Parcels[n].Item).Place].Seq {
				p.outcomes[n] = o
			}
		}
	}
	return nil
}

// waves gives the indexes of changes that go together: all, or where each
// change is read back by itself, one of each place at a time.
func (s *sender) waves(p *plan) [][]int {
	var waves [][]int
	turn := map[store.Place]int{}
	for i := range p.Changes {
		n := 0
		if s.chains() {
			n = turn[p.Changes[i].Place]
			turn[p.Changes[i].Place]++
		}
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
func (s *sender) send(ctx context.Context, p *plan, indexes []int) error {
	b := p.batch(p.Wave, indexes)
	if err := s.keep(ctx, p); err != nil {
		return err
	}
	outcomes, err := s.to.(Writer).Write(ctx, b)
	if err != nil {
		return errors.Join(s.refusedWhole(ctx, p, &b, err), err)
	}
	if len(outcomes) != len(b.Changes) {
		return &syncer.Failure{
			Class: syncer.Retry, Code: CodeNotPOS, Unknown: true,
			Detail: s.cfg.Name + " did not say of every change whether it took it.",
		}
	}
	known := newLevels(p.levels)
	for n, o := range outcomes {
		for _, parcel := range p.Carries[indexes[n]] {
			p.outcomes[parcel] = o
		}
		p.Done[b.Changes[n].Seq] = o
		s.note(p, known, &b.Changes[n], o)
	}
	return s.putLevels(ctx, known.list())
}

// refusedWhole takes note of a request that was refused because of the only
// change in it: as of one that is refused by itself, it is not there.
func (s *sender) refusedWhole(ctx context.Context, p *plan, b *Batch, err error) error {
	failure, ok := errors.AsType[*syncer.Failure](err)
	if !ok || failure.Class != syncer.Alarm || failure.Unknown || len(b.Changes) > 1 || s.caps.State {
		return nil
	}
	known := newLevels(p.levels)
	known.unsettle(&b.Changes[0])
	return s.putLevels(ctx, known.list())
}

// note takes note of what is there after a change. Where one was refused, the
// place is told the whole number the next time; a state's register never is.
func (s *sender) note(p *plan, known *levels, c *Change, o syncer.Outcome) {
	now, _ := s.ledger.Now()
	switch {
	case o.Status == syncer.Confirmed:
		known.raise(c.level(now))
	case o.Status == syncer.Manual && s.caps.State:
		// What a person is to do is done as far as this store goes.
		known.raise(store.Level{Place: c.Place, Seq: c.Seq, Known: c.Seen != nil, SeenAt: now, Seen: seen(c)})
		p.rebase(c)
	case s.caps.State:
		p.rebase(c)
	default:
		p.rebase(c)
		known.unsettle(c)
	}
}

// rebase takes a change that was not made out of those that were made up from
// it.
func (p *plan) rebase(not *Change) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Place != not.Place || c.Seq <= not.Seq || c.Seen == nil || not.Seen == nil {
			continue
		}
		before := *c.Seen - not.Delta
		c.Seen, c.Quantity = &before, c.Quantity-not.Delta
	}
}

// sendingStream is the mark under which the changes under way are kept.
const sendingStream = "sending"

// keep makes the changes of a range durable before they are sent. What belongs
// to no range is never sent again as it was, nor read back.
func (s *sender) keep(ctx context.Context, p *plan) error {
	if p.whole {
		return nil
	}
	if p.Outcomes == nil {
		p.Outcomes = slices.Clone(p.outcomes)
	}
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
