package cmd

import "testing"

func TestSheetReadsNumbersOnlyWhereTheyLeaveNoDoubt(t *testing.T) {
	const refused = "-"
	cases := []struct {
		text               string
		point, comma, open string // as read in each kind of file
	}{
		{"12.5", "12.5", "12.5", "12.5"},
		{"12.50", "12.5", "12.5", "12.5"},
		{"0012", "12", "12", "12"},
		{".5", "0.5", "0.5", "0.5"},
		{"5.", "5", "5", "5"},
		{"+5", "5", "5", "5"},
		{"-0.00", "0", "0", "0"},
		{"1,234", "1234", "1.234", refused},
		{"1.234", "1.234", refused, "1.234"},
		{"0.125", "0.125", "0.125", "0.125"},
		{"12,50", refused, "12.5", "12.5"},
		{"1,234.50", "1234.5", "1234.5", "1234.5"},
		{"1.234,50", "1234.5", "1234.5", "1234.5"},
		{"1 234,50", "1234.5", "1234.5", "1234.5"},
		{"1\u00a0234.5", "1234.5", "1234.5", "1234.5"},
		{"1'234.5", "1234.5", "1234.5", "1234.5"},
		{"1,234,567", "1234567", "1234567", "1234567"},
		{"1.234.567", "1234567", "1234567", "1234567"},
		{"1000000000", "1000000000", "1000000000", "1000000000"},
		{"1000000000.0001", refused, refused, refused},
		{"99999999999", refused, refused, refused},
		{"0.00001", refused, refused, refused},
		{"0.50000", "0.5", "0.5", "0.5"},
		{"12,34,567", refused, refused, refused},
		{"1,2345.6", refused, refused, refused},
		{"1.2,3.4", refused, refused, refused},
		{"1 2", refused, refused, refused},
		{"-5", refused, refused, refused},
		{"−5", refused, refused, refused},
		{"(5)", refused, refused, refused},
		{"5-", refused, refused, refused},
		{"12%", refused, refused, refused},
		{"NaN", refused, refused, refused},
		{"Inf", refused, refused, refused},
		{"1e400", refused, refused, refused},
		{"1.5E+03", refused, refused, refused},
		{"0x10", refused, refused, refused},
		{"١٢", refused, refused, refused},
		{".", refused, refused, refused},
		{",", refused, refused, refused},
		{"", refused, refused, refused},
		{"$5", refused, refused, refused},
	}
	for _, c := range cases {
		for lone, want := range map[sheetDecimal]string{sheetDecimalPoint: c.point, sheetDecimalComma: c.comma, sheetDecimalOpen: c.open} {
			got, err := sheetNumber(c.text, lone, false)
			if err != nil {
				got = refused
			}
			if got != want {
				t.Errorf("%q in kind %d is %s, want %s (%v)", c.text, lone, got, want, err)
			}
		}
	}
	for text, want := range map[string]string{"$1,234.50": "1234.5", "12.5 €": "12.5", "£ 3": "3", "-$0": "0"} {
		if got, err := sheetNumber(text, sheetDecimalPoint, true); got != want {
			t.Errorf("money %q is %q, want %q (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{"-$5", "$-5", "($5)", "USD 5", "$"} {
		if got, err := sheetNumber(text, sheetDecimalPoint, true); err == nil {
			t.Errorf("money %q is %q, want it refused", text, got)
		}
	}
}

func TestSheetReadsDays(t *testing.T) {
	for text, want := range map[string]string{
		"2027-03-01": "2027-03-01", "03/01/2027": "2027-03-01", "3/1/2027": "2027-03-01", "2027-03-01T00:00:00Z": "2027-03-01", "2028-02-29 00:00": "2028-02-29",
		"2027-02-29": "", "13/01/2027": "", "1999-12-31": "", "2101-01-01": "", "0001-01-01": "", "3/1/27": "", "2027-03-01 14:30": "", "March 1": "", "46000": "", "2027-3-1": "",
	} {
		got, err := sheetDate(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestSheetKnowsTheUsualSpellingsOfUnits(t *testing.T) {
	for text, want := range map[string]string{"EA": "each", "Each": "each", "pcs.": "each", "unit": "each", "G": "g", "Grams": "g", "MG": "mg", "ounce": "oz", "ML": "ml", "kg": "", "1g": "", "": ""} {
		if got, err := sheetUnitOf(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}
