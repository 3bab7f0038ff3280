package metrc

import (
	"context"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/store"
)

// windows walks from a moment until another in windows that METRC allows, by
// when rows changed last. Times are UTC with Z and whole seconds, rounded
// outwards: rows at the edges come twice. The end is asked for anew for each.
func windows(from time.Time, until func() time.Time, fn func(url.Values) error) error {
	start := from.UTC().Truncate(time.Second)
	for {
		last := until().UTC().Add(time.Second - 1).Truncate(time.Second)
		if !start.Before(last) {
			return nil
		}
		end := start.Add(window)
		if end.After(last) {
			end = last
		}
		q := url.Values{"lastModifiedStart": {start.Format(time.RFC3339)}, "lastModifiedEnd": {end.Format(time.RFC3339)}}
		if err := fn(q); err != nil || end.Equal(last) {
			return err
		}
		start = end
	}
}

// whole reads all of a list: as METRC gives it, or by windows since the day
// that the configuration names.
func (c *connector) whole(ctx context.Context, path string, page func([]object) error) error {
	if c.since.IsZero() {
		return c.pages(ctx, path, nil, page)
	}
	return windows(c.since, c.clock.Wall, func(q url.Values) error { return c.pages(ctx, path, q, page) })
}

// layouts are the forms that METRC writes times in. Those without an offset
// are the shop's.
var layouts = []string{"2006-01-02T15:04:05.999999999", time.DateTime, time.DateOnly}

// moment reads a time; 0 when there is none that can be told. METRC writes
// the year 1 for never.
func (o *options) moment(text string) store.Instant {
	t, err := time.Parse(time.RFC3339Nano, text)
	for i := 0; err != nil && o.zone != nil && i < len(layouts); i++ {
		t, err = time.ParseInLocation(layouts[i], text, o.zone)
	}
	if err != nil || t.Year() < 2000 {
		return 0
	}
	return store.InstantOf(t)
}
