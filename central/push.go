package central

import (
	"context"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// tries is how often a transaction that another one got in the way of is done.
const tries = 3

// refoldTime bounds what may fold a whole ledger anew: about a minute for ten
// million entries.
const refoldTime = 30 * time.Minute

// push takes a batch, all or nothing, and acknowledges it once it is durable.
// Codes: gap, fork, epoch_closed, unknown_branch, revoked.
func (c *Central) push(ctx context.Context, who caller, in *wire.Incoming) (ack *wire.Ack, err error) {
	leave, err := c.turn(ctx, who)
	if err != nil {
		return nil, err
	}
	defer leave()
	most := 4 * c.cfg.Patience
	if in.Epoch > 1 && in.First == in.Branch.Seq+1 {
		most = refoldTime
	}
	ctx, cancel := c.during(most)
	defer cancel()
	for range tries {
		if ack, err = c.pushOnce(ctx, who, in); !again(err) {
			break
		}
	}
	return ack, err
}

func (c *Central) pushOnce(ctx context.Context, who caller, in *wire.Incoming) (*wire.Ack, error) {
	s, err := c.open(ctx, who)
	if err != nil {
		return nil, err
	}
	defer s.end()
	verdicts, err := s.take(ctx, in)
	switch {
	case s.forked != nil:
		// Nothing else was written yet.
		return nil, s.alarm(ctx, err)
	case err != nil:
		return nil, err
	}
	s.syncedAt = s.now
	if err := s.commit(ctx); err != nil {
		return nil, err
	}
	return &wire.Ack{
		Epoch: s.epoch, AckedSeq: s.acked.Seq, AckedHash: s.acked.Hash, SyncedAt: wire.Time(s.syncedAt),
		Commands: s.commands, Verdicts: verdicts,
	}, nil
}

// take checks where the batch belongs and writes what is new of it.
func (s *session) take(ctx context.Context, in *wire.Incoming) ([]wire.Verdict, error) {
	if err := s.follow(ctx, in); err != nil {
		return nil, err
	}
	lines, err := s.fresh(ctx, in)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return s.verdicts(ctx, in)
	}
	f, err := s.fold(ctx, lines)
	if err != nil {
		return nil, err
	}
	if err := s.insert(ctx, lines, f.rows); err != nil {
		return nil, err
	}
	s.acked = in.Head()
	f.write(s)
	return f.said, nil
}

// follow checks the stream that a batch is of, and opens a new one.
func (s *session) follow(ctx context.Context, in *wire.Incoming) error {
	switch {
	case in.Epoch < s.epoch:
		return s.problem(wire.ProblemEpochClosed, "A newer epoch of this store took over.")
	case in.Epoch > s.epoch:
		return s.branchOff(ctx, in)
	case in.Branch != s.branch:
		// Two copies of one ledger opened the same epoch.
		return s.fork(store.Head{Epoch: in.Epoch, Seq: in.Branch.Seq, Hash: in.Previous}, nil)
	}
	return nil
}

// fresh gives the lines that are not stored yet, once it is sure that the
// batch continues what is stored.
func (s *session) fresh(ctx context.Context, in *wire.Incoming) ([]wire.Line, error) {
	if in.First > s.acked.Seq+1 {
		return nil, s.gap()
	}
	known := min(int(s.acked.Seq-in.First+1), len(in.Lines))
	// Equal hashes at one place mean that all before is equal.
	claimed := store.Head{Epoch: in.Epoch, Seq: in.First - 1 + int64(known), Hash: in.Previous}
	if known > 0 {
		claimed.Hash = in.Lines[known-1].Hash
	}
	have, err := s.hashAt(ctx, claimed.Seq)
	if err != nil {
		return nil, err
	}
	if have != claimed.Hash {
		return nil, s.fork(claimed, &have)
	}
	return in.Lines[known:], nil
}

// hashAt gives the hash after an entry of the current line that is stored.
func (s *session) hashAt(ctx context.Context, seq int64) (h store.Hash, err error) {
	switch seq {
	case 0:
		return h, nil
	case s.acked.Seq:
		return s.acked.Hash, nil
	}
	var hash []byte
	err = s.conn.QueryRow(ctx, "SELECT hash FROM entry WHERE store = $1 AND seq = $2", uid(s.id), seq).Scan(&hash)
	copy(h[:], hash)
	return h, err
}

func (s *session) problem(code wire.ProblemCode, detail string) *wire.Problem {
	p := wire.NewProblem(code, detail)
	p.Epoch = s.epoch
	return p
}

func (s *session) gap() *wire.Problem {
	p := s.problem(wire.ProblemGap, "Entries before these are missing.")
	p.Wanted = s.acked.Seq + 1
	return p
}

// fork notes what the store has where central has another hash.
func (s *session) fork(claimed store.Head, have *store.Hash) *wire.Problem {
	s.forked = &claimed
	p := s.problem(wire.ProblemFork, "Head office has another entry there.")
	p.Seq, p.Hash = claimed.Seq, have
	return p
}

// alarm keeps what is known of a fork, and gives the refusal.
func (s *session) alarm(ctx context.Context, refusal error) error {
	s.writes.Queue("UPDATE store SET fork_at = $2, fork_epoch = $3, fork_seq = $4, fork_hash = $5 WHERE id = $1",
		uid(s.id), int64(s.now), s.forked.Epoch, s.forked.Seq, s.forked.Hash[:])
	s.c.log.Warn("a store pushed another past than before", "store", s.id.String(),
		"epoch", s.forked.Epoch, "seq", s.forked.Seq)
	if err := s.commit(ctx); err != nil {
		return err
	}
	return refusal
}
