package pos

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// learn keeps what was seen there, and that places which are the same have
// everything. A state's register is believed at first: what it has is where
// our reports go on from.
func (t *Target) learn(ctx context.Context, c *compared, how comparison) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	for page := range slices.Chunk(c.order, comparePage) {
		known, err := t.records.Levels(ctx, t.cfg.Name, page)
		if err != nil {
			return err
		}
		var seen, have []store.Level
		for _, at := range page {
			stock, is := c.there[at]
			l := store.Level{Place: at, Seq: known[at].Seq, Seen: stock.Quantity, Known: is && stock.Problem == "", SeenAt: c.at}
			has := c.has(at, how.first && t.caps.State)
			switch {
			case has > l.Seq:
				l.Seq = has
				have = append(have, l)
			case l.Seen != known[at].Seen || l.Known != known[at].Known:
				seen = append(seen, l)
			}
		}
		if err := t.putLevels(ctx, have); err != nil {
			return err
		}
		if len(seen) == 0 {
			continue
		}
		if err := t.records.SeeLevels(ctx, t.cfg.Name, seen); err != nil {
			return err
		}
	}
	return nil
}

// has gives the newest entry that a place has of ours, 0 when that is not
// known. Believed, it has all that was there when the reading began.
func (c *compared) has(at store.Place, believed bool) int64 {
	s := c.here[at]
	stock, is := c.there[at]
	switch {
	case s == nil || !is || stock.Problem != "":
		return 0
	case s.quantity == stock.Quantity:
		return s.seq
	case believed:
		return min(s.seq, c.before)
	}
	return 0
}

// setRight sends what is to be set right, page by page, and reports.
func (t *Target) setRight(ctx context.Context, c *compared, how comparison, step func(syncer.Step) error) error {
	if step == nil {
		return nil
	}
	list := c.differs
	if how.force && how.sends && !t.caps.State {
		list = c.order
	}
	if !how.sends {
		list = nil
	}
	var parcels []syncer.Parcel
	for _, at := range list {
		if p, ok := t.correction(c, at, how); ok {
			parcels = append(parcels, p)
		}
	}
	for _, i := range c.unplaced {
		parcels = append(parcels, syncer.Parcel{Position: t.position(i), Item: i})
	}
	counts := store.RunCounts{Scanned: int64(len(c.order) + len(c.unplaced))}
	counts.Skipped = counts.Scanned - int64(len(parcels))
	left := len(parcels)
	if err := step(syncer.Step{SyncedAt: c.at, Counts: counts, Left: int64(left)}); err != nil {
		return err
	}
	for page := range slices.Chunk(parcels, comparePage) {
		counts, err := t.feed.Settle(ctx, t.ledger, page)
		if err != nil {
			return err
		}
		left -= len(page)
		if err := step(syncer.Step{SyncedAt: c.at, Counts: counts, Left: int64(left)}); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) position(i *store.Item) store.Position {
	return store.Position{Epoch: t.ledger.Head().Epoch, Seq: i.Seq}
}

// correction gives what is sent about a place that differs; ok is false when
// nothing is: it will explain itself, another's word counts, or there is
// nothing of ours.
func (t *Target) correction(c *compared, at store.Place, how comparison) (p syncer.Parcel, ok bool) {
	s := c.here[at]
	switch {
	case s == nil, c.there[at].Problem != "":
		return p, false
	case how.force:
	case t.cfg.Quantity == OwnerPOS && !t.caps.State:
		return p, false
	case how.first:
	case t.waits(c, at):
		return p, false
	}
	return syncer.Parcel{Position: t.position(s.items[0]), Item: s.items[0]}, true
}

// waits tells whether a difference will explain itself: by what is on its way,
// or by a sale that only one side has yet.
func (t *Target) waits(c *compared, at store.Place) bool {
	class := t.classify(c, at)
	return class == store.CaseTiming || class == store.CaseSale
}
