package central

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// Adopt decides that this copy of the ledger goes on: it opens an epoch after
// the last entry that it shares with central, and binds the data directory to
// this machine. The next Push brings back what another copy did since, and
// pushes; the other copy is told that it is superseded. Doing it twice does
// nothing more. Errors are *syncer.Failure; code fork when the two have
// nothing in common.
func (c *Client) Adopt(ctx context.Context, l syncer.Ledger) error {
	at, err := c.cursor(ctx, l)
	if err != nil {
		return err
	}
	if err := c.open(ctx, l, at.head); err != nil {
		return err
	}
	if c.deps.Bind == nil {
		return nil
	}
	return c.deps.Bind(ctx)
}

// open opens the epoch of an adopted ledger.
func (c *Client) open(ctx context.Context, l syncer.Ledger, central store.Head) error {
	if central.Seq == 0 {
		// Nothing is there that could differ.
		return nil
	}
	common, err := c.common(ctx, l, central)
	if err != nil {
		return err
	}
	if common.Seq == 0 {
		return &syncer.Failure{
			Class: syncer.Pause, Code: CodeFork,
			Detail: "Central has another ledger of this store, with nothing in common. Enrol this one as a store of its own.",
		}
	}
	branch := store.Position{Epoch: common.Epoch, Seq: common.Seq}
	_, err = l.Do(ctx, store.SystemRequest(), &store.OpenEpoch{Branch: branch, Hash: common.Hash, Reason: store.EpochAdopted})
	return err
}
