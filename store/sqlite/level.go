package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"

	"github.com/shelfd/shelfd/store"
)

const (
	findLevel = `SELECT product, lot, room, seq, seen, seen_at FROM level
		WHERE destination = ? AND product = ? AND lot = ? AND room = ?`
	firstLevels = `SELECT product, lot, room, seq, seen, seen_at FROM level
		WHERE destination = ? ORDER BY product, lot, room LIMIT ?`
	nextLevels = `SELECT product, lot, room, seq, seen, seen_at FROM level
		WHERE destination = ? AND (product, lot, room) > (?, ?, ?) ORDER BY product, lot, room LIMIT ?`

	putLevel = `INSERT OR REPLACE INTO level (destination, product, lot, room, seq, seen, seen_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	seeLevel = `INSERT INTO level (destination, product, lot, room, seq, seen, seen_at)
		VALUES (?, ?, ?, ?, 0, ?, ?)
		ON CONFLICT (destination, product, lot, room) DO UPDATE SET seen = excluded.seen, seen_at = excluded.seen_at`
)

// Levels reads what a destination was last known to have of places; those
// that nothing is known of are not in the map.
func (d *DB) Levels(ctx context.Context, destination string, places []store.Place) (map[store.Place]store.Level, error) {
	found := make(map[store.Place]store.Level, len(places))
	err := readEach(ctx, d, "levels", places, func(c *conn, p store.Place) error {
		r, err := c.first(findLevel, destination, p.Product, p.Lot, p.Room)
		if r != nil {
			found[p] = readLevel(r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func readLevel(r row) store.Level {
	return store.Level{
		Place: r.place(0), Seq: r.int(3),
		Known: r[4] != nil, Seen: store.Quantity(r.int(4)), SeenAt: store.Instant(r.int(5)),
	}
}

// ScanLevels reads all levels of a destination in order of its ids; an error
// of fn ends it and is returned. What is written meanwhile may come or not.
func (d *DB) ScanLevels(ctx context.Context, destination string, fn func(store.Level) error) error {
	page, err := d.levels(ctx, nil, firstLevels, destination, int64(pageRows))
	for err == nil && len(page) > 0 {
		for _, l := range page {
			if err := fn(l); err != nil {
				return err
			}
		}
		last := page[len(page)-1].Place
		page, err = d.levels(ctx, page[:0], nextLevels, destination, last.Product, last.Lot, last.Room, int64(pageRows))
	}
	return err
}

// levels appends a page of levels.
func (d *DB) levels(ctx context.Context, page []store.Level, query string, args ...driver.Value) ([]store.Level, error) {
	err := d.read(ctx, "scan levels", func(c *conn) error {
		return c.each(func(r row) error {
			page = append(page, readLevel(r))
			return nil
		}, query, args...)
	})
	return page, err
}

// PutLevels writes down what a destination has. Seen of a level that is not
// Known is not kept. Of two about one place the later counts. After an error
// some may be written and some not; that costs sending these again, no more.
func (d *DB) PutLevels(ctx context.Context, destination string, levels []store.Level) error {
	return writeEach(ctx, d, "put levels", writeRows, byPlace(levels), func(c *conn, l *store.Level) error {
		s, err := c.stmt(putLevel)
		if err != nil {
			return err
		}
		return s.value(destination).place(l.Place).int(l.Seq).seen(l).run()
	})
}

// SeeLevels writes down what a destination says that it has, as PutLevels does,
// and leaves Seq as it is; it is 0 where nothing was known.
func (d *DB) SeeLevels(ctx context.Context, destination string, levels []store.Level) error {
	return writeEach(ctx, d, "see levels", writeRows, byPlace(levels), func(c *conn, l *store.Level) error {
		s, err := c.stmt(seeLevel)
		if err != nil {
			return err
		}
		return s.value(destination).place(l.Place).seen(l).run()
	})
}

// byPlace gives levels in the order of their rows: a transaction then writes
// each page of the table once, and many of them take less than half the time.
func byPlace(levels []store.Level) []store.Level {
	return slices.SortedStableFunc(slices.Values(levels), func(a, b store.Level) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Lot, b.Lot), cmp.Compare(a.Room, b.Room))
	})
}

func (s *stmt) place(p store.Place) *stmt {
	return s.value(p.Product).value(p.Lot).value(p.Room)
}

func (r row) place(i int) store.Place {
	return store.Place{Product: r.text(i), Lot: r.text(i + 1), Room: r.text(i + 2)}
}

// seen binds NULL for what a destination never said.
func (s *stmt) seen(l *store.Level) *stmt {
	if l.Known {
		s.int(int64(l.Seen))
	} else {
		s.null()
	}
	return s.positive(int64(l.SeenAt))
}
