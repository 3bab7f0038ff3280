package sqlite

import (
	"context"
	"strconv"

	"github.com/shelfd/shelfd/store"
)

// foundingEpoch is the one that every ledger begins with.
const foundingEpoch = 1

// readMeta reads all of the meta table.
func readMeta(c *conn) (map[string]string, error) {
	m := map[string]string{}
	err := c.each(func(r row) error {
		m[r.text(0)] = r.text(1)
		return nil
	}, "SELECT key, value FROM meta")
	return m, err
}

func putMeta(c *conn, key, value string) error {
	return c.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value)
}

// found writes down which ledger this is: a new one gets its name.
func found(c *conn, o Options) error {
	m, err := readMeta(c)
	if err != nil {
		return err
	}
	if m["store"] == "" {
		for key, value := range map[string]string{
			"store": o.NewStore().String(), "demo": yesNo(o.Demo),
			"created_at": strconv.FormatInt(int64(o.Now), 10),
		} {
			if err := putMeta(c, key, value); err != nil {
				return err
			}
		}
	}
	return putMeta(c, "version", o.Version)
}

func yesNo(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// Meta tells which ledger this is and how it was left before this opening.
func (d *DB) Meta(ctx context.Context) (m store.Meta, err error) {
	err = d.read(ctx, "meta", func(c *conn) error {
		values, err := readMeta(c)
		if err != nil {
			return err
		}
		m.Store, _ = store.ParseID(values["store"])
		m.Epoch, m.Demo = foundingEpoch, values["demo"] == "1"
		m.Clean, m.Moved = d.clean, d.moved.Load()
		m.Head, err = newest(c)
		return err
	})
	return m, err
}

// newest gives epoch, seq, hash and time of the newest entry, and the first
// epoch for none.
func newest(c *conn) (h store.Head, err error) {
	r, err := c.first(`SELECT seq, hash, recorded_at, iif(json_valid(body), body ->> '$.id', '')
		FROM entry ORDER BY seq DESC LIMIT 1`)
	if r == nil {
		return store.Head{Epoch: foundingEpoch}, err
	}
	h.Seq, h.RecordedAt = r.int(0), store.Instant(r.int(2))
	at, ok := store.ParsePosition(r.text(3))
	if !ok || at.Seq != h.Seq {
		return h, &store.DamageError{Seq: h.Seq, Reason: "it does not say that it is this entry"}
	}
	h.Epoch = at.Epoch
	return h, r.fill(1, h.Hash[:])
}
