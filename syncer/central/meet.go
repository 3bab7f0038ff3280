package central

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// stream is where and as what to go on pushing.
type stream struct {
	epoch  int64
	branch store.Position
	after  store.Head
}

// meet compares where central stands with the ledger and says where to go on.
// It brings back what a restored ledger lost, and refuses to choose between
// two that went on from one: codes fork, superseded.
func (c *Client) meet(ctx context.Context, l syncer.Ledger, at standing) (stream, error) {
	own, central := l.Head(), at.head
	switch {
	case central.Epoch > own.Epoch:
		f := &syncer.Failure{}
		superseded(f)
		return stream{}, f
	case central.Epoch < own.Epoch:
		return c.openStream(ctx, l, central)
	}
	same, err := c.same(ctx, l, central)
	switch {
	case err != nil:
		return stream{}, err
	case !same:
		return c.part(ctx, l, at)
	case central.Seq > own.Seq:
		return c.restore(ctx, l, central, own)
	}
	return stream{own.Epoch, at.branch, central}, nil
}

// part deals with a ledger that differs from central's stream. Where nobody
// did anything since the last common entry, such as in a backup that only
// noted how it was left, nothing can be lost by going on from there.
func (c *Client) part(ctx context.Context, l syncer.Ledger, at standing) (stream, error) {
	central := at.head
	common, err := c.common(ctx, l, central)
	if err != nil {
		return stream{}, err
	}
	idle, err := idleSince(ctx, l, common.Seq)
	switch {
	case err != nil:
		return stream{}, err
	case idle && common.Seq > 0 && central.Seq > common.Seq:
		return c.restore(ctx, l, central, common)
	}
	if err := c.report(ctx, l, at, common); err != nil {
		return stream{}, err
	}
	return stream{}, c.forked(l, central, common)
}

// report sends the first entry that differs, so that central knows of the fork
// too: it refuses it.
func (c *Client) report(ctx context.Context, l syncer.Ledger, at standing, common store.Head) error {
	if common.Seq == l.Head().Seq {
		return nil
	}
	first, err := l.Journal().FindEntry(ctx, common.Seq+1)
	if err != nil {
		return err
	}
	e := wire.NewEncoder()
	e.Start(at.head.Epoch, at.branch, common)
	e.Add(first, nil)
	b, err := e.Finish()
	if err != nil {
		return err
	}
	r := &request{method: http.MethodPost, path: wire.PathEntries, header: b.Header, body: b.Body, ledger: l}
	if err = c.exchange(ctx, r, &wire.Ack{}); isProblem(err, wire.ProblemFork) {
		return nil
	}
	return err
}

// errBusy ends a scan: somebody did something.
var errBusy = errors.New("not only the system")

// idleSince tells whether all entries after seq were made by the store itself.
func idleSince(ctx context.Context, l syncer.Ledger, seq int64) (bool, error) {
	err := l.Journal().Scan(ctx, seq, l.Head().Seq, func(row *store.Stored) error {
		e, err := store.ParseEntry(row.Bytes)
		if err == nil && e.Source != store.SystemRequest().Source {
			return errBusy
		}
		return err
	})
	if errors.Is(err, errBusy) {
		return false, nil
	}
	return err == nil, err
}

// same tells whether the ledger and central's stream are one as far as the
// shorter of them goes.
func (c *Client) same(ctx context.Context, l syncer.Ledger, central store.Head) (bool, error) {
	own := l.Head()
	if central.Seq <= own.Seq {
		ours, _, err := hashAt(ctx, l, central.Seq)
		return ours == central.Hash, err
	}
	if own.Seq == 0 {
		return false, nil
	}
	theirs, ok, err := c.point(ctx, l, store.Position{Epoch: central.Epoch, Seq: own.Seq})
	return ok && theirs == own.Hash, err
}

// openStream finds where the ledger's epoch, which central does not have yet,
// leaves what central has.
func (c *Client) openStream(ctx context.Context, l syncer.Ledger, central store.Head) (stream, error) {
	own := l.Head()
	branch, hash := l.Branch()
	if branch.Epoch == central.Epoch && branch.Seq <= central.Seq {
		theirs, ok, err := c.point(ctx, l, branch)
		if err != nil {
			return stream{}, err
		}
		if ok && theirs == hash {
			return stream{own.Epoch, branch, store.Head{Seq: branch.Seq, Hash: hash}}, c.fetchTail(ctx, l, central)
		}
	}
	// Central is new, or was itself restored to before the branch.
	same, err := c.same(ctx, l, central)
	if err == nil && (!same || central.Seq > own.Seq) {
		var common store.Head
		if common, err = c.common(ctx, l, central); err == nil {
			err = c.forked(l, central, common)
		}
	}
	if err != nil {
		return stream{}, err
	}
	s := stream{epoch: own.Epoch, after: central}
	if central.Seq > 0 {
		s.branch = store.Position{Epoch: central.Epoch, Seq: central.Seq}
	}
	return s, nil
}

// forked makes the failure that says how far the two are one.
func (c *Client) forked(l syncer.Ledger, central, common store.Head) error {
	c.deps.Log.Error("central has other entries than this ledger", "common_seq", common.Seq, "central_seq", central.Seq,
		"central_epoch", central.Epoch, "own_seq", l.Head().Seq)
	return &syncer.Failure{
		Class: syncer.Pause, Code: CodeFork,
		Detail: fmt.Sprintf("This ledger and central's are the same up to entry %d and differ after it: two copies were in use."+
			" Run shelfd adopt on the machine that shall go on.", common.Seq),
	}
}

// common finds the last entry that the ledger shares with a stream at central,
// seq 0 for none. Equal hashes at one place mean that all before is equal, so
// halving finds it.
func (c *Client) common(ctx context.Context, l syncer.Ledger, central store.Head) (store.Head, error) {
	shared := store.Head{Epoch: central.Epoch}
	differs := min(central.Seq, l.Head().Seq) + 1
	for differs-shared.Seq > 1 {
		middle := shared.Seq + (differs-shared.Seq)/2
		ours, _, err := hashAt(ctx, l, middle)
		if err != nil {
			return shared, err
		}
		theirs, ok, err := c.point(ctx, l, store.Position{Epoch: central.Epoch, Seq: middle})
		if err != nil {
			return shared, err
		}
		if ok && ours == theirs {
			shared.Seq, shared.Hash = middle, ours
		} else {
			differs = middle
		}
	}
	return shared, nil
}
