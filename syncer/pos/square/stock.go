package square

import (
	"context"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// The states of goods at Square that matter here.
const (
	stateInStock  = "IN_STOCK"
	stateSold     = "SOLD"
	stateOnline   = "SOLD_ONLINE"
	stateReserved = "RESERVED_FOR_SALE"
	stateReturned = "RETURNED_BY_CUSTOMER"
	stateUnlinked = "UNLINKED_RETURN"
	stateWaste    = "WASTE"
	stateNone     = "NONE"
)

// inStock is the state that a place's quantity is of.
var inStock = []string{stateInStock}

// perQuestion is how many variations are asked for at once.
const perQuestion = 100

// countsQuestion is the body for pathCounts.
type countsQuestion struct {
	Products  []string `json:"catalog_object_ids,omitempty"`
	Locations []string `json:"location_ids"`
	States    []string `json:"states"`
	Cursor    string   `json:"cursor,omitempty"`
	Limit     int      `json:"limit"`
}

// counts is the answer of pathCounts.
type counts struct {
	envelope

	Counts []count `json:"counts"`
	Cursor string  `json:"cursor"`
}

// count is what Square has of a variation in one state.
type count struct {
	Product      string     `json:"catalog_object_id"`
	Type         string     `json:"catalog_object_type"`
	State        string     `json:"state"`
	Location     string     `json:"location_id"`
	Quantity     pos.Number `json:"quantity"`
	CalculatedAt string     `json:"calculated_at"`
}

// ReadStock gives the stock of variations. Square leaves out those that it
// never had a count or a change of.
func (c *Connector) ReadStock(ctx context.Context, only []store.Place, page func([]pos.Stock) error) error {
	if only == nil {
		return c.readCounts(ctx, nil, page)
	}
	for products := range slices.Chunk(productsOf(only), perQuestion) {
		if err := c.readCounts(ctx, products, page); err != nil {
			return err
		}
	}
	return nil
}

func (c *Connector) readCounts(ctx context.Context, products []string, page func([]pos.Stock) error) error {
	return paged(func(cursor string) (string, error) {
		question := countsQuestion{Products: products, Locations: []string{c.location}, States: inStock, Cursor: cursor, Limit: perPage}
		var answer counts
		if err := c.query(ctx, pathCounts, question, &answer); err != nil {
			return "", err
		}
		rows := c.stock(answer.Counts)
		if len(rows) == 0 {
			return answer.Cursor, nil
		}
		return answer.Cursor, page(rows)
	})
}

// stock gives the rows that are about variations in stock at our location.
func (c *Connector) stock(list []count) []pos.Stock {
	var rows []pos.Stock
	for _, n := range list {
		if n.Location == c.location && n.State == stateInStock && isVariation(n.Type) {
			rows = append(rows, n.stock())
		}
	}
	return rows
}

// isVariation tells whether a row is about something that is kept in stock. A
// whole item is what the restaurant app counts.
func isVariation(kind string) bool { return kind == "" || kind == "ITEM_VARIATION" }

func (n *count) stock() pos.Stock {
	s := pos.Stock{Place: store.Place{Product: n.Product}}
	s.Quantity, s.Problem = n.Quantity.Quantity()
	s.UpdatedAt, _ = instant(n.CalculatedAt)
	if n.Product == "" {
		s.Problem = "It does not say which variation it is about."
	}
	return s
}

// productsOf lists each product once.
func productsOf(places []store.Place) []string {
	var list []string
	for _, p := range places {
		list = append(list, p.Product)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// instant reads RFC 3339. ok is false when it is nothing of the kind.
func instant(text string) (at store.Instant, ok bool) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, false
	}
	return store.InstantOf(t), true
}
