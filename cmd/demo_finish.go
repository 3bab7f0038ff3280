package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

// finish arranges what a visitor is to find: the example of the API's
// description, open reservations, a held lot and one about to expire.
func (d *demo) finish(ctx context.Context) error {
	d.clock.set(d.now.Add(-demoLast))
	s := d.shops[0]
	for _, step := range []func(context.Context) error{s.holdLot, s.ageLot, s.inspect, s.example} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, s := range d.shops {
		if err := errors.Join(s.openOrders(ctx, 3), s.watch(ctx, 3)); err != nil {
			return err
		}
	}
	return nil
}

// watch raises the threshold of the products that are nearest to running out,
// so that some are low before they are gone.
func (s *demoShop) watch(ctx context.Context, n int) error {
	left := func(k *demoStock) float64 {
		return float64(s.sum(k.shelf)+s.sum(k.vault)) / float64(demoUnits(k.demoLine.shelf))
	}
	stocks := slices.DeleteFunc(slices.Clone(s.stocks), func(k *demoStock) bool { return left(k) < 0.2 || k.secret })
	slices.SortStableFunc(stocks, func(a, b *demoStock) int { return cmp.Compare(left(a), left(b)) })
	for _, k := range stocks[:n] {
		units := (s.sum(k.shelf)+s.sum(k.vault))/demoUnits(1) + 2
		_, err := s.do(ctx, demoOffice, &store.EditProduct{ID: k.id, Edit: func(p *store.Product) {
			p.Thresholds = append(p.Thresholds[:len(p.Thresholds):len(p.Thresholds)],
				store.LocationThreshold{LocationID: s.id, Threshold: demoUnits(int64(units))})
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// find gives the first stock for which a test holds.
func (s *demoShop) find(test func(*demoStock) bool) *demoStock {
	for _, k := range s.stocks {
		if test(k) {
			return k
		}
	}
	return s.stocks[0]
}

// example brings "Blue Dream 1/8" to 45 on the shelf, 5 of them reserved.
func (s *demoShop) example(ctx context.Context) error {
	k := s.find(func(k *demoStock) bool { return k.of.SKU == "BD-EIGHTH-001" })
	if s.sum(k.vault) < demoUnits(60) {
		if err := s.deliver(ctx, k, 2, "PO-1990"); err != nil {
			return err
		}
	}
	item, _ := s.ledger.Item(k.shelf[0])
	if missing := demoUnits(45) - item.Quantity; missing != 0 {
		if _, err := s.do(ctx, demoOffice, &store.Adjust{
			Item: k.vault[0], Change: -missing, Reason: store.Transfer, SubReason: "restock", ToItem: item.ID,
		}); err != nil {
			return err
		}
	}
	if missing := demoUnits(5) - item.Reserved; missing > 0 {
		return s.reserve(ctx, item.ID, missing)
	}
	return nil
}

// reserve holds units for a day.
func (s *demoShop) reserve(ctx context.Context, id store.ID, q store.Quantity) error {
	s.tickets++
	_, err := s.do(ctx, s.till(0), &store.Reserve{
		Item: id, Quantity: q, Reference: fmt.Sprintf("WEB-%05d", 60_000+s.tickets), Seconds: store.MaxHoldSeconds,
	})
	return err
}

// openOrders leaves some reservations open.
func (s *demoShop) openOrders(ctx context.Context, n int) error {
	for i := range n {
		k := s.stocks[7+11*i]
		if id, ok := s.from(k.shelf, demoUnits(2)); ok {
			if err := s.reserve(ctx, id, demoUnits(2)); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdLot puts the lot of a concentrate on hold, and its units aside.
func (s *demoShop) holdLot(ctx context.Context) error {
	k := s.find(func(k *demoStock) bool {
		return k.category == "Concentrates" && k.lots && s.sum(k.shelf[:1]) > 0
	})
	item, _ := s.ledger.Item(k.shelf[0])
	if _, err := s.do(ctx, demoOffice, &store.EditLot{ID: item.Lot.ID, Edit: func(l *store.Lot) { l.Status = store.LotHeld }}); err != nil {
		return err
	}
	_, err := s.do(ctx, demoOffice, &store.Adjust{
		Item: item.ID, Change: -item.Available(), Reason: store.Transfer, SubReason: "recall",
		ToRoom: store.Quarantine, Notes: "Label misprint; the maker sends new ones",
	})
	return err
}

// ageLot gives an edible on the shelf a best-before day within the week.
func (s *demoShop) ageLot(ctx context.Context) error {
	k := s.find(func(k *demoStock) bool {
		return k.category == "Edibles" && k.lots && s.sum(k.shelf[:1]) > 0
	})
	item, _ := s.ledger.Item(k.shelf[0])
	soon := s.now.Add(6 * 24 * time.Hour).Time().In(s.zone).Format(time.DateOnly)
	_, err := s.do(ctx, demoOffice, &store.EditLot{ID: item.Lot.ID, Edit: func(l *store.Lot) { l.ExpiresOn = soon }})
	return err
}

// inspect moves a few units into quarantine at every location.
func (s *demoShop) inspect(ctx context.Context) error {
	for _, shop := range s.shops {
		for i := range 3 {
			id, ok := shop.from(shop.stocks[3+17*i].vault, demoUnits(2))
			if !ok {
				continue
			}
			if _, err := shop.do(ctx, demoOffice, &store.Adjust{
				Item: id, Change: demoUnits(-2), Reason: store.Transfer, ToRoom: store.Quarantine,
				Notes: "Dented box; to be looked at",
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
