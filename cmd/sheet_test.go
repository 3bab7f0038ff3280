package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/shelfd/shelfd/store/storetest"
)

// sheetFile writes a file to import.
func sheetFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sheetOpened(t testing.TB, path string, opt sheetOptions) *sheet {
	t.Helper()
	s, err := openSheet(path, opt)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

// sheetAll reads a file to its end.
func sheetAll(s *sheet) (good []sheetRow, problems []sheetError) {
	for row, p := range s.Rows() {
		problems = append(problems, p...)
		if len(p) == 0 {
			good = append(good, row)
		}
	}
	return good, problems
}

// sheetRead imports CSV text; rows come as JSON without line and defaults, so
// that a table of cases stays readable.
func sheetRead(t testing.TB, content string, opt sheetOptions) (rows, problems []string) {
	t.Helper()
	good, found := sheetAll(sheetOpened(t, sheetFile(t, "in.csv", content), opt))
	for _, r := range good {
		rows = append(rows, sheetBrief(r))
	}
	for _, p := range found {
		problems = append(problems, p.Error())
	}
	return rows, problems
}

func sheetBrief(r sheetRow) string {
	r.Line, r.SKUMade = 0, false
	b, _ := json.Marshal(r)
	s := string(b)
	for _, noise := range []string{`"line":0,`, `"sku_made":false,`, `,"unit":"each"`} {
		s = strings.Replace(s, noise, "", 1)
	}
	return s
}

func sheetWant(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestSheetReadsEveryFlavourOfCSV(t *testing.T) {
	const want1, want2 = `{"sku":"A-1","name":"Blue Dream","unit_price":"12.5"}`, `{"sku":"A-2","name":"Café ″8″ Glass","unit_price":"3"}`
	plain := "SKU,Product,Price\r\nA-1,Blue Dream  ,12.50\r\n\r\n  \r\n,,\r\nA-2,\"Café ″8″\nGlass\",3\r\n"
	utf16le, _ := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewEncoder().String(plain)
	utf16be, _ := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewEncoder().String(plain)
	bare, _ := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(plain)
	cases := map[string]struct {
		text, encoding string
	}{
		"CRLF":                    {text: plain},
		"LF":                      {text: strings.ReplaceAll(plain, "\r\n", "\n")},
		"CR":                      {text: strings.ReplaceAll(strings.ReplaceAll(plain, "\r\n", "\r"), "\n", "\r")},
		"byte-order mark":         {text: "\xEF\xBB\xBF" + plain},
		"tabs":                    {text: strings.ReplaceAll(plain, ",", "\t")},
		"semicolons":              {text: strings.ReplaceAll(strings.ReplaceAll(plain, ",", ";"), "12.50", "12,50")},
		"named delimiter":         {text: "sep=;\r\n" + strings.ReplaceAll(plain, ",", ";")},
		"title above":             {text: "Stock list\n\n" + plain},
		"no last line end":        {text: strings.TrimSuffix(plain, "\r\n")},
		"UTF-16 little-endian":    {text: utf16le},
		"UTF-16 big-endian":       {text: utf16be},
		"UTF-16 without its mark": {text: bare, encoding: "utf-16"},
		"trailing empty fields":   {text: strings.ReplaceAll(plain, "12.50", "12.50,,")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rows, problems := sheetRead(t, c.text, sheetOptions{Encoding: c.encoding})
			sheetWant(t, "problems", problems)
			sheetWant(t, "rows", rows, want1, want2)
		})
	}
}

func TestSheetReadsWindows1252OnRequestOnly(t *testing.T) {
	text, err := charmap.Windows1252.NewEncoder().String("Name,Brand,Price\nBlue,Kief,1\nDream,Café €,2\n")
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := sheetRead(t, text, sheetOptions{})
	sheetWant(t, "problems", problems, "line 3: character 10 is the byte 0xE9, which is not UTF-8. If the file was saved by Excel as plain CSV, import it with --encoding windows-1252.")
	if len(rows) != 1 {
		t.Errorf("%d rows before the bad byte, want 1", len(rows))
	}
	rows, problems = sheetRead(t, text, sheetOptions{Encoding: "windows-1252", Maps: []string{"unit_price="}})
	sheetWant(t, "problems", problems)
	if !strings.Contains(rows[1], "Café €") {
		t.Errorf("got %s", rows[1])
	}
	if _, err := openSheet(sheetFile(t, "a.csv", "name,sku\n"), sheetOptions{Encoding: "ebcdic"}); err == nil || !strings.Contains(err.Error(), "windows-1252") {
		t.Errorf("unknown encoding: %v", err)
	}
}

func TestSheetNamesLineAndColumnOfEveryBadRow(t *testing.T) {
	long := strings.Repeat("x", 40_000)
	rows, problems := sheetRead(t, strings.Join([]string{
		`SKU,Name,Price,Qty,Unit,Barcode`,   // 1
		`A-1,Good,1,2,EA,0012`,              // 2
		`A-2,Short,1,2`,                     // 3
		`A-3,Long,1,2,ea,,,extra`,           // 4
		`A-4,,abc,-3,kilo,8.5E+11`,          // 5
		`a-1,Twice,1,2,ea,`,                 // 6
		`A-5,8" pipe,1,2,ea,`,               // 7
		`A-6,"8" pipe",1,2,ea,`,             // 8
		`A-7,` + long + `,1,2,ea,`,          // 9
		"A-8,Bell\a,1.00001,1e400,Grams,",   // 10
		`A-9,Good,"$1,234.50","1,000",g,`,   // 11
		`A-10,Good,12%,NaN,"Pcs",="00123"x`, // 12
	}, "\n"), sheetOptions{})
	sheetWant(t, "rows", rows,
		`{"sku":"A-1","name":"Good","unit_price":"1","quantity":"2","barcode":"0012"}`,
		`{"sku":"A-9","name":"Good","unit":"g","unit_price":"1234.5","quantity":"1000"}`)
	sheetWant(t, "problems", problems,
		`line 3: the row has 4 fields, the header 6.`,
		`line 4: the row has 8 fields, the header 6.`,
		`line 5: Unit: "kilo" is no unit: each, g, mg, oz or ml.`,
		`line 5: Price: "abc" is not a number.`,
		`line 5: Qty: "-3" is negative.`,
		`line 5: Barcode: "8.5E+11" is a number in scientific notation, so its digits are lost; format the column as text or number and save again.`,
		`line 5: Name: the product has no name.`,
		`line 6: SKU: "a-1" is the SKU of line 2 too.`,
		`line 7: a quote stands inside a field at byte 6. A field with quotes is written "8"" pipe".`,
		`line 8: the quote at byte 7 ends a field, but more text follows it. A quote inside a quoted field is doubled ("").`,
		`line 9: Name: the field has 40000 bytes; at most 32768 are allowed.`,
		`line 10: Name: "Bell\a" holds a control character.`,
		`line 10: Price: "1.00001" has more than four decimals.`,
		`line 10: Qty: "1e400" is in scientific notation, which loses digits; write it out.`,
		`line 12: a quote stands inside a field at byte 26. A field with quotes is written "8"" pipe".`)
}

func TestSheetStopsWhereTheRestCannotBeRead(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"quote never closed": {
			"SKU,Name\nA-1,Good\n\"A-2\",\"two\nlines\"\nA-3,\"open\nA-4,8\"\" x\nA-5,y\n",
			"line 5: the quote opened on this line is never closed.",
		},
		"quote swallows a megabyte": {
			"SKU,Name\nA-1,Good\nA-2,two\nA-3,\"open\n" + strings.Repeat("A-4,x\n", 400_000),
			"line 4: the quote opened on this line is not closed within 1 MiB.",
		},
		"line of a megabyte": {
			"SKU,Name\nA-1,Good\nA-2,x\n" + strings.Repeat("x", 3<<20),
			"line 4: the line is longer than 1 MiB.",
		},
		"NUL byte": {
			"SKU,Name\nA-1,Good\nA-2,a\x00b\n",
			"line 3: character 6 is a NUL byte. If the file was saved as Unicode text, import it with --encoding utf-16; otherwise it is no CSV file.",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			good, problems := sheetAll(sheetOpened(t, sheetFile(t, "in.csv", c.text), sheetOptions{}))
			if len(problems) != 1 || problems[0].Error() != c.want || !problems[0].Fatal {
				t.Errorf("problems %v, want the fatal %q", problems, c.want)
			}
			if len(good) == 0 || good[0].SKU != "A-1" {
				t.Errorf("rows before it: %v", good)
			}
		})
	}
}

func TestSheetRefusesWhatIsNoTable(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"empty":        {"", "The file is empty."},
		"blank":        {"\n \n,,\n", "There is nothing in it"},
		"web page":     {"\xEF\xBB\xBF<html><table>", "web page"},
		"old workbook": {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 Workbook", "old .xls"},
		"PDF":          {"%PDF-1.7", "PDF"},
		"cut ZIP":      {"PK\x03\x04abc", "damaged or incomplete"},
		"UTF-16":       {"S\x00K\x00U\x00,\x00N\x00", "--encoding utf-16"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := openSheet(sheetFile(t, "in.xlsx", c.text), sheetOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something with %q", err, c.want)
			}
		})
	}
	if _, err := openSheet(filepath.Join(t.TempDir(), "none.csv"), sheetOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := openSheet(t.TempDir(), sheetOptions{}); err == nil {
		t.Error("a directory was opened")
	}
}

func TestSheetMapsColumns(t *testing.T) {
	const header = "Product,Option,Brand,SKU,Price,PRICE,,A+B,Weird %\n"
	cases := []struct {
		name string
		maps []string
		want []string // uses, or problems
	}{
		{
			"by name, whatever case and spaces",
			[]string{"name=pro duct", "unit_price=Price"},
			[]string{"sku ← SKU (guessed)", "name ← Product", "brand ← Brand (guessed)", "size ← Option (guessed)", "unit_price ← Price"},
		},
		{
			"by number, joined, left out",
			[]string{"name=Brand+Product + Option", "category=#7", "unit_price=", "sku=", "size="},
			[]string{"name ← Brand + Product + Option", "brand ← Brand (guessed)", "category ← #7"},
		},
		{
			"a plus in a name",
			[]string{"strain=A+B", "unit_price=#6", "size=weird", "sku="},
			[]string{"name ← Product (guessed)", "brand ← Brand (guessed)", "strain ← A+B", "size ← Weird %", "unit_price ← PRICE"},
		},
		{"everything wrong at once", []string{"colour=Brand", "name", "name=Produkt", "brand=#10", "brand=Brand", "sku=SKU", "lot=SKU", "quantity=Price+PRICE", "size=Option+option", "unit_cost=price"}, []string{
			`"colour" is no field; the fields are sku, name, brand, category, subcategory, strain, unit, size, unit_price, unit_cost, quantity, low_stock_threshold, barcode, lot, expires_at, external_id.`,
			`"name" is no mapping: write field=Column.`,
			`name: there is no column "Produkt".`,
			`brand: there is no column "#10".`,
			`brand is mapped twice.`,
			`quantity is made of one column; only texts can be joined.`,
			`size: column "option" is named twice.`,
			`unit_cost: there are 2 columns "price"; say which: #5, #6.`,
			`column "SKU" is mapped to both sku and lot.`,
			`The columns, from line 1: Product (#1), Option (#2), Brand (#3), SKU (#4), Price (#5), PRICE (#6), (no name) (#7), A+B (#8), Weird % (#9).`,
		}},
		{"a guess between two", nil, []string{
			`unit_price could be any of the columns "Price"; say which with --map unit_price=#5, or --map unit_price= for none.`,
			`The columns, from line 1: Product (#1), Option (#2), Brand (#3), SKU (#4), Price (#5), PRICE (#6), (no name) (#7), A+B (#8), Weird % (#9).`,
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := openSheet(sheetFile(t, "in.csv", header), sheetOptions{Maps: c.maps})
			var got []string
			if wrong, ok := errors.AsType[*sheetMapError](err); ok {
				got = slices.DeleteFunc(strings.Split(wrong.Error(), "\n"), func(s string) bool { return strings.HasPrefix(s, "unit_price could") && c.maps != nil })
			} else if err != nil {
				t.Fatal(err)
			} else {
				for _, u := range s.Report.Fields {
					got = append(got, u.String())
				}
			}
			sheetWant(t, "mapping", got, c.want...)
		})
	}
	_, err := openSheet(sheetFile(t, "in.csv", "Foo,Bar,Expiry\n"), sheetOptions{Maps: []string{"expires_at=Expiry"}})
	if err == nil || !strings.Contains(err.Error(), "--map name=Column") || !strings.Contains(err.Error(), "expires_at belongs to a lot") {
		t.Errorf("got %v", err)
	}
}

func TestSheetReadsOneProductInSeveralLots(t *testing.T) {
	rows, problems := sheetRead(t, "sku,name,price,lot,expires\n"+
		"A,Blue,5,L1,2027-03-01\nA,Blue,5,L2,3/1/2027 12:00:00 AM\nA,Red,6,L3,\nA,Blue,5,L1,\nB,Dream,5,,2027-01-01\nC,Green,5,L9,31/12/2027\n", sheetOptions{})
	sheetWant(t, "rows", rows,
		`{"sku":"A","name":"Blue","unit_price":"5","lot":"L1","expires_at":"2027-03-01"}`,
		`{"sku":"A","name":"Blue","unit_price":"5","lot":"L2","expires_at":"2027-03-01"}`)
	sheetWant(t, "problems", problems,
		`line 4: name: "Red" differs from line 2, which has the same SKU A.`,
		`line 4: price: "6" differs from line 2, which has the same SKU A.`,
		`line 5: sku: "A" is on line 2 too, with the same lot L1.`,
		`line 6: expires: "2027-01-01" belongs to a lot, and the row names none.`,
		`line 7: expires: "31/12/2027" is no day in the form YYYY-MM-DD or MM/DD/YYYY.`)
}

func TestSheetTakesOffTheWrappingOfSpreadsheetPrograms(t *testing.T) {
	rows, problems := sheetRead(t, "sku,name,upc,expiry\n\"=\"\"0012\"\"\",'=Blue,'12,no lot: not read\n", sheetOptions{})
	sheetWant(t, "problems", problems)
	sheetWant(t, "rows", rows, `{"sku":"0012","name":"=Blue","barcode":"'12"}`)
}

func TestSheetWantsAValueWhereAColumnWasAskedFor(t *testing.T) {
	const text = "sku,name,unit\n,Blue,\n"
	rows, problems := sheetRead(t, text, sheetOptions{})
	if len(rows) != 1 || len(problems) != 0 {
		t.Errorf("guessed columns may be empty: rows %v, problems %v", rows, problems)
	}
	_, problems = sheetRead(t, text, sheetOptions{Maps: []string{"sku=sku", "unit=unit"}})
	sheetWant(t, "problems", problems,
		"line 2: unit: there is no unit: each, g, mg, oz or ml.",
		"line 2: sku: the product has no SKU.")
}

func TestSheetMakesTheSameSKUsForEver(t *testing.T) {
	got := func(r sheetRow) string { return r.madeSKU() }
	// Shops have these in their ledgers: they must never change.
	for want, r := range map[string]sheetRow{
		"X-5327":           {ExternalID: "5327", Name: "Metal"},
		"X-a-b-ZBN62F57B4": {ExternalID: "a/b"},
		"N-LLKBMMRCKL":     {Name: "Blue Dream", Unit: "each"},
	} {
		if got(r) != want {
			t.Errorf("SKU of %+v is %s, want %s", r, got(r), want)
		}
	}
	_, problems := sheetRead(t, "name,brand\nBlue,X\nblue ,x\n", sheetOptions{})
	if len(problems) != 1 || !strings.Contains(problems[0], "all those of line 2") {
		t.Errorf("the same product twice: %v", problems)
	}
	_, problems = sheetRead(t, "name,id\nBlue,7\nRed,7\n", sheetOptions{})
	if len(problems) != 1 || !strings.Contains(problems[0], "external_id 7, which line 2 has too") {
		t.Errorf("the same external id twice: %v", problems)
	}
}

// sheetMenu is a real shop's catalogue, which is not part of the project.
func sheetMenu(t *testing.T) string {
	t.Helper()
	const menu = "../../shared/data/menu-a.csv"
	if _, err := os.Stat(menu); errors.Is(err, os.ErrNotExist) {
		t.Skip("the real catalogue " + menu + " is not there")
	}
	return menu
}

func TestSheetReadsARealMenu(t *testing.T) {
	menu := sheetMenu(t)
	cases := map[string]struct {
		maps  []string
		metal string
	}{
		"as asked": {
			maps:  []string{"external_id=Variant ID", "name=Product+Option", "quantity=Available Qty", "unit_price=Price", "size=Option"},
			metal: `{"sku":"X-5327","name":"Metal Each","brand":"LuvBuds","category":"Accessories","subcategory":"Accessories","size":"Each","unit_price":"1","quantity":"358","external_id":"5327"}`,
		},
		"as guessed": {
			metal: `{"sku":"X-5327","name":"Metal","brand":"LuvBuds","category":"Accessories","subcategory":"Accessories","size":"1 each","unit_price":"1","quantity":"358","external_id":"5327"}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := sheetOpened(t, menu, sheetOptions{Maps: c.maps})
			rows, problems := sheetAll(s)
			for _, p := range problems {
				t.Error(p)
			}
			if len(rows) != 553 || s.Report.Rows != 553 || s.Report.MadeSKUs != 553 {
				t.Fatalf("%d rows, report %+v, want 553", len(rows), s.Report)
			}
			if got := sheetBrief(rows[0]); got != c.metal {
				t.Errorf("first row\n got %s\nwant %s", got, c.metal)
			}
			again, _ := sheetAll(s)
			skus := map[string]bool{}
			for i, r := range rows {
				skus[strings.ToLower(r.SKU)] = true
				if r != again[i] || !strings.HasPrefix(r.SKU, "X-") {
					t.Errorf("row %+v became %+v", r, again[i])
				}
			}
			if len(skus) != 553 {
				t.Errorf("%d different SKUs, want 553", len(skus))
			}
		})
	}
}

func TestSheetTellsWhichRowsOfARealMenuAreTheSameWithoutIDs(t *testing.T) {
	s := sheetOpened(t, sheetMenu(t), sheetOptions{Maps: []string{"external_id=", "name=Product+Option"}})
	rows, problems := sheetAll(s)
	if len(rows) != 551 || rows[0].SKU != "N-OI5QIMHXQN" {
		t.Errorf("%d rows, the first with SKU %s", len(rows), rows[0].SKU)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprint(p.Line, strings.Contains(p.Message, " all those of line 239") || strings.Contains(p.Message, " all those of line 290")))
	}
	sheetWant(t, "rows that say the same as an earlier one", lines, "445 true", "454 true")
}

func TestSheetStaysSmallOverManyRows(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a file of 60 MB")
	}
	rows := storetest.Some(20_000, 100_000)
	path := filepath.Join(t.TempDir(), "big.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat("a long description of no use ", 2_000_000/rows)
	fmt.Fprintln(f, "sku,name,qty,description")
	for i := range rows {
		fmt.Fprintf(f, "SKU-%06d,Product %d,%d,%s\n", i, i, i%50, filler)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := sheetOpened(t, path, sheetOptions{})
	before, most, n := sheetHeap(), uint64(0), 0
	for _, problems := range s.Rows() {
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if n++; n%(rows/2) == 0 {
			most = max(most, sheetHeap())
		}
	}
	done, total := s.Progress()
	if n != rows || done != total {
		t.Fatalf("%d rows, %d of %d bytes", n, done, total)
	}
	// The file is 60 MB. What is kept is a SKU and a digest a row.
	if most > before+40<<20 {
		t.Errorf("the heap grew by %d MiB", (most-before)>>20)
	}
}

func sheetHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
