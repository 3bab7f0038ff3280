package store

import (
	"context"
	"encoding/json"
)

// discrepancyTold is the data of a discrepancy.opened: the body of its event,
// whichever of the kinds it is, and what that is about.
type discrepancyTold struct {
	Class       string    `json:"class"`
	ItemID      ID        `json:"inventory_id,omitzero"`
	ProductID   ID        `json:"product_id,omitzero"`
	ProductName string    `json:"product_name,omitempty"`
	SKU         string    `json:"sku,omitempty"`
	LocationID  ID        `json:"location_id,omitzero"`
	RoomType    string    `json:"room_type,omitempty"`
	LotID       ID        `json:"lot_id,omitzero"`
	Tag         string    `json:"package_tag,omitempty"`
	Movement    string    `json:"movement_id,omitempty"`
	After       *Quantity `json:"quantity_after,omitempty"`
	Codes       []Code    `json:"codes,omitempty"`
	Transfer    ID        `json:"transfer_id,omitzero"`
	Line        int64     `json:"line,omitempty"`
	Lost        Quantity  `json:"lost,omitempty"`
	Extra       Quantity  `json:"extra,omitempty"`
	Canceled    Quantity  `json:"canceled,omitempty"`
	Destination string    `json:"destination,omitempty"`
	CaseID      ID        `json:"case_id,omitzero"`
	Shelf       *Quantity `json:"shelf_quantity,omitempty"`
	Theirs      *Quantity `json:"their_quantity,omitempty"`
	Count       int       `json:"count,omitempty"`
	RecordedAt  string    `json:"recorded_at"`
}

// discrepancyNews tells that something is not as it should be.
func (l *Ledger) discrepancyNews(ctx context.Context, e *Entry) ([]News, error) {
	var d discrepancyTold
	if err := json.Unmarshal(e.Event.Body, &d); err != nil {
		return nil, err
	}
	d.RecordedAt = e.RecordedAt.String()
	var err error
	switch {
	case !d.ItemID.IsZero():
		err = l.aboutItem(ctx, &d, e.Seq)
	case !d.Transfer.IsZero():
		err = l.aboutTransfer(ctx, &d, e.Seq)
	case !d.ProductID.IsZero():
		err = l.aboutProduct(ctx, &d, e.Seq)
	}
	if err != nil {
		return nil, err
	}
	return []News{news(e, NewsDiscrepancy, d.LocationID, encodeDocument(d))}, nil
}

func (l *Ledger) aboutItem(ctx context.Context, d *discrepancyTold, seq int64) error {
	item, err := l.shownAt(ctx, d.ItemID, seq)
	if err != nil {
		return err
	}
	d.ProductID, d.ProductName, d.SKU = item.Product.ID, item.Product.Name, item.Product.SKU
	d.LocationID, d.RoomType = item.Location.ID, item.Room.String()
	if item.Lot != nil {
		d.LotID, d.Tag = item.Lot.ID, item.Lot.PackageTag
	}
	return nil
}

// aboutTransfer adds the goods of a line. A transfer that was received blind
// is written after what is wrong with it, so that nothing is known of it yet.
func (l *Ledger) aboutTransfer(ctx context.Context, d *discrepancyTold, seq int64) error {
	t, err := l.transferAt(ctx, d.Transfer, seq)
	if err != nil || t == nil {
		return err
	}
	d.LocationID = t.place()
	n := int(d.Line) - 1
	if n < 0 || n >= len(t.Lines) {
		return nil
	}
	line := &t.Lines[n]
	d.ProductID, d.SKU, d.Tag = line.Product, line.SKU, line.PackageTag
	return l.aboutProduct(ctx, d, seq)
}

func (l *Ledger) aboutProduct(ctx context.Context, d *discrepancyTold, seq int64) error {
	product, err := l.productAt(ctx, d.ProductID, seq)
	if product != nil && err == nil {
		d.ProductName = product.Name
	}
	return err
}
