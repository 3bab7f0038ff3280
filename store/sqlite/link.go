package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// ListLinks reads the links of a destination, by kind and id of ours.
func (d *DB) ListLinks(ctx context.Context, destination string) (list []store.Link, err error) {
	err = d.read(ctx, "list links", func(c *conn) error {
		return c.each(func(r row) error {
			list = append(list, store.Link{
				Destination: destination, Kind: store.LinkKind(r.text(0)), Ours: r.text(1), Theirs: r.text(2),
				Name: r.text(3), How: r.text(4), At: store.Instant(r.int(5)),
			})
			return nil
		}, "SELECT kind, ours, theirs, name, how, at FROM link WHERE destination = ? ORDER BY kind, ours", destination)
	})
	return list, err
}

// PutLinks writes links over what was known of the same things of ours. After
// an error some may be written and some not.
func (d *DB) PutLinks(ctx context.Context, list []store.Link) error {
	return writeEach(ctx, d, "put links", writeRows, list, func(c *conn, l *store.Link) error {
		return c.run(`INSERT OR REPLACE INTO link (destination, kind, ours, theirs, name, how, at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			l.Destination, string(l.Kind), l.Ours, l.Theirs, l.Name, l.How, int64(l.At))
	})
}

// DeleteLink forgets what something of ours is at a destination.
func (d *DB) DeleteLink(ctx context.Context, destination string, kind store.LinkKind, ours string) error {
	return d.write(ctx, "delete link", func(c *conn) error {
		return c.run("DELETE FROM link WHERE destination = ? AND kind = ? AND ours = ?", destination, string(kind), ours)
	})
}
