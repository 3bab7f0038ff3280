package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sheetCellKind is what a worksheet says of a cell; all of CSV is text.
type sheetCellKind int

const (
	sheetCellText sheetCellKind = iota
	sheetCellNumber
	sheetCellDate // text is YYYY-MM-DD
	sheetCellPercent
	sheetCellBool
)

// sheetCell is one cell as read.
type sheetCell struct {
	text   string
	kind   sheetCellKind
	fault  string // why there is no value, as a sentence
	merged string // the range, such as B7:B9, whose value this is
}

// sheetBuilder makes rows of records and remembers the rows before.
type sheetBuilder struct {
	sheet *sheet
	line  int
	out   sheetRow
	found []sheetError
	lines map[string]int        // of a SKU and lot
	first map[string]sheetFirst // of a SKU
}

func newSheetBuilder(s *sheet) *sheetBuilder {
	return &sheetBuilder{sheet: s, lines: map[string]int{}, first: map[string]sheetFirst{}}
}

// row makes the row of a record, with everything that is wrong with it.
func (b *sheetBuilder) row(rec sheetRecord) (sheetRow, []sheetError) {
	b.line, b.out, b.found = rec.line, sheetRow{Line: rec.line}, nil
	if b.ragged(rec) {
		return b.out, b.found
	}
	for i := range b.sheet.Report.Fields {
		b.field(&b.sheet.Report.Fields[i], rec.cells)
	}
	b.finish()
	return b.out, b.found
}

// ragged refuses a CSV row that has not the header's number of fields; which
// of them are in the wrong column nobody knows.
func (b *sheetBuilder) ragged(rec sheetRecord) bool {
	want, have := len(b.sheet.columns), len(rec.cells)
	if b.sheet.Report.Format != "csv" || have == want {
		return false
	}
	if have > want && (sheetRecord{cells: rec.cells[want:]}).filled() == 0 {
		return false
	}
	b.found = append(b.found, sheetError{Line: rec.line, Message: fmt.Sprintf("the row has %d fields, the header %d.", have, want)})
	return true
}

// add notes a problem with a field of the row.
func (b *sheetBuilder) add(field, value, format string, args ...any) {
	p := sheetError{Line: b.line, field: field, Column: field, Value: value, Message: fmt.Sprintf(format, args...)}
	for i := range b.sheet.Report.Fields {
		if u := &b.sheet.Report.Fields[i]; u.Field == field && len(u.index) == 1 {
			p.Column, p.Cell = u.Columns[0], b.cell(u.index[0])
		}
	}
	b.found = append(b.found, p)
}

// cell is the name of a worksheet's cell; CSV has none.
func (b *sheetBuilder) cell(column int) string {
	if b.sheet.Report.Format != "xlsx" {
		return ""
	}
	name, _ := excelize.CoordinatesToCellName(column+1, b.line)
	return name
}

// field reads the cells of one field into the row.
func (b *sheetBuilder) field(use *sheetUse, cells []sheetCell) {
	var parts []string
	for i, c := range use.index {
		if c >= len(cells) {
			continue
		}
		if p, ok := b.usable(use, &cells[c]); !ok {
			p.Line, p.field, p.Column, p.Cell = b.line, use.Field, use.Columns[i], b.cell(c)
			b.found = append(b.found, p)
			return
		}
		if text := sheetPlain(cells[c].text); text != "" {
			parts = append(parts, text)
		}
	}
	text := strings.Join(parts, " ")
	if text == "" {
		return
	}
	value, err := use.spec.read(text, parts, b.sheet.decimal)
	if err != nil {
		b.add(use.Field, text, "%s.", err)
		return
	}
	*use.spec.of(&b.out) = value
}

// usable says why the value of a cell is not one of the field.
func (b *sheetBuilder) usable(use *sheetUse, c *sheetCell) (p sheetError, ok bool) {
	p.Value = c.text
	number := use.spec.kind == sheetAmount || use.spec.kind == sheetMoney
	switch {
	case c.fault != "":
		p.Message = c.fault
	case c.merged != "" && use.spec.own:
		p.Message = fmt.Sprintf("is merged over %s, but each row needs its own %s; unmerge the cells.", c.merged, use.Field)
	case c.kind == sheetCellDate && use.spec.kind != sheetDay:
		p.Message = "is a date. If something else was typed, such as 1/8, format the cell as text and type it again."
	case c.kind == sheetCellNumber && use.spec.kind == sheetDay:
		p.Message = "is a number, not a date; format the cell as a date."
	case c.kind == sheetCellPercent && number:
		p.Message = "is a percentage, not an amount."
	case c.kind == sheetCellBool && use.spec.kind != sheetWords:
		p.Message = "is a cell of TRUE or FALSE."
	default:
		return p, true
	}
	return p, false
}

// read makes the value of a field from the text of its columns.
func (f *sheetField) read(text string, parts []string, decimal sheetDecimal) (string, error) {
	switch f.kind {
	case sheetAmount:
		return sheetNumber(text, decimal, false)
	case sheetMoney:
		return sheetNumber(text, decimal, true)
	case sheetDay:
		return sheetDate(text)
	case sheetUnit:
		return sheetUnitOf(text)
	case sheetCode:
		if strings.Contains(text, "E+") && sheetScientific.MatchString(text) {
			return "", errors.New("is a number in scientific notation, so its digits are lost; format the column as text or number and save again")
		}
	case sheetSize:
		text = sheetSizeText(text, parts, decimal)
	}
	return text, sheetTextFault(text, f.limit)
}

// sheetSizeText makes "1 g" of 1.0 and G, and leaves other texts alone.
func sheetSizeText(text string, parts []string, decimal sheetDecimal) string {
	if len(parts) != 2 {
		return text
	}
	n, err := sheetNumber(parts[0], decimal, false)
	unit, known := sheetUnits[strings.ToLower(parts[1])]
	if err != nil || !known {
		return text
	}
	return n + " " + unit
}

// finish fills in what the file leaves out and looks at the row as a whole.
func (b *sheetBuilder) finish() {
	if b.out.Name == "" && !b.failed("name") {
		b.add("name", "", "the product has no name.")
	}
	if b.out.Unit == "" && !b.failed("unit") {
		if b.demanded("unit") {
			b.add("unit", "", "there is no unit: each, g, mg, oz or ml.")
		}
		b.out.Unit = "each"
	}
	if b.out.ExpiresAt != "" && b.out.Lot == "" && !b.failed("lot") {
		b.add("expires_at", b.out.ExpiresAt, "belongs to a lot, and the row names none.")
	}
	if b.out.SKU == "" {
		if b.failed("sku") {
			return
		}
		if b.demanded("sku") {
			b.add("sku", "", "the product has no SKU.")
			return
		}
		b.out.SKU, b.out.SKUMade = b.out.madeSKU(), true
	}
	b.unique()
}

// demanded tells whether somebody mapped the field, so that it must be filled.
func (b *sheetBuilder) demanded(field string) bool {
	for i := range b.sheet.Report.Fields {
		if u := &b.sheet.Report.Fields[i]; u.Field == field {
			return !u.Guessed
		}
	}
	return false
}

// failed tells whether a problem with the field was noted already.
func (b *sheetBuilder) failed(field string) bool {
	return slices.ContainsFunc(b.found, func(p sheetError) bool { return p.field == field })
}
