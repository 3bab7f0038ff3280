package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// itemFields are the fields of a row, in order.
var itemFields = []string{
	"id", "product_id", "product_name", "sku", "location_id", "room_type", "quantity", "reserved_quantity",
	"available_quantity", "unit_cost", "unit_price", "last_sync", "location_name", "category", "subcategory",
	"brand", "strain", "size", "unit", "lot", "low_stock_threshold", "low_stock", "version", "updated_at", "currency",
}

// fields reads which fields of a row are asked for, with id first; none for
// all.
func (x *exchange) fields() []string {
	var fields []string
	for _, name := range x.query.list("fields") {
		if !slices.Contains(itemFields, name) {
			x.query.wrong("fields", fmt.Sprintf("has %.40q, which is no field of a row", name))
			continue
		}
		if name != "id" && !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	if fields == nil {
		return nil
	}
	return append([]string{"id"}, fields...)
}

// columns gives a row as its fields, each the JSON of its value.
func columns(i *store.Item, as look) map[string]json.RawMessage {
	w := newWriter().open()
	defer w.free()
	w.item(i, as)
	var m map[string]json.RawMessage
	if err := json.Unmarshal(w.close().b, &m); err != nil {
		panic(err) // our own JSON
	}
	return m
}

// chosen writes only some of a row's members.
func (w *writer) chosen(i *store.Item, as look, fields []string) {
	all := columns(i, as)
	for _, name := range fields {
		if v, ok := all[name]; ok {
			w.key(name).raw(string(v))
		}
	}
}

// sendCSV streams rows as CSV (RFC 4180). A text that a spreadsheet would take
// for a formula gets an apostrophe in front.
func (x *exchange) sendCSV(rows iter.Seq[*store.Item], fields []string) error {
	if fields == nil {
		fields = itemFields
	}
	var header []string
	for _, name := range fields {
		if name == "lot" {
			header = append(header, "lot_id", "lot_package_tag", "lot_batch_number", "lot_expires_at", "lot_status")
		} else {
			header = append(header, name)
		}
	}
	x.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	x.Writer.WriteHeader(http.StatusOK)
	out := csv.NewWriter(x.Writer)
	out.UseCRLF = true
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range rows {
		if err := out.Write(record(columns(i, x.look()), header)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// record gives the cells of a row under a header.
func record(all map[string]json.RawMessage, header []string) []string {
	var lot map[string]json.RawMessage
	_ = json.Unmarshal(all["lot"], &lot) // null leaves it empty
	cells := make([]string, len(header))
	for n, name := range header {
		if part, ok := strings.CutPrefix(name, "lot_"); ok {
			cells[n] = cell(lot[part])
		} else {
			cells[n] = cell(all[name])
		}
	}
	return cells
}

// cell gives a JSON value as the text of a cell.
func cell(raw json.RawMessage) string {
	var text string
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	_ = json.Unmarshal(raw, &text) // our own JSON
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
