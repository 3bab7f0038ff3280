package cmd

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/shelfd/shelfd/store/storetest"
)

// tableWritten writes rows in a format.
func tableWritten(t *testing.T, format string, columns []string, rows ...[]any) string {
	t.Helper()
	var b bytes.Buffer
	w, err := newTable(&b, format, columns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row(r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	tableColumns = []string{"sku", "name", "price", "seq", "low", "at"}
	tableRows    = [][]any{
		{"0012", `Blue "Dream", <b>`, tableNumber("25.00"), int64(7), true, time.Date(2026, 1, 27, 10, 30, 0, 0, time.FixedZone("", 3600))},
		{"=1+1", "-two\r\nlines\x1b[2J", tableNumber("-0.0001"), nil, false, nil},
	}
)

func TestTableWritesEveryFormat(t *testing.T) {
	for format, want := range map[string]string{
		"csv": "sku,name,price,seq,low,at\r\n" +
			"0012,\"Blue \"\"Dream\"\", <b>\",25.00,7,true,2026-01-27T09:30:00Z\r\n" +
			"'=1+1,\"'-two\r\nlines\x1b[2J\",-0.0001,,false,\r\n",
		"ndjson": `{"sku":"0012","name":"Blue \"Dream\", <b>","price":25.00,"seq":7,"low":true,"at":"2026-01-27T09:30:00Z"}` + "\n" +
			`{"sku":"=1+1","name":"-two\r\nlines\u001b[2J","price":-0.0001,"seq":null,"low":false,"at":null}` + "\n",
		"json": "[\n" + `{"sku":"0012","name":"Blue \"Dream\", <b>","price":25.00,"seq":7,"low":true,"at":"2026-01-27T09:30:00Z"}` + ",\n" +
			`{"sku":"=1+1","name":"-two\r\nlines\u001b[2J","price":-0.0001,"seq":null,"low":false,"at":null}` + "\n]\n",
		"text": "sku   name                 price  seq  low    at\n" +
			"0012  Blue \"Dream\", <b>    25.00    7  true   2026-01-27T09:30:00Z\n" +
			"=1+1  -two  lines [2J    -0.0001       false\n",
	} {
		if got := tableWritten(t, format, tableColumns, tableRows...); got != want {
			t.Errorf("%s:\n got %q\nwant %q", format, got, want)
		}
	}
}

func TestTableWithoutRowsIsStillATable(t *testing.T) {
	for format, want := range map[string]string{"csv": "a,b\r\n", "ndjson": "", "json": "[]\n", "text": "a  b\n"} {
		if got := tableWritten(t, format, []string{"a", "b"}); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func TestTableWritesNumbersOfAWorkbookAsNumbers(t *testing.T) {
	f, err := excelize.OpenReader(strings.NewReader(tableWritten(t, "xlsx", tableColumns, tableRows...)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range map[string]struct {
		value string
		kind  excelize.CellType
	}{
		"A1": {"sku", excelize.CellTypeInlineString}, "A2": {"0012", excelize.CellTypeInlineString}, "C2": {"25", excelize.CellTypeUnset}, "D2": {"7", excelize.CellTypeUnset},
		"E2": {"TRUE", excelize.CellTypeBool}, "A3": {"=1+1", excelize.CellTypeInlineString}, "C3": {"-0.0001", excelize.CellTypeUnset}, "D3": {"", excelize.CellTypeUnset},
	} {
		value, err1 := f.GetCellValue(tableSheet, cell)
		kind, err2 := f.GetCellType(tableSheet, cell)
		formula, err3 := f.GetCellFormula(tableSheet, cell)
		if value != want.value || kind != want.kind || formula != "" || err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%s is %q of type %v, formula %q, want %q of type %v", cell, value, kind, formula, want.value, want.kind)
		}
	}
}

func TestTableRefusesWhatItCannotWrite(t *testing.T) {
	if _, err := newTable(io.Discard, "pdf", "a"); err == nil || !strings.Contains(err.Error(), "text, csv, json, ndjson, xlsx") {
		t.Errorf("unknown format: %v", err)
	}
	for _, format := range tableFormats {
		w, err := newTable(io.Discard, format, "a")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range [][]any{{}, {1, 2}, {3.5}, {tableNumber("1e3")}, {tableNumber("")}, {tableNumber("NaN")}, {tableNumber("1,2")}} {
			if err := w.Row(row...); err == nil {
				t.Errorf("%s took the row %v", format, row)
			}
		}
		if err := w.Close(); err != nil {
			t.Errorf("%s: close: %v", format, err)
		}
	}
	w, _ := newTable(io.Discard, "xlsx", "a")
	if err := w.Row(strings.Repeat("x", 32_768)); err == nil {
		t.Error("a text too long for a cell was cut off")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestTableSaysWhenTheDiskIsFull(t *testing.T) {
	for _, format := range tableFormats {
		w, err := newTable(tableFull{}, format, "a")
		if err != nil {
			continue
		}
		for range 1000 {
			if err = w.Row(strings.Repeat("x", 1000)); err != nil {
				break
			}
		}
		if closed := w.Close(); err == nil && closed == nil {
			t.Errorf("%s: no error", format)
		}
	}
}

type tableFull struct{}

func (tableFull) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestTableIsReadBackByImport(t *testing.T) {
	columns := []string{"sku", "product_name", "quantity", "unit_price"}
	rows := [][]any{{"=A-1", "-Blue 'n' Dream", tableNumber("3.5"), tableNumber("25.00")}, {"A-2", "Plain, \"quoted\"", tableNumber("0"), tableNumber("1234.50")}}
	for _, format := range []string{"csv", "xlsx"} {
		path := sheetFile(t, "out", tableWritten(t, format, columns, rows...))
		good, problems := sheetAll(sheetOpened(t, path, sheetOptions{}))
		var got []string
		for _, r := range good {
			got = append(got, sheetBrief(r))
		}
		for _, p := range problems {
			t.Error(format, p)
		}
		sheetWant(t, format, got,
			`{"sku":"=A-1","name":"-Blue 'n' Dream","unit_price":"25","quantity":"3.5"}`,
			`{"sku":"A-2","name":"Plain, \"quoted\"","unit_price":"1234.5","quantity":"0"}`)
	}
}

func TestTableStaysSmallOverManyRows(t *testing.T) {
	if testing.Short() {
		t.Skip("writes five tables of 20 MB")
	}
	rows := storetest.Some(20_000, 100_000)
	filler := strings.Repeat("text ", 4_000_000/rows)
	for _, format := range tableFormats {
		t.Run(format, func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			before := sheetHeap()
			w, err := newTable(f, format, "sku", "text", "n")
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				if err := w.Row(fmt.Sprint("SKU-", i), filler, i); err != nil {
					t.Fatal(err)
				}
			}
			// 20 MB were written; excelize keeps up to 16 MiB before it
			// turns to a file.
			if now := sheetHeap(); now > before+40<<20 {
				t.Errorf("the heap grew by %d MiB", (now-before)>>20)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if n := tableCount(t, format, f.Name()); n != rows {
				t.Errorf("%d rows were written", n)
			}
		})
	}
}

// tableCount counts the rows of a written table with another reader.
func tableCount(t *testing.T, format, path string) int {
	t.Helper()
	if format == "xlsx" {
		good, _ := sheetAll(sheetOpened(t, path, sheetOptions{Maps: []string{"name=n"}}))
		return len(good)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch format {
	case "csv":
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(rows) - 1
	case "json":
		var rows []json.RawMessage
		if err := json.Unmarshal(b, &rows); err != nil {
			t.Fatal(err)
		}
		return len(rows)
	case "ndjson":
		lines := slices.Collect(strings.Lines(string(b)))
		return len(lines)
	}
	return strings.Count(string(b), "\n") - 1
}
