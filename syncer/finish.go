package syncer

import (
	"context"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// doRun goes on with a run: it tries, or ends it.
func (w *worker) doRun(ctx context.Context, r *activeRun) {
	trying, stop, ok := w.begin(ctx, r)
	if !ok {
		return
	}
	defer stop()
	if trying == nil {
		w.end(ctx, r)
		return
	}
	err := w.attempt(trying, r)
	if !w.conclude(ctx, r, err) {
		return
	}
	w.end(ctx, r)
	w.save(context.WithoutCancel(ctx))
}

// begin takes a run up. trying is nil when there is only its end to record;
// ok is false when somebody else does that.
func (w *worker) begin(ctx context.Context, r *activeRun) (trying context.Context, stop context.CancelFunc, ok bool) {
	now := w.e.now()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	switch {
	case r.taken:
		return nil, nil, false
	case r.final:
	case r.canceled:
		r.outcome(store.RunCanceled, "")
	case w.record.State == store.DestinationPaused:
		r.outcome(store.RunFailed, w.record.Code)
	default:
		r.Status, r.again = store.RunRunning, r.StartedAt != 0
		if !r.again {
			r.StartedAt = now
		}
		trying, r.cancel = context.WithCancel(ctx)
		w.pending, w.current = false, r
		return trying, r.cancel, true
	}
	return nil, func() {}, true
}

// conclude takes note of how an attempt ended, and tells whether the run ended
// with it. Who cancels it at this moment does so before or after, never both.
func (w *worker) conclude(ctx context.Context, r *activeRun, err error) (ended bool) {
	w.e.mu.Lock()
	canceled := r.canceled
	switch {
	case err == nil:
		r.outcome(r.verdict(), "")
	case ctx.Err() == nil && canceled:
		r.outcome(store.RunCanceled, "")
	}
	r.cancel, w.current = nil, nil
	w.e.mu.Unlock()
	switch {
	case err == nil:
		w.succeeded()
		return true
	case ctx.Err() != nil || canceled:
		w.interrupted()
		return ctx.Err() == nil
	}
	return w.giveUp(r, asFailure(err))
}

// giveUp takes note of a failure, and tells whether the run ends with it.
func (w *worker) giveUp(r *activeRun, f *Failure) bool {
	w.failed(f)
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	switch {
	case r.taken:
		return false
	case f.Class == Retry && w.record.Failures < runTries && !r.canceled:
		r.notBefore = w.notBefore
		return false
	case r.canceled:
		r.outcome(store.RunCanceled, "")
	default:
		r.outcome(store.RunFailed, f.Code)
	}
	return true
}

// outcome settles how a run ended; from then on nobody else changes it. The
// engine's lock is held.
func (r *activeRun) outcome(status, code string) {
	r.final, r.ending = true, r.Run
	r.ending.Status, r.ending.Error, r.ending.Left = status, code, 0
}

// verdict is how a run ended that got to its end.
func (r *activeRun) verdict() string {
	if r.Counts.Rejected+r.Counts.WorkItems > 0 {
		return store.RunPartial
	}
	return store.RunSucceeded
}

// end has the ledger take the end of a run. When it cannot now, the run stays
// and the worker tries again.
func (w *worker) end(ctx context.Context, r *activeRun) {
	if err := w.e.finish(context.WithoutCancel(ctx), w, r); err != nil {
		w.e.Log.Error("the end of a sync run could not be recorded", "run", r.ID.String(), "err", err)
		w.e.mu.Lock()
		r.notBefore = w.e.Clock.Mono() + finishEvery
		w.e.mu.Unlock()
	}
}

// finish appends the event of a run that has ended, and forgets its record.
// Killed in between, the ledger knows the run when the record is found. w is
// nil when there is no such destination any more.
func (e *Engine) finish(ctx context.Context, w *worker, r *activeRun) error {
	run := r.ending
	if run.FinishedAt == 0 {
		run.FinishedAt = e.now()
	}
	if run.StartedAt == 0 {
		run.StartedAt = run.FinishedAt
	}
	request := store.Request{Actor: r.Actor, Terminal: r.Terminal, Source: r.Source, Key: r.Key}
	_, err := e.Ledger.Do(ctx, request, &store.FinishRun{Run: run})
	if store.CodeOf(err) == store.CodeIdempotencyMismatch {
		// Something else was done under the key meanwhile. The run still was.
		request.Key = nil
		_, err = e.Ledger.Do(ctx, request, &store.FinishRun{Run: run})
	}
	if err != nil {
		return err
	}
	if err := e.Records.DeleteActiveRun(ctx, r.ID); err != nil {
		e.Log.Warn("the record of a finished sync run was not removed; the next start does it", "run", r.ID.String(), "err", err)
	}
	defer close(r.done)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tellFollowers()
	if w == nil {
		return nil
	}
	w.runs = slices.DeleteFunc(w.runs, func(other *activeRun) bool { return other == r })
	// The event wakes nobody: it goes along, and so does what a canceled run
	// was to push.
	w.pending = true
	return nil
}

// Cancel ends a run that goes on, waits until it has ended, and gives it. A
// run that had finished before stays as it is. What a canceled run confirmed
// stays confirmed. Codes: not_found, and those of the ledger.
func (e *Engine) Cancel(ctx context.Context, id store.ID) (*store.Run, error) {
	e.mu.Lock()
	w, r := e.active(id)
	mine := r != nil && r.cancel == nil && !r.final
	if r != nil {
		r.canceled = true
		if r.cancel != nil {
			r.cancel()
		}
	}
	if mine {
		r.taken = true
		r.outcome(store.RunCanceled, "")
	}
	e.mu.Unlock()
	if mine {
		if err := e.finish(context.WithoutCancel(ctx), w, r); err != nil {
			e.mu.Lock()
			r.taken = false
			e.mu.Unlock()
			w.wakeUp()
			return nil, err
		}
		w.wakeUp()
	}
	return e.Wait(ctx, id)
}
