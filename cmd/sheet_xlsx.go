package cmd

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	// sheetUnzipLimit is the most bytes a workbook may unpack to; 100,000 rows
	// of 16 columns are about 60 MB.
	sheetUnzipLimit = 256 << 20
	// sheetPartLimit is the most files in a workbook.
	sheetPartLimit = 10_000
)

// sheetBook is what is known of a workbook before its rows are read.
type sheetBook struct {
	path    string
	part    string        // of the worksheet, within the ZIP file
	formats []sheetFormat // by style number
	date904 bool          // days count from 1904
	shared  []string      // texts that cells refer to by number
	merges  []sheetMerge  // by first row
	used    bool          // shared and merges are read
}

// sheetFormat is what a number format makes of a number.
type sheetFormat struct {
	kind  sheetCellKind
	zeros int // 5 for the format 00000
}

// sheetMerge is a range merged over several rows.
type sheetMerge struct {
	left, top, bottom int
	ref               string
	value             sheetCell
}

// openXLSX readies the sheet to read a worksheet. The workbook is opened by
// excelize, which knows containers, styles and hidden sheets. The rows are read here:
// excelize's row iterator says neither whether a number is a date nor whether
// a formula has a value, and ends without an error where a file is cut off.
func (s *sheet) openXLSX(path string, opt sheetOptions) error {
	if opt.Encoding != "" {
		return sheetError{Value: opt.Encoding, Message: "cannot be chosen: only CSV files have an encoding."}
	}
	if err := sheetUnpackable(path); err != nil {
		return err
	}
	book := &sheetBook{path: path}
	name, err := book.inspect(opt.Sheet)
	if err != nil {
		return err
	}
	if book.part, err = book.find(name); err != nil {
		return err
	}
	s.Report.Format, s.Report.Sheet = "xlsx", name
	s.open = func() (sheetSource, error) { return book.open(s) }
	return nil
}

// sheetUnpackable refuses a ZIP file that would unpack to too much, or is not
// of a workbook, before anything is unpacked.
func sheetUnpackable(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return sheetError{Message: "The file is a damaged or incomplete workbook: " + err.Error() + "."}
	}
	defer z.Close()
	var total uint64
	workbook := false
	for _, f := range z.File {
		total += min(f.UncompressedSize64, sheetUnzipLimit+1)
		workbook = workbook || strings.EqualFold(f.Name, "xl/workbook.xml")
	}
	switch {
	case len(z.File) > sheetPartLimit || total > sheetUnzipLimit:
		return sheetError{Message: fmt.Sprintf("The workbook is too large: unpacked, at most %d MiB are read. Save the sheet as CSV and import that.", sheetUnzipLimit>>20)}
	case !workbook:
		return sheetError{Message: "The file is packed (ZIP), but no XLSX workbook. Open it in a spreadsheet program and save it as XLSX or CSV."}
	}
	return nil
}

// inspect lets excelize open the workbook and keeps what matters: the name of
// the sheet to read, the number formats and the calendar.
func (b *sheetBook) inspect(want string) (name string, err error) {
	defer func() {
		// excelize panics on a colour in styles.xml whose index is negative.
		if r := recover(); r != nil {
			err = sheetError{Message: fmt.Sprintf("The file is a damaged workbook: %v.", r)}
		}
	}()
	f, err := excelize.OpenFile(b.path, excelize.Options{UnzipSizeLimit: sheetUnzipLimit, UnzipXMLSizeLimit: 1 << 20})
	if f != nil {
		defer f.Close()
	}
	if err != nil {
		return "", sheetError{Message: "The file is a damaged workbook: " + err.Error() + "."}
	}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		b.date904 = *props.Date1904
	}
	for i := 0; ; i++ {
		style, err := f.GetStyle(i)
		if err != nil {
			break
		}
		b.formats = append(b.formats, sheetFormatOf(style))
	}
	return sheetChoose(f, want)
}

// sheetChoose gives the sheet of a name, else the first that is not hidden.
func sheetChoose(f *excelize.File, want string) (string, error) {
	names := f.GetSheetList()
	for _, n := range names {
		if want != "" {
			if strings.EqualFold(n, strings.TrimSpace(want)) {
				return n, nil
			}
			continue
		}
		if visible, err := f.GetSheetVisible(n); err == nil && visible {
			return n, nil
		}
	}
	if want == "" {
		return "", sheetError{Message: "Every sheet of the workbook is hidden; choose one with --sheet: " + strings.Join(names, ", ") + "."}
	}
	return "", sheetError{Value: want, Message: "is no sheet of the workbook; it has " + strings.Join(names, ", ") + "."}
}

// sheetFormatOf reads a number format. Numbers below 164 are built in
// (ECMA-376 part 1, 18.8.30).
func sheetFormatOf(style *excelize.Style) sheetFormat {
	n := style.NumFmt
	switch {
	case style.CustomNumFmt != nil:
		return sheetCustomFormat(*style.CustomNumFmt)
	case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
		return sheetFormat{kind: sheetCellDate}
	case n == 9 || n == 10:
		return sheetFormat{kind: sheetCellPercent}
	}
	return sheetFormat{kind: sheetCellNumber}
}

// formatLiteral matches what a number format shows as it stands, and colours,
// conditions and locales in brackets, but not elapsed times such as [hh]
// (ECMA-376 part 1, 18.8.31).
var formatLiteral = regexp.MustCompile(`"[^"]*"|[\\_*].|\[[^\]]*[^\]hHmMsS][^\]]*\]`)

// sheetCustomFormat tells what a number format of the workbook's own shows.
func sheetCustomFormat(code string) sheetFormat {
	format := sheetFormat{kind: sheetCellNumber}
	if strings.Trim(code, "0") == "" {
		format.zeros = len(code)
	}
	switch code = formatLiteral.ReplaceAllString(code, ""); {
	case strings.ContainsAny(code, "dDyYhHmMsS"):
		format.kind = sheetCellDate
	case strings.Contains(code, "%"):
		format.kind = sheetCellPercent
	}
	return format
}

// find gives the part of the ZIP file that holds a worksheet, through the
// workbook's relationships.
func (b *sheetBook) find(name string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(b.decode("xl/workbook.xml", &book), b.decode("xl/_rels/workbook.xml.rels", &links)); err != nil {
		return "", sheetError{Message: "The file is a damaged workbook: " + err.Error() + "."}
	}
	for _, s := range book.Sheets {
		for _, l := range links.All {
			if s.Name != name || s.ID != l.ID {
				continue
			}
			if !strings.HasSuffix(l.Type, "/worksheet") {
				return "", sheetError{Value: name, Message: "is a chart, not a sheet with cells; choose another with --sheet."}
			}
			return strings.TrimPrefix(path.Join("/xl", sheetAbsolute(l.Target)), "/"), nil
		}
	}
	return "", sheetError{Value: name, Message: "is named in the workbook, but is not in it."}
}

// sheetAbsolute makes a target that begins at the root relative to xl.
func sheetAbsolute(target string) string {
	if strings.HasPrefix(target, "/") {
		return ".." + target
	}
	return target
}

// decode reads a whole part as XML.
func (b *sheetBook) decode(part string, into any) error {
	r, _, err := b.openPart(part)
	if err != nil {
		return err
	}
	defer r.Close()
	return xml.NewDecoder(r).Decode(into)
}

// sheetPart is one open part of a ZIP file.
type sheetPart struct {
	io.Reader
	part io.Closer
	zip  io.Closer
}

// Close is that of io.Closer.
func (p sheetPart) Close() error { return errors.Join(p.part.Close(), p.zip.Close()) }

// errSheetPart says that a workbook lacks a part.
var errSheetPart = errors.New("a part is missing")

// openPart opens a part, whose name may differ in case, and gives its size
// unpacked.
func (b *sheetBook) openPart(name string) (io.ReadCloser, int64, error) {
	z, err := zip.OpenReader(b.path)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range z.File {
		if !strings.EqualFold(strings.ReplaceAll(f.Name, "\\", "/"), name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, 0, errors.Join(err, z.Close())
		}
		return sheetPart{io.LimitReader(r, sheetUnzipLimit), r, z}, int64(f.UncompressedSize64), nil
	}
	return nil, 0, errors.Join(fmt.Errorf("%w: %s", errSheetPart, name), z.Close())
}

// open begins a pass over the worksheet's rows.
func (b *sheetBook) open(s *sheet) (sheetSource, error) {
	if !b.used {
		if err := errors.Join(b.readShared(), b.readMerges()); err != nil {
			return nil, sheetError{Message: "The file is a damaged workbook: " + err.Error() + "."}
		}
		b.used = true
	}
	r, size, err := b.openPart(b.part)
	if err != nil {
		return nil, err
	}
	s.size.Store(size)
	s.done.Store(0)
	d := xml.NewDecoder(bufio.NewReaderSize(sheetCounter{r, s.done}, 64<<10))
	return &sheetXLSX{book: b, part: r, xml: d, merges: slices.Clone(b.merges)}, nil
}

// readShared reads the texts that cells share; a workbook may have none.
func (b *sheetBook) readShared() error {
	r, _, err := b.openPart("xl/sharedStrings.xml")
	if errors.Is(err, errSheetPart) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "si" {
			continue
		}
		var item sheetString
		if err := d.DecodeElement(&item, &start); err != nil {
			return err
		}
		b.shared = append(b.shared, item.String())
	}
}

// sheetString is a text, plain or in runs of different looks.
type sheetString struct {
	Text string `xml:"t"`
	Runs []struct {
		Text string `xml:"t"`
	} `xml:"r"`
}

// String is the text without its looks.
func (s sheetString) String() string {
	for _, r := range s.Runs {
		s.Text += r.Text
	}
	return sheetUnescape(s.Text)
}

var sheetEscape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// sheetUnescape undoes _x000D_, which stands for a character that XML cannot
// hold (ECMA-376 part 1, 22.4.2.4).
func sheetUnescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return sheetEscape.ReplaceAllStringFunc(s, func(m string) string {
		var r rune
		_, _ = fmt.Sscanf(m, "_x%04X_", &r)
		return string(r)
	})
}
