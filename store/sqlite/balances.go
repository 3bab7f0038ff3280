package sqlite

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// PutBalances saves quantities; those saved before at the same seq are
// replaced. Codes as for Append.
func (d *DB) PutBalances(ctx context.Context, b store.Balances) error {
	body := b.Body
	if body == nil {
		body = []byte{}
	}
	return d.write(ctx, "put balances", func(c *conn) error {
		return c.run("INSERT OR REPLACE INTO balances (seq, base, recorded_at, body) VALUES (?, ?, ?, ?)",
			b.Seq, b.Base, int64(b.RecordedAt), body)
	})
}

const balanceColumns = "SELECT seq, base, recorded_at, body FROM balances "

// FindBalances gives the newest saved balances at or before seq: full ones,
// whose Base is 0, and, unless Seq is 0, those of what changed since.
func (d *DB) FindBalances(ctx context.Context, seq int64) (full, since store.Balances, err error) {
	err = d.read(ctx, "find balances", func(c *conn) error {
		r, err := c.first(balanceColumns+"WHERE base = 0 AND seq <= ? ORDER BY seq DESC LIMIT 1", seq)
		if r == nil {
			return err
		}
		full = readBalances(r)
		r, err = c.first(balanceColumns+"WHERE base = ? AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT 1", full.Seq, full.Seq, seq)
		if r != nil {
			since = readBalances(r)
		}
		return err
	})
	return full, since, err
}

func readBalances(r row) store.Balances {
	return store.Balances{Seq: r.int(0), Base: r.int(1), RecordedAt: store.Instant(r.int(2)), Body: r.blob(3)}
}
