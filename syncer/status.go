package syncer

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// Status gives how every destination stands at this moment.
func (e *Engine) Status(ctx context.Context) ([]store.DestinationStatus, error) {
	list := make([]store.DestinationStatus, 0, len(e.workers))
	for _, w := range e.workers {
		s, err := w.status(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (w *worker) status(ctx context.Context) (store.DestinationStatus, error) {
	head := w.e.Ledger.Head()
	branch, _ := w.e.Ledger.Branch()
	w.e.mu.Lock()
	s := store.DestinationStatus{
		Destination: w.record, Retries: w.retries, Quarantined: w.quarantined, WorkItems: w.workOpen,
	}
	s.NextIncremental, s.NextFull = w.e.keeper.due(w.to.Name, store.SyncIncremental), w.e.keeper.due(w.to.Name, store.SyncFull)
	w.e.mu.Unlock()
	has := s.Cursor.Seq
	if s.Cursor.Epoch != head.Epoch {
		// Of a branch that was left it shares no more than what came before.
		has = min(has, branch.Seq)
	}
	if s.Lag = max(0, head.Seq-has); s.Lag == 0 {
		return s, nil
	}
	at, err := w.e.recordedAt(ctx, has+1)
	s.OldestUnsent = at
	return s, err
}

// recordedAt is when an entry was recorded.
func (e *Engine) recordedAt(ctx context.Context, seq int64) (store.Instant, error) {
	entry, err := entryAt(ctx, e.Ledger, seq)
	if err != nil {
		return 0, err
	}
	return entry.RecordedAt, nil
}

// Resume lets a paused destination go on at once. Codes: not_found.
func (e *Engine) Resume(_ context.Context, name string) error {
	w := e.worker(name)
	if w == nil {
		return notFound("destination", name)
	}
	e.mu.Lock()
	d := &w.record
	if d.State != store.DestinationPushing {
		d.State = store.DestinationIdle
	}
	d.Failures, d.NextTry, d.Code, d.Detail = 0, 0, "", ""
	w.pending, w.notBefore, w.hold = true, 0, 0
	e.mu.Unlock()
	w.wakeUp()
	return nil
}

// cover takes note of what last_sync is derived from: how far the destination
// has this ledger, and not another that went on from the same beginning. When
// that cannot be told, what was known before stays. Only the primary
// destination is asked for it.
func (w *worker) cover(ctx context.Context) {
	if !w.to.Primary {
		return
	}
	w.e.mu.Lock()
	at, c := w.record.Cursor, coverage{at: w.record.SyncedAt}
	w.e.mu.Unlock()
	seq, err := w.e.shared(ctx, at)
	if err == nil && seq > 0 {
		c.seq = seq
		c.reached, err = w.e.recordedAt(ctx, seq)
	}
	if err == nil && (seq > 0 || at.Seq == 0) {
		w.covered.Store(&c)
	}
}

// shared gives the newest entry that a destination's cursor proves it has of
// this ledger, 0 for none.
func (e *Engine) shared(ctx context.Context, at store.Head) (int64, error) {
	stored, err := e.Ledger.Journal().FindEntry(ctx, at.Seq)
	branch, _ := e.Ledger.Branch()
	switch {
	case err == nil && stored.Hash == at.Hash:
		return at.Seq, nil
	case err != nil && store.CodeOf(err) != store.CodeNotFound:
		return 0, err
	case at.Epoch == branch.Epoch:
		return min(at.Seq, branch.Seq), nil
	}
	return 0, nil
}

// LastSync is when the primary destination last confirmed an item, zero for
// never: its newest success when that covered the item's newest entry. An
// item that has changed since says until when its earlier entries are known
// to be safe; that is always before it changed.
func (e *Engine) LastSync(i *store.Item) store.Instant {
	var best *worker
	for _, w := range e.workers {
		if !w.to.Primary || (!w.to.LocationID.IsZero() && w.to.LocationID != i.Location.ID) {
			continue
		}
		if best == nil || best.to.LocationID.IsZero() {
			best = w
		}
	}
	if best == nil {
		return 0
	}
	c := best.covered.Load()
	switch {
	case c == nil || c.seq < i.Opened:
		return 0
	case i.Version() <= c.seq:
		return c.at
	}
	return min(c.at, c.reached)
}
