package cmd

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// sheetFieldLimit is the most bytes of one cell.
const sheetFieldLimit = 32 << 10

// sheetCSV reads the records of a CSV file (RFC 4180, with any line ends).
type sheetCSV struct {
	file  *os.File
	text  *sheetText
	csv   *csv.Reader
	cells []sheetCell
}

// openCSV readies the sheet to read a CSV file.
func (s *sheet) openCSV(path string, opt sheetOptions) error {
	if opt.Sheet != "" {
		return sheetError{Value: opt.Sheet, Message: "cannot be chosen: a CSV file has no sheets."}
	}
	s.Report.Format = "csv"
	s.open = func() (sheetSource, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		c := &sheetCSV{file: file}
		if err := c.begin(s, opt.Encoding); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return c, nil
	}
	return nil
}

// begin finds out encoding and delimiter.
func (c *sheetCSV) begin(s *sheet, encoding string) error {
	raw := bufio.NewReaderSize(sheetCounter{c.file, s.done}, 64<<10)
	decoded, name, err := sheetDecode(raw, encoding)
	if err != nil {
		return err
	}
	src := bufio.NewReaderSize(decoded, 64<<10)
	head, err := src.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	delimiter := sheetDelimiter(head)
	c.text = &sheetText{src: src, line: 1}
	c.csv = csv.NewReader(c.text)
	c.csv.Comma, c.csv.FieldsPerRecord, c.csv.ReuseRecord = delimiter, -1, true
	s.Report.Encoding, s.Report.Delimiter = name, string(delimiter)
	s.decimal = map[rune]sheetDecimal{',': sheetDecimalPoint, ';': sheetDecimalComma, '\t': sheetDecimalOpen}[delimiter]
	return nil
}

// sheetDelimiter gives the delimiter that the first line with any has most
// of, outside quotes. A first line such as "sep=;" says it outright.
func sheetDelimiter(head []byte) rune {
	const known = ",;\t"
	if len(head) > 4 && bytes.EqualFold(head[:4], []byte("sep=")) && strings.IndexByte(known, head[4]) >= 0 {
		return rune(head[4])
	}
	var counts [len(known)]int
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if (b == '\n' || b == '\r') && counts != [len(known)]int{} {
			break
		}
		if i := strings.IndexByte(known, b); i >= 0 {
			counts[i]++
		}
	}
	best := 0
	for i := range counts {
		if counts[i] > counts[best] {
			best = i
		}
	}
	return rune(known[best])
}

func (c *sheetCSV) read() (sheetRecord, error) {
	fields, err := c.csv.Read()
	c.text.record = max(c.text.record, c.csv.InputOffset())
	if err != nil {
		return sheetRecord{}, c.fault(err)
	}
	line, _ := c.csv.FieldPos(0)
	c.cells = c.cells[:0]
	for _, f := range fields {
		cell := sheetCell{text: f}
		if len(f) > sheetFieldLimit {
			cell = sheetCell{fault: fmt.Sprintf("the field has %d bytes; at most %d are allowed.", len(f), sheetFieldLimit)}
		}
		c.cells = append(c.cells, cell)
	}
	return sheetRecord{line: line, cells: c.cells}, nil
}

func (c *sheetCSV) close() { _ = c.file.Close() }

// fault says what a CSV reader's error means. Only a quote that swallowed the
// rest of the file is fatal; after others the next line is read as usual.
func (c *sheetCSV) fault(err error) error {
	bad, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return err
	}
	p := sheetError{Line: bad.Line}
	atEnd := errors.Is(c.text.err, io.EOF) && c.csv.InputOffset() == c.text.delivered
	switch {
	case errors.Is(bad.Err, csv.ErrBareQuote):
		p.Message = fmt.Sprintf(`a quote stands inside a field at byte %d. A field with quotes is written "8"" pipe".`, bad.Column)
	case errors.Is(bad.Err, csv.ErrQuote) && atEnd && c.text.quoted:
		p.Line, p.Fatal = max(c.text.quoteLine, bad.StartLine), true
		p.Message = "the quote opened on this line is never closed."
	case errors.Is(bad.Err, csv.ErrQuote):
		p.Message = fmt.Sprintf(`the quote at byte %d ends a field, but more text follows it. A quote inside a quoted field is doubled ("").`, bad.Column)
		if bad.StartLine != bad.Line {
			p.Message += fmt.Sprintf(" The record began on line %d; is a quote there not closed?", bad.StartLine)
		}
	default:
		p.Message = bad.Error()
	}
	return p
}
