package cmd

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// tableSheet is the name of the one worksheet of a written workbook.
const tableSheet = "Sheet1"

// tableXLSX writes a workbook with one worksheet. Rows go through a file in
// the system's temporary directory, so the memory needed does not grow.
type tableXLSX struct {
	w       *bufio.Writer
	file    *excelize.File
	stream  *excelize.StreamWriter
	columns int
	row     int
}

func newTableXLSX(w *bufio.Writer, columns []string) (*tableXLSX, error) {
	t := &tableXLSX{w: w, file: excelize.NewFile(), columns: len(columns), row: 1}
	if err := t.begin(columns); err != nil {
		return nil, errors.Join(err, t.file.Close())
	}
	return t, nil
}

// begin writes the header, bold and staying in view.
func (t *tableXLSX) begin(columns []string) (err error) {
	if t.stream, err = t.file.NewStreamWriter(tableSheet); err != nil {
		return err
	}
	bold, err := t.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := t.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if len(columns) > 0 {
		if err := t.stream.SetColWidth(1, len(columns), 18); err != nil {
			return err
		}
	}
	header := make([]any, len(columns))
	for i, c := range columns {
		header[i] = excelize.Cell{StyleID: bold, Value: c}
	}
	return t.stream.SetRow("A1", header)
}

// Row is that of tableWriter. A worksheet has at most 1,048,576 rows, and a
// cell 32,767 characters; more is an error, for excelize would cut it off.
func (t *tableXLSX) Row(values ...any) error {
	cells, err := tableCells(t.columns, values)
	if err != nil {
		return err
	}
	if t.row++; t.row > excelize.TotalRows {
		return fmt.Errorf("a worksheet has at most %d rows; export as CSV", excelize.TotalRows)
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		if row[i], err = tableTyped(c, values[i]); err != nil {
			return err
		}
	}
	return t.stream.SetRow("A"+strconv.Itoa(t.row), row)
}

// tableTyped is a value as excelize takes it. Numbers of more than 15 digits
// would lose some as a number, and are written as text.
func tableTyped(c tableCell, value any) (any, error) {
	if _, ok := value.(bool); ok || c.none {
		return value, nil
	}
	if c.number && len(c.text) <= 16 {
		return strconv.ParseFloat(c.text, 64)
	}
	if n := utf8.RuneCountInString(c.text); n > excelize.TotalCellChars {
		return nil, fmt.Errorf("a text of %d characters does not fit in a worksheet's cell; export as CSV", n)
	}
	return c.text, nil
}

// Close is that of tableWriter.
func (t *tableXLSX) Close() error {
	err := t.stream.Flush()
	if err == nil {
		// excelize offers only its own buffer, which would hold the whole
		// workbook: the ZIP file is written past it.
		t.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(t.w) })
		err = t.file.Write(io.Discard)
	}
	return errors.Join(err, t.file.Close(), t.w.Flush())
}
