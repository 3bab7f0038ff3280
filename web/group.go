package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// group is rows of stock added up.
type group struct {
	key, name          string
	items              int64
	quantity, reserved store.Quantity
	unit               store.Unit
	mixed              bool
	value, retail      store.Money
	low                bool
}

// sendGroups answers the filtered rows added up by product, room or category.
func (x *exchange) sendGroups(from shelf, by string, f store.ItemFilter, p page) error {
	sums := grouping{by: by, byKey: map[string]*group{}}
	if err := from.each(x.Request.Context(), f, sums.add); err != nil {
		return err
	}
	groups := sums.sorted()
	w := newWriter().open().key("data").list()
	for _, g := range cut(p, groups) {
		w.open().key("key").orNull(g.key).key("name").orNull(g.name).key("items").int(g.items).
			key("quantity").quantity(g.quantity).key("reserved_quantity").quantity(g.reserved).
			key("available_quantity").quantity(g.quantity - g.reserved).key("unit")
		if g.mixed {
			w.null()
		} else {
			w.text(string(g.unit))
		}
		w.key("value")
		if x.hidesCost() {
			w.null()
		} else {
			w.money(g.value)
		}
		w.key("retail_value").money(g.retail).key("low_stock").bool(g.low).close()
	}
	w.end().key("group_by").text(by)
	x.pagination(w, p, len(groups))
	return x.send(http.StatusOK, w.close())
}

// grouping adds rows up, in groups by what they have in common.
type grouping struct {
	by     string
	byKey  map[string]*group
	groups []*group
}

func (s *grouping) add(i *store.Item) {
	key, name := i.Product.ID.String(), i.Product.Name
	switch s.by {
	case "room":
		key, name = i.Room.String(), i.Room.String()
	case "category":
		key, name = strings.ToLower(i.Product.Category), i.Product.Category
	}
	g := s.byKey[key]
	if g == nil {
		g = &group{key: key, name: name, unit: i.Product.Unit}
		if s.by == "category" {
			g.key = name
		}
		s.byKey[key] = g
		s.groups = append(s.groups, g)
	}
	g.add(i)
}

// sorted gives the groups by name.
func (s *grouping) sorted() []*group {
	slices.SortStableFunc(s.groups, func(a, b *group) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return s.groups
}

func (g *group) add(i *store.Item) {
	g.items++
	g.quantity += i.Quantity
	g.reserved += i.Reserved
	g.mixed = g.mixed || g.unit != i.Product.Unit
	g.value += store.ValueOf(i.Quantity, i.Product.UnitCost)
	g.retail += store.ValueOf(i.Quantity, i.Product.UnitPrice)
	g.low = g.low || i.Low
}
