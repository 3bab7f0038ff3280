package store

import (
	"math/bits"
	"strconv"
)

// Quantity is an exact amount in ten-thousandths of the product's unit of
// measure: 3.5 g is Quantity(35000). Its magnitude is at most MaxQuantity.
type Quantity int64

// Money is an exact amount in ten-thousandths of the location's currency:
// 25.00 is Money(250000).
type Money int64

const (
	scale = 10_000

	// MaxQuantity is the largest magnitude of any quantity: 10⁹ units.
	MaxQuantity Quantity = 1_000_000_000 * scale
	// MaxMoney is the largest magnitude of a unit price or unit cost: 10⁹.
	MaxMoney Money = 1_000_000_000 * scale
)

// ParseQuantity reads a JSON number exactly. Codes: precision_exceeded for
// more than four decimals, quantity_out_of_range above MaxQuantity,
// invalid_request when the text is no JSON number.
func ParseQuantity(text string) (Quantity, error) {
	n, err := parseFixed(text, int64(MaxQuantity))
	return Quantity(n), err
}

// ParseMoney reads a JSON number exactly, with the codes of ParseQuantity.
func ParseMoney(text string) (Money, error) {
	n, err := parseFixed(text, int64(MaxMoney))
	return Money(n), err
}

// String writes the shortest exact form: 45, 3.5, -0.0001.
func (q Quantity) String() string { return string(q.Append(nil)) }

// Append appends the shortest exact form to b.
func (q Quantity) Append(b []byte) []byte { return appendFixed(b, int64(q), 0) }

// MarshalJSON writes an exact JSON number.
func (q Quantity) MarshalJSON() ([]byte, error) { return q.Append(nil), nil }

// UnmarshalJSON reads an exact JSON number, with the codes of ParseQuantity.
func (q *Quantity) UnmarshalJSON(b []byte) (err error) {
	*q, err = ParseQuantity(string(b))
	return err
}

// String writes at least two decimals: 25.00, 0.125.
func (m Money) String() string { return string(m.Append(nil)) }

// Append appends the form with at least two decimals to b.
func (m Money) Append(b []byte) []byte { return appendFixed(b, int64(m), 2) }

// MarshalJSON writes an exact JSON number with at least two decimals.
func (m Money) MarshalJSON() ([]byte, error) { return m.Append(nil), nil }

// UnmarshalJSON reads an exact JSON number, with the codes of ParseMoney. The
// range is that of any stored amount, not only of a price.
func (m *Money) UnmarshalJSON(b []byte) error {
	n, err := parseFixed(string(b), maxInt64)
	*m = Money(n)
	return err
}

const maxInt64 = 1<<63 - 1

// valueOf is quantity × unit cost, rounded half away from zero to a
// ten-thousandth. ok is false when it does not fit.
func valueOf(q Quantity, cost Money) (value Money, ok bool) {
	neg := (q < 0) != (cost < 0)
	hi, lo := bits.Mul64(abs64(int64(q)), abs64(int64(cost)))
	lo, carry := bits.Add64(lo, scale/2, 0)
	hi += carry
	if hi >= scale {
		return 0, false
	}
	n, _ := bits.Div64(hi, lo, scale)
	if n > maxInt64 {
		return 0, false
	}
	if neg {
		return -Money(n), true
	}
	return Money(n), true
}

func abs64(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// appendFixed writes n ten-thousandths with at least min decimals.
func appendFixed(b []byte, n int64, min int) []byte {
	u := abs64(n)
	if n < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, u/scale, 10)
	frac := u % scale
	digits := 4
	for digits > min && frac%10 == 0 {
		frac /= 10
		digits--
	}
	if digits == 0 {
		return b
	}
	b = append(b, '.', '0', '0', '0', '0')[:len(b)+1+digits]
	for i := len(b) - 1; digits > 0; i, digits = i-1, digits-1 {
		b[i] = byte('0' + frac%10)
		frac /= 10
	}
	return b
}

// ValueOf is quantity × price, rounded half away from zero to a
// ten-thousandth; at most the largest Money there is,
// either way.
func ValueOf(q Quantity, price Money) Money {
	value, ok := valueOf(q, price)
	switch {
	case ok:
		return value
	case (q < 0) != (price < 0):
		return -maxInt64
	}
	return maxInt64
}
