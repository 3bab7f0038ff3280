package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// pageRows is how many rows one read transaction gives. They are all read
// before the first is passed on, so that a slow callback holds up no
// checkpoint and no other reader.
const pageRows = 2000

// entryRows is pageRows for whole entries, which are larger.
const entryRows = 500

const (
	changeColumns = `seq, item, kind, change, after, reserved_after, recorded_at, occurred_at`

	// A body is cast because the driver gives a BLOB as bytes without a copy
	// more.
	storedColumns = `SELECT ` + changeColumns + `, prev_seq, hash, CAST(body AS BLOB),
		salt, notes FROM entry `
)

// Scan reads stored entries with after < seq ≤ upTo in order; an error of fn
// ends it and is returned. The next page is read while fn works on this one.
func (d *DB) Scan(ctx context.Context, after, upTo int64, fn func(*store.Stored) error) error {
	page := d.entries(ctx, nil, after, upTo)
	var spare []store.Stored
	for page.err == nil && len(page.rows) > 0 {
		after = page.rows[len(page.rows)-1].Seq
		ahead := make(chan entryPage, 1)
		go func() { ahead <- d.entries(ctx, spare, after, upTo) }()
		err := page.pass(fn)
		next := <-ahead
		if err != nil {
			return err
		}
		spare, page = page.rows, next
	}
	return page.err
}

// entryPage is what one read transaction of Scan gives.
type entryPage struct {
	rows []store.Stored
	err  error
}

func (p entryPage) pass(fn func(*store.Stored) error) error {
	for i := range p.rows {
		if err := fn(&p.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// entries reads a page into the memory of an old one. Nothing is read when
// nothing can be left.
func (d *DB) entries(ctx context.Context, rows []store.Stored, after, upTo int64) (p entryPage) {
	if p.rows = rows[:0]; after >= upTo {
		return p
	}
	p.err = d.read(ctx, "scan", func(c *conn) error {
		return c.each(func(r row) error {
			s, err := readStored(r)
			p.rows = append(p.rows, s)
			return err
		}, storedColumns+"WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after, upTo, int64(entryRows))
	})
	return p
}

// FindEntry reads one entry; not_found when there is none.
func (d *DB) FindEntry(ctx context.Context, seq int64) (*store.Stored, error) {
	var s store.Stored
	err := d.read(ctx, "find entry", func(c *conn) error {
		r, err := c.first(storedColumns+"WHERE seq = ?", seq)
		if err != nil {
			return err
		}
		if r == nil {
			return &store.Error{Code: store.CodeNotFound, Op: "find entry", Message: fmt.Sprintf("There is no entry %d.", seq)}
		}
		s, err = readStored(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func readStored(r row) (store.Stored, error) {
	s := store.Stored{Change: readChange(r), Bytes: r.blob(10)}
	s.Seq, s.Item, s.Prev = s.Change.Seq, s.Change.Item, r.int(8)
	err := r.fill(9, s.Hash[:])
	if r[11] != nil {
		s.Notes = &store.Text{Body: r.text(12)}
		err = errors.Join(err, r.fill(11, s.Notes.Salt[:]))
	}
	return s, err
}

// readChange reads the changeColumns, which come first.
func readChange(r row) store.Change {
	c := store.Change{
		Seq: r.int(0), Item: r.int(1), After: store.Quantity(r.int(4)), ReservedAfter: store.Quantity(r.int(5)),
		RecordedAt: store.Instant(r.int(6)),
	}
	c.OccurredAt = c.RecordedAt
	if r[7] != nil {
		c.OccurredAt = store.Instant(r.int(7))
	}
	switch store.Kind(r.int(2)) {
	case store.KindMovement:
		c.Quantity = store.Quantity(r.int(3))
	case store.KindHold:
		c.Reserved = store.Quantity(r.int(3))
	}
	return c
}

// ScanChanges reads the balance columns of every entry about an item with
// after < seq ≤ upTo in order; an item's document changes neither balance.
func (d *DB) ScanChanges(ctx context.Context, after, upTo int64, fn func(store.Change) error) error {
	page := make([]store.Change, 0, min(pageRows, max(0, upTo-after)))
	for after < upTo {
		var err error
		page, err = d.changes(ctx, page[:0], "WHERE item IS NOT NULL AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after, upTo, int64(pageRows))
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if err := fn(c); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
	return nil
}

// changes appends a page of changes.
func (d *DB) changes(ctx context.Context, page []store.Change, where string, args ...any) ([]store.Change, error) {
	err := d.read(ctx, "scan changes", func(c *conn) error {
		s, err := c.stmt("SELECT " + changeColumns + " FROM entry " + where)
		if err != nil {
			return err
		}
		for _, a := range args {
			s.value(a)
		}
		return s.each(func(r row) error {
			page = append(page, readChange(r))
			return nil
		})
	})
	return page, err
}
