package central_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func lower(s string) string { return strings.ToLower(s) }

// trader does random things in a shop. What the shop refuses is part of it.
type trader struct {
	*storetest.Shop
	t        testing.TB
	r        *rand.Rand
	seed     uint64
	products []store.ID
	lots     []store.ID
	items    []store.ID
	holds    []store.ID
	moved    []store.Position
	n        int
}

func newTrader(t testing.TB, shop *storetest.Shop, seed uint64) *trader {
	d := &trader{Shop: shop, t: t, seed: seed, r: rand.New(rand.NewPCG(seed, seed))}
	for range 4 {
		d.product()
	}
	return d
}

func pick[T any](r *rand.Rand, list []T) (v T) {
	if len(list) > 0 {
		v = list[r.IntN(len(list))]
	}
	return v
}

// do gives the receipt of a command, empty when it was refused.
func (d *trader) do(cmd store.Command) store.Receipt {
	d.n++
	d.Clock.Advance(time.Duration(d.r.IntN(90_000)) * time.Millisecond)
	r, err := d.Do(d.t.Context(), keyed(int(d.seed%1000)*1_000_000+d.n), cmd)
	if err != nil && store.CodeOf(err) == "" {
		d.t.Fatal(err)
	}
	return r
}

func (d *trader) product() {
	low := store.Quantity(d.r.IntN(30)) * 10_000
	d.products = append(d.products, d.AddProduct(fmt.Sprintf("SKU-%d-%d", d.seed, len(d.products)), func(p *store.Product) {
		p.Threshold, p.Name = &low, fmt.Sprintf("Ünusual %d", d.r.IntN(1000))
	}))
}

// trade does so many random things.
func (d *trader) trade(steps int) {
	for range steps {
		switch d.r.IntN(20) {
		case 0:
			d.product()
		case 1, 2:
			d.open()
		case 3:
			d.do(&store.EditProduct{ID: pick(d.r, d.products), Edit: func(p *store.Product) {
				p.Name, p.UnitCost = fmt.Sprintf("Name %d", d.r.IntN(1000)), store.Money(d.r.IntN(90_000))
				low := store.Quantity(d.r.IntN(40)) * 10_000
				p.Threshold = &low
			}})
		case 4:
			low := store.Quantity(d.r.IntN(20)) * 10_000
			d.do(&store.EditItem{ID: pick(d.r, d.items), Threshold: &low, Archive: d.r.IntN(8) == 0})
		case 5:
			r := d.do(&store.EditLot{Edit: func(l *store.Lot) {
				l.ProductID, l.PackageTag = pick(d.r, d.products), fmt.Sprintf("TAG-%d", d.r.IntN(10_000))
			}})
			if len(r.Facts) > 0 {
				d.lots = append(d.lots, r.Facts[0].Of.(*store.Lot).ID)
			}
		case 6:
			if len(d.lots) > 0 {
				d.do(&store.EditLot{ID: pick(d.r, d.lots), Edit: func(l *store.Lot) { l.BatchNumber = fmt.Sprint("B-", d.r.IntN(99)) }})
			}
		case 7:
			d.do(&store.EditLocation{ID: d.Location, Edit: func(l *store.Location) { l.Name = fmt.Sprint("Street ", d.r.IntN(99)) }})
		case 8, 9:
			d.hold()
		case 10:
			d.do(&store.Reverse{Movement: pick(d.r, d.moved)})
		case 11:
			d.do(&store.EraseNotes{Entry: pick(d.r, d.moved)})
		case 12:
			d.do(&store.BulkAdjust{Partial: true, Lines: []*store.Adjust{d.sale(), d.sale(), d.sale()}})
		default:
			d.note(d.do(d.sale()))
		}
	}
}

func (d *trader) open() {
	cmd := &store.OpenItem{
		Product: pick(d.r, d.products), Location: d.Location, Room: store.Room(1 + d.r.IntN(4)),
		Opening: store.Quantity(d.r.IntN(500_000)), Notes: "opened",
	}
	if d.r.IntN(2) == 0 {
		cmd.Lot = pick(d.r, d.lots)
	}
	if r := d.do(cmd); len(r.Facts) > 0 {
		d.items = append(d.items, r.Facts[0].Of.(*store.Item).ID)
	}
}

func (d *trader) sale() *store.Adjust {
	reasons := []store.Reason{store.Sale, store.Return, store.Adjustment, store.Audit, store.Transfer}
	cmd := &store.Adjust{Item: pick(d.r, d.items), Change: store.Quantity(d.r.IntN(120_000) - 80_000), Reason: pick(d.r, reasons)}
	switch cmd.Reason {
	case store.Transfer:
		cmd.ToItem, cmd.Change = pick(d.r, d.items), max(cmd.Change, -cmd.Change)
	case store.Sale:
		cmd.Change = -max(cmd.Change, -cmd.Change)
	case store.Return:
		cmd.Change = max(cmd.Change, -cmd.Change)
	}
	if d.r.IntN(3) == 0 {
		cmd.Notes = fmt.Sprintf("note \"%d\"\nsecond line", d.n)
	}
	return cmd
}

func (d *trader) note(r store.Receipt) {
	for _, f := range r.Facts {
		if f.Entry.Kind == store.KindMovement {
			d.moved = append(d.moved, f.Entry.Position)
		}
	}
}

func (d *trader) hold() {
	if len(d.holds) == 0 || d.r.IntN(2) == 0 {
		r := d.do(&store.Reserve{Item: pick(d.r, d.items), Quantity: store.Quantity(1 + d.r.IntN(30_000)), Reference: "order"})
		if len(r.Facts) > 0 {
			d.holds = append(d.holds, r.Facts[0].Of.(*store.Reservation).ID)
		}
		return
	}
	d.do(&store.EndReservation{ID: pick(d.r, d.holds), Sell: d.r.IntN(2) == 0})
}
