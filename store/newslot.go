package store

import (
	"context"
	"encoding/json"
)

// expiringNews tells that a lot which is in stock expires soon.
func (l *Ledger) expiringNews(ctx context.Context, e *Entry) ([]News, error) {
	var body lotExpiring
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return nil, err
	}
	product, err := l.productAt(ctx, body.ProductID, e.Seq)
	if err != nil {
		return nil, err
	}
	if product == nil {
		product = &Product{}
	}
	lot, err := l.lotAt(ctx, body.LotID, e.Seq)
	if err != nil {
		return nil, err
	}
	data := newObject().id("lot_id", body.LotID).text("package_tag", lot.PackageTag).text("batch_number", lot.BatchNumber).
		id("product_id", body.ProductID).text("product_name", product.Name).text("sku", product.SKU).
		id("location_id", body.Location).text("expires_at", body.ExpiresOn).quantity("quantity", body.Quantity).origin(e)
	return []News{news(e, NewsExpiring, body.Location, data)}, nil
}

// lotAt gives a lot as it was at seq, an empty one when it is not here.
func (l *Ledger) lotAt(ctx context.Context, id ID, seq int64) (*Lot, error) {
	now, ok := l.Lot(id)
	if !ok {
		return &Lot{ID: id}, nil
	}
	return versionAt(ctx, l, now, id, now.Version, seq)
}
