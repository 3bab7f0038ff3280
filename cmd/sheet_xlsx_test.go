package cmd

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// sheetWorkbook saves a workbook made by fill and gives its path.
func sheetWorkbook(t *testing.T, fill func(f *excelize.File) error, opts ...excelize.Options) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	path := filepath.Join(t.TempDir(), "in.xlsx")
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveAs(path, opts...); err != nil {
		t.Fatal(err)
	}
	return path
}

// sheetParts are those of a workbook as other programs than excelize write
// them; the rows of its one sheet are to be put in.
func sheetParts(rows string) map[string]string {
	const main = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	const office = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	return map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook ` + main + ` xmlns:r="` + office + `"><sheets><sheet name="Stock" sheetId="7" r:id="r9"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9" Type="` + office + `/worksheet" Target="/xl/tables/one.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst ` + main + `><si><t>Blue</t></si><si><r><t>Blue </t></r><r><t>Dream</t></r><rPh sb="0" eb="1"><t>nope</t></rPh></si><si><t>two_x000D_lines</t></si></sst>`,
		"xl/styles.xml":              `<styleSheet ` + main + `><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs></styleSheet>`,
		"xl/tables/one.xml":          `<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>` + rows + `</x:sheetData></x:worksheet>`,
	}
}

func sheetZip(t testing.TB, parts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return sheetFile(t, "in.xlsx", b.String())
}

// sheetReadBook reads a workbook's rows and problems as sheetRead does.
func sheetReadBook(t *testing.T, path string, opt sheetOptions) (rows, problems []string) {
	t.Helper()
	good, found := sheetAll(sheetOpened(t, path, opt))
	for _, r := range good {
		rows = append(rows, sheetBrief(r))
	}
	for _, p := range found {
		problems = append(problems, p.Error())
	}
	return rows, problems
}

func TestSheetReadsWorksheetCellsAsTheyAreMeant(t *testing.T) {
	path := sheetWorkbook(t, func(f *excelize.File) error {
		day, zeros, own := 14, "000000000000", `yyyy"-"mm;@`
		date, err1 := f.NewStyle(&excelize.Style{NumFmt: day})
		upc, err2 := f.NewStyle(&excelize.Style{CustomNumFmt: &zeros})
		date2, err3 := f.NewStyle(&excelize.Style{CustomNumFmt: &own})
		for i, row := range [][]any{
			{"Stock of Monday"},
			nil,
			{"SKU", "Name", "Price", "Qty", "UPC", "Lot", "Expires", "Category"},
			{"A-1", " Blue  Dream ", 0.1, 3, int64(12345678901), "L1", 46447, "Flower"},
			{12345, "Sum", 0.1 + 0.2, 1.0 / 4, int64(850012345678), "L2", 46447.75, nil},
			nil,
			{"A-3", "Text numbers", "$1,234.50", "7", "0012", "L3", "2027-03-01", "Edible"},
		} {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
				return err
			}
		}
		for _, err := range []error{
			err1, err2, err3, f.SetCellStyle("Sheet1", "G4", "G4", date), f.SetCellStyle("Sheet1", "G5", "G5", date2),
			f.SetCellStyle("Sheet1", "E4", "E5", upc), f.MergeCell("Sheet1", "H4", "H6"), f.SetRowVisible("Sheet1", 5, false),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	s := sheetOpened(t, path, sheetOptions{})
	for range 2 {
		good, problems := sheetAll(s)
		for _, p := range problems {
			t.Error(p)
		}
		var rows []string
		for _, r := range good {
			rows = append(rows, fmt.Sprint(r.Line, " ", sheetBrief(r)))
		}
		sheetWant(t, "rows", rows,
			`4 {"sku":"A-1","name":"Blue Dream","category":"Flower","unit_price":"0.1","quantity":"3","barcode":"012345678901","lot":"L1","expires_at":"2027-03-01"}`,
			`5 {"sku":"12345","name":"Sum","category":"Flower","unit_price":"0.3","quantity":"0.25","barcode":"850012345678","lot":"L2","expires_at":"2027-03-01"}`,
			`7 {"sku":"A-3","name":"Text numbers","category":"Edible","unit_price":"1234.5","quantity":"7","barcode":"0012","lot":"L3","expires_at":"2027-03-01"}`)
	}
	if s.Report.HeaderLine != 3 || s.Report.HiddenRows != 1 || s.Report.Sheet != "Sheet1" {
		t.Errorf("report %+v", s.Report)
	}
	if done, total := s.Progress(); done == 0 || done > total {
		t.Errorf("progress %d of %d", done, total)
	}
}

func TestSheetNamesTheCellsOfAWorksheetThatAreBad(t *testing.T) {
	path := sheetWorkbook(t, func(f *excelize.File) error {
		date, err1 := f.NewStyle(&excelize.Style{NumFmt: 14})
		percent, err2 := f.NewStyle(&excelize.Style{NumFmt: 9})
		for i, row := range [][]any{
			{"SKU", "Name", "Price", "Qty", "Size", "Lot", "Expires"},
			{"A-1", "Formula", nil, 1, "S", "L", nil},
			{"A-2", "Date for a size", 0.5, 2.00001, time.Date(2026, 1, 8, 0, 0, 0, 0, time.UTC), "L", 46447},
			{true, "Merged", 1, 7, "S", "L", time.Date(1999, 1, 8, 0, 0, 0, 0, time.UTC)},
			{"A-4", "Merged", "1,234", nil, "S", "L", nil},
		} {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
				return err
			}
		}
		for _, err := range []error{
			err1, err2, f.SetCellFormula("Sheet1", "C2", "1+1"), f.SetCellStyle("Sheet1", "E3", "E3", date),
			f.SetCellStyle("Sheet1", "C3", "C3", percent), f.MergeCell("Sheet1", "D4", "D5"),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, problems := sheetReadBook(t, path, sheetOptions{})
	sheetWant(t, "problems", problems,
		`line 2: Price (C2): the cell is a formula without a stored result. Open the file in a spreadsheet program and save it, or put the value in place of the formula.`,
		`line 3: Size (E3): "2026-01-08" is a date. If something else was typed, such as 1/8, format the cell as text and type it again.`,
		`line 3: Price (C3): "0.5" is a percentage, not an amount.`,
		`line 3: Qty (D3): "2.00001" has more than four decimals.`,
		`line 3: Expires (G3): "46447" is a number, not a date; format the cell as a date.`,
		`line 4: SKU (A4): "TRUE" is a cell of TRUE or FALSE.`,
		`line 4: Qty (D4): "7" is merged over D4:D5, but each row needs its own quantity; unmerge the cells.`,
		`line 4: Expires (G4): "1999-01-08" is not a day from 2000 to 2100.`,
		`line 5: Price (C5): "1,234" could mean 1234 or 1.234; write it without a mark between thousands.`,
		`line 5: Qty (D5): "7" is merged over D4:D5, but each row needs its own quantity; unmerge the cells.`)
}

func TestSheetReadsWorkbooksOfOtherPrograms(t *testing.T) {
	head := `<x:row><x:c t="inlineStr"><x:is><x:t>Name</x:t><x:rPh sb="0" eb="1"><x:t>nope</x:t></x:rPh></x:is></x:c><x:c t="str"><x:v>Qty</x:v></x:c></x:row>`
	rows, problems := sheetReadBook(t, sheetZip(t, sheetParts(head+
		`<x:row r="3"><x:c r="B3"><x:v>0.10000000000000001</x:v></x:c><x:c r="A3" t="s"><x:v>0</x:v></x:c></x:row>`+
		`<x:row><x:c t="s"><x:v>1</x:v></x:c><x:c><x:f>0.1+0.2</x:f><x:v>0.30000000000000004</x:v></x:c></x:row>`+
		`<x:row><x:c t="s"><x:v>2</x:v></x:c><x:c t="n"><x:v>1.5E3</x:v></x:c></x:row>`+
		`<x:row/><x:row><x:c t="s"><x:v>9</x:v></x:c><x:c t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c></x:row>`+
		`<x:row><x:c t="str"><x:v>Huge</x:v></x:c><x:c><x:v>1e400</x:v></x:c></x:row>`)), sheetOptions{Sheet: "stock"})
	sheetWant(t, "rows", rows,
		`{"sku":"N-`+sheetDigest(10, "blue", "", "", "", "", "", "each")+`","name":"Blue","quantity":"0.1"}`,
		`{"sku":"N-`+sheetDigest(10, "blue dream", "", "", "", "", "", "each")+`","name":"Blue Dream","quantity":"0.3"}`,
		`{"sku":"N-`+sheetDigest(10, "two lines", "", "", "", "", "", "each")+`","name":"two lines","quantity":"1500"}`)
	sheetWant(t, "problems", problems,
		`line 7: Name (A7): the cell refers to a text that the workbook does not have.`,
		`line 7: Qty (B7): the cell shows the error #DIV/0!.`,
		`line 8: Qty (B8): the cell holds "1e400", which is not a number.`)
}

func TestSheetReadsDaysOfBothCalendars(t *testing.T) {
	const rows = `<x:row><x:c t="str"><x:v>Name</x:v></x:c><x:c t="str"><x:v>Lot</x:v></x:c><x:c t="str"><x:v>Expiry</x:v></x:c></x:row>` +
		`<x:row><x:c t="str"><x:v>Blue</x:v></x:c><x:c t="str"><x:v>L</x:v></x:c><x:c s="1"><x:v>44985</x:v></x:c></x:row>` +
		`<x:row><x:c t="str"><x:v>Red</x:v></x:c><x:c t="str"><x:v>L</x:v></x:c><x:c t="d"><x:v>2027-03-01T00:00:00</x:v></x:c></x:row>` +
		`<x:row><x:c t="str"><x:v>Late</x:v></x:c><x:c t="str"><x:v>L</x:v></x:c><x:c s="1"><x:v>9999999</x:v></x:c></x:row>`
	for date904, want := range map[string]string{"0": "2023-02-28", "1": "2027-03-01"} {
		parts := sheetParts(rows)
		parts["xl/workbook.xml"] = strings.Replace(parts["xl/workbook.xml"], "<sheets>", `<workbookPr date1904="`+date904+`"/><sheets>`, 1)
		parts["xl/styles.xml"] = strings.Replace(parts["xl/styles.xml"], "</cellXfs>", `<xf numFmtId="14" fontId="0" fillId="0" borderId="0"/></cellXfs>`, 1)
		good, problems := sheetAll(sheetOpened(t, sheetZip(t, parts), sheetOptions{}))
		if len(good) != 2 || good[0].ExpiresAt != want || good[1].ExpiresAt != "2027-03-01" {
			t.Errorf("calendar %s: %+v", date904, good)
		}
		if len(problems) != 1 || problems[0].Cell != "C4" {
			t.Errorf("calendar %s: %v", date904, problems)
		}
	}
}

func TestSheetTellsDatesByTheirNumberFormat(t *testing.T) {
	for code, want := range map[string]sheetFormat{
		"yyyy-mm-dd": {kind: sheetCellDate}, "[$-409]d-mmm-yy;@": {kind: sheetCellDate}, "[h]:mm": {kind: sheetCellDate},
		`0.00" days"`: {kind: sheetCellNumber}, "#,##0.00_);[Red](#,##0.00)": {kind: sheetCellNumber}, `"$"#,##0.00`: {kind: sheetCellNumber},
		`_($* #,##0.00_);_(@_)`: {kind: sheetCellNumber}, "@": {kind: sheetCellNumber}, "0.0%": {kind: sheetCellPercent}, "00000": {kind: sheetCellNumber, zeros: 5},
	} {
		if got := sheetCustomFormat(code); got != want {
			t.Errorf("%s is %+v, want %+v", code, got, want)
		}
	}
}

func TestSheetSaysWhenAWorksheetIsCutOff(t *testing.T) {
	parts := sheetParts("")
	whole := `<worksheet><sheetData><row r="1"><c t="str"><v>Name</v></c><c t="str"><v>Qty</v></c></row><row r="2"><c t="str"><v>Blue</v></c></row>`
	for name, rest := range map[string]string{
		"between rows": ``, "in a row": `<row r="3"><c t="str">`, "in a tag": `<row r=`, "numbers going back": `<row r="2"></row>`,
		"a row beyond the last": `<row r="1048577"></row>`, "a cell of no name": `<row r="3"><c r="!"></c></row>`,
	} {
		t.Run(name, func(t *testing.T) {
			parts["xl/tables/one.xml"] = whole + rest
			good, problems := sheetAll(sheetOpened(t, sheetZip(t, parts), sheetOptions{}))
			if len(good) != 1 || len(problems) != 1 || !problems[0].Fatal || !strings.Contains(problems[0].Message, "damaged after this row") {
				t.Errorf("rows %v, problems %v", good, problems)
			}
		})
	}
}

func TestSheetChoosesASheet(t *testing.T) {
	path := sheetWorkbook(t, func(f *excelize.File) error {
		for _, name := range []string{"Stock", "Old"} {
			if _, err := f.NewSheet(name); err != nil {
				return err
			}
			if err := f.SetSheetRow(name, "A1", &[]any{"Name", "SKU"}); err != nil {
				return err
			}
			if err := f.SetSheetRow(name, "A2", &[]any{"From " + name, 1}); err != nil {
				return err
			}
		}
		f.SetActiveSheet(1)
		return f.SetSheetVisible("Sheet1", false)
	})
	for want, name := range map[string]string{"": "From Stock", "old": "From Old"} {
		rows, problems := sheetReadBook(t, path, sheetOptions{Sheet: want})
		sheetWant(t, "problems", problems)
		sheetWant(t, "rows of "+want, rows, `{"sku":"1","name":"`+name+`"}`)
	}
	for want, message := range map[string]string{"New": `"New" is no sheet of the workbook; it has Sheet1, Stock, Old.`, "Sheet1": "There is nothing in it: the first line of a table names its columns."} {
		if _, err := openSheet(path, sheetOptions{Sheet: want}); err == nil || err.Error() != message {
			t.Errorf("sheet %s: %v", want, err)
		}
	}
}

// sheetBomb is a workbook with a picture that says to unpack to more than
// may be.
func sheetBomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range []*zip.FileHeader{{Name: "xl/workbook.xml"}, {Name: "xl/media/image1.png", Method: zip.Deflate, UncompressedSize64: 1 << 40}} {
		if _, err := z.CreateRaw(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return sheetFile(t, "bomb.xlsx", b.String())
}

func TestSheetRefusesWorkbooksItCannotRead(t *testing.T) {
	locked := sheetWorkbook(t, func(*excelize.File) error { return nil }, excelize.Options{Password: "secret"})
	whole, err := os.ReadFile(sheetZip(t, sheetParts("")))
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}
	nosheet := sheetParts("")
	delete(nosheet, "xl/tables/one.xml")
	badstyle := sheetParts("")
	badstyle["xl/theme/theme1.xml"] = `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"/>`
	badstyle["xl/styles.xml"] = strings.ReplaceAll(badstyle["xl/styles.xml"], `<fill/>`, `<fill><patternFill patternType="solid"><fgColor indexed="-1"/></patternFill></fill>`)
	for name, c := range map[string]struct{ path, want string }{
		"password":           {locked, "protected by a password"},
		"bomb":               {sheetBomb(t), "at most 256 MiB"},
		"OpenDocument":       {sheetZip(t, other), "no XLSX workbook"},
		"half a file":        {sheetFile(t, "half.xlsx", string(whole[:len(whole)/2])), "damaged or incomplete"},
		"sheet is missing":   {sheetZip(t, nosheet), "damaged"},
		"colour of no index": {sheetZip(t, badstyle), "damaged workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := openSheet(c.path, sheetOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something with %q", err, c.want)
			}
		})
	}
	if _, err := openSheet(locked, sheetOptions{Encoding: "utf-8"}); err == nil {
		t.Error("a workbook with an encoding was opened")
	}
}
