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
	c, err := t.sides(ctx)
	if err != nil {
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
	settled := func(w *store.WorkItem, booked bool) bool { return t.workDone(c, w, booked) }
	if err := t.closeWork(ctx, c.at, settled); err != nil {
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

// sides reads both sides, and what differs a second time.
func (t *Target) sides(ctx context.Context) (*compared, error) {
	if err := t.known(ctx); err != nil {
		return nil, err
	}
	if _, err := t.begin(ctx); err != nil {
		return nil, err
	}
	before := t.ledger.Head().Seq
	there, err := t.readStock(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := t.linkStock(ctx, there); err != nil {
		return nil, err
	}
	if err := t.pullSales(ctx); err != nil {
		return nil, err
	}
	c := t.lay(there)
	c.before = before
	return c, t.lookAgain(ctx, c)
}

// known takes over how far the destination was when this started.
func (t *Target) known(ctx context.Context) error {
	if t.pushed.Load() > 0 {
		return nil
	}
	cursor, err := t.cursor(ctx)
	if err == nil && cursor.Epoch == t.ledger.Head().Epoch {
		t.pushed.CompareAndSwap(0, cursor.Seq)
	}
	return err
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
	at store.Instant
	// before is the newest entry when the reading began.
	before int64
	there  map[store.Place]Stock
	here   map[store.Place]*shelf
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
