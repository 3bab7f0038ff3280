package store_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// model is what a shop should be, kept the simplest way: plain maps, no fold,
// no layers. It knows the rules by their wording in the design.
type model struct {
	products map[store.ID]*modelProduct
	items    map[store.ID]*modelItem
	holds    map[store.ID]*modelHold
	moved    []modelMove
	armed    map[string]bool // what the next crossing fires
	fired    []string
	now      store.Instant
	allow    map[store.ID]bool // locations that may go below zero
}

type modelProduct struct {
	sku, name, category string
	threshold           *store.Quantity
}

type modelItem struct {
	id, product, location store.ID
	room                  store.Room
	quantity, reserved    store.Quantity
	threshold             *store.Quantity
	archived              bool
}

type modelHold struct {
	item     store.ID
	quantity store.Quantity
	expires  store.Instant
}

// modelMove is a movement, or both of a transfer.
type modelMove struct {
	positions []store.Position
	items     []store.ID
	changes   []store.Quantity
	reversed  bool
}

func (m *model) clone() *model {
	c := *m
	c.products, c.items, c.holds = map[store.ID]*modelProduct{}, map[store.ID]*modelItem{}, map[store.ID]*modelHold{}
	for id, p := range m.products {
		v := *p
		c.products[id] = &v
	}
	for id, i := range m.items {
		v := *i
		c.items[id] = &v
	}
	for id, h := range m.holds {
		v := *h
		c.holds[id] = &v
	}
	c.moved, c.armed, c.fired = slices.Clone(m.moved), maps.Clone(m.armed), nil
	return &c
}

func (i *modelItem) available() store.Quantity { return i.quantity - i.reserved }

// open tells whether a hold is there and its time is not over.
func (m *model) open(id store.ID) bool {
	h := m.holds[id]
	return h != nil && h.expires > m.now
}

// allows tells whether a movement is within the rules.
func (m *model) allows(i *modelItem, change store.Quantity, reason store.Reason, hold store.ID) bool {
	if i.archived || (reason == store.Sale && i.room == store.Quarantine) {
		return false
	}
	free := i.quantity + change
	switch {
	case !hold.IsZero():
		if h := m.holds[hold]; !m.open(hold) || h.item != i.id || -change > h.quantity {
			return false
		}
	case reason == store.Sale:
		free -= i.reserved
	}
	return change > 0 || free >= 0 || m.allow[i.location]
}

// adjust does what a request to adjust says; false when it is refused.
func (m *model) adjust(a *store.Adjust) bool {
	i := m.items[a.Item]
	if i == nil || a.Change == 0 || int(a.Change)*a.Reason.Sign() < 0 {
		return false
	}
	if a.ToItem.IsZero() && a.ToRoom == 0 {
		if !a.Offline && !m.allows(i, a.Change, a.Reason, a.Reservation) {
			return false
		}
		if h := m.holds[a.Reservation]; h != nil && m.open(a.Reservation) && h.item == i.id && -a.Change <= h.quantity {
			m.use(a.Reservation, -a.Change)
		}
		m.move(i, a.Change)
		return true
	}
	to := m.items[a.ToItem]
	if a.ToItem.IsZero() {
		to = m.at(i.product, i.location, a.ToRoom)
	}
	if to == i || (to != nil && to.product != i.product) || (to == nil && !a.ToItem.IsZero()) {
		return false
	}
	target := to
	if to == nil {
		target = &modelItem{location: i.location, room: a.ToRoom}
	}
	if !m.allows(i, a.Change, a.Reason, store.ID{}) || !m.allows(target, -a.Change, a.Reason, store.ID{}) {
		return false
	}
	if to == nil {
		target = m.add(i.product, i.location, a.ToRoom)
	}
	if a.Change < 0 {
		m.move(i, a.Change)
		m.move(target, -a.Change)
	} else {
		m.move(target, -a.Change)
		m.move(i, a.Change)
	}
	return true
}

func (m *model) at(product, location store.ID, room store.Room) *modelItem {
	for _, i := range m.items {
		if i.product == product && i.location == location && i.room == room {
			return i
		}
	}
	return nil
}

// add opens an item under a name of the model's own; the ledger's is not known
// yet.
func (m *model) add(product, location store.ID, room store.Room) *modelItem {
	i := &modelItem{id: store.ID{1, byte(len(m.items))}, product: product, location: location, room: room}
	m.items[i.id] = i
	return i
}

// rename gives an item the id that the ledger made.
func (m *model) rename(i *modelItem, id store.ID) {
	delete(m.items, i.id)
	m.armed["room "+id.String()] = m.armed["room "+i.id.String()]
	i.id = id
	m.items[id] = i
}

func (m *model) move(i *modelItem, change store.Quantity) {
	i.quantity += change
	m.arm()
}

func (m *model) use(hold store.ID, n store.Quantity) {
	h := m.holds[hold]
	h.quantity -= n
	m.items[h.item].reserved -= n
	if h.quantity == 0 {
		delete(m.holds, hold)
	}
	m.arm()
}

// levels gives every level that low stock is judged by: rooms with their own
// threshold, and products at locations.
func (m *model) levels(each func(name string, available store.Quantity, threshold *store.Quantity)) {
	sums, thresholds := map[string]store.Quantity{}, map[string]*store.Quantity{}
	for _, i := range m.items {
		each("room "+i.id.String(), i.available(), i.threshold)
		group := fmt.Sprintf("location %s %s", i.product, i.location)
		thresholds[group] = m.products[i.product].threshold
		if sums[group] += 0; i.room != store.Quarantine && !i.archived {
			sums[group] += i.available()
		}
	}
	for group, sum := range sums {
		each(group, sum, thresholds[group])
	}
}

// arm readies what is well above its threshold, or in stock without one.
func (m *model) arm() {
	m.levels(func(name string, available store.Quantity, threshold *store.Quantity) {
		above := store.Quantity(0)
		if threshold != nil {
			above = *threshold + *threshold/10
		}
		if available > above {
			m.armed[name] = true
		}
	})
}

// finish fires what is armed and low at the end of a command.
func (m *model) finish() {
	m.arm()
	m.levels(func(name string, available store.Quantity, threshold *store.Quantity) {
		if threshold != nil && available <= *threshold && m.armed[name] {
			m.armed[name] = false
			m.fired = append(m.fired, name)
		}
	})
	slices.Sort(m.fired)
}

// low tells whether a row shows low stock.
func (m *model) low(i *modelItem) (low bool) {
	group := fmt.Sprintf("location %s %s", i.product, i.location)
	m.levels(func(name string, available store.Quantity, threshold *store.Quantity) {
		if name == group || name == "room "+i.id.String() {
			low = low || (threshold != nil && available <= *threshold)
		}
	})
	return low
}

// list is a filter and a sort, and nothing else.
func (m *model) list(f store.ItemFilter) (ids []store.ID) {
	has := func(n int, found bool) bool { return n == 0 || found }
	for _, i := range m.items {
		p := m.products[i.product]
		category := func(c string) bool { return strings.EqualFold(c, p.category) }
		sku := func(s string) bool { return strings.EqualFold(s, p.sku) }
		text := strings.ToLower(p.name + "\n" + p.sku)
		if !i.archived && has(len(f.Locations), slices.Contains(f.Locations, i.location)) && has(len(f.Rooms), slices.Contains(f.Rooms, i.room)) &&
			has(len(f.Categories), slices.ContainsFunc(f.Categories, category)) && has(len(f.Products), slices.Contains(f.Products, i.product)) &&
			has(len(f.SKUs), slices.ContainsFunc(f.SKUs, sku)) && (!f.LowStock || m.low(i)) && strings.Contains(text, strings.ToLower(f.Text)) {
			ids = append(ids, i.id)
		}
	}
	slices.SortFunc(ids, func(a, b store.ID) int {
		x, y := m.products[m.items[a].product].name, m.products[m.items[b].product].name
		if c := strings.Compare(strings.ToLower(x), strings.ToLower(y)); c != 0 {
			return c
		}
		return strings.Compare(a.String(), b.String())
	})
	return ids
}
