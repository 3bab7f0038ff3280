package store_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
)

func TestQuantity_reads_exactly_what_is_a_JSON_number(t *testing.T) {
	for text, want := range map[string]store.Quantity{
		"0": 0, "-0": 0, "0.0": 0, "-0.0000": 0, "0e999999999": 0, "0.00000000000": 0,
		"1": 1_0000, "45": 45_0000, "3.5": 3_5000, "-0.0001": -1, "0.1": 1000, "0.3": 3000,
		"1.0000000": 1_0000, "1.50000": 1_5000, "1e2": 100_0000, "1E+2": 100_0000, "12e-1": 1_2000,
		"100e-6": 1, "0.0001e4": 1_0000, "1000000000": store.MaxQuantity, "-1e9": -store.MaxQuantity,
		"999999999.9999": store.MaxQuantity - 1,
	} {
		if got, err := store.ParseQuantity(text); err != nil || got != want {
			t.Errorf("%s is %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestQuantity_refuses_what_it_cannot_keep_exactly(t *testing.T) {
	for text, want := range map[string]store.Code{
		"1.00001": store.CodePrecision, "0.00005": store.CodePrecision, "1e-5": store.CodePrecision, "1e-400": store.CodePrecision,
		"1e400": store.CodeRange, "-1e400": store.CodeRange, "1e99999999999999999999": store.CodeRange,
		"1000000000.0001": store.CodeRange, "-1000000001": store.CodeRange, strings.Repeat("9", 400): store.CodeRange,
		"": store.CodeInvalid, "-": store.CodeInvalid, "+1": store.CodeInvalid, "01": store.CodeInvalid, "-01": store.CodeInvalid,
		"00": store.CodeInvalid, "1.": store.CodeInvalid, ".5": store.CodeInvalid, "1e": store.CodeInvalid, "1e+": store.CodeInvalid,
		"NaN": store.CodeInvalid, "Infinity": store.CodeInvalid, "-Infinity": store.CodeInvalid, "null": store.CodeInvalid,
		"0x10": store.CodeInvalid, "1_000": store.CodeInvalid, "1,5": store.CodeInvalid, " 1": store.CodeInvalid, "1 ": store.CodeInvalid,
		"1e1.5": store.CodeInvalid, "1.2.3": store.CodeInvalid, "٣": store.CodeInvalid, `"1"`: store.CodeInvalid, "1e5x": store.CodeInvalid,
	} {
		if got, err := store.ParseQuantity(text); store.CodeOf(err) != want {
			t.Errorf("%.40q is %s, %v; want %s", text, got, err, want)
		}
		if _, err := store.ParseMoney(text); store.CodeOf(err) != want {
			t.Errorf("money %.40q: %v; want %s", text, err, want)
		}
	}
}

func TestQuantity_prints_the_shortest_exact_form_and_money_two_decimals(t *testing.T) {
	for q, want := range map[store.Quantity]string{
		0: "0", 45_0000: "45", 3_5000: "3.5", -1: "-0.0001", 1_0100: "1.01", 10: "0.001", -25_0000: "-25", store.MaxQuantity: "1000000000",
	} {
		if q.String() != want {
			t.Errorf("%d prints as %s, want %s", q, q, want)
		}
	}
	for m, want := range map[store.Money]string{
		0: "0.00", 25_0000: "25.00", 25_5000: "25.50", 1250: "0.125", -1: "-0.0001", 99_9900: "99.99",
		-1 << 63: "-922337203685477.5808", 1<<63 - 1: "922337203685477.5807",
	} {
		if m.String() != want {
			t.Errorf("%d prints as %s, want %s", m, m, want)
		}
	}
	if b, err := json.Marshal([]any{store.Quantity(3_5000), store.Money(45_0000)}); err != nil || string(b) != "[3.5,45.00]" {
		t.Errorf("JSON is %s, %v", b, err)
	}
}

func TestQuantity_reads_back_what_it_prints(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := store.Quantity(rapid.Int64Range(-int64(store.MaxQuantity), int64(store.MaxQuantity)).Draw(rt, "q"))
		if got, err := store.ParseQuantity(q.String()); err != nil || got != q {
			rt.Fatalf("%s reads as %s, %v", q, got, err)
		}
		if got, err := store.ParseMoney(store.Money(q).String()); err != nil || got != store.Money(q) {
			rt.Fatalf("%s reads as %s, %v", store.Money(q), got, err)
		}
	})
}

func TestValueOf_is_exact_and_rounds_half_away_from_zero(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := rapid.Int64Range(-int64(store.MaxQuantity), int64(store.MaxQuantity)).Draw(rt, "q")
		price := rapid.Int64Range(0, int64(store.MaxMoney)).Draw(rt, "price")
		doubled := new(big.Int).Mul(big.NewInt(q), big.NewInt(price))
		doubled.Mul(doubled, big.NewInt(2))
		half := big.NewInt(10_000)
		if doubled.Sign() < 0 {
			half.Neg(half)
		}
		want := doubled.Quo(doubled.Add(doubled, half), big.NewInt(20_000))
		if !want.IsInt64() {
			most := int64(1<<63 - 1)
			if want.Sign() < 0 {
				most = -most
			}
			want.SetInt64(most)
		}
		if got := store.ValueOf(store.Quantity(q), store.Money(price)); int64(got) != want.Int64() {
			rt.Fatalf("%d × %d is %d, want %s", q, price, got, want)
		}
	})
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?$`)

// FuzzQuantity compares the parser with arithmetic on fractions.
func FuzzQuantity(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1.5", "1e400", "1.00001", "01", "NaN", "1e-4", "0.00010", "9999999999", "12345678.9e-3", "1E+9", ".5", "5."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := store.ParseQuantity(text)
		if len(text) > 400 {
			return
		}
		if !jsonNumber.MatchString(text) {
			// Longer exponents are numbers too; all others are not.
			if err == nil && !json.Valid([]byte(text)) {
				t.Fatalf("%q was read as %s", text, got)
			}
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is a JSON number that math/big cannot read", text)
		}
		scaled := exact.Mul(exact, big.NewRat(10_000, 1))
		inRange := scaled.IsInt() && scaled.Num().CmpAbs(big.NewInt(int64(store.MaxQuantity))) <= 0
		switch {
		case inRange && (err != nil || int64(got) != scaled.Num().Int64()):
			t.Fatalf("%q is %d, %v; want %s", text, got, err, scaled.Num())
		case !inRange && scaled.IsInt() && store.CodeOf(err) != store.CodeRange:
			t.Fatalf("%q: %v; want out of range", text, err)
		case !scaled.IsInt() && store.CodeOf(err) != store.CodePrecision:
			t.Fatalf("%q: %v; want too many decimals", text, err)
		}
	})
}
