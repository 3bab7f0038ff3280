package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/shelfd/shelfd/store"
)

// FindExternal gives the seq of a fact by its source's own name, 0 for none.
func (d *DB) FindExternal(ctx context.Context, source, externalID string, line int64) (int64, error) {
	return d.number(ctx, "find external",
		"SELECT seq FROM entry WHERE source = ? AND external_id = ? AND line = ?", source, externalID, line)
}

// FindReversal gives the seq of the movement that reverses seq, 0 for none.
func (d *DB) FindReversal(ctx context.Context, seq int64) (int64, error) {
	return d.number(ctx, "find reversal", "SELECT seq FROM entry WHERE reverses = ?", seq)
}

// FindDocument gives the seq of a document's version that held at seq, 0 when
// it did not exist yet.
func (d *DB) FindDocument(ctx context.Context, id store.ID, seq int64) (int64, error) {
	return d.number(ctx, "find document",
		"SELECT seq FROM document_version WHERE id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1", id[:], seq)
}

// ListTransfer gives the seqs of a transfer's entries in order.
func (d *DB) ListTransfer(ctx context.Context, id store.ID) ([]int64, error) {
	return d.numbers(ctx, "list transfer", "SELECT seq FROM entry WHERE transfer = ? ORDER BY seq", id[:])
}

// ListReservation gives the seqs of a reservation's entries in order.
func (d *DB) ListReservation(ctx context.Context, id store.ID) ([]int64, error) {
	return d.numbers(ctx, "list reservation", "SELECT seq FROM entry WHERE reservation = ? ORDER BY seq", id[:])
}

// number gives the number a query finds, 0 for none.
func (d *DB) number(ctx context.Context, op, query string, args ...driver.Value) (n int64, err error) {
	err = d.read(ctx, op, func(c *conn) error {
		n, err = c.integer(query, args...)
		return err
	})
	return n, err
}

func (d *DB) numbers(ctx context.Context, op, query string, args ...driver.Value) (list []int64, err error) {
	err = d.read(ctx, op, func(c *conn) error {
		return c.each(func(r row) error {
			list = append(list, r.int(0))
			return nil
		}, query, args...)
	})
	return list, err
}

// FindSeq gives the last seq recorded at or before a moment, 0 for none. Time
// never decreases along the ledger and seq has no gaps, so it is found by
// halves and needs no index.
func (d *DB) FindSeq(ctx context.Context, recordedBy store.Instant) (seq int64, err error) {
	err = d.read(ctx, "find seq", func(c *conn) error {
		high, err := c.integer("SELECT max(seq) FROM entry")
		for err == nil && seq < high {
			middle := seq + (high-seq+1)/2
			var r row
			if r, err = c.first("SELECT recorded_at FROM entry WHERE seq = ?", middle); err != nil {
				return err
			}
			switch {
			case r == nil:
				return fmt.Errorf("entry %d is missing", middle)
			case store.Instant(r.int(0)) <= recordedBy:
				seq = middle
			default:
				high = middle - 1
			}
		}
		return err
	})
	return seq, err
}
