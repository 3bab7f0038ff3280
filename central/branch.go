package central

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

const (
	abandonTail = `WITH cut AS (DELETE FROM entry WHERE store = $1 AND seq > $3
    RETURNING seq, hash, body, salt, notes, key, key_count, key_at, key_outcome)
  INSERT INTO abandoned (store, epoch, seq, hash, body, salt, notes, key, key_count, key_at, key_outcome)
  SELECT $1, $2, cut.* FROM cut`
	insertStream = `INSERT INTO stream (store, epoch, closed_epoch, branch_epoch, branch_seq, opened_at)
  VALUES ($1, $2, $3, $4, $5, $6)`
	settleVerdicts = `UPDATE verdict SET resolved_at = $3 WHERE store = $1 AND seq > $2 AND resolved_at IS NULL`
)

// branchOff closes the current stream and opens a newer one, which leaves the
// current line at its branch: what comes after it there is set aside, and
// stock is folded anew up to it. Codes: unknown_branch, gap.
func (s *session) branchOff(ctx context.Context, in *wire.Incoming) error {
	have, live, err := s.lookUp(ctx, in.Branch)
	if err != nil {
		return err
	}
	switch {
	case !live:
		return s.problem(wire.ProblemUnknownBranch, "Head office has no such place in this store's past.")
	case in.First != in.Branch.Seq+1:
		p := s.problem(wire.ProblemGap, "A new epoch begins right after its branch.")
		p.Wanted = in.Branch.Seq + 1
		return p
	case in.Previous != have:
		return s.problem(wire.ProblemUnknownBranch, "Head office has another entry at the branch.")
	case len(in.Lines) == 0:
		return s.problem(wire.ProblemUnknownBranch, "A new epoch begins with an entry.")
	}
	var q pgx.Batch
	q.Queue(abandonTail, uid(s.id), s.epoch, in.Branch.Seq)
	q.Queue(insertStream, uid(s.id), in.Epoch, s.epoch, in.Branch.Epoch, in.Branch.Seq, int64(s.now))
	q.Queue(settleVerdicts, uid(s.id), in.Branch.Seq, int64(s.now))
	if err := s.conn.SendBatch(ctx, &q).Close(); err != nil {
		return err
	}
	s.c.log.Info("a store opened a new epoch", "store", s.id.String(), "epoch", in.Epoch, "branch", in.Branch.String())
	s.epoch, s.branch = in.Epoch, in.Branch
	s.acked = store.Head{Epoch: in.Epoch, Seq: in.Branch.Seq, Hash: have}
	if s.folded > s.acked.Seq {
		return s.refold(ctx)
	}
	return nil
}

// lookUp gives the hash at a position of a stream; live tells whether it is on
// the current line. No position is the beginning of a store that has nothing
// here, and comes from another central.
func (s *session) lookUp(ctx context.Context, at store.Position) (h store.Hash, live bool, err error) {
	if at.IsZero() {
		return h, s.acked.Seq == 0, nil
	}
	if at.Seq < 1 || at.Seq > s.acked.Seq {
		return h, false, nil
	}
	parts, err := s.partsOf(ctx, s.conn, at.Epoch)
	if err != nil || !liveAt(parts, at.Seq) {
		return h, false, err
	}
	h, err = s.hashAt(ctx, at.Seq)
	return h, err == nil, err
}
