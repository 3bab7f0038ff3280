package central

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// keyHash is SHA-256 of a store's key.
type keyHash [sha256.Size]byte

// caller is a store that showed a key. Without a key it is head office itself,
// at work on that store.
type caller struct {
	id  store.ID
	key keyHash
	// health is what it said about itself.
	health *wire.Health
}

// callers remembers whose key is whose. What is remembered is checked against
// the store's row by everything that is done for the caller.
type callers struct {
	mu    sync.Mutex
	known map[keyHash]store.ID
}

// mostCallers bounds what is remembered.
const mostCallers = 100_000

func (c *callers) find(key keyHash) (store.ID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.known[key]
	return id, ok
}

func (c *callers) keep(key keyHash, id store.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostCallers {
		c.known = map[keyHash]store.ID{}
	}
	c.known[key] = id
}

func (c *callers) forget(key keyHash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, key)
}

// authenticate gives the store that a key belongs to. Code: unauthorized.
func (c *Central) authenticate(ctx context.Context, authorization string) (who caller, err error) {
	key, found := strings.CutPrefix(authorization, "Bearer ")
	if !found || !strings.HasPrefix(key, keyPrefix) {
		return who, wire.NewProblem(wire.ProblemUnauthorized, "A key is needed: Authorization: Bearer shelfd_…")
	}
	who.key = sha256.Sum256([]byte(key))
	if who.id, found = c.callers.find(who.key); found {
		return who, nil
	}
	rows, err := c.pool.Query(ctx, "SELECT id FROM store WHERE key_hash = $1", who.key[:])
	if err != nil {
		return who, err
	}
	var id pgtype.UUID
	known, err := pgx.ForEachRow(rows, []any{&id}, func() error { return nil })
	switch {
	case err != nil:
		return who, err
	case known.RowsAffected() == 0:
		return who, unknownKey()
	}
	who.id = id.Bytes
	c.callers.keep(who.key, who.id)
	return who, nil
}

func unknownKey() *wire.Problem {
	return wire.NewProblem(wire.ProblemUnauthorized, "The key is not known.")
}
