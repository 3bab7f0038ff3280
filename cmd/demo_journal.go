package cmd

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// demoClock stands still unless it is told to go on.
type demoClock struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
}

// Wall is that of store.Clock.
func (c *demoClock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

// Mono is that of store.Clock.
func (c *demoClock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mono
}

// After never fires.
func (*demoClock) After(time.Duration) <-chan time.Time { return nil }

// set goes on to a moment; one that is past already changes nothing.
func (c *demoClock) set(t store.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := t.Time().Sub(c.wall); d > 0 {
		c.wall, c.mono = c.wall.Add(d), c.mono+d
	}
}

// demoFlush is how many entries a demoJournal holds back at most.
const demoFlush = 4096

// demoJournal holds entries back and commits many at once: what is made up
// may be lost in a break, and made again. Only the writer goroutine uses it.
type demoJournal struct {
	*sqlite.DB
	held store.Batch
	head store.Head
}

// Append holds a batch back.
func (j *demoJournal) Append(ctx context.Context, b *store.Batch) error {
	j.held.Rows = append(j.held.Rows, b.Rows...)
	j.held.Keys = append(j.held.Keys, b.Keys...)
	j.held.Tokens = append(j.held.Tokens, b.Tokens...)
	j.held.Erased = append(j.held.Erased, b.Erased...)
	if len(j.held.Rows) < demoFlush {
		return nil
	}
	return j.flush(ctx)
}

// flush commits what is held back, and the newest head.
func (j *demoJournal) flush(ctx context.Context) error {
	held, head := j.held, j.head
	j.held, j.head = store.Batch{}, store.Head{}
	if len(held.Rows) > 0 {
		if err := j.DB.Append(ctx, &held); err != nil {
			return err
		}
	}
	if head.Seq == 0 {
		return nil
	}
	return j.DB.PutHead(ctx, head)
}

// PutHead holds a head back, in place of the one before.
func (j *demoJournal) PutHead(_ context.Context, h store.Head) error {
	j.head = h
	return nil
}

// PruneKeys does nothing: the demo uses none.
func (*demoJournal) PruneKeys(context.Context, store.Instant) error { return nil }

// PutBalances is that of sqlite.DB.
func (j *demoJournal) PutBalances(ctx context.Context, b store.Balances) error {
	return errors.Join(j.flush(ctx), j.DB.PutBalances(ctx, b))
}

// PutState is that of sqlite.DB.
func (j *demoJournal) PutState(ctx context.Context, at store.Head, write func(io.Writer) error) error {
	return errors.Join(j.flush(ctx), j.DB.PutState(ctx, at, write))
}

// FindEntry is that of sqlite.DB.
func (j *demoJournal) FindEntry(ctx context.Context, seq int64) (*store.Stored, error) {
	if err := j.flush(ctx); err != nil {
		return nil, err
	}
	return j.DB.FindEntry(ctx, seq)
}

// ListReservation finds nothing: the demo ends open reservations only, and
// those the ledger has in memory.
func (*demoJournal) ListReservation(context.Context, store.ID) ([]int64, error) { return nil, nil }

// Close is that of sqlite.DB.
func (j *demoJournal) Close() error {
	return errors.Join(j.flush(context.Background()), j.DB.Close())
}
