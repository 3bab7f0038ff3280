package sqlite

import (
	"context"
	"errors"

	"github.com/shelfd/shelfd/store"
)

const upsertToken = `INSERT INTO token (id, name, role, hash, location, terminal, created_at, expires_at, revoked_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, hash = excluded.hash,
		location = excluded.location, terminal = excluded.terminal, created_at = excluded.created_at,
		expires_at = excluded.expires_at, revoked_at = excluded.revoked_at`

func putTokens(c *conn, tokens []*store.Token) error {
	for _, t := range tokens {
		s, err := c.stmt(upsertToken)
		if err != nil {
			return err
		}
		s.blob(t.ID[:]).value(t.Name).value(string(t.Role)).blob(t.Hash[:]).id(t.Location).value(t.Terminal)
		s.int(int64(t.CreatedAt)).positive(int64(t.ExpiresAt)).positive(int64(t.RevokedAt))
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// ListTokens reads all tokens, oldest first.
func (d *DB) ListTokens(ctx context.Context) (list []*store.Token, err error) {
	err = d.read(ctx, "list tokens", func(c *conn) error {
		return c.each(func(r row) error {
			t := &store.Token{
				Name: r.text(1), Role: store.Role(r.text(2)), Terminal: r.text(5), CreatedAt: store.Instant(r.int(6)),
				ExpiresAt: store.Instant(r.int(7)), RevokedAt: store.Instant(r.int(8)),
			}
			list = append(list, t)
			return errors.Join(r.fill(0, t.ID[:]), r.fill(3, t.Hash[:]), r.fill(4, t.Location[:]))
		}, `SELECT id, name, role, hash, location, terminal, created_at, expires_at, revoked_at
			FROM token ORDER BY created_at, id`)
	})
	return list, err
}
