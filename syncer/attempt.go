package syncer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/shelfd/shelfd/store"
)

// catchUp pushes what is new without anybody having asked. It is no run.
func (w *worker) catchUp(ctx context.Context) {
	w.e.mu.Lock()
	w.pending = false
	w.e.mu.Unlock()
	if w.known && w.equal() {
		return
	}
	w.settle(ctx, w.attempt(ctx, nil))
}

// equal tells whether the destination has the ledger's newest entry.
func (w *worker) equal() bool {
	head := w.e.Ledger.Head()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	c := w.record.Cursor
	return c.Epoch == head.Epoch && c.Seq == head.Seq && c.Hash == head.Hash || head.Seq == 0 && c.Seq == 0
}

// attempt brings the destination up to date, for a run or for nobody.
func (w *worker) attempt(ctx context.Context, r *activeRun) error {
	w.e.mu.Lock()
	w.record.State = store.DestinationPushing
	if w.record.Failures > 0 {
		w.retries++
	}
	w.e.mu.Unlock()
	err := w.guard(func() error {
		if r != nil {
			if err := w.put(ctx); err != nil {
				return err
			}
		}
		if err := w.contact(ctx, r); err != nil {
			return err
		}
		if err := w.push(ctx, r); err != nil {
			return err
		}
		w.meet()
		if r == nil || r.SyncType != store.SyncFull {
			return nil
		}
		// What waited for a person may be settled by it.
		w.refused = true
		return w.to.Target.Compare(ctx, w.e.Ledger, r.Force, w.step(ctx, r))
	})
	return errors.Join(err, w.recounted(context.WithoutCancel(ctx)))
}

// recounted counts what waits for a person again when there may be more.
func (w *worker) recounted(ctx context.Context) error {
	if !w.refused {
		return nil
	}
	w.refused = false
	return w.recount(ctx)
}

// guard turns a panic of the target into a failure.
func (w *worker) guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.e.Log.Error("pushing to a destination panicked", "destination", w.to.Name, "panic", v, "stack", string(debug.Stack()))
			err = &Failure{Class: Retry, Code: "internal", Detail: "The connector has a fault of its own; the log says more.", Err: fmt.Errorf("panic: %v", v)}
		}
	}()
	return do()
}

// contact asks where the destination stands, unless that is known for sure. An
// incremental run with nothing to send asks all the same: it is to be proof
// that the destination is there and has everything.
func (w *worker) contact(ctx context.Context, r *activeRun) error {
	if !w.known || (r != nil && r.SyncType == store.SyncIncremental && w.equal()) {
		head, syncedAt, err := w.to.Target.Cursor(ctx)
		if err != nil && !errors.Is(err, ErrNoCursor) {
			return err
		}
		if err == nil {
			w.believe(ctx, head, syncedAt, r)
		}
		w.known = true
	}
	return nil
}

// meet lets what comes down be listened to. That is not before something was
// confirmed: until then the ledger may be a backup that lacks what it was told
// before, and would do it once more.
func (w *worker) meet() {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	select {
	case <-w.met:
	default:
		close(w.met)
	}
}

// believe takes over the destination's own cursor. What it has beyond what was
// known counts as sent by a run that tried before: only the answer got lost.
func (w *worker) believe(ctx context.Context, head store.Head, syncedAt store.Instant, r *activeRun) {
	head = store.Head{Epoch: head.Epoch, Seq: head.Seq, Hash: head.Hash}
	w.e.mu.Lock()
	d := &w.record
	if d.Cursor == head && (syncedAt == 0 || d.SyncedAt == syncedAt) {
		w.e.mu.Unlock()
		return
	}
	if more := head.Seq - d.Cursor.Seq; r != nil && r.again && more > 0 && (head.Epoch == d.Cursor.Epoch || d.Cursor.Seq == 0) {
		r.Counts.Scanned, r.Counts.Sent = r.Counts.Scanned+more, r.Counts.Sent+more
	}
	if d.Cursor = head; syncedAt != 0 {
		d.SyncedAt = syncedAt
	}
	w.unsaved = true
	w.e.mu.Unlock()
	w.cover(ctx)
}

// push sends what the destination does not have.
func (w *worker) push(ctx context.Context, r *activeRun) error {
	if w.equal() {
		return nil
	}
	head := w.e.Ledger.Head()
	w.e.mu.Lock()
	from := w.record.Cursor
	if r != nil {
		r.upTo = head.Seq
		r.Left = max(0, head.Seq-from.Seq)
	}
	w.e.mu.Unlock()
	if err := w.to.Target.Push(ctx, w.e.Ledger, from, head.Seq, w.step(ctx, r)); err != nil {
		return err
	}
	now := w.e.Ledger.Head()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if at := w.record.Cursor; at.Seq < head.Seq || at.Seq > now.Seq || at.Epoch != now.Epoch {
		return &Failure{Class: Retry, Code: "incomplete", Detail: fmt.Sprintf(
			"The destination stands at %d-%d where %d-%d was expected.", at.Epoch, at.Seq, now.Epoch, head.Seq)}
	}
	return nil
}

// step takes note of what is safe.
func (w *worker) step(ctx context.Context, r *activeRun) func(Step) error {
	return func(s Step) error {
		w.note(s, r)
		if s.Cursor != (store.Head{}) {
			w.cover(ctx)
			w.meet()
		}
		if s.Sending != 0 {
			w.unsaved, w.savedAt = false, w.e.Clock.Mono()
			if err := w.put(ctx); err != nil {
				return err
			}
		}
		if w.e.Clock.Mono()-w.savedAt >= saveEvery {
			w.save(ctx)
		}
		return ctx.Err()
	}
}

// note keeps what a step says.
func (w *worker) note(s Step, r *activeRun) {
	now := w.e.now()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	d := &w.record
	d.Verdicts, d.Command = d.Verdicts+s.Verdicts, max(d.Command, s.Command)
	if s.Cursor != (store.Head{}) {
		d.Cursor = store.Head{Epoch: s.Cursor.Epoch, Seq: s.Cursor.Seq, Hash: s.Cursor.Hash}
		d.Sending = 0
	}
	if s.Cursor != (store.Head{}) || s.SyncedAt != 0 {
		d.SyncedAt = s.SyncedAt
		if s.SyncedAt == 0 {
			d.SyncedAt = now
		}
	}
	if s.Sending != 0 {
		d.Sending = max(0, s.Sending)
	} else {
		if d.Failures > 0 || w.offline {
			w.e.reached(w)
		}
		d.Failures, w.offline = 0, false
	}
	w.unsaved = true
	w.refused = w.refused || s.Counts.Rejected+s.Counts.WorkItems > 0
	if r == nil {
		return
	}
	add(&r.Counts, s.Counts)
	r.Left = s.Left
	if s.Cursor != (store.Head{}) && s.Left == 0 {
		r.Left = max(0, r.upTo-s.Cursor.Seq)
	}
}

func add(to *store.RunCounts, more store.RunCounts) {
	to.Scanned += more.Scanned
	to.Sent += more.Sent
	to.Skipped += more.Skipped
	to.Rejected += more.Rejected
	to.WorkItems += more.WorkItems
}

// settle takes note of how an attempt ended.
func (w *worker) settle(ctx context.Context, err error) {
	switch {
	case err == nil:
		w.succeeded()
	case ctx.Err() != nil:
		w.interrupted()
	default:
		w.failed(asFailure(err))
	}
}

// succeeded ends all back-off.
func (w *worker) succeeded() {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	d := &w.record
	if d.Failures > 0 {
		w.e.Log.Info("a destination is reached again", "destination", d.Name, "after_failures", d.Failures)
		w.e.reached(w)
	}
	d.State, d.Failures, d.NextTry, d.Code, d.Detail = store.DestinationIdle, 0, 0, "", ""
	w.notBefore, w.hold, w.unsaved = 0, 0, true
}

// interrupted is an attempt that the stop of the engine, or the one who asked
// for the run, ended. What was under way is asked for the next time.
func (w *worker) interrupted() {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	w.known, w.record.State, w.unsaved = false, store.DestinationIdle, true
}

// failed says when the next try is.
func (w *worker) failed(f *Failure) {
	random, now := w.e.Random(), w.e.now()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	d := &w.record
	again := d.Failures > 0 && d.Code == f.Code
	w.offline = f.Offline
	d.Failures, d.Code, d.Detail = d.Failures+1, f.Code, f.Detail
	w.known, w.pending, w.unsaved = false, true, true
	if f.Class == Pause {
		d.State, d.NextTry = store.DestinationPaused, 0
		w.met = reopened(w.met)
	} else {
		wait, asked := f.wait(d.Failures, random)
		mono := w.e.Clock.Mono()
		w.notBefore, w.hold = mono+wait, mono+asked
		d.State, d.NextTry = store.DestinationWaiting, now.Add(wait)
	}
	switch {
	case f.Class != Retry:
		w.e.Log.Error("a destination needs attention", "destination", d.Name, "class", f.Class.String(), "err", f)
	case !again:
		w.e.Log.Warn("a destination cannot be reached; it is tried again and again", "destination", d.Name, "err", f)
	default:
		w.e.Log.Debug("a destination cannot be reached", "destination", d.Name, "failures", d.Failures, "err", f)
	}
}

// reopened gives a channel that is not closed.
func reopened(c chan struct{}) chan struct{} {
	select {
	case <-c:
		return make(chan struct{})
	default:
		return c
	}
}

// asFailure gives the failure behind an error; anything else is one to retry.
func asFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Class: Retry, Code: "internal", Detail: "This store could not do its part; the log says more.", Err: err}
}
