package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// FindMark reads how far a stream of a destination was read; the zero Mark
// when nothing was read yet, which is no error.
func (d *DB) FindMark(ctx context.Context, destination, stream string) (m store.Mark, err error) {
	err = d.read(ctx, "find mark", func(c *conn) error {
		r, err := c.first("SELECT value, at FROM mark WHERE destination = ? AND stream = ?", destination, stream)
		if r != nil {
			m = store.Mark{Destination: destination, Stream: stream, Value: r.text(0), At: store.Instant(r.int(1))}
		}
		return err
	})
	return m, err
}

// PutMark writes down how far a stream of a destination was read.
func (d *DB) PutMark(ctx context.Context, m store.Mark) error {
	return d.write(ctx, "put mark", func(c *conn) error {
		return c.run("INSERT OR REPLACE INTO mark (destination, stream, value, at) VALUES (?, ?, ?, ?)",
			m.Destination, m.Stream, m.Value, int64(m.At))
	})
}
