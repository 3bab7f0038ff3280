package web

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// chunk is some rows of a file on their way into the ledger.
type chunk struct {
	cmd   store.Import
	place string
	rows  []chunkRow
}

// chunkRow is one row: its line in the file, and what is wrong with it before
// the ledger has seen it.
type chunkRow struct {
	line   int64
	row    store.ImportRow
	faults []store.Detail
}

// importRows sets products and quantities from rows of a file.
func (s *Server) importRows(x *exchange) error {
	c, err := x.decodeChunk()
	if err == nil {
		err = x.query.done()
	}
	if err == nil {
		err = x.findPlace(c)
	}
	if err != nil {
		return err
	}
	receipt, err := x.do(&c.cmd)
	if err != nil {
		return inRowTerms(err)
	}
	return x.sendImported(c, receipt)
}

// decodeChunk reads the rows. With skip_bad, a row that cannot be taken does
// not stand in the way of the others.
func (x *exchange) decodeChunk() (*chunk, error) {
	c := &chunk{}
	missing := required{"location", "room_type", "rows"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "location":
			b.text(&c.place)
		case "room_type":
			b.room(&c.cmd.Room)
		case "skip_bad":
			b.bool(&c.cmd.SkipBad)
		case "rows":
			b.list(store.MaxImportRows, func(int) { c.rows = append(c.rows, b.importRow()) })
		default:
			return false
		}
		return true
	})
	if err == nil || c.cmd.SkipBad && c.setAside(err) {
		err = missing.err("")
	}
	if err == nil && len(c.rows) == 0 {
		err = refuseAt("/rows", store.CodeInvalid, "rows has at least one row.")
	}
	if err != nil {
		return nil, err
	}
	return c, c.fill()
}

// setAside moves the faults of single rows to those rows; false when the
// request as a whole cannot be read.
func (c *chunk) setAside(err error) bool {
	var p *problem
	if !errors.As(err, &p) || p.status != kinds[store.CodeInvalid].status {
		return false
	}
	for _, d := range p.err.Details {
		i, field, ok := rowOf(d.Pointer)
		if !ok || i >= len(c.rows) {
			return false
		}
		d.Pointer = field
		c.rows[i].faults = append(c.rows[i].faults, d)
	}
	return true
}

// rowOf takes "/rows/12/sku" apart into 12 and "/sku".
func rowOf(pointer string) (row int, field string, ok bool) {
	rest, ok := strings.CutPrefix(pointer, "/rows/")
	digits, name, found := strings.Cut(rest, "/")
	row, err := strconv.Atoi(digits)
	if found {
		field = "/" + name
	}
	return row, field, ok && err == nil
}

// fill gives the command the rows that can be taken, or names all faults.
func (c *chunk) fill() error {
	var faults []store.Detail
	for i, r := range c.rows {
		if len(r.faults) == 0 {
			c.cmd.Rows = append(c.cmd.Rows, r.row)
			continue
		}
		faults = append(faults, under(i, r.faults)...)
	}
	if c.cmd.SkipBad || len(faults) == 0 {
		return nil
	}
	return &store.Error{Code: store.CodeInvalid, Message: faults[0].Detail, Details: faults}
}

// under places the faults of a row.
func under(row int, faults []store.Detail) []store.Detail {
	placed := make([]store.Detail, len(faults))
	for i, d := range faults {
		_, field, ok := rowOf(d.Pointer)
		if !ok {
			field = d.Pointer
		}
		d.Pointer = fmt.Sprintf("/rows/%d%s", row, rowField(field))
		placed[i] = d
	}
	return placed
}

// rowField names a field as it is named in a row.
func rowField(field string) string {
	switch field {
	case "/barcodes":
		return "/barcode"
	case "/package_tag":
		return "/lot"
	}
	return field
}

// inRowTerms words the faults of a refused chunk in the terms of its rows.
func inRowTerms(err error) error {
	var e *store.Error
	if errors.As(err, &e) {
		for i, d := range e.Details {
			if row, _, ok := rowOf(d.Pointer); ok {
				e.Details[i] = under(row, e.Details[i:i+1])[0]
			}
		}
	}
	return err
}

// importRow reads one row.
func (b *body) importRow() (r chunkRow) {
	missing := required{"line", "sku"}
	b.object(func(name string) bool {
		missing.seen(name)
		return b.importField(&r, name)
	})
	var e *store.Error
	if errors.As(missing.err(""), &e) && b.broken == nil {
		r.faults = append(r.faults, e.Details...)
	} else if r.line < 1 {
		r.faults = append(r.faults, store.Detail{Pointer: "/line", Code: store.CodeInvalid, Detail: "line is at least 1."})
	}
	return r
}

// importField reads one member of a row.
func (b *body) importField(r *chunkRow, name string) bool {
	row := &r.row
	texts := map[string]**string{
		"name": &row.Name, "brand": &row.Brand, "category": &row.Category, "subcategory": &row.Subcategory,
		"strain": &row.Strain, "unit": &row.Unit, "size": &row.Size, "barcode": &row.Barcode, "external_id": &row.ExternalID,
	}
	if to, ok := texts[name]; ok {
		if !b.null() {
			*to = new(string)
			b.text(*to)
		}
		return true
	}
	switch name {
	case "line":
		b.int(&r.line)
	case "sku":
		b.text(&row.SKU)
		row.SKU = strings.TrimSpace(row.SKU)
	case "lot":
		b.text(&row.Lot)
		row.Lot = strings.TrimSpace(row.Lot)
	case "expires_at":
		b.text(&row.ExpiresOn)
	case "quantity":
		b.optionalQuantity(&row.Quantity)
	case "low_stock_threshold":
		b.optionalQuantity(&row.LowStockThreshold)
	case "unit_price":
		b.optionalMoney(&row.UnitPrice)
	case "unit_cost":
		b.optionalMoney(&row.UnitCost)
	default:
		return false
	}
	return true
}

func (b *body) optionalMoney(to **store.Money) {
	if !b.null() {
		*to = new(store.Money)
		b.money(*to)
	}
}

// findPlace finds the location that a chunk names by id or by name, without
// regard to letter case.
func (x *exchange) findPlace(c *chunk) error {
	id, _ := store.ParseID(c.place)
	var found []store.ID
	for _, l := range x.ledger.Locations() {
		if l.ArchivedAt == 0 && (l.ID == id || strings.EqualFold(l.Name, strings.TrimSpace(c.place))) {
			found = append(found, l.ID)
		}
	}
	switch len(found) {
	case 0:
		return refuseAt("/location", store.CodeNotFound, fmt.Sprintf("There is no location %.60q.", c.place))
	case 1:
		c.cmd.Location = found[0]
		return x.mayTouch(found[0])
	}
	return refuseAt("/location", store.CodeInvalid, fmt.Sprintf("%d locations have the name %.60q; name one by its id.", len(found), c.place))
}
