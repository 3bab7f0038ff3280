package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

const keyColumns = "SELECT seq, count, key, print, at, outcome FROM idempotency "

func putKeys(c *conn, keys []store.Key) error {
	for i := range keys {
		k := &keys[i]
		s, err := c.stmt("INSERT INTO idempotency (seq, count, key, print, at, outcome) VALUES (?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		s.int(k.Seq).int(k.Count).blob(k.Hash[:]).blob(k.Print[:]).int(int64(k.At))
		if err := s.blob(k.Outcome).run(); err != nil {
			return err
		}
	}
	return nil
}

func readKey(r row) (k store.Key, err error) {
	k = store.Key{Seq: r.int(0), Count: r.int(1), At: store.Instant(r.int(4)), Outcome: r.blob(5)}
	return k, errors.Join(r.fill(2, k.Hash[:]), r.fill(3, k.Print[:]))
}

// PruneKeys forgets idempotency keys recorded before a moment. Codes as for
// Append.
func (d *DB) PruneKeys(ctx context.Context, before store.Instant) error {
	return d.write(ctx, "prune keys", func(c *conn) error {
		// Keys are in order of time, so the first that stays ends the search.
		return c.run(`DELETE FROM idempotency WHERE seq <
			coalesce((SELECT seq FROM idempotency WHERE at >= ? ORDER BY seq LIMIT 1), 9223372036854775807)`, int64(before))
	})
}

// ScanKeys reads the idempotency keys recorded since a moment, oldest first.
func (d *DB) ScanKeys(ctx context.Context, since store.Instant, fn func(store.Key) error) error {
	after := int64(0)
	for {
		var page []store.Key
		err := d.read(ctx, "scan keys", func(c *conn) error {
			return c.each(func(r row) error {
				k, err := readKey(r)
				page = append(page, k)
				return err
			}, keyColumns+"WHERE seq > ? AND at >= ? ORDER BY seq LIMIT ?", after, int64(since), int64(pageRows))
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, k := range page {
			if err := fn(k); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
}

// FindKey reads the idempotency key of the command whose first entry is seq;
// not_found when it was sent without one or that is forgotten.
func (d *DB) FindKey(ctx context.Context, seq int64) (k store.Key, err error) {
	err = d.read(ctx, "find key", func(c *conn) error {
		r, err := c.first(keyColumns+"WHERE seq = ?", seq)
		if err != nil {
			return err
		}
		if r == nil {
			return &store.Error{Code: store.CodeNotFound, Op: "find key", Message: fmt.Sprintf("There is no idempotency key for entry %d.", seq)}
		}
		k, err = readKey(r)
		return err
	})
	return k, err
}

// ListKeys reads the idempotency keys of the commands whose first entry is in
// after < seq ≤ upTo, in order.
func (d *DB) ListKeys(ctx context.Context, after, upTo int64) (list []store.Key, err error) {
	err = d.read(ctx, "list keys", func(c *conn) error {
		return c.each(func(r row) error {
			k, err := readKey(r)
			list = append(list, k)
			return err
		}, keyColumns+"WHERE seq > ? AND seq <= ? ORDER BY seq", after, upTo)
	})
	return list, err
}
