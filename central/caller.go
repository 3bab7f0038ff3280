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
	// next gathers the keys that nobody knows here, while turn is taken.
	next *inquiry
	turn sync.Mutex
}

// inquiry is one question to the database about many keys: however many come,
// whoever sends them, they hold one connection.
type inquiry struct {
	keys [][]byte
	// done is closed when found and err are there.
	done  chan struct{}
	found map[keyHash]store.ID
	err   error
}

// join adds a key to the next inquiry; first tells who has to make it.
func (c *callers) join(key keyHash) (q *inquiry, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first = c.next == nil; first {
		c.next = &inquiry{done: make(chan struct{}), found: map[keyHash]store.ID{}}
	}
	c.next.keys = append(c.next.keys, key[:])
	return c.next, first
}

// leave takes the inquiry that is about to be made: who comes later joins the
// one after it.
func (c *callers) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = nil
}

// inquire asks the database for the keys of q.
func (c *Central) inquire(q *inquiry) {
	defer close(q.done)
	c.callers.turn.Lock()
	defer c.callers.turn.Unlock()
	c.callers.leave()
	ctx, cancel := c.during(c.cfg.Patience)
	defer cancel()
	rows, err := c.pool.Query(ctx, "SELECT id, key_hash FROM store WHERE key_hash = ANY($1)", q.keys)
	if err != nil {
		q.err = err
		return
	}
	var id pgtype.UUID
	var hash []byte
	_, q.err = pgx.ForEachRow(rows, []any{&id, &hash}, func() error {
		q.found[keyHash(hash)] = id.Bytes
		return nil
	})
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
	q, first := c.callers.join(who.key)
	if first {
		go c.inquire(q)
	}
	select {
	case <-q.done:
	case <-ctx.Done():
		return who, ctx.Err()
	}
	switch who.id, found = q.found[who.key]; {
	case q.err != nil:
		return who, q.err
	case !found:
		return who, unknownKey()
	}
	c.callers.keep(who.key, who.id)
	return who, nil
}

func unknownKey() *wire.Problem {
	return wire.NewProblem(wire.ProblemUnauthorized, "The key is not known.")
}
