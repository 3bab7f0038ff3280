package wire

import (
	"fmt"
	"time"

	"github.com/shelfd/shelfd/store"
)

// Time is a store.Instant that is written as RFC 3339 in UTC; the zero Time is
// empty and left out of messages.
type Time store.Instant

// String gives RFC 3339, "" for none.
func (t Time) String() string { return store.Instant(t).String() }

// MarshalText gives RFC 3339.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads RFC 3339 and cuts it to milliseconds.
func (t *Time) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = 0
		return nil
	}
	v, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("%.40q is not a time: %w", b, err)
	}
	*t = Time(store.InstantOf(v))
	return nil
}
