package store

// Group names the items of one product at one location: low stock is judged
// by them together.
type Group struct{ Product, Location ID }

// Needed is what a replica has to be given before it can fold some entries.
// What does not exist in that store is left out.
type Needed struct {
	// Items have to come each with all items of the same product at the same
	// location, archived ones too.
	Items []ID
	// Groups have to come whole, and ItemsOfProducts with all items of those
	// products at all locations.
	Groups          []Group
	ItemsOfProducts []ID
	// Products, Locations and Lots are documents.
	Products, Locations, Lots []ID
}

// Empty tells that nothing is needed.
func (n *Needed) Empty() bool {
	return len(n.Items)+len(n.Groups)+len(n.ItemsOfProducts)+len(n.Products)+len(n.Locations)+len(n.Lots) == 0
}

// Missing tells what must be Put before entries can be applied, in order. The
// documents of items that it asks for may be put with them; else it asks for
// them at the next call.
func (r *Replica) Missing(entries []*Entry) Needed {
	q := inquiry{r: r}
	for _, e := range entries {
		q.entry(e)
	}
	q.pending()
	r.asked = q.Needed
	return q.Needed
}

// lacks tells whether an entry touches what was neither put nor asked for.
func (r *Replica) lacks(e *Entry) bool {
	q := inquiry{r: r}
	q.entry(e)
	return !q.Empty() || len(r.pending) > 0
}

// inquiry gathers what is needed, each once.
type inquiry struct {
	Needed
	r    *Replica
	seen map[ID]bool
	// opened counts the items that entries of this inquiry open.
	opened  int64
	opening map[ID]bool
	// grouped are the groups asked for, products by a key without a location.
	grouped map[groupKey]bool
}

func (q *inquiry) entry(e *Entry) {
	switch e.Kind {
	case KindMovement:
		q.item(e.Movement.Item)
	case KindHold:
		q.item(e.Hold.Item)
	case KindDocument:
		// A body that cannot be read is refused by Apply.
		if of, err := decodeDocument(e); err == nil {
			q.document(of)
		}
	}
}

func (q *inquiry) document(of any) {
	switch v := of.(type) {
	case *Product:
		q.product(v.ID)
		q.group(groupKey{product: v.ID})
	case *Location:
		q.location(v.ID)
	case *Lot:
		q.lot(v.ID)
	case *itemDocument:
		if v.No <= q.r.s.itemCountBatch+q.opened {
			q.item(v.ID)
			return
		}
		q.open(v)
	}
}

// open asks for what a new item will belong to.
func (q *inquiry) open(d *itemDocument) {
	q.product(d.ProductID)
	q.location(d.LocationID)
	q.lot(d.LotID)
	q.group(groupKey{d.ProductID, d.LocationID})
	q.opened++
	if q.opening == nil {
		q.opening = map[ID]bool{}
	}
	q.opening[d.ID] = true
}

func (q *inquiry) item(id ID) {
	if _, ok := q.r.s.items.get(id); ok || q.opening[id] {
		return
	}
	if _, waits := q.r.pending[id]; !waits {
		q.ask(&q.Items, id)
	}
}

func (q *inquiry) product(id ID) {
	if _, ok := q.r.s.products.get(id); !ok {
		q.ask(&q.Products, id)
	}
}

func (q *inquiry) location(id ID) {
	if _, ok := q.r.s.locations.get(id); !ok {
		q.ask(&q.Locations, id)
	}
}

func (q *inquiry) lot(id ID) {
	if _, ok := q.r.s.lots.get(id); !ok && !id.IsZero() {
		q.ask(&q.Lots, id)
	}
}

// pending asks for the documents of items that came without them.
func (q *inquiry) pending() {
	for _, i := range q.r.pending {
		q.product(i.Product)
		q.location(i.Location)
		q.lot(i.Lot)
	}
}

// ask adds an id unless it was asked for already, now or before.
func (q *inquiry) ask(list *[]ID, id ID) {
	if q.seen[id] || q.r.absent[id] {
		return
	}
	if q.seen == nil {
		q.seen = map[ID]bool{}
	}
	q.seen[id] = true
	*list = append(*list, id)
}

// group asks for a group or, without a location, for all of a product.
func (q *inquiry) group(key groupKey) {
	all := groupKey{product: key.product}
	if q.r.whole[key] || q.r.whole[all] || q.grouped[key] || q.grouped[all] {
		return
	}
	if q.grouped == nil {
		q.grouped = map[groupKey]bool{}
	}
	q.grouped[key] = true
	if key == all {
		q.ItemsOfProducts = append(q.ItemsOfProducts, key.product)
	} else {
		q.Groups = append(q.Groups, Group{key.product, key.location})
	}
}
