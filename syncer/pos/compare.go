package pos

import (
	"cmp"
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

const (
	// comparePage is how many places are compared between two reports.
	comparePage = 1000
	// comparedStream marks the newest whole comparison.
	comparedStream = "compared"
)

// comparison says how to compare.
type comparison struct {
	// sends: what differs is set right where the store's word counts.
	sends bool
	// force: everything is sent, whether it differs or not.
	force bool
	// first: nothing was sent before, or what was is not known any more.
	first bool
}

// compare reads everything there and finds what differs. The differences are
// kept as cases, and set right when that is asked for.
func (t *Target) compare(ctx context.Context, how comparison, step func(syncer.Step) error) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	if err := t.refresh(ctx, how); err != nil {
		return err
	}
	if _, reads := t.stockReader(); !reads {
		return t.feed.Compare(ctx, t.ledger, true, step)
	}
	there, err := t.readStock(ctx, nil)
	if err != nil {
		return err
	}
	if err := t.linkStock(ctx, there); err != nil {
		return err
	}
	if err := t.pullSales(ctx); err != nil {
		return err
	}
	c := t.lay(there)
	if err := t.lookAgain(ctx, c); err != nil {
		return err
	}
	if err := t.learn(ctx, c, how); err != nil {
		return err
	}
	found, err := t.cases(ctx, c)
	if err != nil {
		return err
	}
	if err := t.keepCases(ctx, found); err != nil {
		return err
	}
	if err := t.closeWork(ctx, c); err != nil {
		return err
	}
	if err := t.believe(ctx, c, how); err != nil {
		return err
	}
	if err := t.mark(ctx, comparedStream, c.at.String()); err != nil {
		return err
	}
	return t.setRight(ctx, c, how, step)
}

// refresh asks who is there, and for its rooms, reasons and catalogue.
func (t *Target) refresh(ctx context.Context, how comparison) error {
	if _, err := t.check(ctx); err != nil {
		return err
	}
	if r, ok := t.to.(RoomReader); ok && t.caps.ReadRooms {
		rooms, err := r.ReadRooms(ctx)
		if err != nil {
			return err
		}
		if err := t.linkRooms(ctx, rooms); err != nil {
			return err
		}
	}
	if r, ok := t.to.(ReasonReader); ok && t.caps.ReadReasons {
		reasons, err := r.ReadReasons(ctx)
		if err != nil {
			return err
		}
		if err := t.linkReasons(ctx, reasons); err != nil {
			return err
		}
	}
	return t.pullCatalogue(ctx, how.first || how.force)
}

// compared is both sides, place by place.
type compared struct {
	at    store.Instant
	there map[store.Place]Stock
	here  map[store.Place]*shelf
	// order is every place of either side, ours first.
	order []store.Place
	// unplaced are rows with stock that are nowhere there.
	unplaced []*store.Item
	reasons  map[store.ID]string
	// differs are those of order where the numbers are not the same; sold is by
	// how much sales that only one side has make theirs differ.
	differs []store.Place
	sold    map[store.Place]store.Quantity
}

// lay puts what is here beside what is there.
func (t *Target) lay(there map[store.Place]Stock) *compared {
	c := &compared{there: there, here: map[store.Place]*shelf{}, reasons: map[store.ID]string{}}
	c.at, _ = t.ledger.Now()
	t.layShelves(c)
	for at := range there {
		if _, ok := c.here[at]; !ok {
			c.order = append(c.order, at)
		}
	}
	slices.SortFunc(c.order, comparePlaces)
	c.find()
	return c
}

func (t *Target) layShelves(c *compared) {
	filter := store.ItemFilter{Locations: []store.ID{t.cfg.Location}}
	_, total := t.ledger.Items(filter, 0, 0)
	items, _ := t.ledger.Items(filter, 0, total)
	for _, i := range items {
		at := t.place(i)
		switch {
		case at.out:
			continue
		case at.missing != nil:
			if i.Quantity != 0 {
				c.unplaced = append(c.unplaced, i)
				c.reasons[i.ID] = at.missing.Code
			}
			continue
		}
		s, ok := c.here[at.Place]
		if !ok {
			s = &shelf{Place: at.Place}
			c.here[at.Place] = s
			c.order = append(c.order, at.Place)
		}
		s.add(i)
	}
}

func comparePlaces(a, b store.Place) int {
	return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Lot, b.Lot), cmp.Compare(a.Room, b.Room))
}

// find gathers the places where the numbers are not the same.
func (c *compared) find() {
	c.differs = c.differs[:0]
	for _, at := range c.order {
		if c.differ(at) {
			c.differs = append(c.differs, at)
		}
	}
}

// differ tells whether the numbers of a place are not the same. A place with
// nothing there and nothing here is the same.
func (c *compared) differ(at store.Place) bool {
	s, stock := c.here[at], c.there[at]
	if stock.Problem != "" {
		return true
	}
	return s != nil && s.quantity != stock.Quantity || s == nil && stock.Quantity != 0
}

// lookAgain reads the places that differ once more, and what was sold, so that
// a sale in between is no difference.
func (t *Target) lookAgain(ctx context.Context, c *compared) error {
	if len(c.differs) == 0 {
		return nil
	}
	if len(c.differs) <= comparePage {
		again, err := t.readStock(ctx, c.differs)
		if err != nil {
			return err
		}
		for _, at := range c.differs {
			delete(c.there, at)
			if s, ok := again[at]; ok {
				c.there[at] = s
			}
		}
		if err := t.pullSales(ctx); err != nil {
			return err
		}
	}
	for _, at := range c.differs {
		if s := c.here[at]; s != nil {
			c.here[at] = t.shelfOf(s.items[0], at)
		}
	}
	c.find()
	return nil
}

// learn keeps what was seen there, and that places which are the same have
// everything. A state's register is believed at first: what it has is where
// our reports go on from.
func (t *Target) learn(ctx context.Context, c *compared, how comparison) error {
	for page := range slices.Chunk(c.order, comparePage) {
		known, err := t.records.Levels(ctx, t.cfg.Name, page)
		if err != nil {
			return err
		}
		var seen, have []store.Level
		for _, at := range page {
			stock, is := c.there[at]
			l := store.Level{Place: at, Seq: known[at].Seq, Seen: stock.Quantity, Known: is && stock.Problem == "", SeenAt: c.at}
			s := c.here[at]
			whole := s != nil && l.Known && (s.quantity == stock.Quantity || how.first && t.caps.State)
			switch {
			case whole && s.seq > l.Seq:
				l.Seq = s.seq
				have = append(have, l)
			case l.Seen != known[at].Seen || l.Known != known[at].Known:
				seen = append(seen, l)
			}
		}
		if err := t.records.PutLevels(ctx, t.cfg.Name, have); err != nil {
			return err
		}
		if err := t.records.SeeLevels(ctx, t.cfg.Name, seen); err != nil {
			return err
		}
	}
	return nil
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
	case how.first, how.force:
	case t.cfg.Quantity == OwnerPOS, t.classify(c, at) == store.CaseTiming:
		return p, false
	}
	return syncer.Parcel{Position: t.position(s.items[0]), Item: s.items[0]}, true
}
