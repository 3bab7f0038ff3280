package store

// groupKey names what low stock is judged by: a product at a location.
type groupKey struct{ product, location ID }

// group is the low-stock state of a product at a location. A value is one
// immutable version.
type group struct {
	items []ID
	// available is summed over all rooms but quarantine.
	available Quantity
	low       bool
	// armed: the next crossing fires. A group starts unarmed, so that a
	// product without stock yet is low but fires nothing.
	armed bool
}

// lowStock is the body of a low_stock event.
type lowStock struct {
	Scope     string   `json:"scope"` // location or room
	ProductID ID       `json:"product_id"`
	Location  ID       `json:"location_id"`
	ItemID    ID       `json:"inventory_id,omitzero"`
	Available Quantity `json:"available_quantity"`
	Threshold Quantity `json:"low_stock_threshold"`
}

// judge sets low and armed for what is available against a threshold.
func (s *state) judge(available Quantity, threshold *Quantity, armed bool) (low, stillArmed bool) {
	if threshold == nil {
		// Stock that is there without a threshold fires when one is set above it.
		return false, armed || available > 0
	}
	return available <= *threshold, armed || available > s.rearm(*threshold)
}

// putItem drafts a new version of an item and keeps its group in step.
// was is the version before, nil for a new item.
func (s *state) putItem(was, next *Item) {
	key := groupKey{next.Product.ID, next.Location.ID}
	old, _ := s.groups.get(key)
	g := group{}
	if old != nil {
		g = *old
	}
	if was == nil {
		next.group = next.No
		if old != nil {
			first, _ := s.items.get(old.items[0])
			next.group = first.group
		}
		g.items = append(g.items[:len(g.items):len(g.items)], next.ID)
	}
	g.available += counted(next) - counted(was)
	g.low, g.armed = s.judge(g.available, next.Product.ThresholdAt(next.Location.ID), g.armed)
	ownLow, armed := s.judge(next.Available(), next.Threshold, next.lowArmed)
	next.lowArmed, next.Low = armed, ownLow || g.low
	s.items.put(next.ID, next)
	if old != nil && was != nil && old.available == g.available && old.low == g.low && old.armed == g.armed {
		return
	}
	s.groups.put(key, &g)
	if old != nil && old.low != g.low {
		s.relight(&g, next.ID)
	}
}

// relight gives the other items of a group the group's low flag.
func (s *state) relight(g *group, except ID) {
	for _, id := range g.items {
		item, _ := s.items.get(id)
		if id == except || item == nil {
			continue
		}
		ownLow, _ := s.judge(item.Available(), item.Threshold, item.lowArmed)
		if low := ownLow || g.low; low != item.Low {
			next := *item
			next.Low, next.lit = low, s.draft.Seq+1
			s.items.put(id, &next)
		}
	}
}

// counted is what an item adds to its group's available stock.
func counted(i *Item) Quantity {
	if i == nil || i.Room == Quarantine || i.ArchivedAt != 0 {
		return 0
	}
	return i.Available()
}

// crossings lists the low_stock events that a changed item calls for, group
// first; nil for none.
func (s *state) crossings(id ID) []lowStock {
	item, ok := s.items.get(id)
	if !ok || !item.Low {
		return nil
	}
	var fired []lowStock
	g, _ := s.groups.get(groupKey{item.Product.ID, item.Location.ID})
	base := lowStock{Scope: "location", ProductID: item.Product.ID, Location: item.Location.ID}
	if g.low && g.armed {
		base.Available, base.Threshold = g.available, *item.Product.ThresholdAt(item.Location.ID)
		fired = append(fired, base)
	}
	if item.lowArmed && item.Threshold != nil && item.Available() <= *item.Threshold {
		base.Scope, base.ItemID = "room", item.ID
		base.Available, base.Threshold = item.Available(), *item.Threshold
		fired = append(fired, base)
	}
	return fired
}

// applyLowStock disarms what fired.
func (s *state) applyLowStock(e lowStock) {
	if e.Scope == "room" {
		if item, ok := s.items.get(e.ItemID); ok {
			next := *item
			next.lowArmed = false
			s.items.put(next.ID, &next)
		}
		return
	}
	key := groupKey{e.ProductID, e.Location}
	if g, ok := s.groups.get(key); ok {
		next := *g
		next.armed = false
		s.groups.put(key, &next)
	}
}
