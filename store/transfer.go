package store

// transfer moves units between two items in one step: two movements with one
// transfer id, the one that takes away first.
func (a *Adjust) transfer(t *tx, item *Item) error {
	target, err := a.counterpart(t, item)
	if err != nil {
		return err
	}
	here, refusedHere, err := a.plan(t, item, a.Change)
	if err != nil {
		return err
	}
	there, refusedThere, err := a.plan(t, target, -a.Change)
	if err != nil {
		return err
	}
	if there.Item.IsZero() {
		opened, err := t.open(target)
		if err != nil {
			return err
		}
		there.Item = opened.ID
	}
	if here.Transfer = a.as; here.Transfer.IsZero() {
		here.Transfer = t.newID()
	}
	there.Transfer, there.ValueChange = here.Transfer, -here.ValueChange
	first, second := here, there
	if a.Change > 0 {
		first, second = there, here
		refusedHere, refusedThere = refusedThere, refusedHere
	}
	if err := a.write(t, first, refusedHere); err != nil {
		return err
	}
	return a.write(t, second, refusedThere)
}

// counterpart finds the other item of a transfer. One named by room type
// that is not open yet is given without an id.
func (a *Adjust) counterpart(t *tx, item *Item) (*Item, error) {
	if !a.ToItem.IsZero() && a.ToRoom != 0 {
		return nil, refuse(CodeInvalid, "Give to_inventory_id or to_room_type, not both.").at("/to_room_type")
	}
	if a.ToItem.IsZero() {
		p := item.place()
		p.room = a.ToRoom
		a.ToItem, _ = t.s.find(p)
	}
	if a.ToItem == item.ID {
		return nil, refuse(CodeSameItem, "A transfer needs two items.").at("/to_inventory_id")
	}
	if a.ToItem.IsZero() {
		target := &Item{Room: a.ToRoom, Product: item.Product, Location: item.Location, Lot: item.Lot}
		return target, nil
	}
	target, missing := t.item(a.ToItem, "/to_inventory_id")
	if missing != nil {
		return nil, missing
	}
	if target.Product.ID != item.Product.ID {
		return nil, refuse(CodeUnitMismatch, "A transfer stays within one product; that item is %s.", target.Product.Name).at("/to_inventory_id")
	}
	return target, nil
}
