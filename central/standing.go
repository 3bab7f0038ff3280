package central

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// standing is where central stands with one store: its row.
type standing struct {
	id         store.ID
	key        keyHash
	revoked    bool
	epoch      int64
	branch     store.Position
	acked      store.Head
	folded     int64
	folds      int64
	items      int64
	recordedAt store.Instant
	syncedAt   store.Instant
	// commands is the number of the newest command for it.
	commands int64
}

// whole tells that stock is the fold of everything that is stored.
func (s *standing) whole() bool { return s.folded == s.acked.Seq }

const selectStanding = `SELECT id, key_hash, revoked_at IS NOT NULL, epoch, coalesce(branch_epoch, 0), coalesce(branch_seq, 0),
  acked_seq, acked_hash, folded_seq, folds, items, recorded_at, synced_at,
  coalesce((SELECT newest FROM mailbox m WHERE m.store = s.id), 0) FROM store s `

func (s *standing) scan(row pgx.Row) error {
	var id pgtype.UUID
	var hash, key []byte
	err := row.Scan(&id, &key, &s.revoked, &s.epoch, &s.branch.Epoch, &s.branch.Seq, &s.acked.Seq, &hash, &s.folded, &s.folds,
		&s.items, (*int64)(&s.recordedAt), (*int64)(&s.syncedAt), &s.commands)
	s.id, s.acked.Epoch = id.Bytes, s.epoch
	copy(s.acked.Hash[:], hash)
	copy(s.key[:], key)
	return err
}

// querier is a connection, a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// look reads a store's row without locking it. Codes: revoked, unauthorized.
func (s *standing) look(ctx context.Context, c *Central, who caller) error {
	if err := s.scan(c.pool.QueryRow(ctx, selectStanding+"WHERE id = $1", uid(who.id))); err != nil {
		return c.absent(err, who)
	}
	return s.welcome(c, who)
}

// absent says what it means that a store has no row: to head office that there
// is no such store, to the store that its key is not known. It had one before,
// in a database that was since restored from a backup.
func (c *Central) absent(err error, who caller) error {
	switch {
	case !errors.Is(err, pgx.ErrNoRows):
		return err
	case who.key == (keyHash{}):
		return noStore(who.id)
	}
	c.callers.forget(who.key)
	return unknownKey()
}

// welcome refuses a store that was revoked, or that got another key since the
// caller was recognized.
func (s *standing) welcome(c *Central, who caller) error {
	switch {
	case who.key == (keyHash{}):
		return nil // head office itself
	case who.key != s.key:
		c.callers.forget(who.key)
		return unknownKey()
	case s.revoked:
		return wire.NewProblem(wire.ProblemRevoked, "Head office took this store's key away.")
	}
	return nil
}

// uid gives an id as PostgreSQL takes it, NULL for the zero ID.
func uid(id store.ID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: !id.IsZero()} }

func uids(ids []store.ID) []pgtype.UUID {
	list := make([]pgtype.UUID, len(ids))
	for n, id := range ids {
		list[n] = uid(id)
	}
	return list
}
