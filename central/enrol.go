package central

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// execer is a pool, a connection or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Enrol makes a one-time code for a store of that name. The code is shown
// here only: what is kept is its hash.
func (c *Central) Enrol(ctx context.Context, name string, validFor time.Duration) (code string, err error) {
	return c.enrol(ctx, c.pool, name, validFor)
}

func (c *Central) enrol(ctx context.Context, db execer, name string, validFor time.Duration) (code string, err error) {
	// 80 bits in four groups, for somebody who reads them aloud.
	text := rand.Text()[:16]
	code = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
	hash := codeHash(code)
	_, err = db.Exec(ctx, "INSERT INTO enrolment (code_hash, name, created_at, expires_at) VALUES ($1, $2, $3, $4)",
		hash[:], clean(strings.TrimSpace(name)), int64(c.now()), int64(c.now().Add(validFor)))
	return code, err
}

// codeHash is of the code without what people add or leave out.
func codeHash(code string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code))))
}

// keyPrefix says what a key is, to people and to scanners for lost secrets.
const keyPrefix = "shelfd_"

// A code may be used again by the same store until the key that it gave was
// used: the answer may have been lost.
const useCode = `UPDATE enrolment e SET used_at = $2, store = $3 WHERE code_hash = $1 AND expires_at > $2
  AND (used_at IS NULL OR store = $3 AND NOT EXISTS (SELECT FROM store s WHERE s.id = $3 AND s.last_contact > e.used_at))
  RETURNING name`

const letIn = `INSERT INTO store (id, name, key_hash, enrolled_at, version) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, key_hash = excluded.key_hash, enrolled_at = excluded.enrolled_at,
    version = excluded.version, revoked_at = NULL, fork_at = NULL`

// enroll lets a store in with a code and gives it a key, in place of the one
// it may have had. Code: unauthorized.
func (c *Central) enroll(ctx context.Context, e wire.Enrolment) (*wire.Enrolled, error) {
	if e.Store.IsZero() {
		return nil, wire.NewProblem(wire.ProblemInvalidBatch, "The id of the store is missing.")
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	key := keyPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	hash, code := sha256.Sum256([]byte(key)), codeHash(e.Code)
	answer := &wire.Enrolled{Key: key, ServerTime: wire.Time(c.now())}
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, useCode, code[:], int64(c.now()), uid(e.Store))
		if err != nil {
			return err
		}
		used, err := pgx.ForEachRow(rows, []any{&answer.Name}, func() error { return nil })
		if err != nil {
			return err
		}
		if used.RowsAffected() == 0 {
			return wire.NewProblem(wire.ProblemUnauthorized, "The code is wrong, used or expired.")
		}
		if name := clean(strings.TrimSpace(e.Name)); name != "" {
			answer.Name = name[:min(len(name), maxKey)]
		}
		_, err = tx.Exec(ctx, letIn, uid(e.Store), clean(answer.Name), hash[:], int64(c.now()), clean(e.Version))
		return err
	})
	return answer, err
}

// Revoke takes a store's key away. What it pushed stays. not_found when there
// is no such store.
func (c *Central) Revoke(ctx context.Context, id store.ID) error { return c.revoke(ctx, c.pool, id) }

func (c *Central) revoke(ctx context.Context, db execer, id store.ID) error {
	tag, err := db.Exec(ctx, "UPDATE store SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", uid(id), int64(c.now()))
	if err == nil && tag.RowsAffected() == 0 {
		err = noStore(id)
	}
	return err
}
