package sqlite

import (
	"context"
	"maps"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// shadowRows is how many shadows one transaction writes, so that a full run
// over a large shop keeps no sale waiting.
const shadowRows = 1000

// Shadows reads the hashes of what a destination last confirmed for items;
// those it confirmed nothing for are not in the map.
func (d *DB) Shadows(ctx context.Context, destination string, items []store.ID) (map[store.ID][32]byte, error) {
	found := make(map[store.ID][32]byte, len(items))
	for page := range slices.Chunk(items, pageRows) {
		err := d.read(ctx, "shadows", func(c *conn) error {
			for _, id := range page {
				r, err := c.first("SELECT hash FROM shadow WHERE destination = ? AND item = ?", destination, id[:])
				if err != nil {
					return err
				}
				if r == nil {
					continue
				}
				var hash [32]byte
				if err := r.fill(0, hash[:]); err != nil {
					return err
				}
				found[id] = hash
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// PutShadows writes down what a destination confirmed. After an error some
// may be written and some not; that costs sending these again, no more.
func (d *DB) PutShadows(ctx context.Context, destination string, shadows map[store.ID][32]byte) error {
	for page := range slices.Chunk(slices.Collect(maps.Keys(shadows)), shadowRows) {
		err := d.write(ctx, "put shadows", func(c *conn) error {
			for _, id := range page {
				hash := shadows[id]
				if err := c.run("INSERT OR REPLACE INTO shadow (destination, item, hash) VALUES (?, ?, ?)",
					destination, id[:], hash[:]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
