package httpapi

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

var saleFields = []string{"id", "line", "product", "lot", "room", "sku", "change", "reason", "reference", "at"}

// ReadSales reads the section sales.
func (c *connector) ReadSales(ctx context.Context, from, to store.Instant, page func([]pos.Sale) error) error {
	if c.sales == nil {
		return c.notSupported("sales")
	}
	with := c.common.with("$from", instantText(from)).with("$to", instantText(to))
	return readAll(ctx, c, c.sales, with, saleFields, saleOf, page)
}

func saleOf(r *row) pos.Sale {
	s := pos.Sale{
		ID: r.id("id"), Line: r.integer("line"), Place: r.place(), SKU: r.text("sku"),
		Change: r.quantity("change"), Reference: r.text("reference"), At: r.instant("at"),
	}
	s.Reason = r.reason(s.Change)
	if sign := s.Reason.Sign(); sign < 0 && s.Change > 0 || sign > 0 && s.Change < 0 {
		r.bad("Its change %s does not fit its reason %s.", s.Change, s.Reason)
	}
	if s.At == 0 {
		r.bad("It has no at.")
	}
	s.Problem = r.problem
	return s
}

// reason reads one of our codes. Without one, what takes from the stock is a
// sale and what adds to it a return.
func (r *row) reason(change store.Quantity) store.Reason {
	text := r.text("reason")
	reason, ok := store.ParseReason(text)
	switch {
	case ok:
		return reason
	case text != "":
		r.bad("Its reason %.40q is none of the seven.", text)
	case change > 0:
		return store.Return
	}
	return store.Sale
}
