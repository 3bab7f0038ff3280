package sqlite

import (
	"context"
	"encoding/json"

	"github.com/shelfd/shelfd/store"
)

// ListActiveRuns reads the runs that are queued or running, oldest first.
func (d *DB) ListActiveRuns(ctx context.Context) (list []store.ActiveRun, err error) {
	err = d.read(ctx, "list active runs", func(c *conn) error {
		return c.each(func(r row) error {
			a, err := readActiveRun(r)
			list = append(list, a)
			return err
		}, "SELECT body, forced, key, print, actor, terminal, source FROM sync_run ORDER BY id")
	})
	return list, err
}

func readActiveRun(r row) (a store.ActiveRun, err error) {
	a = store.ActiveRun{Force: r.int(1) != 0, Actor: r.text(4), Terminal: r.text(5), Source: r.text(6)}
	if r[2] != nil {
		a.Key = &store.IdempotencyKey{}
		if err := r.fill(2, a.Key.Hash[:]); err != nil {
			return a, err
		}
		if err := r.fill(3, a.Key.Print[:]); err != nil {
			return a, err
		}
	}
	return a, json.Unmarshal([]byte(r.text(0)), &a.Run)
}

// PutActiveRun writes a run over what was known of it.
func (d *DB) PutActiveRun(ctx context.Context, a store.ActiveRun) error {
	body, err := json.Marshal(&a.Run)
	if err != nil {
		return failed("put active run", err)
	}
	return d.write(ctx, "put active run", func(c *conn) error {
		s, err := c.stmt(`INSERT OR REPLACE INTO sync_run (id, body, forced, key, print, actor, terminal, source)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		s.blob(a.ID[:]).value(string(body)).flag(a.Force)
		if a.Key != nil {
			s.blob(a.Key.Hash[:]).blob(a.Key.Print[:])
		} else {
			s.null().null()
		}
		return s.value(a.Actor).value(a.Terminal).value(a.Source).run()
	})
}

// DeleteActiveRun forgets a run, which has finished.
func (d *DB) DeleteActiveRun(ctx context.Context, id store.ID) error {
	return d.write(ctx, "delete active run", func(c *conn) error {
		return c.run("DELETE FROM sync_run WHERE id = ?", id[:])
	})
}
