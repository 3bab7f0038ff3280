package cmd

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// sheetXLSX reads the rows of a worksheet as a stream of XML (ECMA-376 part 1,
// 18.3.1.73 and 18.3.1.4).
type sheetXLSX struct {
	book   *sheetBook
	part   io.Closer
	xml    *xml.Decoder
	merges []sheetMerge
	active []*sheetMerge // that reach below the last row
	rec    sheetRecord
	raw    sheetRawCell
	column int  // of the last cell, from 1
	ended  bool // the rows are over
}

// sheetRawCell is a cell as it stands in the XML.
type sheetRawCell struct {
	kind     string // attribute t
	style    int
	text     strings.Builder
	formula  bool
	value    bool // has a v or is element
	inText   bool
	inPhonic bool // pronunciation, not text
}

func (x *sheetXLSX) close() { _ = x.part.Close() }

func (x *sheetXLSX) read() (sheetRecord, error) {
	for !x.ended {
		token, err := x.xml.RawToken()
		if err != nil {
			return sheetRecord{}, x.broken(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = x.start(t)
		case xml.EndElement:
			if t.Name.Local == "row" {
				x.merge()
				return x.rec, nil
			}
			err = x.end(t.Name.Local)
		case xml.CharData:
			err = x.chars(t)
		}
		if err != nil {
			return sheetRecord{}, err
		}
	}
	return sheetRecord{}, io.EOF
}

func (x *sheetXLSX) broken(err error) error {
	why := err.Error()
	if errors.Is(err, io.EOF) {
		why = "it ends in the middle"
	}
	return sheetError{Line: x.rec.line, Fatal: true, Message: "the worksheet is damaged after this row: " + why + "."}
}

func (x *sheetXLSX) start(t xml.StartElement) error {
	switch t.Name.Local {
	case "row":
		return x.startRow(t.Attr)
	case "c":
		return x.startCell(t.Attr)
	case "v":
		x.raw.value, x.raw.inText = true, true
	case "is":
		x.raw.value = true
	case "t":
		x.raw.inText = !x.raw.inPhonic
	case "rPh":
		x.raw.inPhonic = true
	case "f":
		x.raw.formula = true
	}
	return nil
}

// startRow begins a row; one without a number follows the last.
func (x *sheetXLSX) startRow(attrs []xml.Attr) error {
	line := x.rec.line + 1
	x.rec.hidden, x.rec.cells, x.column = false, x.rec.cells[:0], 0
	for _, a := range attrs {
		switch a.Name.Local {
		case "r":
			n, err := strconv.Atoi(a.Value)
			if err != nil || n < line || n > excelize.TotalRows {
				return x.broken(fmt.Errorf("the row after it is numbered %.20q", a.Value))
			}
			line = n
		case "hidden":
			x.rec.hidden = a.Value == "1" || a.Value == "true"
		}
	}
	x.rec.line = line
	return nil
}

// startCell begins a cell; one without a name follows the last.
func (x *sheetXLSX) startCell(attrs []xml.Attr) error {
	x.raw = sheetRawCell{}
	x.column++
	for _, a := range attrs {
		switch a.Name.Local {
		case "r":
			column, _, err := excelize.CellNameToCoordinates(a.Value)
			if err != nil {
				return x.broken(fmt.Errorf("a cell is named %.20q", a.Value))
			}
			x.column = column
		case "t":
			x.raw.kind = a.Value
		case "s":
			x.raw.style, _ = strconv.Atoi(a.Value)
		}
	}
	if x.column > excelize.MaxColumns {
		return x.broken(errors.New("it has too many columns"))
	}
	return nil
}

func (x *sheetXLSX) chars(text []byte) error {
	if !x.raw.inText {
		return nil
	}
	if x.raw.text.Len()+len(text) > sheetFieldLimit*4 {
		return x.broken(errors.New("a cell is too long"))
	}
	x.raw.text.Write(text)
	return nil
}

func (x *sheetXLSX) end(element string) error {
	switch element {
	case "v", "t":
		x.raw.inText = false
	case "rPh":
		x.raw.inPhonic = false
	case "c":
		for len(x.rec.cells) < x.column {
			x.rec.cells = append(x.rec.cells, sheetCell{})
		}
		x.rec.cells[x.column-1] = x.cell()
	case "sheetData":
		x.ended = true
	}
	return nil
}

// cell makes sense of what was read of a cell.
func (x *sheetXLSX) cell() sheetCell {
	text := x.raw.text.String()
	if x.raw.formula && !x.raw.value {
		return sheetCell{fault: "the cell is a formula without a stored result. Open the file in a spreadsheet program and save it, or put the value in place of the formula."}
	}
	switch x.raw.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 || i >= len(x.book.shared) {
			return sheetCell{fault: "the cell refers to a text that the workbook does not have."}
		}
		return sheetLong(x.book.shared[i])
	case "b":
		return sheetCell{kind: sheetCellBool, text: strings.ToUpper(strconv.FormatBool(strings.TrimSpace(text) == "1"))}
	case "e":
		return sheetCell{fault: "the cell shows the error " + sheetCollapse(text) + "."}
	case "d":
		return sheetCell{kind: sheetCellDate, text: strings.TrimSuffix(sheetCollapse(text), "T00:00:00")}
	case "", "n":
		return x.number(strings.TrimSpace(text))
	}
	return sheetLong(sheetUnescape(text))
}

func sheetLong(text string) sheetCell {
	if len(text) > sheetFieldLimit {
		return sheetCell{fault: fmt.Sprintf("the cell has %d bytes; at most %d are allowed.", len(text), sheetFieldLimit)}
	}
	return sheetCell{text: text}
}

// number reads a number as spreadsheet programs show it: to 15 significant
// digits, so that 0.1 stored as 0.10000000000000001 is 0.1.
func (x *sheetXLSX) number(text string) sheetCell {
	if text == "" {
		return sheetCell{}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return sheetCell{fault: fmt.Sprintf("the cell holds %.40q, which is not a number.", text)}
	}
	n, _ = strconv.ParseFloat(strconv.FormatFloat(n, 'e', 14, 64), 64)
	format := sheetFormat{kind: sheetCellNumber}
	if x.raw.style >= 0 && x.raw.style < len(x.book.formats) {
		format = x.book.formats[x.raw.style]
	}
	if format.kind == sheetCellDate {
		return x.date(n)
	}
	shown := strconv.FormatFloat(n, 'f', -1, 64)
	if missing := format.zeros - len(shown); missing > 0 && n >= 0 && n == math.Trunc(n) {
		shown = strings.Repeat("0", missing) + shown
	}
	return sheetCell{kind: format.kind, text: shown}
}

// date turns a count of days into a day; its time of day is dropped.
func (x *sheetXLSX) date(days float64) sheetCell {
	const last = 2_958_466 // 10000-01-01
	if days < 0 || days >= last {
		return sheetCell{fault: fmt.Sprintf("the cell is a date, but its number %v is out of range.", days)}
	}
	t, err := excelize.ExcelDateToTime(math.Floor(days), x.book.date904)
	if err != nil {
		return sheetCell{fault: "the cell is not a date: " + err.Error() + "."}
	}
	return sheetCell{kind: sheetCellDate, text: t.Format(time.DateOnly)}
}

// merge gives the empty cells of ranges merged over rows the value that is
// shown in all of them. A row that holds nothing else stays empty.
func (x *sheetXLSX) merge() {
	line := x.rec.line
	for len(x.merges) > 0 && x.merges[0].top <= line {
		x.active = append(x.active, &x.merges[0])
		x.merges = x.merges[1:]
	}
	x.active = slices.DeleteFunc(x.active, func(m *sheetMerge) bool { return m.bottom < line })
	empty := x.rec.filled() == 0
	for _, m := range x.active {
		for len(x.rec.cells) < m.left {
			x.rec.cells = append(x.rec.cells, sheetCell{})
		}
		cell := &x.rec.cells[m.left-1]
		if line == m.top {
			m.value = *cell
			cell.merged = m.ref
		}
		if line > m.top && !empty && cell.text == "" && cell.fault == "" {
			*cell = m.value
			cell.merged = m.ref
		}
	}
}

// readMerges reads the merged ranges, which stand behind the rows.
func (b *sheetBook) readMerges() error {
	part, _, err := b.openPart(b.part)
	if err != nil {
		return err
	}
	defer part.Close()
	r := bufio.NewReaderSize(part, 64<<10)
	if !sheetSkipRows(r) {
		return nil
	}
	d := xml.NewDecoder(r)
	for {
		// The end tags of what was skipped have no start: RawToken does not
		// mind. Damage is for the pass over the rows to report.
		token, err := d.RawToken()
		if err != nil {
			slices.SortStableFunc(b.merges, func(a, b sheetMerge) int { return a.top - b.top })
			return nil
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "mergeCell" {
			b.addMerge(start.Attr)
		}
	}
}

func (b *sheetBook) addMerge(attrs []xml.Attr) {
	for _, a := range attrs {
		from, to, ok := strings.Cut(a.Value, ":")
		if a.Name.Local != "ref" || !ok {
			continue
		}
		left, top, err1 := excelize.CellNameToCoordinates(from)
		_, bottom, err2 := excelize.CellNameToCoordinates(to)
		if err1 == nil && err2 == nil && bottom > top {
			b.merges = append(b.merges, sheetMerge{left: left, top: top, bottom: bottom, ref: a.Value})
		}
	}
}

// sheetSkipRows reads past the end tag of sheetData. A less-than sign cannot
// stand in text, so the tag need not be parsed for.
func sheetSkipRows(r *bufio.Reader) bool {
	var tag []byte
	for {
		chunk, err := r.ReadSlice('>')
		tag = append(tag, chunk...)
		if errors.Is(err, bufio.ErrBufferFull) {
			tag = append(tag[:0], tag[len(tag)-64:]...)
			continue
		}
		if err != nil {
			return false
		}
		open := bytes.LastIndexByte(tag, '<')
		if open >= 0 && bytes.HasPrefix(tag[open:], []byte("</")) && bytes.HasSuffix(tag, []byte("sheetData>")) {
			return true
		}
		tag = tag[:0]
	}
}
