package store

import (
	"math"
	"time"
)

// Instant is a moment in milliseconds since 1970-01-01T00:00:00Z. The zero
// Instant means none.
type Instant int64

// InstantOf gives the millisecond that t falls in.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time gives the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Add gives the instant d later, cut to milliseconds.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Milliseconds()) }

// Sub gives the time from u to i, at most what a Duration holds: 292 years.
func (i Instant) Sub(u Instant) time.Duration {
	const most = Instant(math.MaxInt64 / time.Millisecond)
	return time.Duration(min(max(i-u, -most), most)) * time.Millisecond
}

// String gives RFC 3339 in UTC with Z, and milliseconds when there are any;
// "" for none.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return string(i.Append(nil))
}

// Append appends RFC 3339 in UTC with Z, and milliseconds when there are any,
// without the zeros at their end. It is written by hand because every row has
// one: time.AppendFormat takes as long as all the rest of a row.
func (i Instant) Append(b []byte) []byte {
	t := i.Time()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, time.RFC3339Nano)
	}
	b = append(appendTwo(appendTwo(b, year/100), year%100), '-')
	b = append(appendTwo(b, int(month)), '-')
	b = append(appendTwo(b, day), 'T')
	b = append(appendTwo(b, hour), ':')
	b = append(appendTwo(b, minute), ':')
	b = appendTwo(b, second)
	if ms := t.Nanosecond() / int(time.Millisecond); ms > 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return append(b, 'Z')
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// Clock tells the time. Wall is what people call it and may step; Mono only
// ever grows and says how much time has passed since some fixed moment.
type Clock interface {
	Wall() time.Time
	Mono() time.Duration
	// After sends once, when d of monotonic time has passed.
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the machine's clock. It is the one place that asks for it.
func SystemClock() Clock { return systemClock{start: time.Now()} }

type systemClock struct{ start time.Time }

func (systemClock) Wall() time.Time                        { return time.Now().Round(0) }
func (c systemClock) Mono() time.Duration                  { return time.Since(c.start) }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
