package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// sheetDecimal says what a lone point or comma in a number means.
type sheetDecimal int

const (
	sheetDecimalOpen  sheetDecimal = iota // 1,234 could be either, and is refused
	sheetDecimalPoint                     // 1,234 is a thousand and more
	sheetDecimalComma                     // 1,234 is a little over one
)

// sheetUnits gives the unit of measure of a spelling.
var sheetUnits = map[string]string{
	"each": "each", "ea": "each", "unit": "each", "units": "each", "pc": "each", "pcs": "each", "piece": "each", "pieces": "each", "ct": "each", "count": "each",
	"g": "g", "gr": "g", "gm": "g", "gram": "g", "grams": "g",
	"mg": "mg", "milligram": "mg", "milligrams": "mg",
	"oz": "oz", "ounce": "oz", "ounces": "oz",
	"ml": "ml", "milliliter": "ml", "milliliters": "ml", "millilitre": "ml", "millilitres": "ml",
}

func sheetUnitOf(text string) (string, error) {
	unit, ok := sheetUnits[strings.ToLower(strings.TrimSuffix(text, "."))]
	if !ok {
		return "", errors.New("is no unit: each, g, mg, oz or ml")
	}
	return unit, nil
}

// sheetNumber reads a number of at most 10⁹ that is not negative and has at
// most four decimals, as a canonical decimal. Marks between thousands and,
// for money, one currency sign are read where they leave no doubt.
func sheetNumber(text string, lone sheetDecimal, money bool) (string, error) {
	s, minus := sheetSign(text)
	if money {
		s = strings.TrimSpace(strings.TrimFunc(s, func(r rune) bool { return unicode.Is(unicode.Sc, r) }))
	}
	if !minus {
		s, minus = sheetSign(s)
	}
	if err := sheetDigits(s); err != nil {
		return "", err
	}
	whole, frac, err := sheetSplit(s, lone)
	if err != nil {
		return "", err
	}
	whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	switch {
	case minus && whole+frac != "":
		return "", errors.New("is negative")
	case len(frac) > 4:
		return "", errors.New("has more than four decimals")
	case len(whole) > 10, len(whole) == 10 && whole+frac != "1000000000":
		return "", errors.New("is too large: at most 1000000000")
	}
	if whole == "" {
		whole = "0"
	}
	if frac != "" {
		whole += "." + frac
	}
	return whole, nil
}

// sheetSign takes off a sign, also the brackets of accountants.
func sheetSign(s string) (rest string, minus bool) {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "("); ok {
		if inner, ok = strings.CutSuffix(inner, ")"); ok {
			return strings.TrimSpace(inner), true
		}
	}
	for _, sign := range []string{"-", "−", "+"} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return strings.TrimSpace(rest), sign != "+"
		}
	}
	return s, false
}

var sheetScientific = regexp.MustCompile(`^[0-9]([.,][0-9]+)?[eE][+-]?[0-9]+$`)

// sheetDigits refuses what is no row of digits and marks.
func sheetDigits(s string) error {
	switch {
	case strings.HasSuffix(s, "%"):
		return errors.New("is a percentage, not an amount")
	case sheetScientific.MatchString(s):
		return errors.New("is in scientific notation, which loses digits; write it out")
	case !strings.ContainsAny(s, "0123456789"), strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && r != '.' && r != ',' && !sheetThin(r)
	}):
		return errors.New("is not a number")
	}
	return nil
}

// sheetThin tells the marks that only ever stand between thousands.
func sheetThin(r rune) bool { return unicode.Is(unicode.Zs, r) || r == '\'' || r == '’' }

// sheetSplit takes a number apart at its decimal mark and drops the marks
// between thousands. The last of two kinds of mark is the decimal one.
func sheetSplit(s string, lone sheetDecimal) (whole, frac string, err error) {
	s = strings.Map(func(r rune) rune {
		if sheetThin(r) {
			return ' '
		}
		return r
	}, s)
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		whole, err = sheetGroups(s, " ")
		return whole, "", err
	}
	mark, other := s[last:last+1], ","
	if mark == "," {
		other = "."
	}
	once, thin := strings.Count(s, mark) == 1, strings.Contains(s, " ")
	if strings.Contains(s, other) || thin {
		if !once || thin && strings.Contains(s, other) {
			return "", "", errors.New("is not a number")
		}
		if thin {
			other = " "
		}
		return sheetHalves(s, last, other)
	}
	if once {
		return sheetLone(s, last, lone)
	}
	whole, err = sheetGroups(s, mark)
	return whole, "", err
}

// sheetLone reads a number with one mark and no other.
func sheetLone(s string, at int, lone sheetDecimal) (whole, frac string, err error) {
	grouped := at >= 1 && at <= 3 && len(s)-at-1 == 3 && s[0] != '0'
	point := s[at] == '.'
	switch {
	case point && lone == sheetDecimalComma && grouped, !point && lone == sheetDecimalOpen && grouped:
		return "", "", fmt.Errorf("could mean %s or %s.%s; write it without a mark between thousands", s[:at]+s[at+1:], s[:at], s[at+1:])
	case !point && lone == sheetDecimalPoint && grouped:
		return s[:at] + s[at+1:], "", nil
	case !point && lone == sheetDecimalPoint:
		return "", "", fmt.Errorf("has a comma that is no mark between thousands; decimals are written %s.%s", s[:at], s[at+1:])
	}
	return sheetHalves(s, at, " ")
}

func sheetHalves(s string, at int, group string) (whole, frac string, err error) {
	whole, err = sheetGroups(s[:at], group)
	frac = s[at+1:]
	if strings.ContainsAny(frac, "., ") {
		err = errors.New("is not a number")
	}
	return whole, frac, err
}

// sheetGroups joins groups of three digits; the first may be shorter.
func sheetGroups(s, mark string) (string, error) {
	groups := strings.Split(s, mark)
	for i, g := range groups {
		if len(groups) > 1 && (i > 0 && len(g) != 3 || len(g) < 1 || len(g) > 3) || strings.ContainsAny(g, "., ") {
			return "", errors.New("is not a number: its marks do not stand between thousands")
		}
	}
	return strings.Join(groups, ""), nil
}

var sheetMidnights = []string{"", "0:00", "00:00", "0:00:00", "00:00:00", "00:00:00.000", "00:00:00Z", "00:00:00.000Z", "12:00 AM", "12:00:00 AM"}

// sheetDate reads a day written YYYY-MM-DD or MM/DD/YYYY, perhaps followed by
// midnight, and gives it as YYYY-MM-DD.
func sheetDate(text string) (string, error) {
	day, clock := text, ""
	if i := strings.IndexAny(text, " T"); i >= 0 {
		day, clock = text[:i], strings.TrimSpace(text[i+1:])
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t, err = time.Parse("1/2/2006", day)
	}
	if err != nil {
		return "", errors.New("is no day in the form YYYY-MM-DD or MM/DD/YYYY")
	}
	if t.Year() < 2000 || t.Year() > 2100 {
		return "", errors.New("is not a day from 2000 to 2100")
	}
	for _, m := range sheetMidnights {
		if strings.EqualFold(clock, m) {
			return t.Format(time.DateOnly), nil
		}
	}
	return "", errors.New("has a time of day; give the day alone")
}

// sheetCollapse makes one space of each run of white space, and none at the
// ends.
func sheetCollapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// sheetPlain gives the text of a cell without the wrapping that keeps
// spreadsheet programs from reading it as something else: ="00123", and the
// apostrophe that an export of ours writes before a sign.
func sheetPlain(s string) string {
	if inner, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(inner, `"`) {
		s = strings.TrimSuffix(inner, `"`)
	}
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte(tableFormulaStarts, s[1]) >= 0 {
		s = s[1:]
	}
	return sheetCollapse(s)
}

// sheetTextFault says what keeps a text from being taken.
func sheetTextFault(s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return fmt.Errorf("has %d characters; at most %d are allowed", n, limit)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("holds a control character")
	}
	return nil
}
