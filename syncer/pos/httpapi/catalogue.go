package httpapi

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

var (
	productFields = []string{"id", "sku", "barcodes", "name", "category", "brand", "strain", "unit", "price", "cost", "archived", "updated_at"}
	roomFields    = []string{"id", "name", "type"}
	reasonFields  = []string{"id", "name", "needs_note"}
)

// ReadCatalogue reads the section catalogue.
func (c *connector) ReadCatalogue(ctx context.Context, since store.Instant, page func([]pos.Product) error) error {
	if c.catalogue == nil {
		return c.notSupported("catalogue")
	}
	with := c.common
	if since != 0 {
		with = with.with("$since", instantText(since))
	}
	return readAll(ctx, c, c.catalogue, with, productFields, productOf, page)
}

func productOf(r *row) pos.Product {
	p := pos.Product{
		ID: r.id("id"), SKU: r.text("sku"), Barcodes: r.texts("barcodes"), Name: r.said("name"), Category: r.said("category"),
		Brand: r.said("brand"), Strain: r.said("strain"), Price: r.money("price"), Cost: r.money("cost"),
		Archived: r.flag("archived"), UpdatedAt: r.instant("updated_at"),
	}
	if unit := store.Unit(r.text("unit")); slices.Contains(store.Units, unit) {
		p.Unit = &unit
	}
	p.Problem = r.problem
	return p
}

// texts reads a list of texts, or one.
func (r *row) texts(name string) (list []string) {
	values, many := r.fields[name].([]any)
	if !many {
		values = []any{r.fields[name]}
	}
	for _, v := range values {
		one := row{fields: map[string]any{name: v}}
		if text := one.text(name); text != "" {
			list = append(list, text)
		}
		if one.problem != "" {
			r.bad("%s", one.problem)
		}
	}
	return list
}

// ReadRooms reads the section rooms.
func (c *connector) ReadRooms(ctx context.Context) (rooms []pos.Room, err error) {
	if c.rooms == nil {
		return nil, c.notSupported("rooms")
	}
	var bad string
	err = readAll(ctx, c, c.rooms, c.common, roomFields, func(r *row) pos.Room {
		room := pos.Room{ID: r.id("id"), Name: r.text("name")}
		// A type that is none of ours says nothing.
		room.Type, _ = store.ParseRoom(r.text("type"))
		bad = orFirst(bad, r.problem)
		return room
	}, func(list []pos.Room) error {
		rooms = append(rooms, list...)
		return nil
	})
	return rooms, c.orBad(err, c.rooms, bad)
}

// ReadReasons reads the section reasons.
func (c *connector) ReadReasons(ctx context.Context) (reasons []pos.Reason, err error) {
	if c.reasons == nil {
		return nil, c.notSupported("reasons")
	}
	var bad string
	err = readAll(ctx, c, c.reasons, c.common, reasonFields, func(r *row) pos.Reason {
		reason := pos.Reason{ID: r.id("id"), Name: r.text("name"), NeedsNote: r.flag("needs_note")}
		bad = orFirst(bad, r.problem)
		return reason
	}, func(list []pos.Reason) error {
		reasons = append(reasons, list...)
		return nil
	})
	return reasons, c.orBad(err, c.reasons, bad)
}

func orFirst(first, next string) string {
	if first != "" {
		return first
	}
	return next
}

// orBad is a failure for a bad row of a list that has no room for problems.
func (c *connector) orBad(err error, r *reading, problem string) error {
	if err != nil || problem == "" {
		return err
	}
	return c.broken(r.rows.wrong("a row cannot be used. %s", problem), false)
}
