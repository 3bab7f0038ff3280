package pos

import (
	"context"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// caseKey is what a difference is about.
type caseKey struct {
	place        store.Place
	product, lot store.ID
}

func keyOf(c *store.Case) caseKey {
	if c.Place != (store.Place{}) {
		return caseKey{place: c.Place}
	}
	return caseKey{product: c.ProductID, lot: c.LotID}
}

// cases says of every difference what kind it is.
func (t *Target) cases(ctx context.Context, c *compared) (list []store.Case, err error) {
	if err := t.explain(ctx, c); err != nil {
		return nil, err
	}
	for _, at := range c.differs {
		list = append(list, t.caseOf(c, at))
	}
	missing := map[caseKey]int{}
	for _, i := range c.unplaced {
		one := t.unplacedCase(c, i)
		if n, ok := missing[keyOf(&one)]; ok {
			sum := *list[n].Shelf + i.Quantity
			list[n].Shelf = &sum
			continue
		}
		missing[keyOf(&one)] = len(list)
		list = append(list, one)
	}
	return list, nil
}

// explain gathers what may explain differences: sales that only one side has.
func (t *Target) explain(ctx context.Context, c *compared) error {
	open, err := t.records.ListPulledSales(ctx, t.cfg.Name, true)
	if err != nil {
		return err
	}
	c.sold = map[store.Place]store.Quantity{}
	for i := range open {
		c.sold[open[i].Place] += open[i].Change
	}
	if !t.caps.State {
		return nil
	}
	return t.unreported(ctx, c)
}

// unreported adds the sales of the last day that somebody else reports to a
// state's register, and that are not seen there yet.
func (t *Target) unreported(ctx context.Context, c *compared) error {
	for _, at := range c.differs {
		s := c.here[at]
		if s == nil {
			continue
		}
		for _, i := range s.items {
			facts, _, err := t.ledger.Movements(ctx, store.MovementFilter{Item: i.ID, From: c.at.Add(-matchWithin), Limit: 200})
			if err != nil {
				return err
			}
			for _, f := range facts {
				if !t.reports(f.Entry) {
					c.sold[at] -= f.Entry.Movement.Change
				}
			}
		}
	}
	return nil
}

// caseOf describes the difference at a place.
func (t *Target) caseOf(c *compared, at store.Place) store.Case {
	stock, has := c.there[at]
	v := store.Case{
		Destination: t.cfg.Name, Class: t.classify(c, at), Place: at, LocationID: t.cfg.Location,
		SKU: stock.SKU, Name: stock.Name, Tag: stock.Tag, CheckedAt: c.at,
	}
	if has {
		v.Theirs = &stock.Quantity
	}
	if s := c.here[at]; s != nil {
		i := s.items[0]
		v.Shelf, v.ProductID, v.SKU, v.Name = &s.quantity, i.Product.ID, i.Product.SKU, i.Product.Name
		if i.Lot != nil {
			v.Tag = lotName(i.Lot)
		}
		if i.Lot != nil && t.caps.Lots {
			v.LotID = i.Lot.ID
		}
	} else {
		v.ProductID, _ = t.links.idOf(store.LinkProduct, at.Product)
		v.LotID, _ = t.links.idOf(store.LinkLot, at.Lot)
	}
	v.Detail = t.caseDetail(&v, stock)
	return v
}

// unplacedCase describes stock that has no counterpart there.
func (t *Target) unplacedCase(c *compared, i *store.Item) store.Case {
	v := store.Case{
		Destination: t.cfg.Name, Class: store.CaseMapping, LocationID: t.cfg.Location, CheckedAt: c.at,
		ProductID: i.Product.ID, SKU: i.Product.SKU, Name: i.Product.Name, Tag: lotName(i.Lot), Shelf: &i.Quantity,
	}
	if i.Lot != nil {
		v.LotID = i.Lot.ID
	}
	if code := c.reasons[i.ID]; code == CodeUnmappedLot || code == CodeNoPackage {
		v.Class = store.CasePackage
	}
	v.Detail = t.caseDetail(&v, Stock{})
	return v
}

// classify says what kind a difference is: what is known to be on its way
// comes before what nobody can explain.
func (t *Target) classify(c *compared, at store.Place) store.CaseClass {
	s, stock := c.here[at], c.there[at]
	_, has := c.there[at]
	switch {
	case stock.Problem != "":
		return store.CaseUnit
	case s == nil && t.linkedProduct(at) && t.caps.Lots:
		return store.CasePackage
	case s == nil && !t.linkedProduct(at):
		return store.CaseMapping
	case s == nil:
		return store.CaseQuantity
	case !has && t.caps.Lots:
		return store.CasePackage
	case !has:
		return store.CaseMapping
	case otherUnit(s, stock):
		return store.CaseUnit
	case c.sold[at] != 0 && stock.Quantity-s.quantity == c.sold[at]:
		return store.CaseSale
	case t.onItsWay(c, s, stock):
		return store.CaseTiming
	}
	return store.CaseQuantity
}

func (t *Target) linkedProduct(at store.Place) bool {
	_, product := t.links.of(store.LinkProduct, at.Product)
	_, lot := t.links.of(store.LinkLot, at.Lot)
	return product || lot && at.Lot != ""
}

// onItsWay tells whether either side changed so lately that the other may not
// have heard of it.
func (t *Target) onItsWay(c *compared, s *shelf, stock Stock) bool {
	recent := c.at.Add(-t.cfg.Grace)
	if stock.UpdatedAt != 0 && stock.UpdatedAt.Add(-t.skew()) > recent {
		return true
	}
	for _, i := range s.items {
		if i.Seq > t.pushed.Load() || i.UpdatedAt > recent {
			return true
		}
	}
	return false
}

// ratios are those between units of the same kind: grams and milligrams, grams
// and ounces (28.3495 g), each in ten-thousandths.
var ratios = []int64{10_000_000, 283_495}

// otherUnit tells whether the two count in different units: they say so, or
// one number is the other in another unit.
func otherUnit(s *shelf, stock Stock) bool {
	unit := s.items[0].Product.Unit
	if stock.Unit != "" && unit != "" && knownUnit(stock.Unit) && store.Unit(stock.Unit) != unit {
		return true
	}
	a, b := int64(s.quantity), int64(stock.Quantity)
	if a == 0 || b == 0 {
		return false
	}
	for _, r := range ratios {
		if scaled(a, r) == b || scaled(b, r) == a {
			return true
		}
	}
	return false
}

func knownUnit(text string) bool {
	for _, u := range store.Units {
		if string(u) == text {
			return true
		}
	}
	return false
}

// scaled gives n × r, r in ten-thousandths; 0 when that is too large.
func scaled(n, r int64) int64 {
	const most = int64(store.MaxQuantity) * 10_000
	if n > most/r*10 || n < -most/r*10 {
		return 0
	}
	return n * r / 10_000
}

// caseDetail says a difference in a sentence.
func (t *Target) caseDetail(v *store.Case, stock Stock) string {
	switch {
	case stock.Problem != "":
		return t.cfg.Name + ": " + stock.Problem
	case v.Shelf == nil:
		return fmt.Sprintf("%s has %s of it, and nothing here is linked to it.", t.cfg.Name, *v.Theirs)
	case v.Theirs == nil:
		return fmt.Sprintf("The shelf has %s, and %s does not know it.", *v.Shelf, t.cfg.Name)
	}
	text := fmt.Sprintf("The shelf has %s, %s has %s.", *v.Shelf, t.cfg.Name, *v.Theirs)
	switch v.Class {
	case store.CaseTiming:
		text += " One of them changed a moment ago."
	case store.CaseSale:
		text += " A sale that only one side has explains it."
	case store.CaseUnit:
		text += " They seem to count in different units."
	}
	return text
}
