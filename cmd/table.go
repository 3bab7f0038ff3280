package cmd

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tableWriter writes the rows of a table, one at a time, without keeping
// them. Close writes what is left and must be called; it does not close the
// file below.
//
// A value is a string, a bool, an int, int64 or uint64, a tableNumber, a
// time.Time (written in UTC as RFC 3339) or nil for none.
type tableWriter interface {
	Row(values ...any) error
	Close() error
}

// tableNumber is an exact number in decimal notation, such as 25.00. It is a
// number in every format, with the digits it has.
type tableNumber string

// tableFormats names the formats of newTable.
var tableFormats = []string{"text", "csv", "json", "ndjson", "xlsx"}

// newTable begins a table in one of tableFormats.
func newTable(w io.Writer, format string, columns ...string) (tableWriter, error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	switch format {
	case "text":
		return &tableText{w: buffered, rows: [][]tableCell{tableHeader(columns)}, widths: make([]int, len(columns))}, nil
	case "csv":
		return newTableCSV(buffered, columns)
	case "json", "ndjson":
		return newTableJSON(buffered, format == "json", columns)
	case "xlsx":
		return newTableXLSX(buffered, columns)
	}
	return nil, fmt.Errorf("%q is no format: %s", format, strings.Join(tableFormats, ", "))
}

// tableCell is a value as text.
type tableCell struct {
	text   string
	number bool
	none   bool
}

// tableCells turns the values of a row into text.
func tableCells(columns int, values []any) ([]tableCell, error) {
	if len(values) != columns {
		return nil, fmt.Errorf("a row of %d values in a table of %d columns", len(values), columns)
	}
	cells := make([]tableCell, len(values))
	for i, v := range values {
		c, err := tableCellOf(v)
		if err != nil {
			return nil, err
		}
		cells[i] = c
	}
	return cells, nil
}

func tableCellOf(v any) (tableCell, error) {
	switch v := v.(type) {
	case nil:
		return tableCell{none: true}, nil
	case string:
		return tableCell{text: v}, nil
	case tableNumber:
		if !tableIsNumber(string(v)) {
			return tableCell{}, fmt.Errorf("%q is not a decimal number", string(v))
		}
		return tableCell{text: string(v), number: true}, nil
	case int, int64, uint64:
		return tableCell{text: fmt.Sprint(v), number: true}, nil
	case bool:
		return tableCell{text: strconv.FormatBool(v)}, nil
	case time.Time:
		return tableCell{text: v.UTC().Format(time.RFC3339)}, nil
	}
	return tableCell{}, fmt.Errorf("a %T is no value of a table", v)
}

// tableIsNumber tells a JSON number without an exponent.
func tableIsNumber(s string) bool {
	return json.Valid([]byte(s)) && !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' })
}

func tableHeader(columns []string) []tableCell {
	cells := make([]tableCell, len(columns))
	for i, c := range columns {
		cells[i].text = c
	}
	return cells
}

// tableFormulaStarts are the characters that make a spreadsheet program take
// a text for a formula (OWASP, CSV injection).
const tableFormulaStarts = "=+-@\t\r\n"

// tableCSV writes RFC 4180 in UTF-8. A text that a spreadsheet program would
// take for a formula gets an apostrophe before it; numbers are left alone.
type tableCSV struct {
	w       *bufio.Writer
	csv     *csv.Writer
	columns int
}

func newTableCSV(w *bufio.Writer, columns []string) (*tableCSV, error) {
	t := &tableCSV{w: w, csv: csv.NewWriter(w), columns: len(columns)}
	t.csv.UseCRLF = true
	return t, t.csv.Write(columns)
}

// Row is that of tableWriter.
func (t *tableCSV) Row(values ...any) error {
	cells, err := tableCells(t.columns, values)
	if err != nil {
		return err
	}
	fields := make([]string, len(cells))
	for i, c := range cells {
		fields[i] = c.text
		if !c.number && c.text != "" && strings.IndexByte(tableFormulaStarts, c.text[0]) >= 0 {
			fields[i] = "'" + c.text
		}
	}
	return t.csv.Write(fields)
}

// Close is that of tableWriter.
func (t *tableCSV) Close() error {
	t.csv.Flush()
	if err := t.csv.Error(); err != nil {
		return err
	}
	return t.w.Flush()
}

// tableJSON writes an object a row, with the columns in their order: one a
// line (NDJSON), or all in an array.
type tableJSON struct {
	w     *bufio.Writer
	keys  [][]byte
	array bool
	rows  int
}

func newTableJSON(w *bufio.Writer, array bool, columns []string) (*tableJSON, error) {
	t := &tableJSON{w: w, array: array}
	for _, c := range columns {
		key, err := tableQuote(c)
		if err != nil {
			return nil, err
		}
		t.keys = append(t.keys, key)
	}
	return t, nil
}

// tableQuote is a text as JSON, with <, > and & as they are.
func tableQuote(s string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Row is that of tableWriter.
func (t *tableJSON) Row(values ...any) error {
	cells, err := tableCells(len(t.keys), values)
	if err != nil {
		return err
	}
	line := []byte("{")
	for i, c := range cells {
		if i > 0 {
			line = append(line, ',')
		}
		text := []byte(c.text)
		if _, isBool := values[i].(bool); c.none {
			text = []byte("null")
		} else if !c.number && !isBool {
			if text, err = tableQuote(c.text); err != nil {
				return err
			}
		}
		line = slices.Concat(line, t.keys[i], []byte(":"), text)
	}
	_, err = fmt.Fprintf(t.w, "%s%s}%s", t.before(), line, t.after())
	t.rows++
	return err
}

func (t *tableJSON) before() string {
	switch {
	case !t.array:
		return ""
	case t.rows == 0:
		return "[\n"
	}
	return ",\n"
}

func (t *tableJSON) after() string {
	if t.array {
		return ""
	}
	return "\n"
}

// Close is that of tableWriter.
func (t *tableJSON) Close() error {
	end := ""
	if t.array {
		end = "\n]\n"
		if t.rows == 0 {
			end = "[]\n"
		}
	}
	if _, err := t.w.WriteString(end); err != nil {
		return err
	}
	return t.w.Flush()
}

// counted puts a number before what it counts.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
