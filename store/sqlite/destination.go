package sqlite

import (
	"context"
	"errors"

	"github.com/shelfd/shelfd/store"
)

const (
	destinationColumns = `name, kind, location, leads, epoch, seq, hash, state, failures, next_try,
	code, detail, synced_at, command, verdicts, sending`
	putDestination = "INSERT OR REPLACE INTO destination (" + destinationColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

// ListDestinations reads all destinations by name.
func (d *DB) ListDestinations(ctx context.Context) (list []store.Destination, err error) {
	err = d.read(ctx, "list destinations", func(c *conn) error {
		return c.each(func(r row) error {
			to, err := readDestination(r)
			list = append(list, to)
			return err
		}, "SELECT "+destinationColumns+" FROM destination ORDER BY name")
	})
	return list, err
}

func readDestination(r row) (store.Destination, error) {
	d := store.Destination{
		Name: r.text(0), Kind: r.text(1), Primary: r.int(3) != 0, State: store.DestinationState(r.text(7)),
		Cursor:   store.Head{Epoch: r.int(4), Seq: r.int(5)},
		Failures: r.int(8), NextTry: store.Instant(r.int(9)), Code: r.text(10), Detail: r.text(11),
		SyncedAt: store.Instant(r.int(12)), Command: r.int(13), Verdicts: r.int(14), Sending: r.int(15),
	}
	return d, errors.Join(r.fill(2, d.LocationID[:]), r.fill(6, d.Cursor.Hash[:]))
}

// PutDestination writes what is known about a destination over what was
// known. Codes as for Append, here and below.
func (d *DB) PutDestination(ctx context.Context, to store.Destination) error {
	return d.write(ctx, "put destination", func(c *conn) error {
		s, err := c.stmt(putDestination)
		if err != nil {
			return err
		}
		s.value(to.Name).value(to.Kind).id(to.LocationID).flag(to.Primary)
		s.int(to.Cursor.Epoch).int(to.Cursor.Seq).blob(to.Cursor.Hash[:]).value(string(to.State))
		s.int(to.Failures).positive(int64(to.NextTry)).value(to.Code).value(to.Detail)
		return s.positive(int64(to.SyncedAt)).int(to.Command).int(to.Verdicts).int(to.Sending).run()
	})
}

// DeleteDestination forgets a destination and all that was kept for it.
func (d *DB) DeleteDestination(ctx context.Context, name string) error {
	return d.write(ctx, "delete destination", func(c *conn) error {
		return errors.Join(
			c.run("DELETE FROM destination WHERE name = ?", name),
			c.run("DELETE FROM sync_run WHERE body ->> '$.destination' = ?", name),
			c.run("DELETE FROM work_item WHERE destination = ?", name),
			c.run("DELETE FROM quarantine WHERE destination = ?", name),
			c.run("DELETE FROM shadow WHERE destination = ?", name),
			c.run("DELETE FROM link WHERE destination = ?", name),
			c.run("DELETE FROM level WHERE destination = ?", name),
			c.run("DELETE FROM pulled_sale WHERE destination = ?", name),
			c.run("DELETE FROM mark WHERE destination = ?", name),
			c.run("DELETE FROM reconciliation_case WHERE destination = ?", name),
		)
	})
}
