package store

// Item is one row of stock: product × location × room type × lot. A value is
// one immutable version, whole in itself: a reader may keep it and render it
// without any lock.
type Item struct {
	ID ID
	// No counts items from 1 in the order they were opened.
	No       int64
	Room     Room
	Product  *Product
	Location *Location
	// Lot is nil for stock that is not kept by lot.
	Lot        *Lot
	ArchivedAt Instant
	// Threshold is this room's own low-stock threshold; nil for none.
	Threshold *Quantity

	Quantity Quantity
	// Reserved is the sum of open reservations.
	Reserved Quantity
	// Value is the sum of the value changes of all movements.
	Value Money
	// Low tells whether the room or the product at the location is low.
	Low bool
	// lowArmed: a crossing of the room's own threshold will fire.
	lowArmed bool
	// group is the number of the first item of its product and location: it
	// names the low-stock group.
	group int64

	// Seq is the newest entry about this item; Opened the one that made it,
	// edited the newest document, lit the one about another item that last
	// changed Low.
	Seq, Opened, edited, lit int64
	UpdatedAt                Instant
	// CountedAt is when the last AUDIT movement or count happened.
	CountedAt Instant
}

// Available is quantity − reserved.
func (i *Item) Available() Quantity { return i.Quantity - i.Reserved }

// Version grows whenever anything shown of the item changes: the newest of
// its own entries, of the documents it shows and of those that made it low.
func (i *Item) Version() int64 {
	v := max(i.Seq, i.lit, i.Product.Version, i.Location.Version)
	if i.Lot != nil {
		v = max(v, i.Lot.Version)
	}
	return v
}

// ThresholdShown is the low-stock threshold a row shows: the room's own, or
// that of the product at the location; nil when there is neither.
func (i *Item) ThresholdShown() *Quantity {
	if i.Threshold != nil {
		return i.Threshold
	}
	return i.Product.ThresholdAt(i.Location.ID)
}

// itemDocument is the document of an inventory item: what it is, never how
// much there is of it.
type itemDocument struct {
	ID         ID        `json:"id"`
	No         int64     `json:"no"`
	ProductID  ID        `json:"product_id"`
	LocationID ID        `json:"location_id"`
	Room       Room      `json:"room_type"`
	LotID      ID        `json:"lot_id,omitzero"`
	Threshold  *Quantity `json:"low_stock_threshold,omitempty"`
	ArchivedAt Instant   `json:"archived_at,omitempty"`
}

func (i *Item) document() itemDocument {
	d := itemDocument{
		ID: i.ID, No: i.No, ProductID: i.Product.ID, LocationID: i.Location.ID,
		Room: i.Room, Threshold: i.Threshold, ArchivedAt: i.ArchivedAt,
	}
	if i.Lot != nil {
		d.LotID = i.Lot.ID
	}
	return d
}

// place is where stock of a product can be: what makes an item unique.
type place struct {
	product, location, lot ID
	room                   Room
}

func (i *Item) place() place {
	p := place{product: i.Product.ID, location: i.Location.ID, room: i.Room}
	if i.Lot != nil {
		p.lot = i.Lot.ID
	}
	return p
}
