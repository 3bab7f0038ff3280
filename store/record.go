package store

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ItemRecord is everything that a fold knows of one item, in columns: how
// another database keeps it.
type ItemRecord struct {
	ID ID
	// No counts the store's items from 1 in the order they were opened.
	No                int64
	Product, Location ID
	// Lot is the zero ID for stock that is not kept by lot.
	Lot                ID
	Room               Room
	Quantity, Reserved Quantity
	Value              Money
	Low                bool
	// Seq is the newest entry about the item, Opened the one that made it,
	// Edited its newest document, Lit the entry about another item that last
	// changed Low, 0 for none.
	Seq, Opened, Edited, Lit         int64
	UpdatedAt, CountedAt, ArchivedAt Instant
	// Threshold is the room's own low-stock threshold; nil for none.
	Threshold *Quantity
}

// Equal tells whether two records say the same.
func (r ItemRecord) Equal(o ItemRecord) bool {
	a, b := r.Threshold, o.Threshold
	r.Threshold, o.Threshold = nil, nil
	return r == o && (a == b || a != nil && b != nil && *a == *b)
}

// Record gives an item's record.
func (i *Item) Record() ItemRecord {
	r := ItemRecord{
		ID: i.ID, No: i.No, Product: i.Product.ID, Location: i.Location.ID, Room: i.Room,
		Quantity: i.Quantity, Reserved: i.Reserved, Value: i.Value, Low: i.Low,
		Seq: i.Seq, Opened: i.Opened, Edited: i.edited, Lit: i.lit,
		UpdatedAt: i.UpdatedAt, CountedAt: i.CountedAt, ArchivedAt: i.ArchivedAt, Threshold: i.Threshold,
	}
	if i.Lot != nil {
		r.Lot = i.Lot.ID
	}
	return r
}

// item makes the item of a record from the documents that s has.
func (r *ItemRecord) item(s *state) (*Item, error) {
	i := &Item{
		ID: r.ID, No: r.No, Room: r.Room, Quantity: r.Quantity, Reserved: r.Reserved, Value: r.Value, Low: r.Low,
		Seq: r.Seq, Opened: r.Opened, edited: r.Edited, lit: r.Lit,
		UpdatedAt: r.UpdatedAt, CountedAt: r.CountedAt, ArchivedAt: r.ArchivedAt, Threshold: r.Threshold, group: r.No,
	}
	i.Product, _ = s.products.get(r.Product)
	i.Location, _ = s.locations.get(r.Location)
	i.Lot, _ = s.lots.get(r.Lot)
	if i.Product == nil || i.Location == nil || (i.Lot == nil && !r.Lot.IsZero()) {
		return nil, fmt.Errorf("the record of item %s is there without its documents", r.ID)
	}
	return i, nil
}

// DocumentRecord is the newest version of a product, location, lot or
// transfer: what the document was when entry Seq made it. The documents of
// items are in their ItemRecords.
type DocumentRecord struct {
	Type DocumentType
	ID   ID
	Seq  int64
	Body json.RawMessage
}

// ErrNewer says that an entry can be folded by a newer program only.
var ErrNewer = errors.New("it is of a newer version of the program")

// decode reads a document whole, so that it can be shown.
func (d *DocumentRecord) decode() (any, error) {
	of, err := readDocument(&Entry{
		Position: Position{Seq: d.Seq},
		Document: &Document{Type: d.Type, ID: d.ID, Body: d.Body},
	})
	if err != nil {
		return nil, fmt.Errorf("the record of %s %s: %w", d.Type, d.ID, err)
	}
	return of, nil
}

// keep puts a version of a document that items show into the published state.
func (s *state) keep(of any) {
	switch v := of.(type) {
	case *Product:
		s.products.base[v.ID] = v
	case *Location:
		s.locations.base[v.ID] = v
	case *Lot:
		s.lots.base[v.ID] = v
	case *TransferDocument:
		s.loadTransfers([]*TransferDocument{v})
	}
}

// MakeItems makes the items of records, in their order, to show them. docs
// are the newest versions of all products, locations and lots that they
// refer to.
func MakeItems(items []ItemRecord, docs []DocumentRecord) ([]*Item, error) {
	s := newState(1, 0)
	for n := range docs {
		of, err := docs[n].decode()
		if err != nil {
			return nil, err
		}
		s.keep(of)
	}
	list := make([]*Item, 0, len(items))
	for n := range items {
		i, err := items[n].item(s)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}
