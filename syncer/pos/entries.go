package pos

import (
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// counter is a Connector that takes changes but wants a counted quantity for
// some reasons.
type counter interface {
	// Counts tells whether a change with this reason is sent as the quantity
	// that there is then.
	Counts(r store.Reason) bool
}

// ageMargin is how much younger than the oldest a point of sale takes a change
// must be: sending takes time, and clocks differ.
const ageMargin = time.Hour

const (
	// CodeSettling is the code of a register that does not show yet what was
	// written.
	CodeSettling = "settling"
	// settleTime is how long reads may lag behind writes at a register.
	settleTime = 2 * time.Minute
)

// entries makes up one change for each entry. A place that has to be counted
// gets a single one, which includes all that came before it.
func (t *Target) entries(p *plan, b syncer.Batch, drafts []*draft, levels map[store.Place]store.Level, there map[store.Place]Stock) error {
	for _, d := range drafts {
		if t.counted(d, levels[d.Place]) {
			t.count(p, d, levels[d.Place], there)
			continue
		}
		chain := newChain(there, d)
		if chain.problem != "" && !t.caps.State {
			p.unsettle(d, levels[d.Place])
		}
		if t.settling(levels[d.Place], chain) {
			return &syncer.Failure{
				Class: syncer.Retry, Code: CodeSettling, RetryAfter: settleTime,
				Detail: t.cfg.Name + " does not show the last change yet. It is asked again in a while.",
			}
		}
		for n, parcel := range d.parcels {
			e := b.Parcels[parcel].Entry
			if e == nil || e.Movement == nil {
				p.outcomes[parcel] = t.unsendable(d, there)
				continue
			}
			if e.Seq <= levels[d.Place].Seq && !d.whole || t.rung(e) {
				continue
			}
			t.entry(p, d, n, e, chain)
		}
	}
	return nil
}

// settling tells whether a state's register may still show what was before our
// own last change: a change made up from that would take it back.
func (t *Target) settling(l store.Level, c *chain) bool {
	now, _ := t.ledger.Now()
	return t.caps.State && c.known && l.Known && l.Seen != c.quantity && now.Sub(l.SeenAt) < settleTime
}

// chain is what a place has before each of the changes in a row.
type chain struct {
	known    bool
	quantity store.Quantity
	problem  string
}

func newChain(there map[store.Place]Stock, d *draft) *chain {
	s, ok := there[d.Place]
	return &chain{known: ok, quantity: s.Quantity, problem: s.Problem}
}

// entry makes up the change of one entry.
func (t *Target) entry(p *plan, d *draft, n int, e *store.Entry, chain *chain) {
	parcel := d.parcels[n]
	c := t.change(d)
	t.reason(&c, e)
	c.Delta, c.Seq = e.Movement.Change, e.Seq
	if _, counts := t.to.(counter); counts {
		// Where counts are taken, one swallows every change from before it.
		c.OccurredAt = max(c.OccurredAt, p.levels[d.Place].SeenAt)
	}
	switch {
	case chain.problem != "":
		p.outcomes[parcel] = t.badRow(Stock{Problem: chain.problem})
		return
	case t.chains() && !chain.known:
		p.outcomes[parcel] = *manual(CodeUnmappedLot, "%s is not at %s.", c.label(), t.cfg.Name)
		return
	case t.chains():
		before := chain.quantity
		c.Seen, c.Quantity, c.Absolute = &before, before+c.Delta, t.caps.WriteAbsolute
		chain.quantity = c.Quantity
	}
	p.Changes, p.Carries = append(p.Changes, c), append(p.Carries, []int{parcel})
}

// counted tells whether a place is told what it has, and not what changed:
// because that is what was asked for or, where counts are taken, because
// nothing was sent before, because a change is too old to be taken, or because
// its reason wants it.
func (t *Target) counted(d *draft, level store.Level) bool {
	c, takes := t.to.(counter)
	if t.caps.State || !takes {
		return !t.caps.State && (d.whole || t.chains() && level.Seq == 0)
	}
	if d.whole || level.Seq == 0 {
		return true
	}
	now, _ := t.ledger.Now()
	for _, e := range d.entries {
		old := t.caps.Oldest > 0 && now.Sub(e.OccurredAt) > t.caps.Oldest-ageMargin
		if e.Seq > level.Seq && (old || c.Counts(e.Movement.Reason)) {
			return true
		}
	}
	return false
}

// count makes up the count of a place; where only changes are taken, the
// change from what is there.
func (t *Target) count(p *plan, d *draft, level store.Level, there map[store.Place]Stock) {
	c := t.change(d)
	c.Quantity, c.Seq = d.quantity, d.seq
	c.OccurredAt, _ = t.ledger.Now()
	stock, has := there[d.Place]
	if has {
		t.goOnFrom(&c, d, level, stock)
		c.Seen, c.Delta = &stock.Quantity, c.Quantity-stock.Quantity
	}
	_, c.Absolute = t.to.(counter)
	switch {
	case stock.Problem != "":
		p.settle(d, t.badRow(stock))
		p.unsettle(d, level)
	case has && c.Delta == 0:
		p.settled = append(p.settled, c.level(stock.at(t)))
	case !has && !c.Absolute:
		p.settle(d, t.byHand(&c, has))
	default:
		p.Changes, p.Carries = append(p.Changes, c), append(p.Carries, d.parcels)
	}
}

// badRow is the outcome of what the point of sale gives no usable number of.
func (t *Target) badRow(s Stock) syncer.Outcome {
	return syncer.Outcome{Status: syncer.Rejected, Code: CodeBadAnswer, Detail: t.cfg.Name + ": " + s.Problem}
}

// unsendable is the outcome of a parcel that is no change, as a comparison
// sends it: nobody sets a state's register to the ledger's number.
func (t *Target) unsendable(d *draft, there map[store.Place]Stock) syncer.Outcome {
	c := t.change(d)
	c.Quantity = d.quantity
	stock, has := there[d.Place]
	if has && stock.Quantity == d.quantity {
		return syncer.Outcome{}
	}
	c.Seen = &stock.Quantity
	return t.byHand(&c, has)
}
