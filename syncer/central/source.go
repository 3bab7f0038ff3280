package central

import (
	"bytes"
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// keyPage is for how many entries idempotency keys are read at once.
const keyPage = 2000

// source encodes the ledger from an entry on, one batch ahead of who sends.
type source struct {
	journal store.Journal
	from    stream
	upTo    int64
	size    *size
	batches chan wire.Batch

	encoder *wire.Encoder
	limits  wire.Limits
	// keys are those of the entries up to known that are still to come.
	keys  []store.Key
	known int64
}

// run encodes until everything is handed over or ctx ends, and closes the
// channel.
func (s *source) run(ctx context.Context) error {
	defer close(s.batches)
	s.encoder = wire.NewEncoder()
	s.known = s.from.after.Seq
	s.start(s.from.after)
	return s.journal.Scan(ctx, s.from.after.Seq, s.upTo, func(row *store.Stored) error {
		key, err := s.key(ctx, row.Seq)
		if err != nil {
			return err
		}
		s.encoder.Add(row, key)
		if row.Seq == s.upTo || s.encoder.Full(s.limits) {
			return s.handOver(ctx)
		}
		return nil
	})
}

func (s *source) start(after store.Head) {
	s.limits = s.size.limits()
	s.encoder.Start(s.from.epoch, s.from.branch, after)
}

// key finds the idempotency key that begins with an entry, nil for none.
func (s *source) key(ctx context.Context, seq int64) (*store.Key, error) {
	if seq > s.known {
		keys, err := s.journal.ListKeys(ctx, s.known, s.known+keyPage)
		if err != nil {
			return nil, err
		}
		s.keys, s.known = keys, s.known+keyPage
	}
	if len(s.keys) == 0 || s.keys[0].Seq != seq {
		return nil, nil
	}
	key := &s.keys[0]
	s.keys = s.keys[1:]
	return key, nil
}

// handOver finishes a batch and begins the next. The body is copied, because a
// transport may read it for longer than the request takes.
func (s *source) handOver(ctx context.Context) error {
	b, err := s.encoder.Finish()
	if err != nil {
		return err
	}
	ready := *b
	ready.Body = bytes.Clone(b.Body)
	select {
	case s.batches <- ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.start(store.Head{Seq: b.Last, Hash: b.Hash})
	return nil
}
