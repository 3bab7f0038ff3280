package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// reconciledView is one product, or package of it, with what every side says,
// as the API shows it.
type reconciledView struct {
	ProductID    *string      `json:"product_id"`
	ProductName  *string      `json:"product_name"`
	SKU          *string      `json:"sku"`
	LocationID   *string      `json:"location_id"`
	LocationName *string      `json:"location_name"`
	LotID        *string      `json:"lot_id"`
	PackageTag   *string      `json:"package_tag"`
	Unit         *string      `json:"unit"`
	Shelf        *json.Number `json:"shelf_quantity"`
	POS          []sideView   `json:"pos"`
	State        []sideView   `json:"state"`
	Cases        []caseView   `json:"cases"`
}

// sideView is what one side says.
type sideView struct {
	Destination string       `json:"destination"`
	Quantity    *json.Number `json:"quantity"`
	Difference  *json.Number `json:"difference"`
	SeenAt      *time.Time   `json:"seen_at"`
	Reported    *int64       `json:"reported"`
}

// caseView is a difference.
type caseView struct {
	ID          string          `json:"id"`
	Destination string          `json:"destination"`
	Class       store.CaseClass `json:"class"`
	Detail      string          `json:"detail"`
	Room        *string         `json:"room"`
	Shelf       *json.Number    `json:"shelf_quantity"`
	Theirs      *json.Number    `json:"their_quantity"`
	OpenedAt    *time.Time      `json:"opened_at"`
	CheckedAt   *time.Time      `json:"checked_at"`
	ClosedAt    *time.Time      `json:"closed_at"`
}

func readReconciled(ctx context.Context, c *client, query url.Values) ([]reconciledView, error) {
	list := []reconciledView{}
	err := eachPage(ctx, c, reconciliationPath, query, func(page []reconciledView) error {
		list = append(list, page...)
		return nil
	})
	return list, err
}

// show writes rows in the form that was asked for.
func (r *reconcileOptions) show(rows []reconciledView) error {
	switch r.output {
	case "json":
		return r.json(map[string]any{"data": rows})
	case "text":
		return r.writeReconciled(rows)
	}
	table, err := newTable(r.stdout, r.output, reconciledColumns...)
	if err != nil {
		return err
	}
	for i := range rows {
		err = errors.Join(err, table.Row(rows[i].values()...))
	}
	return errors.Join(err, table.Close())
}

// reconciledColumns are those of the API's CSV.
var reconciledColumns = []string{
	"product_name", "sku", "package_tag", "location_name", "unit", "shelf", "pos", "pos_difference", "state", "state_difference",
	"class", "since", "product_id", "lot_id", "location_id",
}

// values gives the cells of a row under reconciledColumns.
func (v *reconciledView) values() []any {
	pos, state := first(v.POS), first(v.State)
	class, opened := v.open()
	since := any(nil)
	if opened != nil {
		since = opened.UTC().Format(time.RFC3339Nano)
	}
	return []any{
		orNone(v.ProductName), orNone(v.SKU), orNone(v.PackageTag), orNone(v.LocationName), orNone(v.Unit), exact(v.Shelf),
		exact(pos.Quantity), exact(pos.Difference), exact(state.Quantity), exact(state.Difference),
		class, since, orNone(v.ProductID), orNone(v.LotID), orNone(v.LocationID),
	}
}

// writeReconciled shows rows to people: one difference a row, that of the POS
// if there is one.
func (r *reconcileOptions) writeReconciled(rows []reconciledView) error {
	open, onTheirWay := countCases(rows)
	if len(rows) == 0 {
		_, err := fmt.Fprintln(r.stdout, "Nothing differs.")
		return err
	}
	table, err := newTable(r.stdout, "text", "product", "package", "location", "shelf", "POS", "state", "difference", "class", "since")
	if err != nil {
		return err
	}
	for i := range rows {
		v := &rows[i]
		pos, state := first(v.POS), first(v.State)
		class, since := v.open()
		err = errors.Join(err, table.Row(v.label(), orNone(v.PackageTag), orNone(v.LocationName), exact(v.Shelf), exact(pos.Quantity),
			exact(state.Quantity), v.difference(), class, orNone(since)))
	}
	if err = errors.Join(err, table.Close()); err != nil {
		return err
	}
	text := "Nothing differs."
	if open > 0 {
		text = fmt.Sprintf("%s, %d of them on their way.", counted(open, "open difference", "open differences"), onTheirWay)
	}
	_, err = fmt.Fprintf(r.stdout, "\n%s\n", text)
	return err
}

// label is what people call what a row is about.
func (v *reconciledView) label() any {
	if v.ProductName != nil {
		return *v.ProductName
	}
	return orNone(v.SKU)
}

// difference is the first that is not 0: of the POS, else of the state.
func (v *reconciledView) difference() any {
	for _, side := range slices.Concat(v.POS, v.State) {
		if side.Difference != nil && side.Difference.String() != "0" {
			return exact(side.Difference)
		}
	}
	return nil
}

// open gives every class of the open differences once, and since when the
// oldest is known; nil for none.
func (v *reconciledView) open() (class any, since *time.Time) {
	var classes []string
	for i := range v.Cases {
		c := &v.Cases[i]
		if c.ClosedAt != nil {
			continue
		}
		if !slices.Contains(classes, string(c.Class)) {
			classes = append(classes, string(c.Class))
		}
		if since == nil || c.OpenedAt != nil && c.OpenedAt.Before(*since) {
			since = c.OpenedAt
		}
	}
	if classes == nil {
		return nil, since
	}
	return strings.Join(classes, ", "), since
}

// countCases counts the open differences, and those of them that something on
// its way explains.
func countCases(rows []reconciledView) (open, onTheirWay int) {
	for i := range rows {
		for _, c := range rows[i].Cases {
			switch {
			case c.ClosedAt != nil:
				continue
			case c.Class == store.CaseTiming, c.Class == store.CaseSale:
				onTheirWay++
			}
			open++
		}
	}
	return open, onTheirWay
}

// first gives the first side, an empty one for none.
func first(sides []sideView) sideView {
	if len(sides) == 0 {
		return sideView{}
	}
	return sides[0]
}

// exact gives a number of the API for a table, nil for none.
func exact(n *json.Number) any {
	if n == nil {
		return nil
	}
	return tableNumber(*n)
}
