package square

import (
	"github.com/shelfd/shelfd/store"
)

// What follows is Square's JSON as the simulator writes it, on purpose not by
// the types of the connector.

// simChange is a change of stock.
type simChange struct {
	Type       string     `json:"type"`
	Count      *simDetail `json:"physical_count,omitempty"`
	Adjustment *simDetail `json:"adjustment,omitempty"`
}

// detail gives what the change says, nil for nothing.
func (g *simChange) detail() *simDetail {
	switch g.Type {
	case "PHYSICAL_COUNT":
		return g.Count
	case "ADJUSTMENT":
		return g.Adjustment
	}
	return nil
}

type simDetail struct {
	ID          string     `json:"id,omitempty"`
	Reference   string     `json:"reference_id,omitempty"`
	State       string     `json:"state,omitempty"`
	From        string     `json:"from_state,omitempty"`
	To          string     `json:"to_state,omitempty"`
	Location    string     `json:"location_id,omitempty"`
	Product     string     `json:"catalog_object_id,omitempty"`
	ProductType string     `json:"catalog_object_type,omitempty"`
	Quantity    string     `json:"quantity,omitempty"`
	OccurredAt  string     `json:"occurred_at,omitempty"`
	CreatedAt   string     `json:"created_at,omitempty"`
	Source      *simSource `json:"source,omitempty"`
	Transaction string     `json:"transaction_id,omitempty"`
	Refund      string     `json:"refund_id,omitempty"`
	Group       *simGroup  `json:"adjustment_group,omitempty"`
}

type simSource struct {
	Product string `json:"product"`
	Name    string `json:"name"`
}

type simGroup struct {
	ID   string `json:"id"`
	From string `json:"from_state"`
	To   string `json:"to_state"`
}

type simStock struct {
	Product      string `json:"catalog_object_id"`
	ProductType  string `json:"catalog_object_type"`
	State        string `json:"state"`
	Location     string `json:"location_id"`
	Quantity     string `json:"quantity"`
	CalculatedAt string `json:"calculated_at"`
}

// simOrder is the body of batch-create.
type simOrder struct {
	Key     string      `json:"idempotency_key"`
	Changes []simChange `json:"changes"`
	Ignore  *bool       `json:"ignore_unchanged_counts"`
}

// simQuestion is the body of both batch-retrieves.
type simQuestion struct {
	Products  []string `json:"catalog_object_ids"`
	Locations []string `json:"location_ids"`
	Types     []string `json:"types"`
	States    []string `json:"states"`
	After     string   `json:"updated_after"`
	Before    string   `json:"updated_before"`
	Cursor    string   `json:"cursor"`
	Limit     int      `json:"limit"`
}

// simAnswer is any answer.
type simAnswer struct {
	Errors    []simError       `json:"errors,omitempty"`
	Counts    []simStock       `json:"counts,omitempty"`
	Changes   []simChange      `json:"changes,omitempty"`
	Locations []map[string]any `json:"locations,omitempty"`
	Cursor    string           `json:"cursor,omitempty"`
}

type simError struct {
	Category string `json:"category"`
	Code     string `json:"code"`
	Detail   string `json:"detail,omitempty"`
	Field    string `json:"field,omitempty"`
}

func simCount(product string, n store.Quantity) simChange {
	return simChange{Type: "PHYSICAL_COUNT", Count: &simDetail{Product: product, Location: simLocation, State: "IN_STOCK", Quantity: n.String()}}
}

func simMove(product, from, to string, n store.Quantity) simChange {
	return simChange{Type: "ADJUSTMENT", Adjustment: &simDetail{Product: product, Location: simLocation, From: from, To: to, Quantity: n.String()}}
}

// simInvalid refuses a request for a field of it.
func simInvalid(code, field, detail string) simAnswer {
	return simAnswer{Errors: []simError{{Category: "INVALID_REQUEST_ERROR", Code: code, Field: field, Detail: detail}}}
}
