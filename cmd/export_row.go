package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// apiRow is an object of the API, its numbers as they were written.
type apiRow map[string]any

// rowFunc takes one row; it may not keep it.
type rowFunc func(apiRow) error

// value gives a member for a table: "lot.status" is that of an object within,
// a list is its texts with commas between.
func (r apiRow) value(name string) any {
	if outer, inner, nested := strings.Cut(name, "."); nested {
		object, _ := r[outer].(map[string]any)
		return apiRow(object).value(inner)
	}
	switch v := r[name].(type) {
	case json.Number:
		return tableNumber(v)
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = fmt.Sprint(v[i])
		}
		return strings.Join(texts, ", ")
	case string, bool:
		return v
	}
	return nil
}

// text gives a member that is a text, "" for none.
func (r apiRow) text(name string) string {
	s, _ := r.value(name).(string)
	return s
}

// stockColumns are the columns of stock and of a snapshot.
var stockColumns = []string{
	"product_name", "sku", "category", "subcategory", "brand", "strain", "size", "location_name", "room_type",
	"lot.package_tag", "lot.batch_number", "lot.expires_at", "lot.status", "unit", "quantity", "reserved_quantity",
	"available_quantity", "unit_price", "unit_cost", "currency", "low_stock_threshold", "low_stock", "updated_at",
	"id", "product_id", "location_id", "lot.id", "version",
}

// movementColumns are the columns of movements.
var movementColumns = []string{
	"id", "seq", "occurred_at", "recorded_at", "product_name", "sku", "category", "location_name", "room_type",
	"quantity_change", "quantity_after", "reserved_after", "unit", "reason_code", "sub_reason", "reference", "notes",
	"value_change", "actor", "terminal", "source", "late", "clock_ok", "flags", "transfer_id", "reverses",
	"reservation_id", "external_id", "inventory_id", "product_id", "location_id",
}

// write makes a table of rows.
func (e *exportOptions) write(ctx context.Context, c *client, w io.Writer, columns []string, read func(context.Context, *client, rowFunc) error) (int, error) {
	titles := make([]string, len(columns))
	for i, name := range columns {
		titles[i] = strings.ReplaceAll(name, ".", "_")
	}
	table, err := newTable(w, e.format, titles...)
	if err != nil {
		return 0, err
	}
	rows := 0
	values := make([]any, len(columns))
	err = read(ctx, c, func(r apiRow) error {
		for i, name := range columns {
			values[i] = r.value(name)
		}
		rows++
		return table.Row(values...)
	})
	return rows, errors.Join(err, table.Close())
}

// pages reads a list page by page.
func pages(ctx context.Context, c *client, path string, query url.Values, row rowFunc) error {
	return eachPage(ctx, c, path, query, func(page numbered) error {
		for _, r := range page {
			if err := row(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachPage reads a list and gives each page of it.
func eachPage[L ~[]E, E any](ctx context.Context, c *client, path string, query url.Values, each func(L) error) error {
	q := url.Values{"limit": {"200"}}
	for name, values := range query {
		q[name] = values
	}
	for page, seen := 1, 0; ; page++ {
		var answer struct {
			Data       L
			Pagination struct{ Total int }
		}
		q.Set("page", strconv.Itoa(page))
		if err := c.get(ctx, path, q, &answer); err != nil {
			return err
		}
		if err := each(answer.Data); err != nil {
			return err
		}
		if seen += len(answer.Data); len(answer.Data) == 0 || seen >= answer.Pagination.Total {
			return nil
		}
	}
}

// numbered is a list of rows that keeps numbers as they were written.
type numbered []apiRow

// UnmarshalJSON reads a list of objects.
func (n *numbered) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	return d.Decode((*[]apiRow)(n))
}

// readSnapshot reads a snapshot as it comes, row by row, and gives the rest
// of the answer.
func readSnapshot(ctx context.Context, c *client, query url.Values, row rowFunc) (envelope apiRow, err error) {
	body, err := c.stream(ctx, "/api/v1/inventory/snapshot", query, "application/json")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d := json.NewDecoder(body)
	d.UseNumber()
	envelope = apiRow{}
	opening, err := d.Token()
	if err == nil && opening != json.Delim('{') {
		err = fmt.Errorf("it begins with %v", opening)
	}
	for err == nil && d.More() {
		err = readMember(d, envelope, row)
	}
	if err == nil {
		_, err = d.Token() // the closing brace
	}
	if _, ours := errors.AsType[*rowError](err); err != nil && !ours {
		err = withExit(exitUnreachable, fmt.Errorf("the snapshot broke off: %w", err))
	}
	return envelope, err
}

// rowError is an error of the rowFunc, not of the answer that is read.
type rowError struct{ error }

// Unwrap gives the error.
func (e *rowError) Unwrap() error { return e.error }

func readMember(d *json.Decoder, envelope apiRow, row rowFunc) error {
	name, err := d.Token()
	if err != nil {
		return err
	}
	if name != "data" {
		var value any
		err := d.Decode(&value)
		envelope[fmt.Sprint(name)] = value
		return err
	}
	if _, err := d.Token(); err != nil { // the opening bracket
		return err
	}
	for d.More() {
		var r apiRow
		if err := d.Decode(&r); err != nil {
			return err
		}
		if err := row(r); err != nil {
			return &rowError{err}
		}
	}
	_, err = d.Token()
	return err
}
