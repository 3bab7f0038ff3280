package sqlite

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// Shadows reads the hashes of what a destination last confirmed for items;
// those it confirmed nothing for are not in the map.
func (d *DB) Shadows(ctx context.Context, destination string, items []store.ID) (map[store.ID][32]byte, error) {
	found := make(map[store.ID][32]byte, len(items))
	err := readEach(ctx, d, "shadows", items, func(c *conn, id store.ID) error {
		r, err := c.first("SELECT hash FROM shadow WHERE destination = ? AND item = ?", destination, id[:])
		if r == nil {
			return err
		}
		var hash [32]byte
		err = errors.Join(err, r.fill(0, hash[:]))
		found[id] = hash
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// PutShadows writes down what a destination confirmed. After an error some
// may be written and some not; that costs sending these again, no more.
func (d *DB) PutShadows(ctx context.Context, destination string, shadows map[store.ID][32]byte) error {
	return writeEach(ctx, d, "put shadows", writeRows, slices.Collect(maps.Keys(shadows)), func(c *conn, id *store.ID) error {
		hash := shadows[*id]
		return c.run("INSERT OR REPLACE INTO shadow (destination, item, hash) VALUES (?, ?, ?)",
			destination, id[:], hash[:])
	})
}
