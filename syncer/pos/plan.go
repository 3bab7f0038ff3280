package pos

import (
	"context"
	"fmt"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// plan is what a batch of parcels comes to at the point of sale.
type plan struct {
	Key     string   `json:"key"`
	Changes []Change `json:"changes"`
	// Carries are the indexes of the parcels that each change settles.
	Carries [][]int `json:"carries"`
	// Outcomes are those that the parcels had before anything was sent, Wave
	// is the one under way, and Done what became of changes of those before it,
	// by the newest entry that they include.
	Outcomes []syncer.Outcome         `json:"outcomes"`
	Wave     int                      `json:"wave"`
	Done     map[int64]syncer.Outcome `json:"done"`

	// outcomes are those of the parcels; settled are the places where there is
	// nothing to change; levels is what is known of all.
	outcomes []syncer.Outcome
	settled  []store.Level
	levels   map[store.Place]store.Level
	// whole: it belongs to no range of the ledger.
	whole bool
}

// batch is one wave of a plan as a connector gets it.
func (p *plan) batch(wave int, indexes []int) Batch {
	b := Batch{Key: p.Key}
	if wave > 0 {
		b.Key = fmt.Sprintf("%s/%d", p.Key, wave)
	}
	for _, i := range indexes {
		b.Changes = append(b.Changes, p.Changes[i])
	}
	return b
}

// draft is one place of a plan while it is made up.
type draft struct {
	*shelf
	item    *store.Item
	parcels []int
	entries []*store.Entry
	// whole: the place is to have what the ledger has.
	whole    bool
	position store.Position
}

// plan makes up the changes of a batch. It changes nothing.
func (t *Target) plan(ctx context.Context, b syncer.Batch) (*plan, error) {
	p := &plan{outcomes: make([]syncer.Outcome, len(b.Parcels))}
	drafts := t.drafts(p, b)
	places := make([]store.Place, len(drafts))
	for n, d := range drafts {
		places[n] = d.Place
	}
	levels, err := t.records.Levels(ctx, t.cfg.Name, places)
	if err != nil {
		return nil, err
	}
	p.levels = levels
	there, err := t.look(ctx, drafts, levels, b.Whole)
	if err != nil {
		return nil, err
	}
	if t.coalesces() {
		for _, d := range drafts {
			t.number(p, d, levels[d.Place], there)
		}
		return p, nil
	}
	return p, t.entries(p, b, drafts, levels, there)
}

// look reads what is there of the places whose changes are made up from it.
func (t *Target) look(ctx context.Context, drafts []*draft, levels map[store.Place]store.Level, whole bool) (map[store.Place]Stock, error) {
	var places []store.Place
	for _, d := range drafts {
		if t.coalesces() || t.chains() || whole || t.counted(d, levels[d.Place]) {
			places = append(places, d.Place)
		}
	}
	if len(places) == 0 {
		return nil, nil
	}
	return t.readStock(ctx, places)
}

// drafts groups parcels by place, in the order they come.
func (t *Target) drafts(p *plan, b syncer.Batch) (list []*draft) {
	byPlace := map[store.Place]*draft{}
	for n := range b.Parcels {
		parcel := &b.Parcels[n]
		if parcel.Item == nil {
			continue
		}
		at := t.place(parcel.Item)
		if at.missing != nil {
			p.outcomes[n] = *at.missing
			continue
		}
		if at.out {
			continue
		}
		d, ok := byPlace[at.Place]
		if !ok {
			d = &draft{shelf: t.shelfOf(parcel.Item, at.Place), item: parcel.Item, whole: b.Whole}
			byPlace[at.Place] = d
			list = append(list, d)
		}
		d.take(n, parcel)
	}
	return list
}

func (d *draft) take(n int, parcel *syncer.Parcel) {
	d.parcels = append(d.parcels, n)
	d.entries = append(d.entries, parcel.Entries...)
	if parcel.Entry != nil {
		d.entries = append(d.entries, parcel.Entry)
	}
	if parcel.Position.Seq > d.position.Seq {
		d.position = parcel.Position
	}
}

// number makes up the one number that a place shall have: what is there,
// changed by what is new here; the ledger's where nothing was sent before.
func (t *Target) number(p *plan, d *draft, level store.Level, there map[store.Place]Stock) {
	stock, has := there[d.Place]
	if stock.Problem != "" {
		p.settle(d, t.badRow(stock))
		p.unsettle(d, level)
		return
	}
	c := t.change(d)
	c.Absolute, c.Quantity, c.Seq = true, d.quantity, d.seq
	if has {
		c.Seen = &stock.Quantity
	}
	if has && t.writes() {
		t.goOnFrom(&c, d, level, stock)
	}
	c.Delta = c.Quantity - stock.Quantity
	switch {
	case has && c.Delta == 0:
		p.settled = append(p.settled, c.level(stock.at(t)))
	case !t.writes():
		p.settle(d, t.byHand(&c, has))
	default:
		p.Changes, p.Carries = append(p.Changes, c), append(p.Carries, d.parcels)
	}
}

// goOnFrom makes a number what is there, changed by what is new here, where
// the ledger's was told before, or does not count.
func (t *Target) goOnFrom(c *Change, d *draft, level store.Level, stock Stock) {
	if d.whole || level.Seq == 0 && t.cfg.Quantity != OwnerPOS {
		return
	}
	c.Quantity, c.Seq = stock.Quantity, level.Seq
	for _, e := range d.entries {
		if e.Seq <= level.Seq {
			continue
		}
		if c.Seq = max(c.Seq, e.Seq); !t.rung(e) {
			c.Quantity += e.Movement.Change
		}
	}
}

// at is when a row was read.
func (Stock) at(t *Target) store.Instant {
	now, _ := t.ledger.Now()
	return now
}

// byHand is what a person has to do about a difference.
func (t *Target) byHand(c *Change, has bool) syncer.Outcome {
	if !has {
		return *manual(CodeSetQuantity, "%s is not at %s. The shelf has %s.", c.label(), t.cfg.Name, c.Quantity)
	}
	if t.caps.State {
		return *manual(CodeSetQuantity, "%s: the shelf has %s, %s has %s. Count the shelf first, then set the wrong one right.",
			c.label(), c.Quantity, t.cfg.Name, *c.Seen)
	}
	return *manual(CodeSetQuantity, "Set %s at %s to %s. It has %s there.", c.label(), t.cfg.Name, c.Quantity, *c.Seen)
}

// settle gives all parcels of a place an outcome.
func (p *plan) settle(d *draft, o syncer.Outcome) {
	for _, n := range d.parcels {
		p.outcomes[n] = o
	}
}

// unsettle has a place told the whole number the next time.
func (p *plan) unsettle(d *draft, level store.Level) {
	level.Place, level.Seq = d.Place, 0
	p.settled = append(p.settled, level)
}

// change is what a change of a place says of itself, without its numbers.
func (t *Target) change(d *draft) Change {
	i := d.item
	c := Change{
		Place: d.Place, SKU: i.Product.SKU, Name: i.Product.Name, Tag: lotName(i.Lot), Unit: i.Product.Unit,
		Reference: d.position.String(),
	}
	c.OccurredAt, _ = t.ledger.Now()
	if n := len(d.entries); n > 0 {
		t.reason(&c, d.entries[n-1])
	}
	return c
}

// reason puts an entry's reason, and what it is there, on a change.
func (t *Target) reason(c *Change, e *store.Entry) {
	c.Reason, c.Reference, c.OccurredAt = e.Movement.Reason, e.Position.String(), e.OccurredAt
	if link, ok := t.links.find(store.LinkReason, c.Reason.String()); ok {
		c.TheirReason = link.Theirs
	}
	c.Note = e.Movement.Reason.String()
	if e.Movement.SubReason != "" {
		c.Note += ", " + e.Movement.SubReason
	}
	if e.Notes != nil && e.Notes.Body != "" {
		c.Note = e.Notes.Body
	}
}
