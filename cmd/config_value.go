package cmd

import (
	"errors"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Path is a file or directory. In the configuration file it may be relative to
// that file.
type Path string

// Duration is written with the units ms, s, m, h and d, as in 1d12h; a day is
// 24 hours.
type Duration time.Duration

var errDuration = errors.New("must be a duration such as 45d, 12h, 1m30s or 500ms")

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	var days time.Duration
	if count, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return errDuration
		}
		days, s = time.Duration(n)*day, rest
		if s == "" {
			*d = Duration(days)
			return nil
		}
	}
	rest, err := time.ParseDuration(s)
	if err != nil || rest < 0 || rest > math.MaxInt64-days {
		return errDuration
	}
	*d = Duration(days + rest)
	return nil
}

// String writes whole days as days and leaves out units that are zero.
func (d Duration) String() string {
	t := time.Duration(d)
	if t >= day && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes what String writes.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Size is a number of bytes, written with B, KiB, MiB, GiB, or with KB, MB, GB
// for powers of 1000.
type Size int64

var (
	errSize    = errors.New("must be a size such as 512KiB, 1MiB or 1048576 (bytes)")
	sizeFormat = regexp.MustCompile(`^(\d{1,12}) ?([KMG]i?)?B?$`)
	sizeUnits  = map[string]int64{
		"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "K": 1e3, "M": 1e6, "G": 1e9,
	}
)

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	m := sizeFormat.FindSubmatch(text)
	if m == nil {
		return errSize
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	unit := sizeUnits[string(m[2])]
	if err != nil || n > math.MaxInt64/unit {
		return errSize
	}
	*s = Size(n * unit)
	return nil
}

// String writes the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, unit := range []string{"Gi", "Mi", "Ki"} {
		if n := Size(sizeUnits[unit]); s >= n && s%n == 0 {
			return strconv.FormatInt(int64(s/n), 10) + unit + "B"
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// MarshalText writes what String writes.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Percent is a whole number of hundredths, written with or without the sign.
type Percent int

// UnmarshalText reads a percentage.
func (p *Percent) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimSuffix(string(text), "%"), 10, 16)
	if err != nil {
		return errors.New("must be a whole percentage such as 10%")
	}
	*p = Percent(n)
	return nil
}

// String writes the number and the sign.
func (p Percent) String() string { return strconv.Itoa(int(p)) + "%" }

// MarshalText writes what String writes.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Decimal is a quantity as text: not negative, at most 1,000,000,000, at most
// four decimals. It stays text so that no digit is lost before the ledger
// parses it.
type Decimal string

var decimalFormat = regexp.MustCompile(`^(\d{1,9}(\.\d{1,4})?|1000000000(\.0{1,4})?)$`)

// UnmarshalText checks and keeps the text.
func (d *Decimal) UnmarshalText(text []byte) error {
	if !decimalFormat.Match(text) {
		return errors.New("must be a quantity from 0 to 1000000000 with at most four decimals")
	}
	*d = Decimal(text)
	return nil
}

// Secret is text that no log and no format verb shows. WriteYAML does write
// it; Redacted takes it out.
type Secret string

const redacted = "[redacted]"

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the secret.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
