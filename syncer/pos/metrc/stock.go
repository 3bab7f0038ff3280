package metrc

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// ReadStock gives packages: all that are active or on hold, or those of
// places, whatever became of them. A package that was discontinued is no
// longer one. Of a place only the label counts, and it comes back as it was
// asked for.
func (c *connector) ReadStock(ctx context.Context, only []store.Place, page func([]pos.Stock) error) error {
	r := stockReading{connector: c, page: page, seen: make(map[string]bool)}
	if only != nil {
		r.asked = byLabel(only)
	}
	if only == nil || len(r.asked) > few {
		for _, path := range []string{pathActive, pathOnHold} {
			if err := c.whole(ctx, path, r.rows); err != nil {
				return err
			}
		}
	}
	return r.rest(ctx, only)
}

// byLabel gathers places by their label; those without are none of METRC's.
func byLabel(places []store.Place) map[string][]store.Place {
	asked := make(map[string][]store.Place, len(places))
	for _, p := range places {
		if p.Lot != "" {
			asked[p.Lot] = append(asked[p.Lot], p)
		}
	}
	return asked
}

// stockReading is one reading of packages.
type stockReading struct {
	*connector
	page func([]pos.Stock) error
	// asked is nil for all packages.
	asked map[string][]store.Place
	// seen are the labels that were given: a package can be in both lists,
	// and come twice.
	seen map[string]bool
}

// rows gives a page of a list.
func (r *stockReading) rows(rows []object) error {
	var list []pos.Stock
	for _, raw := range rows {
		p := r.readPackage(raw)
		r.known.put(&p)
		list = r.add(list, &p)
	}
	return r.give(list)
}

// rest asks for those that no list had.
func (r *stockReading) rest(ctx context.Context, only []store.Place) error {
	var list []pos.Stock
	for _, place := range only {
		if place.Lot == "" || r.seen[place.Lot] {
			continue
		}
		p, found, err := r.find(ctx, place.Lot)
		if err != nil {
			return err
		}
		if found {
			list = r.add(list, &p)
		}
		r.seen[place.Lot] = true
	}
	return r.give(list)
}

// add appends a package that is wanted and was not given yet.
func (r *stockReading) add(list []pos.Stock, p *pack) []pos.Stock {
	if p.gone || p.label != "" && r.seen[p.label] {
		return list
	}
	r.seen[p.label] = true
	s := p.stock()
	if r.asked == nil {
		return append(list, s)
	}
	for _, place := range r.asked[p.label] {
		s.Place = place
		list = append(list, s)
	}
	return list
}

func (r *stockReading) give(list []pos.Stock) error {
	if len(list) == 0 {
		return nil
	}
	return r.page(list)
}
