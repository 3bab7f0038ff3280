package central

import (
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

// contactEvery is how often what a store says about itself is written down.
const contactEvery = time.Second

// contacts remembers when each store was last written down.
type contacts struct {
	mu   sync.Mutex
	last map[store.ID]time.Duration
}

// due tells whether it is time again, and takes the turn.
func (c *contacts) due(id store.ID, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[store.ID]time.Duration{}
	}
	if last, known := c.last[id]; known && now-last < contactEvery {
		return false
	}
	c.last[id] = now
	return true
}

// said is what a store says about itself, NULL where it says nothing.
type said struct {
	head, at int64
	version  *string
	lowStock *int64
	skew     *int64
}

// said gives what a caller's health means for the row of a store that is in an
// epoch.
func (w *caller) said(epoch int64, now store.Instant) (s said) {
	h := w.health
	if h == nil {
		return s
	}
	s.at, s.version, s.lowStock = int64(now), &h.Version, &h.LowStock
	if h.Head.Epoch == epoch {
		s.head = h.Head.Seq
	}
	if h.Time != 0 {
		ahead := int64(store.Instant(h.Time) - now)
		s.skew = &ahead
	}
	return s
}

// A row that is locked is about to be written anyway, and not waited for.
const updateContact = `UPDATE store SET last_contact = greatest(last_contact, $2), version = $3, low_stock = $4,
  head_seq = greatest(CASE WHEN $6 = epoch THEN $5::bigint ELSE 0 END, acked_seq),
  clock_skew_ms = coalesce($7::bigint, clock_skew_ms)
  WHERE id = (SELECT id FROM store WHERE id = $1 AND key_hash = $8 AND revoked_at IS NULL FOR UPDATE SKIP LOCKED)`

// note writes down what a store says about itself, once a second at most. It
// fails no request.
func (c *Central) note(who caller) {
	if !c.contacts.due(who.id, c.clock.Mono()) {
		return
	}
	ctx, cancel := c.during(c.cfg.Patience)
	defer cancel()
	now, head := c.now(), who.health.Head
	s := who.said(head.Epoch, now)
	_, err := c.pool.Exec(ctx, updateContact, uid(who.id), s.at, s.version, s.lowStock, s.head, head.Epoch, s.skew, who.key[:])
	if err != nil && !gone(err) {
		c.log.Warn("a store's health could not be written", "store", who.id.String(), "error", err)
	}
}
