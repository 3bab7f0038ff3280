package central

import (
	"context"
	"errors"
	"net/http"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// maxMeetings bounds how often one Push asks central where it stands after a
// refusal.
const maxMeetings = 3

// Push brings central to the ledger's entry upTo, or beyond it when the ledger
// had to open an epoch. Errors are *syncer.Failure, with the codes of this
// package and those of central's problems; or internal ones of the ledger.
func (c *Client) Push(ctx context.Context, l syncer.Ledger, from store.Head, upTo int64, step func(syncer.Step) error) error {
	if err := c.checkMachine(); err != nil {
		return err
	}
	at := c.standing()
	if at.head != from || at.head.Epoch == 0 {
		var err error
		if at, err = c.cursor(ctx, l); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		err := c.pushFrom(ctx, l, at, upTo, step)
		if !isProblem(err, wire.ProblemGap, wire.ProblemFork, wire.ProblemUnknownBranch) || n == maxMeetings {
			return err
		}
		if at, err = c.cursor(ctx, l); err != nil {
			return err
		}
	}
}

// pushFrom pushes from where central stands.
func (c *Client) pushFrom(ctx context.Context, l syncer.Ledger, at standing, upTo int64, step func(syncer.Step) error) error {
	s, err := c.meet(ctx, l, at)
	if err != nil {
		return err
	}
	head := l.Head().Seq
	if upTo = min(upTo, head); s.epoch != at.head.Epoch {
		upTo = head
	}
	c.size.within(at.limits)
	for s.after.Seq < upTo {
		p := &pushing{c: c, l: l, at: s, limits: at.limits, step: step}
		err := p.run(ctx, upTo)
		if err != nil && !p.again {
			return err
		}
		s = p.at
	}
	return nil
}

// pushing is one row of batches that goes on until something is in the way.
type pushing struct {
	c      *Client
	l      syncer.Ledger
	at     stream
	limits wire.Limits
	step   func(syncer.Step) error
	// again: nothing is wrong, but the next batch has to be made anew.
	again bool
}

// run sends batch after batch, while the next is being made.
func (p *pushing) run(ctx context.Context, upTo int64) error {
	ctx, cancel := context.WithCancel(ctx)
	src := &source{journal: p.l.Journal(), from: p.at, upTo: upTo, size: &p.c.size, batches: make(chan wire.Batch)}
	made := make(chan error, 1)
	go func() { made <- src.run(ctx) }()
	err := p.sendAll(ctx, src.batches)
	cancel()
	if fault := <-made; err == nil && !p.again {
		return fault
	}
	return err
}

func (p *pushing) sendAll(ctx context.Context, batches <-chan wire.Batch) error {
	for b := range batches {
		ack, err := p.send(ctx, &b)
		if err != nil {
			p.again = p.smaller(&b, err)
			return err
		}
		if err := p.acked(ctx, &b, ack); err != nil {
			return err
		}
		if p.again = ack.AckedSeq != b.Last; p.again {
			return nil
		}
	}
	return ctx.Err()
}

func (p *pushing) send(ctx context.Context, b *wire.Batch) (*wire.Ack, error) {
	ack := &wire.Ack{}
	r := &request{method: http.MethodPost, path: wire.PathEntries, header: b.Header, body: b.Body, ledger: p.l}
	return ack, p.c.exchange(ctx, r, ack)
}

// smaller makes the next batches smaller after one that may have been too
// large, and tells whether to try that at once.
func (p *pushing) smaller(b *wire.Batch, err error) bool {
	f, ok := errors.AsType[*syncer.Failure](err)
	switch {
	case !ok:
	case isProblem(err, wire.ProblemInvalidBatch, wire.ProblemTooLarge):
		return p.c.size.halve(b.Entries())
	case f.Code == CodeTimeout, f.Code == CodeUnreachable, f.Code == CodeNotCentral:
		p.c.size.halve(b.Entries())
	}
	return false
}

// acked checks an ack and moves on by it.
func (p *pushing) acked(ctx context.Context, b *wire.Batch, ack *wire.Ack) error {
	ours := b.Hash
	if ack.AckedSeq != b.Last && ack.AckedSeq >= b.First && ack.AckedSeq < b.Last {
		var err error
		if ours, _, err = hashAt(ctx, p.l, ack.AckedSeq); err != nil {
			return err
		}
	}
	if ack.Epoch != b.Epoch || ack.AckedSeq < b.First || ack.AckedSeq > b.Last || ack.AckedHash != ours {
		return &syncer.Failure{
			Class: syncer.Alarm, Code: CodeBadAck, Detail: "Central acknowledged something that is not what this store sent.",
		}
	}
	sent := ack.AckedSeq - p.at.after.Seq
	p.at.after = store.Head{Epoch: b.Epoch, Seq: ack.AckedSeq, Hash: ack.AckedHash}
	syncedAt := store.Instant(ack.SyncedAt)
	p.c.stood(standing{head: p.at.after, syncedAt: syncedAt, branch: p.at.branch, limits: p.limits}, ack.Commands)
	p.c.size.grow()
	return p.step(syncer.Step{
		Cursor: p.at.after, SyncedAt: syncedAt, Counts: store.RunCounts{Scanned: sent, Sent: sent},
		Verdicts: int64(len(ack.Verdicts)), Command: p.l.Command(),
	})
}
