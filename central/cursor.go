package central

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// cursor tells where central stands with a store, and which hash it has at a
// position, if one is asked for.
func (c *Central) cursor(ctx context.Context, who caller, at store.Position) (*wire.Cursor, error) {
	var s standing
	if err := s.look(ctx, c, who); err != nil {
		return nil, err
	}
	answer := &wire.Cursor{
		Epoch: s.epoch, AckedSeq: s.acked.Seq, AckedHash: s.acked.Hash, Branch: s.branch.String(), Commands: s.commands,
		ServerTime: wire.Time(c.now()), SyncedAt: wire.Time(s.syncedAt), Limits: c.cfg.Limits,
	}
	if at.IsZero() {
		return answer, nil
	}
	parts, err := s.partsOf(ctx, c.pool, at.Epoch)
	if err != nil {
		return nil, err
	}
	hash, ok, err := s.hashIn(ctx, c.pool, parts, at.Seq)
	if ok {
		answer.At = &wire.Point{Seq: at.Seq, Hash: hash}
	}
	return answer, err
}
