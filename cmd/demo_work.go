package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

// demoCategories are counted one a week.
var demoCategories = []string{"Flower", "Edibles", "Vaporizers", "Pre-Rolls", "Concentrates", "Beverages", "Accessories", "Tinctures", "Topicals"}

// receive books a delivery of what runs low. In the last weeks some
// products are not to be had.
func (s *demoShop) receive(ctx context.Context, n int) error {
	s.orders++
	order := fmt.Sprintf("PO-%04d", 1200+3*s.orders)
	for i, k := range s.stocks {
		k.out = n > demoDays-12-i*7%26 && i%7 == 4
		if k.out || s.sum(k.shelf)+s.sum(k.vault) >= demoUnits(k.demoLine.shelf+k.pack/2) {
			continue
		}
		if err := s.deliver(ctx, k, 1, order); err != nil {
			return err
		}
	}
	return nil
}

// deliver puts so many cases of a product into the vault, as a new lot where
// lots are kept.
func (s *demoShop) deliver(ctx context.Context, k *demoStock, cases int64, order string) error {
	if k.lots {
		lot, err := s.lot(ctx, k)
		if err != nil {
			return err
		}
		r, err := s.do(ctx, demoOffice, &store.OpenItem{Product: k.id, Location: s.id, Lot: lot, Room: store.Vault})
		if err != nil {
			return err
		}
		k.put(r.Facts[0].Of.(*store.Item))
	}
	_, err := s.do(ctx, demoOffice, &store.Adjust{
		Item: k.vault[len(k.vault)-1], Change: demoUnits(cases * k.pack),
		Reason: store.Transfer, SubReason: "received", Reference: order,
	})
	return err
}

// refill brings shelves that are half empty up from the vault.
func (s *demoShop) refill(ctx context.Context) error {
	for _, k := range s.stocks {
		if missing := demoUnits(k.demoLine.shelf) - s.sum(k.shelf); missing > demoUnits(k.demoLine.shelf/2) {
			if err := s.fetch(ctx, k, missing); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch moves units from the vault to the shelf, the oldest lot first.
func (s *demoShop) fetch(ctx context.Context, k *demoStock, missing store.Quantity) error {
	for _, id := range k.vault {
		n := min(missing, s.sum([]store.ID{id}))
		if n <= 0 {
			continue
		}
		r, err := s.do(ctx, demoOffice, &store.Adjust{
			Item: id, Change: -n, Reason: store.Transfer, SubReason: "restock", ToRoom: k.front,
		})
		if err != nil {
			return err
		}
		for _, f := range r.Movements() {
			k.put(f.After)
		}
		missing -= n
	}
	return nil
}

// order reserves for somebody who ordered ahead; most fetch it, some do not.
func (s *demoShop) order(ctx context.Context) error {
	k := s.pick()
	q := s.amount(k)
	id, ok := s.from(k.shelf, q)
	if !ok {
		return nil
	}
	s.tickets++
	r, err := s.do(ctx, s.till(0), &store.Reserve{
		Item: id, Quantity: q, Reference: fmt.Sprintf("WEB-%05d", 60_000+s.tickets), Seconds: 7200,
	})
	if err != nil {
		return err
	}
	held := r.Facts[0].Of.(*store.Reservation).ID
	fetched := s.random.IntN(5) > 0
	after := time.Duration(15+s.random.IntN(75)) * time.Minute
	s.at(store.InstantOf(s.clock.Wall().Add(after)), func(ctx context.Context) error {
		_, err := s.do(ctx, s.till(0), &store.EndReservation{ID: held, Sell: fetched})
		return err
	})
	return nil
}

// lose takes a unit from a shelf.
func (s *demoShop) lose(ctx context.Context, reason store.Reason, sub, notes string) error {
	k := s.pick()
	id, ok := s.from(k.shelf, demoUnits(2))
	if !ok {
		return nil
	}
	_, err := s.do(ctx, demoOffice, &store.Adjust{Item: id, Change: demoUnits(-1), Reason: reason, SubReason: sub, Notes: notes})
	return err
}

// mistake rings something up and takes it back at once.
func (s *demoShop) mistake(ctx context.Context) error {
	k := s.pick()
	id, ok := s.from(k.shelf, demoUnits(3))
	if !ok {
		return nil
	}
	r, err := s.do(ctx, s.till(0), &store.Adjust{Item: id, Change: demoUnits(-3), Reason: store.Sale})
	if err != nil {
		return err
	}
	s.clock.set(store.InstantOf(s.clock.Wall().Add(90 * time.Second)))
	_, err = s.do(ctx, demoOffice, &store.Reverse{Movement: r.Movements()[0].Entry.Position, Notes: "Rung up twice"})
	return err
}

// count corrects what a count of one category found.
func (s *demoShop) count(ctx context.Context, week int) error {
	category := demoCategories[week%len(demoCategories)]
	for _, k := range s.stocks {
		if k.category != category || s.random.IntN(7) != 0 {
			continue
		}
		id, ok := s.from(k.shelf, demoUnits(2))
		if !ok {
			continue
		}
		difference := demoUnits([]int64{-1, -1, 1}[s.random.IntN(3)])
		_, err := s.do(ctx, demoOffice, &store.Adjust{
			Item: id, Change: difference, Reason: store.Audit, SubReason: "cycle_count",
			Reference: fmt.Sprintf("COUNT-%02d", week+1), Notes: "Weekly count of " + category,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tidy archives the rows of lots that are sold out, once there is a newer one.
func (s *demoShop) tidy(ctx context.Context) error {
	for _, k := range s.stocks {
		for _, list := range []*[]store.ID{&k.shelf, &k.vault} {
			if err := s.archive(ctx, list); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *demoShop) archive(ctx context.Context, list *[]store.ID) error {
	for len(*list) > 1 {
		i, _ := s.ledger.Item((*list)[0])
		if i.Quantity != 0 || i.Reserved != 0 {
			return nil
		}
		if _, err := s.do(ctx, demoOffice, &store.EditItem{ID: i.ID, Threshold: i.Threshold, Archive: true}); err != nil {
			return err
		}
		*list = slices.Delete(*list, 0, 1)
	}
	return nil
}
