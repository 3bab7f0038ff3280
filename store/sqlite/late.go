package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// quarterHour is the unit of lateness in milliseconds.
const quarterHour = 15 * 60 * 1000

// ScanLate reads late changes that had occurred by a moment but have a seq
// above after and at most upTo, in any order.
//
// An entry of class c is late by less than 2^c quarter hours (see
// store.Entry.Lateness), and none of those asked for was recorded before the
// first above after. So each class is a narrow range of its index, however
// long the ledger.
func (d *DB) ScanLate(ctx context.Context, occurredBy store.Instant, after, upTo int64, fn func(store.Change) error) error {
	recorded, classes, err := d.lateClasses(ctx, after)
	if err != nil {
		return err
	}
	for _, class := range classes {
		from := int64(recorded) - quarterHour<<class
		if err := d.scanClass(ctx, class, from, int64(occurredBy), after, upTo, fn); err != nil {
			return err
		}
	}
	return nil
}

// lateClasses gives the time of the first entry above after, and the classes
// that exist.
func (d *DB) lateClasses(ctx context.Context, after int64) (recorded store.Instant, classes []int64, err error) {
	err = d.read(ctx, "scan late", func(c *conn) error {
		at, err := c.integer("SELECT recorded_at FROM entry WHERE seq > ? ORDER BY seq LIMIT 1", after)
		recorded = store.Instant(at)
		for class := int64(0); err == nil; {
			class, err = c.integer("SELECT min(late) FROM entry WHERE late > ?", class)
			if class == 0 {
				break
			}
			classes = append(classes, class)
		}
		return err
	})
	return recorded, classes, err
}

// scanClass reads one class from one moment on, page by page: the pages are
// told apart by (occurred_at, seq), the order of the index.
func (d *DB) scanClass(ctx context.Context, class, from, by, after, upTo int64, fn func(store.Change) error) error {
	const where = `WHERE late = ? AND occurred_at >= ? AND occurred_at <= ?
		AND (occurred_at > ? OR seq > ?) AND seq > ? AND seq <= ?
		ORDER BY occurred_at, seq LIMIT ?`
	seen := int64(0)
	for {
		page, err := d.changes(ctx, nil, where, class, from, by, from, seen, after, upTo, int64(pageRows))
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if err := fn(c); err != nil {
				return err
			}
		}
		last := page[len(page)-1]
		from, seen = int64(last.OccurredAt), last.Seq
	}
}
