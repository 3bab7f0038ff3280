package cmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// importChunk is the body of POST /api/v1/import.
type importChunk struct {
	Location string      `json:"location"`
	Room     store.Room  `json:"room_type"`
	Rows     []importRow `json:"rows"`
}

// importRow is a row of a chunk. What the file leaves out is left out.
type importRow struct {
	Line              int         `json:"line"`
	SKU               string      `json:"sku"`
	Name              string      `json:"name,omitempty"`
	Brand             string      `json:"brand,omitempty"`
	Category          string      `json:"category,omitempty"`
	Subcategory       string      `json:"subcategory,omitempty"`
	Strain            string      `json:"strain,omitempty"`
	Unit              string      `json:"unit,omitempty"`
	Size              string      `json:"size,omitempty"`
	UnitPrice         json.Number `json:"unit_price,omitempty"`
	UnitCost          json.Number `json:"unit_cost,omitempty"`
	Quantity          json.Number `json:"quantity,omitempty"`
	LowStockThreshold json.Number `json:"low_stock_threshold,omitempty"`
	Barcode           string      `json:"barcode,omitempty"`
	Lot               string      `json:"lot,omitempty"`
	ExpiresAt         string      `json:"expires_at,omitempty"`
	ExternalID        string      `json:"external_id,omitempty"`
}

// importResult is the answer to a chunk, row by row.
type importResult struct {
	Results []struct {
		Status         string         `json:"status"`
		QuantityChange store.Quantity `json:"quantity_change"`
	} `json:"results"`
}

// chunk makes the body of some rows. The unit goes with them only when the
// file has one: the reader fills it in.
func (m *importer) chunk(rows []sheetRow) importChunk {
	c := importChunk{Location: m.report.Location.ID, Room: m.report.Room}
	for i := range rows {
		r := &rows[i]
		row := importRow{
			Line: r.Line, SKU: r.SKU, Name: r.Name, Brand: r.Brand, Category: r.Category, Subcategory: r.Subcategory,
			Strain: r.Strain, Size: r.Size, UnitPrice: json.Number(r.UnitPrice), UnitCost: json.Number(r.UnitCost),
			Quantity: json.Number(r.Quantity), LowStockThreshold: json.Number(r.LowStockThreshold), Barcode: r.Barcode,
			Lot: r.Lot, ExpiresAt: r.ExpiresAt, ExternalID: r.ExternalID,
		}
		if m.use("unit") != nil {
			row.Unit = r.Unit
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// use is how the file has a field; nil when it has not.
func (m *importer) use(field string) *sheetUse {
	i := slices.IndexFunc(m.sheet.Report.Fields, func(u sheetUse) bool { return u.Field == field })
	if i < 0 {
		return nil
	}
	return &m.sheet.Report.Fields[i]
}

// importNames are members that the API complains of under another name than
// the one they were sent under.
var importNames = map[string]string{"package_tag": "lot", "barcodes": "barcode", "expires_on": "expires_at", "quantity_change": "quantity"}

// blame finds out which rows a refusal is about: a problem for each thing that
// is wrong, by row of the chunk. ok is false when it is about none of them.
func (m *importer) blame(p *problem, rows []sheetRow) (bad map[int][]sheetError, ok bool) {
	bad = map[int][]sheetError{}
	for _, e := range p.Errors {
		rest, isRow := strings.CutPrefix(e.Pointer, "/rows/")
		number, field, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		if !isRow || err != nil || n < 0 || n >= len(rows) {
			return nil, false
		}
		bad[n] = append(bad[n], m.complaint(&rows[n], field, e.Detail))
	}
	return bad, len(bad) > 0
}

// complaint is what the API said of a field, in the file's own terms.
func (m *importer) complaint(r *sheetRow, field, detail string) sheetError {
	if name, ok := importNames[field]; ok {
		field = name
	}
	p := sheetError{Line: r.Line, Column: field, Message: detail, field: field}
	if f := sheetFieldNamed(field); f != nil {
		p.Value = *f.of(r)
	}
	if u := m.use(field); u != nil && len(u.index) == 1 {
		p.Column = u.Columns[0]
	}
	return p
}

// strayLot finds a package tag that another product of the file has too;
// chunk by chunk, the API could only find out when it is too late.
func (m *importer) strayLot(r *sheetRow) []sheetError {
	if r.Lot == "" {
		return nil
	}
	tag := strings.ToLower(r.Lot)
	if sku, taken := m.tags[tag]; taken && !strings.EqualFold(sku, r.SKU) {
		return []sheetError{m.complaint(r, "lot", fmt.Sprintf("is the lot of %s too; a lot belongs to one product.", sku))}
	}
	m.tags[tag] = r.SKU
	return nil
}
