package central

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// compare tells whether the folded stock is the store's. Equal chains can only
// differ by a fault of folding, so a difference is folded away once. Codes:
// epoch_closed, gap, fork.
func (c *Central) compare(ctx context.Context, who caller, q wire.Compare) (answer *wire.Compared, err error) {
	err = c.work(ctx, who, func(ctx context.Context, s *session) error {
		if err := s.at(q); err != nil {
			return err
		}
		answer = &wire.Compared{}
		if answer.Equal, err = s.equal(ctx, q.Digest); err != nil {
			return err
		}
		if !answer.Equal {
			c.log.Warn("stock differs from the store's and is folded anew", "store", who.id.String(), "seq", q.Seq)
			answer.Refolded = true
			if err := s.refold(ctx); err != nil {
				return err
			}
			if answer.Equal, err = s.equal(ctx, q.Digest); err != nil {
				return err
			}
		}
		if answer.Equal {
			s.syncedAt = s.now
		}
		answer.SyncedAt = wire.Time(s.syncedAt)
		return nil
	})
	return answer, err
}

// at refuses to compare anything but the end of the stream.
func (s *session) at(q wire.Compare) error {
	switch {
	case q.Epoch < s.epoch:
		return s.problem(wire.ProblemEpochClosed, "A newer epoch of this store took over.")
	case q.Epoch != s.epoch || q.Seq != s.acked.Seq:
		return s.gap()
	case q.Hash != s.acked.Hash:
		p := s.problem(wire.ProblemFork, "Head office has another entry there.")
		p.Seq, p.Hash = s.acked.Seq, &s.acked.Hash
		return p
	}
	return nil
}

// equal compares the digest of what is folded.
func (s *session) equal(ctx context.Context, digest store.Hash) (bool, error) {
	if !s.whole() {
		return false, nil
	}
	l := loader{items: map[store.ID]bool{}}
	var q pgx.Batch
	q.Queue("SELECT "+stockColumns+" FROM stock m WHERE store = $1", uid(s.id)).Query(l.stock)
	q.Queue("SELECT type, id, seq, ''::bytea FROM document WHERE store = $1", uid(s.id)).Query(l.documents)
	if err := s.conn.SendBatch(ctx, &q).Close(); err != nil {
		return false, err
	}
	return store.DigestState(l.records, l.docs) == digest, nil
}
