package store

import "slices"

// EditProduct makes a product (zero ID) or a new version of one. Codes:
// not_found, stale_version, invalid_request, quantity_out_of_range,
// unit_mismatch when the unit changes under stock.
type EditProduct struct {
	ID ID
	// Version is the version the caller has seen; zero for any.
	Version int64
	// Edit changes a copy of the version before.
	Edit func(*Product)
}

func (c *EditProduct) decide(t *tx) error {
	_, err := t.editProduct(c.ID, c.Version, c.Edit)
	return err
}

func (t *tx) editProduct(id ID, version int64, edit func(*Product)) (*Product, error) {
	next := &Product{ID: id}
	old := &Product{}
	if id.IsZero() {
		next.ID = t.newID()
	} else {
		var ok bool
		if old, ok = t.s.products.get(id); !ok {
			return nil, refuse(CodeNotFound, "There is no product %s.", id)
		}
		if err := checkVersion(version, old.Version); err != nil {
			return nil, err
		}
		*next = old.copy()
	}
	edit(next)
	if err := t.checkProduct(old, next); err != nil {
		return nil, err
	}
	if !changed(old, next) {
		t.receipt.Of = old
		return old, nil
	}
	of, err := t.document(DocProduct, next.ID, next)
	if err != nil {
		return nil, err
	}
	for _, item := range t.itemsOf(next.ID) {
		t.touched = append(t.touched, item.ID)
	}
	return of.(*Product), nil
}

func (t *tx) checkProduct(old, next *Product) *Error {
	var p problems
	next.check(&p)
	if other, ok := t.s.skus.get(skuKey(next.SKU)); ok && other != next.ID {
		p.add(refuse(CodeInvalid, "SKU %s is taken by product %s.", next.SKU, other).at("/sku"))
	}
	if old.Unit != "" && old.Unit != next.Unit && stocked(t.itemsOf(next.ID)) {
		p.add(refuse(CodeUnitMismatch, "The unit can change only while there is no stock.").at("/unit"))
	}
	if old.ArchivedAt == 0 && next.ArchivedAt != 0 && stocked(t.itemsOf(next.ID)) {
		p.add(refuseArchive())
	}
	for i, x := range next.Thresholds {
		if _, ok := t.s.locations.get(x.LocationID); !ok {
			p.add(refuse(CodeNotFound, "There is no location %s.", x.LocationID).at("/location_thresholds"))
		}
		for _, y := range next.Thresholds[:i] {
			if x.LocationID == y.LocationID {
				p.add(refuse(CodeInvalid, "Location %s is there twice.", x.LocationID).at("/location_thresholds"))
			}
		}
	}
	return p.refusal()
}

// itemsOf lists the items of a product.
func (t *tx) itemsOf(product ID) []*Item {
	var list []*Item
	for _, location := range t.s.locationIDs() {
		if g, ok := t.s.groups.get(groupKey{product, location}); ok {
			for _, id := range g.items {
				item, _ := t.s.items.get(id)
				list = append(list, item)
			}
		}
	}
	return list
}

// stocked tells whether any item has stock or holds.
func stocked(items []*Item) bool {
	return slices.ContainsFunc(items, func(i *Item) bool { return i.Quantity != 0 || i.Reserved != 0 })
}

func refuseArchive() *Error {
	return refuse(CodeInvalid, "It can be archived only while there is no stock and no reservation.").at("/archived")
}

// EditLocation makes a location (zero ID) or a new version of one. Codes:
// not_found, stale_version, invalid_request.
type EditLocation struct {
	ID      ID
	Version int64
	Edit    func(*Location)
}

func (c *EditLocation) decide(t *tx) error {
	next, old := &Location{ID: c.ID}, &Location{}
	if c.ID.IsZero() {
		next.ID = t.newID()
	} else {
		var ok bool
		if old, ok = t.s.locations.get(c.ID); !ok {
			return refuse(CodeNotFound, "There is no location %s.", c.ID)
		}
		if err := checkVersion(c.Version, old.Version); err != nil {
			return err
		}
		*next = *old
	}
	c.Edit(next)
	var p problems
	next.check(&p)
	if old.ArchivedAt == 0 && next.ArchivedAt != 0 {
		here := slices.DeleteFunc(t.s.allItems(), func(i *Item) bool { return i.Location.ID != next.ID })
		if stocked(here) {
			p.add(refuseArchive())
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	if !changed(old, next) {
		t.receipt.Of = old
		return nil
	}
	_, err := t.document(DocLocation, next.ID, next)
	return err
}

// EditLot makes a lot (zero ID) or a new version of one. Codes: not_found,
// stale_version, invalid_request.
type EditLot struct {
	ID      ID
	Version int64
	Edit    func(*Lot)
}

func (c *EditLot) decide(t *tx) error {
	_, err := t.editLot(c.ID, c.Version, c.Edit)
	return err
}

func (t *tx) editLot(id ID, version int64, edit func(*Lot)) (*Lot, error) {
	next, old := &Lot{ID: id}, &Lot{}
	if id.IsZero() {
		next.ID = t.newID()
	} else {
		var ok bool
		if old, ok = t.s.lots.get(id); !ok {
			return nil, refuse(CodeNotFound, "There is no lot %s.", id)
		}
		if err := checkVersion(version, old.Version); err != nil {
			return nil, err
		}
		*next = *old
	}
	edit(next)
	var p problems
	next.check(&p)
	if _, ok := t.s.products.get(next.ProductID); !ok {
		p.add(refuse(CodeNotFound, "There is no product %s.", next.ProductID).at("/product_id"))
	}
	if !old.ProductID.IsZero() && old.ProductID != next.ProductID {
		p.add(refuse(CodeInvalid, "A lot stays with its product.").at("/product_id"))
	}
	if other, ok := t.s.tags.get(next.key()); ok && other != next.ID {
		p.add(refuse(CodeInvalid, "Lot %s has that package tag or batch number.", other).at("/package_tag"))
	}
	if old.ArchivedAt == 0 && next.ArchivedAt != 0 {
		mine := slices.DeleteFunc(t.itemsOf(next.ProductID), func(i *Item) bool { return i.Lot == nil || i.Lot.ID != next.ID })
		if stocked(mine) {
			p.add(refuseArchive())
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if !changed(old, next) {
		t.receipt.Of = old
		return old, nil
	}
	of, err := t.document(DocLot, next.ID, next)
	if err != nil {
		return nil, err
	}
	return of.(*Lot), nil
}
