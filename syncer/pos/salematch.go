package pos

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// matchFirst looks at what was sold there before a batch goes that holds sales
// of ours with a reference: one that was rung up there as well is not sent.
func (s *sender) matchFirst(ctx context.Context, b syncer.Batch) error {
	if b.Whole || !s.matches() {
		return nil
	}
	for n := range b.Parcels {
		p := &b.Parcels[n]
		for _, e := range p.Entries {
			if mayBeRung(e) {
				return s.rungUp(ctx)
			}
		}
		if p.Entry != nil && mayBeRung(p.Entry) {
			return s.rungUp(ctx)
		}
	}
	return nil
}

// matches tells whether sales there are matched with ours.
func (t *Target) matches() bool {
	_, reads := t.to.(SaleReader)
	return !t.cfg.Books && reads && t.caps.ReadSales && !t.caps.State
}

// mayBeRung tells whether an entry is a sale that may be known there by its
// reference.
func mayBeRung(e *store.Entry) bool {
	m := e.Movement
	return m != nil && m.Reference != "" && (m.Reason == store.Sale || m.Reason == store.Return)
}

// rungUp reads what was sold there and remembers which sales of ours it is.
func (t *Target) rungUp(ctx context.Context) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	if err := t.know(ctx); err != nil {
		return err
	}
	if err := t.pullSales(ctx); err != nil {
		return err
	}
	list, err := t.records.ListPulledSales(ctx, t.cfg.Name, false)
	if err != nil {
		return err
	}
	both := map[store.Position]bool{}
	for i := range list {
		if at := list[i].Movement; !at.IsZero() {
			both[at] = true
		}
	}
	t.both.Store(&both)
	return nil
}

// rung tells whether an entry is a sale that was rung up there as well, so
// that its change is there already.
func (t *Target) rung(e *store.Entry) bool {
	both := t.both.Load()
	return both != nil && (*both)[e.Position]
}

// match finds the movement that each sale is the same as, by reference and
// quantity, and keeps both. Only what was booked from a moment on is looked
// through.
func (t *Target) match(ctx context.Context, list []store.PulledSale, from store.Instant) error {
	if len(list) == 0 {
		return nil
	}
	known, err := t.records.ListPulledSales(ctx, t.cfg.Name, false)
	if err != nil {
		return err
	}
	taken := map[store.Position]bool{}
	done := map[saleName]bool{}
	for i := range known {
		if s := &known[i]; !s.Movement.IsZero() {
			taken[s.Movement], done[nameOf(s)] = true, true
		}
	}
	list = slices.DeleteFunc(list, func(s store.PulledSale) bool { return done[nameOf(&s)] })
	ours, err := t.ourSales(ctx, list, from)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		s.Why = whyMatch
		for _, f := range ours[s.Reference] {
			if !taken[f.Entry.Position] && t.same(s, f) {
				s.Movement, taken[f.Entry.Position] = f.Entry.Position, true
				break
			}
		}
	}
	return t.records.PutPulledSales(ctx, list)
}

// saleName names a line of a sale at the point of sale.
type saleName struct {
	id   string
	line int64
}

func nameOf(s *store.PulledSale) saleName { return saleName{s.ExternalID, s.Line} }

// same tells whether a movement is a sale that the point of sale reports.
func (t *Target) same(s *store.PulledSale, f store.Fact) bool {
	at := t.place(f.After)
	return f.Entry.Movement.Change == s.Change && at.missing == nil && at.Product == s.Place.Product &&
		(s.Place.Lot == "" || at.Lot == s.Place.Lot)
}

// ourSales gives the sales and returns with a reference that were booked here
// around the time of some there, by reference.
func (t *Target) ourSales(ctx context.Context, list []store.PulledSale, from store.Instant) (map[string][]store.Fact, error) {
	found := map[string][]store.Fact{}
	var first store.Instant
	for i := range list {
		if at := list[i].At; list[i].Reference != "" && at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	if first == 0 {
		return found, nil
	}
	f := store.MovementFilter{
		Locations: []store.ID{t.cfg.Location}, Reasons: []store.Reason{store.Sale, store.Return},
		From: max(from, first.Add(-matchWithin)), Limit: 1000,
	}
	for {
		facts, next, err := t.ledger.Movements(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, fact := range facts {
			if m := fact.Entry.Movement; m.Reference != "" && fact.Entry.Source != t.source() {
				found[m.Reference] = append(found[m.Reference], fact)
			}
		}
		if next == 0 {
			return found, nil
		}
		f.Before = next
	}
}
