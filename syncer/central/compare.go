package central

import (
	"context"
	"net/http"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Compare makes sure that central has the ledger and folds it to the same
// stock: one request when it does. Equal chains leave nothing to send, so
// force changes nothing. Errors as for Push; code differs when central cannot
// come to the same stock.
func (c *Client) Compare(ctx context.Context, l syncer.Ledger, _ bool, step func(syncer.Step) error) error {
	for n := 1; ; n++ {
		head, digest := l.StateDigest()
		if at := c.standing().head; at.Epoch != head.Epoch || at.Seq != head.Seq || at.Hash != head.Hash {
			if err := c.Push(ctx, l, at, head.Seq, step); err != nil {
				return err
			}
		}
		var answer wire.Compared
		question := &wire.Compare{Epoch: head.Epoch, Seq: head.Seq, Hash: head.Hash, Digest: digest}
		err := c.exchange(ctx, &request{method: http.MethodPost, path: wire.PathCompare, message: question, ledger: l}, &answer)
		if isProblem(err, wire.ProblemGap, wire.ProblemFork) && n < maxMeetings {
			// Central is not where it last said, or the ledger grew beyond head.
			if _, err := c.cursor(ctx, l); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		return c.compared(l, &answer, step)
	}
}

func (c *Client) compared(l syncer.Ledger, answer *wire.Compared, step func(syncer.Step) error) error {
	if answer.Refolded {
		c.deps.Log.Warn("central had folded this ledger to another stock and has done it again", "equal", answer.Equal)
	}
	if !answer.Equal {
		return &syncer.Failure{
			Class: syncer.Alarm, Code: CodeDiffers, Detail: "Central has every entry, but comes to another stock. Its program may be older than this one.",
		}
	}
	items := int64(l.Stats().Items)
	return step(syncer.Step{SyncedAt: store.Instant(answer.SyncedAt), Counts: store.RunCounts{Scanned: items, Skipped: items}})
}
