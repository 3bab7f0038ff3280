package sqlite

import (
	"context"
	"math"

	"github.com/shelfd/shelfd/store"
)

// PutHead saves the state of the chain; one saved before at the same seq is
// replaced, as by one that is signed. Codes as for Append.
func (d *DB) PutHead(ctx context.Context, h store.Head) error {
	return d.write(ctx, "put head", func(c *conn) error {
		return c.run("INSERT OR REPLACE INTO head (seq, epoch, hash, recorded_at, note) VALUES (?, ?, ?, ?, ?)",
			h.Seq, h.Epoch, h.Hash[:], int64(h.RecordedAt), h.Note)
	})
}

// ListHeads reads heads, newest first, with seq < before (0: from the end).
func (d *DB) ListHeads(ctx context.Context, before int64, limit int) (list []store.Head, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = d.read(ctx, "list heads", func(c *conn) error {
		return c.each(func(r row) error {
			h, err := readHead(r)
			list = append(list, h)
			return err
		}, "SELECT seq, epoch, hash, recorded_at, note FROM head WHERE seq < ? ORDER BY seq DESC LIMIT ?", before, int64(limit))
	})
	return list, err
}

// readHead reads the columns seq, epoch, hash, recorded_at and note.
func readHead(r row) (h store.Head, err error) {
	h = store.Head{Seq: r.int(0), Epoch: r.int(1), RecordedAt: store.Instant(r.int(3)), Note: r.text(4)}
	return h, r.fill(2, h.Hash[:])
}
