package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// ListQuarantine reads what was set aside for a destination, oldest first.
func (d *DB) ListQuarantine(ctx context.Context, destination string) (list []store.Quarantined, err error) {
	err = d.read(ctx, "list quarantine", func(c *conn) error {
		return c.each(func(r row) error {
			list = append(list, store.Quarantined{
				Destination: destination, Position: store.Position{Epoch: r.int(0), Seq: r.int(1)},
				Code: r.text(2), Detail: r.text(3), Tries: r.int(4), At: store.Instant(r.int(5)),
			})
			return nil
		}, "SELECT epoch, seq, code, detail, tries, at FROM quarantine WHERE destination = ? ORDER BY epoch, seq", destination)
	})
	return list, err
}

// PutQuarantined sets an entry aside, or writes down one more refusal of it.
func (d *DB) PutQuarantined(ctx context.Context, q store.Quarantined) error {
	return d.write(ctx, "put quarantined", func(c *conn) error {
		return c.run(`INSERT OR REPLACE INTO quarantine (destination, epoch, seq, code, detail, tries, at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			q.Destination, q.Position.Epoch, q.Position.Seq, q.Code, q.Detail, q.Tries, int64(q.At))
	})
}

// DeleteQuarantined takes an entry out of quarantine.
func (d *DB) DeleteQuarantined(ctx context.Context, destination string, at store.Position) error {
	return d.write(ctx, "delete quarantined", func(c *conn) error {
		return c.run("DELETE FROM quarantine WHERE destination = ? AND epoch = ? AND seq = ?", destination, at.Epoch, at.Seq)
	})
}
