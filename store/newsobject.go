package store

// object is a JSON object under way: its members are appended in order, and
// those without a value are null.
type object []byte

// newObject begins an object of about the size of a movement's.
func newObject() object { return append(make(object, 0, 896), '{') }

// key begins a member; names are our own and need no escaping.
func (o object) key(name string) object {
	if last := o[len(o)-1]; last != '{' && last != '[' {
		o = append(o, ',')
	}
	return append(append(append(o, '"'), name...), '"', ':')
}

func (o object) null(name string) object { return append(o.key(name), "null"...) }

func (o object) text(name, s string) object {
	if s == "" {
		return o.null(name)
	}
	return AppendString(o.key(name), s)
}

func (o object) id(name string, id ID) object {
	if id.IsZero() {
		return o.null(name)
	}
	return append(id.Append(append(o.key(name), '"')), '"')
}

func (o object) quantity(name string, q Quantity) object { return q.Append(o.key(name)) }

func (o object) time(name string, i Instant) object {
	if i == 0 {
		return o.null(name)
	}
	return append(i.Append(append(o.key(name), '"')), '"')
}

func (o object) position(name string, p Position) object {
	if p.IsZero() {
		return o.null(name)
	}
	return append(p.Append(append(o.key(name), '"')), '"')
}

// raw adds a value that is JSON.
func (o object) raw(name string, value []byte) object { return append(o.key(name), value...) }

// row adds what an item is, never how much there is of it.
func (o object) row(i *Item) object {
	o = o.id("inventory_id", i.ID).id("product_id", i.Product.ID).text("product_name", i.Product.Name).
		text("sku", i.Product.SKU).id("location_id", i.Location.ID).text("room_type", i.Room.String())
	if i.Lot == nil {
		return o.null("lot_id").null("package_tag")
	}
	return o.id("lot_id", i.Lot.ID).text("package_tag", i.Lot.PackageTag)
}

// balances adds how much there is after an entry.
func (o object) balances(after, reserved Quantity) object {
	return o.quantity("quantity", after).quantity("reserved_quantity", reserved).
		quantity("available_quantity", after-reserved)
}

// origin adds when and by whom an entry was recorded, and ends the object.
func (o object) origin(e *Entry) object {
	o = o.time("occurred_at", e.OccurredAt).time("recorded_at", e.RecordedAt).
		text("actor", e.Actor).text("terminal", e.Terminal).text("source", e.Source)
	if !e.Again.IsZero() {
		o = o.position("again", e.Again)
	}
	return o.end()
}

func (o object) end() object { return append(o, '}') }
