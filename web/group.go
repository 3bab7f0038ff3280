package web

import (
	"math"
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
func (x *exchange) sendGroups(by string, f store.ItemFilter, p page) error {
	items, _ := x.s.ledger.Items(f, 0, math.MaxInt32)
	groups := groupsOf(by, items)
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

// groupsOf adds rows up, by name.
func groupsOf(by string, items []*store.Item) []*group {
	byKey := map[string]*group{}
	var groups []*group
	for _, i := range items {
		key, name := i.Product.ID.String(), i.Product.Name
		switch by {
		case "room":
			key, name = i.Room.String(), i.Room.String()
		case "category":
			key, name = strings.ToLower(i.Product.Category), i.Product.Category
		}
		g := byKey[key]
		if g == nil {
			g = &group{key: key, name: name, unit: i.Product.Unit}
			if by == "category" {
				g.key = name
			}
			byKey[key] = g
			groups = append(groups, g)
		}
		g.add(i)
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return groups
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
