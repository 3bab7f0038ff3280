package store

// decimal is a JSON number taken apart: ±digits × 10^exp, digits without
// leading zeros.
type decimal struct {
	neg    bool
	digits []byte
	exp    int
}

// parseFixed reads a JSON number (RFC 8259, section 6) as ten-thousandths,
// exactly. max bounds the magnitude of the result.
func parseFixed(text string, max int64) (int64, error) {
	d, ok := scanDecimal(text)
	if !ok {
		return 0, refuse(CodeInvalid, "%.40q is not a number.", text)
	}
	for len(d.digits) > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits = d.digits[:len(d.digits)-1]
		d.exp++
	}
	if len(d.digits) == 0 {
		return 0, nil
	}
	if d.exp < -4 {
		return 0, refuse(CodePrecision, "%.40s has more than four decimals.", text)
	}
	n, ok := d.shift(4, max)
	if !ok {
		return 0, refuse(CodeRange, "%.40s is out of range: at most %s either way.", text, appendFixed(nil, max, 0))
	}
	return n, nil
}

// shift gives the number × 10^by as an integer of at most max.
func (d decimal) shift(by int, max int64) (int64, bool) {
	zeros := d.exp + by
	if len(d.digits)+zeros > 19 {
		return 0, false
	}
	var u uint64
	for i := range len(d.digits) + zeros {
		u *= 10
		if i < len(d.digits) {
			u += uint64(d.digits[i] - '0')
		}
	}
	if u > uint64(max) {
		return 0, false
	}
	if d.neg {
		return -int64(u), true
	}
	return int64(u), true
}

// scanDecimal reads the grammar -?int frac? exp? and nothing else.
func scanDecimal(s string) (d decimal, ok bool) {
	if s != "" && s[0] == '-' {
		d.neg, s = true, s[1:]
	}
	n := digitsIn(s)
	if n == 0 || (n > 1 && s[0] == '0') {
		return d, false
	}
	d.add(s[:n])
	if s = s[n:]; s != "" && s[0] == '.' {
		if n = digitsIn(s[1:]); n == 0 {
			return d, false
		}
		d.add(s[1 : 1+n])
		d.exp = -n
		s = s[1+n:]
	}
	if s == "" {
		return d, true
	}
	e, ok := scanExponent(s)
	d.exp += e
	return d, ok
}

// add appends digits, dropping leading zeros.
func (d *decimal) add(s string) {
	for i := range len(s) {
		if len(d.digits) > 0 || s[i] != '0' {
			d.digits = append(d.digits, s[i])
		}
	}
}

// scanExponent reads e5, E+5, e-5; magnitudes saturate far outside any range.
func scanExponent(s string) (int, bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if s == "" || digitsIn(s) != len(s) {
		return 0, false
	}
	e := 0
	for i := range len(s) {
		e = min(e*10+int(s[i]-'0'), 1_000_000)
	}
	return sign * e, true
}

func digitsIn(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
