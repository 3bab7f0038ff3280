package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"
	"unicode/utf16"
)

// sheetOptions says how a shop's file is to be read.
type sheetOptions struct {
	// Maps are the values of --map: field=Column, field=Column+Column,
	// field=#4, or field= to leave a field out.
	Maps []string
	// Sheet is the worksheet of an XLSX file; empty is the first visible one.
	Sheet string
	// Encoding is that of a CSV file without a byte-order mark: utf-8 (also
	// when empty), utf-16 or windows-1252.
	Encoding string
}

// sheetError is one thing wrong with a file.
type sheetError struct {
	// Line is the line of a CSV file or the row of a worksheet, from 1; 0 when
	// the whole file is meant.
	Line int `json:"line,omitempty"`
	// Column is the header of the column, or the field when several columns
	// make it.
	Column string `json:"column,omitempty"`
	// Cell is the name of a worksheet's cell, such as C7.
	Cell    string `json:"cell,omitempty"`
	Value   string `json:"value,omitempty"`
	Message string `json:"message"`
	// Fatal says that the rest of the file could not be read, so that leaving
	// out the bad rows is no cure.
	Fatal bool `json:"fatal,omitempty"`

	field string
}

// Error is the problem on one line for people.
func (p sheetError) Error() string {
	var b bytes.Buffer
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Column != "" {
		b.WriteString(p.Column)
		if p.Cell != "" {
			fmt.Fprintf(&b, " (%s)", p.Cell)
		}
		b.WriteString(": ")
	}
	if p.Value != "" {
		fmt.Fprintf(&b, "%.60q ", p.Value)
	}
	b.WriteString(p.Message)
	return b.String()
}

// sheetReport says how a file was understood. The counts are those of the
// newest pass over Rows.
type sheetReport struct {
	Format     string     `json:"format"` // csv or xlsx
	Sheet      string     `json:"sheet,omitempty"`
	Encoding   string     `json:"encoding,omitempty"`
	Delimiter  string     `json:"delimiter,omitempty"`
	HeaderLine int        `json:"header_line"`
	Fields     []sheetUse `json:"fields"`
	Unused     []string   `json:"unused_columns,omitempty"`
	Rows       int        `json:"rows"` // good ones
	Bad        int        `json:"bad_rows"`
	MadeSKUs   int        `json:"made_skus"`
	HiddenRows int        `json:"hidden_rows,omitempty"` // read like the others
}

// sheet is an opened file: its columns are mapped, its rows not yet read.
type sheet struct {
	Report  sheetReport
	columns []string
	decimal sheetDecimal
	size    *atomic.Int64
	done    *atomic.Int64
	open    func() (sheetSource, error)
}

// sheetSource gives the records of a file, one at a time.
type sheetSource interface {
	// read gives the next record; its cells are valid until the next call.
	// io.EOF ends the file. A sheetError that is not Fatal is about one
	// record.
	read() (sheetRecord, error)
	close()
}

type sheetRecord struct {
	line   int
	hidden bool
	cells  []sheetCell
}

// filled counts the cells that hold anything.
func (r sheetRecord) filled() int {
	n := 0
	for i := range r.cells {
		if r.cells[i].fault != "" || sheetCollapse(r.cells[i].text) != "" {
			n++
		}
	}
	return n
}

// openSheet opens a CSV or XLSX file, told apart by what is in it, reads its
// header and maps its columns to fields. The error is a sheetError, a
// *sheetMapError with all that is wrong with the mapping, or that of the
// file system.
func openSheet(path string, opt sheetOptions) (*sheet, error) {
	size, head, err := sheetHead(path)
	if err != nil {
		return nil, err
	}
	s := &sheet{size: new(atomic.Int64), done: new(atomic.Int64)}
	s.size.Store(size)
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		err = s.openXLSX(path, opt)
	} else if err = sheetForeign(path, head); err == nil {
		err = s.openCSV(path, opt)
	}
	if err != nil {
		return nil, err
	}
	return s, s.readHeader(opt.Maps)
}

func sheetHead(path string) (int64, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	if !info.Mode().IsRegular() {
		return 0, nil, sheetError{Message: path + " is not a file."}
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if n == 0 {
		return 0, nil, sheetError{Message: "The file is empty."}
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, err
	}
	return info.Size(), head[:n], nil
}

// sheetForeign refuses what spreadsheet programs also save, under any name.
func sheetForeign(path string, head []byte) error {
	switch {
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return sheetOLE(path)
	case bytes.HasPrefix(bytes.TrimLeft(head, "\xEF\xBB\xBF \t\r\n"), []byte("<")):
		return sheetError{Message: "The file is a web page or XML, whatever its name says. Open it in a spreadsheet program and save it as XLSX or CSV."}
	case bytes.HasPrefix(head, []byte("%PDF")):
		return sheetError{Message: "The file is a PDF. An XLSX or CSV file is needed."}
	}
	return nil
}

// sheetOLE says which of the two things in an OLE compound file this is: a
// workbook with a password (MS-OFFCRYPTO names its stream EncryptedPackage)
// or one of the format before 2007.
func sheetOLE(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, sheetUnzipLimit))
	if err != nil {
		return err
	}
	var name []byte
	for _, u := range utf16.Encode([]rune("EncryptedPackage")) {
		name = append(name, byte(u), byte(u>>8))
	}
	if bytes.Contains(data, name) {
		return sheetError{Message: "The workbook is protected by a password. Save it without one (File, Info, Protect) and import that."}
	}
	return sheetError{Message: "The file is an old .xls workbook, whatever its name says. Open it in a spreadsheet program and save it as XLSX or CSV."}
}

// sheetHeaderSearch is how many filled lines are looked at for the header.
const sheetHeaderSearch = 20

// readHeader takes the first line with two filled cells as the header, so
// that a title above the table does no harm, and maps its columns.
func (s *sheet) readHeader(maps []string) error {
	src, err := s.open()
	if err != nil {
		return err
	}
	defer src.close()
	for seen := 0; seen < sheetHeaderSearch; {
		rec, err := src.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		filled := rec.filled()
		if filled >= 2 || (filled == 1 && s.columns == nil) {
			s.takeHeader(rec)
		}
		if filled >= 2 {
			break
		}
		seen += filled
	}
	if s.columns == nil {
		return sheetError{Message: "There is nothing in it: the first line of a table names its columns."}
	}
	s.Report.Fields, s.Report.Unused, err = mapSheet(s.columns, maps, s.Report.HeaderLine)
	return err
}

func (s *sheet) takeHeader(rec sheetRecord) {
	s.Report.HeaderLine = rec.line
	s.columns = make([]string, len(rec.cells))
	for i := range rec.cells {
		s.columns[i] = sheetCollapse(rec.cells[i].text)
	}
}

// Progress gives how much of the file the current pass has read, in a unit
// of its own. It may be called from another goroutine.
func (s *sheet) Progress() (done, total int64) { return s.done.Load(), s.size.Load() }

// Rows reads the file from its start and gives every row that is not empty,
// with all that is wrong with it; a row with problems is not whole. The file
// is never in memory as a whole, and may be gone through again. A Fatal
// problem is the last one given.
func (s *sheet) Rows() iter.Seq2[sheetRow, []sheetError] {
	return func(yield func(sheetRow, []sheetError) bool) {
		s.Report.Rows, s.Report.Bad, s.Report.MadeSKUs, s.Report.HiddenRows = 0, 0, 0, 0
		s.done.Store(0)
		src, err := s.open()
		if err != nil {
			yield(sheetRow{}, []sheetError{sheetFatal(err)})
			return
		}
		defer src.close()
		b := newSheetBuilder(s)
		for {
			row, problems, ok := s.next(src, b)
			if !ok || !yield(row, problems) || (len(problems) > 0 && problems[0].Fatal) {
				return
			}
		}
	}
}

// next gives the next row below the header; ok is false at the end.
func (s *sheet) next(src sheetSource, b *sheetBuilder) (row sheetRow, problems []sheetError, ok bool) {
	for {
		rec, err := src.read()
		if errors.Is(err, io.EOF) {
			return row, nil, false
		}
		if err != nil {
			s.Report.Bad++
			p := sheetFatal(err)
			return sheetRow{Line: p.Line}, []sheetError{p}, true
		}
		if rec.line <= s.Report.HeaderLine || rec.filled() == 0 {
			continue
		}
		row, problems = b.row(rec)
		s.count(rec, row, problems)
		return row, problems, true
	}
}

func (s *sheet) count(rec sheetRecord, row sheetRow, problems []sheetError) {
	if rec.hidden {
		s.Report.HiddenRows++
	}
	if len(problems) > 0 {
		s.Report.Bad++
		return
	}
	s.Report.Rows++
	if row.SKUMade {
		s.Report.MadeSKUs++
	}
}

// sheetFatal makes an error of reading a problem; what is none yet ends the
// file.
func sheetFatal(err error) sheetError {
	if p, ok := errors.AsType[sheetError](err); ok {
		return p
	}
	return sheetError{Message: "The file could not be read to its end: " + err.Error(), Fatal: true}
}
