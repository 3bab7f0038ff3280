package store

import (
	"context"
	"encoding/json"
)

// movementNews tells that a quantity changed.
func (l *Ledger) movementNews(ctx context.Context, e *Entry) ([]News, error) {
	m := e.Movement
	item, err := l.shownAt(ctx, m.Item, e.Seq)
	if err != nil {
		return nil, err
	}
	data := newObject().row(item).balances(m.After, m.ReservedAfter).quantity("quantity_change", m.Change).
		text("reason_code", m.Reason.String()).text("sub_reason", m.SubReason).text("reference", m.Reference).
		position("movement_id", e.Position).id("transfer_id", m.Transfer).position("reverses", m.Reverses).
		id("reservation_id", m.Reservation).origin(e)
	return []News{news(e, NewsUpdated, item.Location.ID, data)}, nil
}

// holdNews tells that the available quantity changed without a movement, and
// that a reservation expired. One that is only held longer is no news.
func (l *Ledger) holdNews(ctx context.Context, e *Entry) ([]News, error) {
	h := e.Hold
	if h.ReservedChange == 0 && h.Why != string(ReservationExpired) {
		return nil, nil
	}
	item, err := l.shownAt(ctx, h.Item, e.Seq)
	if err != nil {
		return nil, err
	}
	data := newObject().row(item).balances(h.After, h.ReservedAfter).quantity("reserved_change", h.ReservedChange).
		text("why", h.Why).id("reservation_id", h.Reservation).text("reference", h.Reference).
		time("expires_at", h.ExpiresAt).origin(e)
	told := []News{news(e, NewsAvailability, item.Location.ID, data)}
	if h.Why != string(ReservationExpired) {
		return told, nil
	}
	expired, err := l.expiredNews(ctx, e, item)
	return append(told, expired), err
}

// expiredNews is the second thing that a hold tells: whose units were let go.
func (l *Ledger) expiredNews(ctx context.Context, e *Entry, item *Item) (News, error) {
	h := e.Hold
	r, err := readReservation(ctx, l.j, h.Reservation, e.Seq)
	if err != nil {
		return News{}, err
	}
	if r == nil {
		return News{}, refuse(CodeNotFound, "There is no reservation %s.", h.Reservation)
	}
	data := newObject().id("reservation_id", r.ID).row(item).quantity("quantity_released", -h.ReservedChange).
		quantity("quantity_requested", r.Requested).text("reference", r.Reference).
		time("created_at", r.CreatedAt).time("expires_at", r.ExpiresAt).origin(e)
	n := news(e, NewsExpired, item.Location.ID, data)
	n.ID += ".2"
	return n, nil
}

// lowStockNews tells that stock crossed its threshold downwards, which is when
// the event is written.
func (l *Ledger) lowStockNews(ctx context.Context, e *Entry) ([]News, error) {
	var body lowStock
	if err := json.Unmarshal(e.Event.Body, &body); err != nil {
		return nil, err
	}
	data := newObject().text("scope", body.Scope)
	if body.ItemID.IsZero() {
		product, err := l.productAt(ctx, body.ProductID, e.Seq)
		if err != nil {
			return nil, err
		}
		if product == nil {
			product = &Product{}
		}
		data = data.null("inventory_id").id("product_id", body.ProductID).text("product_name", product.Name).
			text("sku", product.SKU).id("location_id", body.Location).null("room_type").null("lot_id").null("package_tag")
	} else {
		item, err := l.shownAt(ctx, body.ItemID, e.Seq)
		if err != nil {
			return nil, err
		}
		data = data.row(item)
	}
	data = data.quantity("available_quantity", body.Available).quantity("low_stock_threshold", body.Threshold).origin(e)
	return []News{news(e, NewsLowStock, body.Location, data)}, nil
}
