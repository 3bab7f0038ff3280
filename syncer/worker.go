package syncer

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/shelfd/shelfd/store"
)

// saveEvery is how often a cursor that moves is written down at most.
const saveEvery = 5 * time.Second

// worker pushes to one destination. Its goroutine alone calls the target and
// decides what is next; the engine's lock guards the fields after it.
type worker struct {
	e  *Engine
	to *Destination
	// kick wakes it when somebody asked for something.
	kick chan struct{}
	// covered is what last_sync is derived from.
	covered atomic.Pointer[coverage]

	// Its goroutine's own: whether the destination's cursor is known for
	// sure; the mono time of the newest save, and whether more has changed.
	known   bool
	savedAt time.Duration
	unsaved bool
	// refused: there may be more that waits for a person than was counted.
	refused bool

	record store.Destination
	// runs are in the order they were asked for; current is under way.
	runs    []*activeRun
	current *activeRun
	// again are set-aside entries that somebody wants sent again.
	again []store.Position
	// told is a failure that was met beside the worker's own attempts.
	told *Failure
	// pending: there may be something to push, not before notBefore. hold is
	// until when nothing at all is tried. Both are monotonic times.
	pending         bool
	notBefore, hold time.Duration
	// left is the rest of a wait that began before the start.
	left time.Duration
	// offline: the newest failure was that nothing was reached; early is when
	// it was last tried before its time because another was, 0 for never.
	offline bool
	early   time.Duration
	// met is closed while the destination is known to go on from this ledger
	// and is not paused.
	met                            chan struct{}
	retries, quarantined, workOpen int64
}

// coverage is what a destination has confirmed.
type coverage struct {
	seq int64
	// at is when that was, reached when the entry at seq was recorded.
	at, reached store.Instant
}

func newWorker(e *Engine, to *Destination) *worker {
	return &worker{
		e: e, to: to, kick: make(chan struct{}, 1), met: make(chan struct{}),
		record: store.Destination{
			Name: to.Name, Kind: to.Kind, LocationID: to.LocationID, Primary: to.Primary, State: store.DestinationIdle,
		},
	}
}

// restore takes over what is known of the destination. A start is somebody
// acting: what was paused is tried again.
func (w *worker) restore(ctx context.Context, known store.Destination) {
	known.Kind, known.LocationID, known.Primary = w.to.Kind, w.to.LocationID, w.to.Primary
	w.left = w.rest(known)
	known.State, known.NextTry = store.DestinationIdle, 0
	w.record = known
	w.cover(ctx)
}

// start lets the first push, and what the backstop says is overdue, wait for a
// random time.
func (w *worker) start() {
	first := max(w.left, time.Duration(float64(w.e.cfg.FirstContact)*w.e.Random()))
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	w.pending, w.notBefore = true, w.e.Clock.Mono()+first
	w.e.keeper.spare(w.to.Name, w.notBefore)
	if d := &w.record; first > 0 && d.State == store.DestinationIdle {
		d.State, d.NextTry = store.DestinationWaiting, w.e.now().Add(first)
	}
}

// wakeUp makes the worker look for what is to do.
func (w *worker) wakeUp() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// work does what there is to do until ctx ends.
func (w *worker) work(ctx context.Context) {
	wake, stop := w.e.Ledger.Watch()
	defer stop()
	defer func() { w.save(context.WithoutCancel(ctx)) }()
	for ctx.Err() == nil {
		do, wait := w.next()
		if do != nil {
			do(ctx)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = w.e.Clock.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-wake:
			w.e.mu.Lock()
			w.pending = true
			w.e.mu.Unlock()
		case <-w.kick:
		case <-due:
		}
	}
}

// next gives what to do now or, when that is nothing, how long to wait before
// looking again; 0 for until something comes.
func (w *worker) next() (do func(context.Context), wait time.Duration) {
	now := w.e.Clock.Mono()
	due := func(at time.Duration) bool {
		if at <= now {
			return true
		}
		if wait == 0 || at-now < wait {
			wait = at - now
		}
		return false
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	paused := w.record.State == store.DestinationPaused
	switch r := w.first(due); {
	case w.told != nil:
		f := w.told
		w.told = nil
		return func(context.Context) { w.failed(f) }, 0
	case r != nil:
		at := max(w.hold, r.notBefore)
		if r.final || paused || r.canceled {
			at = now
		}
		if due(at) {
			return func(ctx context.Context) { w.doRun(ctx, r) }, 0
		}
	case paused:
	case len(w.again) > 0 && due(w.hold):
		return w.resend, 0
	case w.pending && due(max(w.hold, w.notBefore)):
		return w.catchUp, 0
	}
	if w.unsaved && due(w.savedAt+saveEvery) {
		return w.save, 0
	}
	return nil, wait
}

// first is the run to go on with, nil for none; the lock is held. One whose end
// the ledger could not take holds nobody up until that is tried again.
func (w *worker) first(due func(time.Duration) bool) *activeRun {
	for _, r := range w.runs {
		if !r.taken && (!r.final || due(r.notBefore)) {
			return r
		}
	}
	return nil
}

// save writes down what is known of the destination. It is no fault when that
// fails: the target is asked, or things are sent again.
func (w *worker) save(ctx context.Context) {
	if !w.unsaved {
		return
	}
	w.unsaved, w.savedAt = false, w.e.Clock.Mono()
	if err := w.put(ctx); err != nil {
		w.e.Log.Warn("where a destination stands was not saved", "destination", w.to.Name, "err", err)
	}
}

// put makes the record, and the run under way, durable.
func (w *worker) put(ctx context.Context) error {
	w.e.mu.Lock()
	record := w.record
	var run *store.ActiveRun
	if w.current != nil {
		c := w.current.ActiveRun
		run = &c
	}
	w.e.mu.Unlock()
	if run != nil {
		if err := w.e.Records.PutActiveRun(ctx, *run); err != nil {
			return err
		}
	}
	if k, ok := w.to.Target.(Keeper); ok {
		if err := k.Keep(ctx); err != nil {
			return err
		}
	}
	return w.e.Records.PutDestination(ctx, record)
}

// recount counts what waits for a person.
func (w *worker) recount(ctx context.Context) error {
	aside, err := w.e.Records.ListQuarantine(ctx, w.to.Name)
	if err != nil {
		return err
	}
	open, err := w.e.Records.ListWorkItems(ctx, store.WorkFilter{Destination: w.to.Name, Open: true})
	if err != nil {
		return err
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	w.quarantined, w.workOpen = int64(len(aside)), int64(len(open))
	return nil
}
