package central

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// restore goes on from a backup: central has all of it up to common, and more.
// It opens an epoch, brings back what came after the backup, and is safe to be
// interrupted anywhere.
func (c *Client) restore(ctx context.Context, l syncer.Ledger, central, common store.Head) (stream, error) {
	c.deps.Log.Warn("this ledger is older than what central has of it; bringing the rest back",
		"common_seq", common.Seq, "central_seq", central.Seq)
	open := &store.OpenEpoch{Branch: store.Position{Epoch: central.Epoch, Seq: common.Seq}, Hash: common.Hash, Reason: store.EpochRestored}
	if _, err := l.Do(ctx, store.SystemRequest(), open); err != nil {
		return stream{}, err
	}
	return c.openStream(ctx, l, central)
}

// fetchTail appends again what central has after the branch of the ledger's
// epoch, from where that was interrupted up to the end of the stream.
func (c *Client) fetchTail(ctx context.Context, l syncer.Ledger, end store.Head) error {
	t := &tail{c: c, l: l, end: end}
	_, t.previous.Hash = l.Branch()
	t.previous.Seq = l.Again().Seq
	branch, _ := l.Branch()
	t.proven = t.previous.Seq == branch.Seq
	for l.Again().Seq < end.Seq {
		if err := t.fetch(ctx); err != nil {
			return err
		}
		before := l.Again().Seq
		if _, err := l.Do(ctx, store.SystemRequest(), &store.Reappend{Rows: t.rows}); err != nil {
			return err
		}
		done := l.Again().Seq
		if done == before {
			return t.broken("nothing of it could be appended")
		}
		t.drop(done)
	}
	return nil
}

// tail is the part of a stream that is being brought back.
type tail struct {
	c   *Client
	l   syncer.Ledger
	end store.Head
	// rows are those fetched and not yet dealt with; previous is the last that
	// was fetched.
	rows     []store.Copied
	previous store.Head
	// proven: previous.Hash is known.
	proven bool
}

// fetch asks for more until there is a whole command, or the stream ends.
func (t *tail) fetch(ctx context.Context) error {
	for t.previous.Seq < t.end.Seq && int64(len(t.rows)) < t.wanted() {
		in, err := t.page(ctx)
		if err != nil {
			return err
		}
		if err := t.check(in); err != nil {
			return err
		}
		for i := range in.Lines {
			line := &in.Lines[i]
			if line.Seq > t.end.Seq {
				break
			}
			t.rows = append(t.rows, store.Copied{Bytes: line.Bytes, Notes: line.Notes, Key: line.Key})
			t.previous = store.Head{Seq: line.Seq, Hash: line.Hash}
		}
		t.proven = true
	}
	if t.previous.Seq == t.end.Seq && t.proven && t.previous.Hash != t.end.Hash {
		return t.broken("its hash is not the one that central acknowledged")
	}
	return nil
}

// wanted is how many rows to have: what a command made belongs together.
func (t *tail) wanted() int64 {
	if len(t.rows) == 0 || t.rows[0].Key == nil {
		return 1
	}
	return min(t.rows[0].Key.Count, store.MaxReappend-wire.MaxEntries)
}

func (t *tail) page(ctx context.Context) (in *wire.Incoming, err error) {
	r := &request{method: http.MethodGet, path: wire.PathEntries, ledger: t.l, query: url.Values{
		wire.ParamEpoch: {strconv.FormatInt(t.end.Epoch, 10)},
		wire.ParamAfter: {strconv.FormatInt(t.previous.Seq, 10)},
		wire.ParamLimit: {strconv.Itoa(wire.MaxEntries)},
	}}
	err = t.c.ask(ctx, r, func(resp *http.Response) error {
		in, err = wire.ReadBatchAnswer(resp)
		return err
	})
	return in, err
}

// check makes sure that a page goes on where the last one ended.
func (t *tail) check(in *wire.Incoming) error {
	switch {
	case len(in.Lines) == 0:
		return t.broken("it ends before what central acknowledged")
	case in.First != t.previous.Seq+1, t.proven && in.Previous != t.previous.Hash:
		return t.broken("its entries do not continue the chain")
	}
	return nil
}

// drop forgets the rows that were dealt with.
func (t *tail) drop(done int64) {
	first := t.previous.Seq - int64(len(t.rows)) + 1
	if done >= t.previous.Seq {
		// A command that is here already may reach beyond what was fetched.
		t.proven = t.proven && done == t.previous.Seq
		t.previous.Seq, t.rows = done, nil
		return
	}
	t.rows = t.rows[done-first+1:]
}

func (t *tail) broken(why string) error {
	return &syncer.Failure{
		Class: syncer.Alarm, Code: CodeTail,
		Detail: fmt.Sprintf("What central has of this store after entry %d could not be brought back: %s.", t.l.Again().Seq, why),
	}
}
