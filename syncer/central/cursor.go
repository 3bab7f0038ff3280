package central

import (
	"context"
	"net/http"
	"net/url"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Cursor asks where central stands. The head may be beyond the ledger or on
// another branch; Push deals with that. Errors are *syncer.Failure; code moved
// for a ledger of another machine.
func (c *Client) Cursor(ctx context.Context) (store.Head, store.Instant, error) {
	if err := c.checkMachine(); err != nil {
		return store.Head{}, 0, err
	}
	at, err := c.cursor(ctx, nil)
	return at.head, at.syncedAt, err
}

// cursor asks where central stands.
func (c *Client) cursor(ctx context.Context, l syncer.Ledger) (standing, error) {
	answer, err := c.askCursor(ctx, l, store.Position{})
	if err != nil {
		return standing{}, err
	}
	at := standing{head: answer.Head(), syncedAt: store.Instant(answer.SyncedAt), limits: answer.Limits}
	at.branch, _ = store.ParsePosition(answer.Branch)
	if at.limits.Entries < 1 || at.limits.Bytes < 1 {
		at.limits = wire.DefaultLimits
	}
	c.stood(at, answer.Commands)
	return at, nil
}

// point asks for central's hash at a place of a stream; ok is false when it
// has none.
func (c *Client) point(ctx context.Context, l syncer.Ledger, at store.Position) (h store.Hash, ok bool, err error) {
	answer, err := c.askCursor(ctx, l, at)
	if err != nil || answer.At == nil || answer.At.Seq != at.Seq {
		return h, false, err
	}
	return answer.At.Hash, true, nil
}

func (c *Client) askCursor(ctx context.Context, l syncer.Ledger, at store.Position) (*wire.Cursor, error) {
	r := &request{method: http.MethodGet, path: wire.PathCursor, ledger: l}
	if !at.IsZero() {
		r.query = url.Values{wire.ParamAt: {at.String()}}
	}
	answer := &wire.Cursor{}
	if err := c.exchange(ctx, r, answer); err != nil {
		return nil, err
	}
	if answer.Epoch < 1 || answer.AckedSeq < 0 || (answer.AckedSeq == 0) != (answer.AckedHash == store.Hash{}) {
		return nil, &syncer.Failure{Class: syncer.Alarm, Code: CodeBadAck, Detail: "Central says where it stands in a way that makes no sense."}
	}
	return answer, nil
}

// checkMachine refuses to speak for a ledger of another machine.
func (c *Client) checkMachine() error {
	if c.deps.Moved == nil || !c.deps.Moved() {
		return nil
	}
	return &syncer.Failure{
		Class: syncer.Pause, Code: CodeMoved,
		Detail: "This data directory was used on another machine. Run shelfd adopt on the machine that shall go on.",
	}
}

// hashAt gives the ledger's own hash after an entry; ok is false when it has
// none.
func hashAt(ctx context.Context, l syncer.Ledger, seq int64) (h store.Hash, ok bool, err error) {
	if seq == 0 {
		return h, true, nil
	}
	if head := l.Head(); seq >= head.Seq {
		return head.Hash, seq == head.Seq, nil
	}
	stored, err := l.Journal().FindEntry(ctx, seq)
	if err != nil {
		return h, false, err
	}
	return stored.Hash, true, nil
}
