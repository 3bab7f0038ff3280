package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// FuzzSheetCSV holds that any bytes are read twice to the same rows, each of
// which keeps what sheetRow promises, or are refused; and nothing crashes.
func FuzzSheetCSV(f *testing.F) {
	seeds, err := filepath.Glob("testdata/sheet/*.csv")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds in testdata/sheet", err)
	}
	for _, s := range seeds {
		b, err := os.ReadFile(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "")
	}
	f.Add([]byte("SKU,Name,Qty\nA,Caf\xe9,1\n"), "windows-1252")
	f.Add([]byte("\xff\xfeN\x00a\x00m\x00e\x00\n\x00"), "")
	f.Add([]byte("sep=;\nname;id\n\"a\"\"b\";\"\n\";;\n"), "")
	path := filepath.Join(f.TempDir(), "in.csv")
	f.Fuzz(func(t *testing.T, content []byte, encoding string) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openSheet(path, sheetOptions{Encoding: encoding})
		if err != nil {
			return
		}
		rows, problems := sheetAll(s)
		if len(rows) != s.Report.Rows {
			t.Fatalf("%d rows, the report says %d", len(rows), s.Report.Rows)
		}
		skus := map[string]bool{}
		for _, r := range rows {
			sheetHolds(t, r)
			if skus[r.SKU+"\x00"+r.Lot] {
				t.Fatalf("SKU %q and lot %q twice", r.SKU, r.Lot)
			}
			skus[r.SKU+"\x00"+r.Lot] = true
		}
		again, twice := sheetAll(s)
		if len(again) != len(rows) || len(twice) != len(problems) {
			t.Fatalf("read again: %d rows and %d problems, first %d and %d", len(again), len(twice), len(rows), len(problems))
		}
	})
}

// sheetCanonical is the form of a number in a sheetRow.
var sheetCanonical = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})(\.[0-9]{0,3}[1-9])?$`)

func sheetHolds(t *testing.T, r sheetRow) {
	t.Helper()
	if r.SKU == "" || r.Name == "" || sheetUnits[r.Unit] != r.Unit || r.Line < 2 {
		t.Fatalf("row without its due: %+v", r)
	}
	for _, n := range []string{r.Quantity, r.UnitPrice, r.UnitCost, r.LowStockThreshold} {
		if n != "" && !sheetCanonical.MatchString(n) {
			t.Fatalf("number %q in %+v", n, r)
		}
	}
	if r.ExpiresAt != "" {
		if d, err := sheetDate(r.ExpiresAt); err != nil || d != r.ExpiresAt {
			t.Fatalf("day %q: %v", r.ExpiresAt, err)
		}
	}
}

// FuzzSheetNumber holds that a text is refused or becomes a canonical decimal
// that reads as itself.
func FuzzSheetNumber(f *testing.F) {
	for _, s := range []string{"12.50", "$1,234.50", "1 234,50", "1.234", "-0", "(5)", "1e400", "NaN", "99999999999", "0.00001", "1'000", "12%", "+.5", "€"} {
		f.Add(s, uint8(0), true)
		f.Add(s, uint8(1), false)
		f.Add(s, uint8(2), true)
	}
	f.Fuzz(func(t *testing.T, text string, lone uint8, money bool) {
		got, err := sheetNumber(text, sheetDecimal(lone%3), money)
		if err != nil {
			if got != "" {
				t.Fatalf("%q is %q and %v", text, got, err)
			}
			return
		}
		if !sheetCanonical.MatchString(got) {
			t.Fatalf("%q is %q, not canonical", text, got)
		}
		if again, err := sheetNumber(got, sheetDecimalPoint, money); again != got {
			t.Fatalf("%q is %q, which is %q (%v)", text, got, again, err)
		}
	})
}
