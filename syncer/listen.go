package syncer

import (
	"context"
	"time"
)

// listenEvery is the least time between two calls of a target's Listen.
const listenEvery = time.Second

// listen lets a target take what comes down, from when something was
// confirmed, until ctx ends.
func (w *worker) listen(ctx context.Context, l Listener) {
	failures := int64(0)
	for w.hasMet(ctx) {
		err := w.guard(func() error { return l.Listen(ctx, w.e.Ledger) })
		wait := listenEvery
		if failures++; err == nil {
			failures = 0
		} else if f := asFailure(err); ctx.Err() == nil {
			if f.Class == Pause {
				w.tell(f)
			}
			longer, _ := f.wait(failures, w.e.Random())
			wait = max(wait, longer)
		}
		select {
		case <-ctx.Done():
		case <-w.e.Clock.After(wait):
		}
	}
}

// tell has the worker take note of a failure beside its own attempts.
func (w *worker) tell(f *Failure) {
	w.e.mu.Lock()
	w.told = f
	w.met = reopened(w.met)
	w.e.mu.Unlock()
	w.wakeUp()
}

// hasMet waits until the destination has confirmed something; it is false when
// ctx ended first.
func (w *worker) hasMet(ctx context.Context) bool {
	w.e.mu.Lock()
	met := w.met
	w.e.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-met:
	}
	return ctx.Err() == nil
}
