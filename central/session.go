package central

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shelfd/shelfd/store"
)

// session is one transaction on one store, whose row it has locked. What it
// writes is gathered and sent together with the commit.
type session struct {
	*standing
	c    *Central
	who  caller
	conn *pgxpool.Conn
	now  store.Instant
	// writes go out with the commit.
	writes pgx.Batch
	// replica is what folds; kept after the commit.
	replica *replica
	// forked is what the store has where it differs; nil for no fork.
	forked *store.Head
	ended  bool
	// again: everything is folded anew, so nothing is read from stock.
	again bool
}

// open begins a transaction and locks the store's row. Codes: revoked,
// unauthorized.
func (c *Central) open(ctx context.Context, who caller) (*session, error) {
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{standing: &standing{}, c: c, who: who, conn: conn, now: c.now()}
	var begin pgx.Batch
	begin.Queue("BEGIN")
	begin.Queue(selectStanding+"WHERE id = $1 FOR UPDATE OF s", uid(who.id)).QueryRow(s.scan)
	if err := conn.SendBatch(ctx, &begin).Close(); err != nil {
		s.end()
		return nil, c.absent(err, who)
	}
	if err := s.welcome(c, who); err != nil {
		s.end()
		return nil, err
	}
	// A clock that was set back does not make a store less synchronized.
	s.now = max(s.now, s.syncedAt)
	return s, nil
}

const updateStanding = `UPDATE store SET epoch = $2, branch_epoch = nullif($3::bigint, 0),
  branch_seq = nullif($4::bigint, 0),
  acked_seq = $5, acked_hash = $6, folded_seq = $7, folds = $8, items = $9, recorded_at = $10, synced_at = $11,
  head_seq = greatest($5, $12, CASE WHEN epoch = $2 THEN head_seq ELSE 0 END),
  fork_at = CASE WHEN epoch = $2 THEN fork_at END,
  last_contact = greatest(last_contact, $13), version = coalesce($14, version), low_stock = coalesce($15, low_stock),
  clock_skew_ms = coalesce($16, clock_skew_ms) WHERE id = $1`

// commit makes everything durable, the store's row too.
func (s *session) commit(ctx context.Context) error {
	said := s.who.said(s.epoch, s.now)
	s.writes.Queue(updateStanding, uid(s.id), s.epoch, s.branch.Epoch, s.branch.Seq, s.acked.Seq, s.acked.Hash[:],
		s.folded, s.folds, s.items, int64(s.recordedAt), int64(s.syncedAt),
		said.head, said.at, said.version, said.lowStock, said.skew)
	s.writes.Queue("COMMIT")
	if err := s.conn.SendBatch(ctx, &s.writes).Close(); err != nil {
		return err
	}
	s.ended = true
	if s.replica != nil && s.whole() {
		s.c.replicas.keep(s.replica)
	}
	return nil
}

// end rolls back what was not committed and gives the connection back.
func (s *session) end() {
	if !s.ended {
		ctx, cancel := s.c.during(s.c.cfg.Patience)
		defer cancel()
		_, _ = s.conn.Exec(ctx, "ROLLBACK") // a broken connection rolls back by itself
	}
	s.conn.Release()
}

// during bounds work that has to end whether its store still listens or not:
// giving up a transaction in the middle costs its connection. Close ends it.
func (c *Central) during(most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.life, most)
}

// turn waits until it is a store's turn, as long as the patience lasts and
// somebody wants to know.
func (c *Central) turn(ctx context.Context, who caller) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Patience)
	defer cancel()
	return c.turns.enter(ctx, who.id)
}
