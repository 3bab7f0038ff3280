package httpapi

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

var stockFields = []string{"product", "lot", "room", "sku", "name", "tag", "unit", "quantity", "updated_at", "held"}

// ReadStock reads the section stock; with only, its own request where there is
// one, else all of it, of which the other places are left out.
func (c *connector) ReadStock(ctx context.Context, only []store.Place, page func([]pos.Stock) error) error {
	switch {
	case c.stock == nil:
		return c.notSupported("stock")
	case only == nil:
		return readAll(ctx, c, c.stock, c.common, stockFields, stockOf, page)
	case len(only) == 0:
		return nil
	}
	wanted := make(map[store.Place]bool, len(only))
	for _, p := range only {
		wanted[p] = true
	}
	some := func(list []pos.Stock) error {
		list = slices.DeleteFunc(list, func(s pos.Stock) bool { return !wanted[s.Place] })
		if len(list) == 0 {
			return nil
		}
		return page(list)
	}
	if c.only == nil {
		return readAll(ctx, c, c.stock, c.common, stockFields, stockOf, some)
	}
	for places := range slices.Chunk(only, c.most) {
		with := c.common.with("$only", placeValues(places))
		if err := readAll(ctx, c, c.only, with, stockFields, stockOf, some); err != nil {
			return err
		}
	}
	return nil
}

func stockOf(r *row) pos.Stock {
	s := pos.Stock{
		Place: r.place(), SKU: r.text("sku"), Name: r.text("name"), Tag: r.text("tag"), Unit: r.text("unit"),
		Quantity: r.quantity("quantity"), UpdatedAt: r.instant("updated_at"), Held: r.flag("held"),
	}
	s.Problem = r.problem
	return s
}

// place reads the three ids of a number.
func (r *row) place() store.Place {
	return store.Place{Product: r.id("product"), Lot: r.text("lot"), Room: r.text("room")}
}

// placeValues are places as expressions see them.
func placeValues(places []store.Place) []any {
	list := make([]any, len(places))
	for i, p := range places {
		list[i] = map[string]any{"product": p.Product, "lot": orNull(p.Lot), "room": orNull(p.Room)}
	}
	return list
}

// orNull is null for an empty text, so that // works.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
