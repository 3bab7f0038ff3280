package store

import (
	"context"
	"encoding/json"
)

// News is something that subscribers are told: an event of a webhook or of the
// live feed. It is made of one entry and the documents as of it, so that it
// says the same whenever it is told.
type News struct {
	// ID is the entry's position and, for the second thing that one entry
	// tells, a dot and 2. It is the same for ever.
	ID       string
	Position Position
	Type     NewsType
	// At is when it happened.
	At Instant
	// Location is where, the zero ID for what is about none or several.
	Location ID
	// Data is the body's data, JSON.
	Data json.RawMessage
}

// NewsType names a kind of news, as subscribers choose it.
type NewsType string

// The kinds of news.
const (
	NewsUpdated      NewsType = "inventory.updated"
	NewsLowStock     NewsType = "inventory.low_stock"
	NewsSync         NewsType = "inventory.sync.completed"
	NewsAvailability NewsType = "inventory.availability_changed"
	NewsExpired      NewsType = "reservation.expired"
	NewsTransfer     NewsType = "transfer.completed"
	NewsDiscrepancy  NewsType = "discrepancy.opened"
	NewsExpiring     NewsType = "lot.expiring"
	NewsTest         NewsType = "webhook.test"
)

// AppendBody appends the body that subscribers get, one line of JSON: type,
// timestamp and data.
func (n *News) AppendBody(b []byte) []byte {
	b = AppendString(append(b, `{"type":`...), string(n.Type))
	b = n.At.Append(append(b, `,"timestamp":"`...))
	b = append(append(b, `","data":`...), n.Data...)
	return append(b, '}')
}

// News gives what an entry tells subscribers, none for most documents and
// events. The entry must be published: its seq is at most that of Head. Codes:
// not_found when what the entry is about is not here.
func (l *Ledger) News(ctx context.Context, s *Stored) ([]News, error) {
	e, err := ParseEntry(s.Bytes)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case KindMovement:
		return l.movementNews(ctx, e)
	case KindHold:
		return l.holdNews(ctx, e)
	case KindDocument:
		if e.Document.Type == DocTransfer {
			return l.transferNews(ctx, e)
		}
	case KindEvent:
		switch e.Event.Type {
		case EventLowStock:
			return l.lowStockNews(ctx, e)
		case EventLotExpiring:
			return l.expiringNews(ctx, e)
		case EventSyncRun:
			return syncNews(e)
		case EventDiscrepancy:
			return l.discrepancyNews(ctx, e)
		}
	}
	return nil, nil
}

// news makes the one thing that an entry tells.
func news(e *Entry, t NewsType, location ID, data []byte) News {
	return News{ID: e.Position.String(), Position: e.Position, Type: t, At: e.OccurredAt, Location: location, Data: data}
}

// shownAt gives an item with the product and the lot as they were at seq. Its
// balances are those of today: they are in the entry. What an item is of, and
// where, never changes.
func (l *Ledger) shownAt(ctx context.Context, id ID, seq int64) (*Item, error) {
	now, ok := l.Item(id)
	if !ok {
		return nil, refuse(CodeNotFound, "There is no inventory item %s.", id)
	}
	if now.Product.Version <= seq && (now.Lot == nil || now.Lot.Version <= seq) {
		return now, nil
	}
	was := *now
	var err error
	if was.Product, err = versionAt(ctx, l, now.Product, now.Product.ID, now.Product.Version, seq); err != nil {
		return nil, err
	}
	if now.Lot != nil {
		was.Lot, err = versionAt(ctx, l, now.Lot, now.Lot.ID, now.Lot.Version, seq)
	}
	return &was, err
}

// productAt gives a product as it was at seq, nil for one that is not here.
func (l *Ledger) productAt(ctx context.Context, id ID, seq int64) (*Product, error) {
	now, ok := l.Product(id)
	if !ok {
		return nil, nil
	}
	return versionAt(ctx, l, now, id, now.Version, seq)
}
