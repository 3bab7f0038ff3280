package square

import (
	"cmp"
	"context"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// changesQuestion is the body for pathChanges.
type changesQuestion struct {
	Products  []string `json:"catalog_object_ids,omitempty"`
	Locations []string `json:"location_ids"`
	Types     []string `json:"types"`
	After     string   `json:"updated_after"`
	Before    string   `json:"updated_before,omitempty"`
	Cursor    string   `json:"cursor,omitempty"`
	Limit     int      `json:"limit"`
}

// changes is the answer of pathChanges.
type changes struct {
	envelope

	Changes []change `json:"changes"`
	Cursor  string   `json:"cursor"`
}

// change is one change of stock that Square knows of.
type change struct {
	Type       string `json:"type"`
	Count      *row   `json:"physical_count"`
	Adjustment *row   `json:"adjustment"`
}

// row is a count, which has a State, or an adjustment, which has From and To.
type row struct {
	ID          string     `json:"id"`
	Reference   string     `json:"reference_id"`
	Product     string     `json:"catalog_object_id"`
	ProductType string     `json:"catalog_object_type"`
	Location    string     `json:"location_id"`
	State       string     `json:"state"`
	From        string     `json:"from_state"`
	To          string     `json:"to_state"`
	Quantity    pos.Number `json:"quantity"`
	OccurredAt  string     `json:"occurred_at"`
	CreatedAt   string     `json:"created_at"`
	Transaction string     `json:"transaction_id"`
	Refund      string     `json:"refund_id"`
	// Group tells what the change of a component is part of.
	Group *struct {
		From string `json:"from_state"`
		To   string `json:"to_state"`
	} `json:"adjustment_group"`
}

// ReadSales gives what was sold and brought back of which Square learned from
// ≤ then < to. A sale that a till made while it was offline is among those of
// when it arrived; its At is when it was made.
func (c *Connector) ReadSales(ctx context.Context, from, to store.Instant, page func([]pos.Sale) error) error {
	question := changesQuestion{Types: []string{typeAdjustment}, After: c.after(from)}
	// Up to now is up to Square's now, which may be later.
	if to < c.now() {
		question.Before = to.String()
	}
	return c.readChanges(ctx, question, func(list []change) error {
		if rows := c.sales(list); len(rows) > 0 {
			return page(rows)
		}
		return nil
	})
}

// after gives the moment before one, on Square's clock where that is behind:
// what is asked for is after it, and is dated by that clock.
func (c *Connector) after(from store.Instant) string {
	behind := max(0, store.InstantOf(c.clock.Wall()).Sub(c.now()))
	return (from.Add(-behind) - 1).String()
}

// readChanges gives the changes at our location in pages.
func (c *Connector) readChanges(ctx context.Context, question changesQuestion, page func([]change) error) error {
	question.Locations, question.Limit = []string{c.location}, perPage
	return paged(func(cursor string) (string, error) {
		question.Cursor = cursor
		var answer changes
		if err := c.query(ctx, pathChanges, question, &answer); err != nil {
			return "", err
		}
		return answer.Cursor, page(answer.Changes)
	})
}

// sales gives the changes that are sales and returns, and not ours.
func (c *Connector) sales(list []change) []pos.Sale {
	var rows []pos.Sale
	for _, g := range list {
		switch {
		case g.Type != typeAdjustment:
		case g.Adjustment == nil:
			rows = append(rows, pos.Sale{Problem: "It is an adjustment that says nothing."})
		default:
			if s, ok := c.sale(g.Adjustment); ok {
				rows = append(rows, s)
			}
		}
	}
	return rows
}

// sale reads an adjustment; ok is false when it is none of a till's, or not
// about our stock.
func (c *Connector) sale(a *row) (s pos.Sale, ok bool) {
	reason := a.reason()
	if reason == 0 || a.Location != c.location || !isVariation(a.ProductType) || strings.HasPrefix(a.Reference, prefix) {
		return s, false
	}
	s = pos.Sale{ID: a.ID, Place: store.Place{Product: a.Product}, Reason: reason, Reference: cmp.Or(a.Transaction, a.Refund, a.Reference)}
	var dated bool
	s.At, dated = instant(cmp.Or(a.OccurredAt, a.CreatedAt))
	s.Change, s.Problem = a.Quantity.Quantity()
	switch {
	case a.ID == "" || a.Product == "":
		s.Problem = "It does not say which change or variation it is."
	case !dated:
		s.Problem = "It does not say when it was."
	case s.Problem == "" && s.Change <= 0:
		s.Problem = "Its quantity " + s.Change.String() + " is not above zero."
	}
	if reason == store.Sale {
		s.Change = -s.Change
	}
	return s, true
}

// reason is that of a sale or a return, 0 for anything else.
func (a *row) reason() store.Reason {
	from, to := a.From, a.To
	// A component goes by way of states of its own.
	if a.Group != nil && from == stateInStock {
		to = cmp.Or(a.Group.To, to)
	}
	if a.Group != nil && to == stateInStock {
		from = cmp.Or(a.Group.From, from)
	}
	switch {
	case (from == stateInStock || from == stateReserved) && (to == stateSold || to == stateOnline):
		return store.Sale
	case to == stateInStock && (from == stateUnlinked || from == stateReturned || from == stateSold):
		return store.Return
	}
	return 0
}
