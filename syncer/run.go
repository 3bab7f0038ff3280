package syncer

import (
	"context"
	"slices"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// runTries is how many failures in a row, without anything confirmed in
	// between, end a run. What it did not send is pushed all the same later.
	runTries = 3
	// finishEvery is how long after the ledger refused the end of a run the
	// next try is.
	finishEvery = time.Minute
	// keptJoins bounds how many keys of requests that joined a run are known.
	keptJoins = 256
)

// CodeNoDestination is the error of a run that had nowhere to go.
const CodeNoDestination = "no_destination"

// activeRun is a run that is queued or under way. The engine's lock guards it.
type activeRun struct {
	store.ActiveRun
	// upTo is the seq that its push goes to.
	upTo int64
	// again: this is not its first try.
	again bool
	// notBefore is the monotonic time of its next try.
	notBefore time.Duration
	// canceled: somebody asked to end it; cancel ends the attempt under way.
	canceled bool
	cancel   context.CancelFunc
	// final: it has ended as ending says, and only the ledger has to take it;
	// taken: the one who canceled it sees to that.
	final, taken bool
	ending       store.Run
	// done is closed when it has finished.
	done chan struct{}
}

// joinedKey is the key of a request that joined the run of another.
type joinedKey struct {
	store.IdempotencyKey
	run store.ID
}

// Request asks for a run and gives it as it stands: a new one, or the one of
// the same destination and type that goes on already. replayed tells that a
// request with this key was answered before. Codes: not_found,
// idempotency_mismatch, and those of Records and the ledger.
func (e *Engine) Request(ctx context.Context, r store.Request, ask store.RunRequest) (run *store.Run, replayed bool, err error) {
	e.asking.Lock()
	defer e.asking.Unlock()
	if run, err := e.answered(ctx, r); run != nil || err != nil {
		return run, run != nil, err
	}
	w, err := e.choose(&ask)
	if err != nil {
		return nil, false, err
	}
	if w == nil {
		return e.nowhere(ctx, r, ask)
	}
	if run := e.join(w, r, &ask); run != nil {
		return run, false, nil
	}
	a := &activeRun{done: make(chan struct{}), ActiveRun: store.ActiveRun{
		Run: store.Run{
			ID: e.NewID(), Destination: w.to.Name, SyncType: ask.Type, LocationID: ask.Location,
			Status: store.RunQueued, RequestedAt: e.now(),
		},
		Force: ask.Force, Key: r.Key, Actor: r.Actor, Terminal: r.Terminal, Source: r.Source,
	}}
	first := a.Run
	if r.DryRun {
		return &first, false, nil
	}
	if err := e.Records.PutActiveRun(ctx, a.ActiveRun); err != nil {
		return nil, false, err
	}
	e.mu.Lock()
	w.runs = append(w.runs, a)
	e.mu.Unlock()
	w.wakeUp()
	return &first, false, nil
}

// answered gives the run that a request with this key got before.
func (e *Engine) answered(ctx context.Context, r store.Request) (*store.Run, error) {
	if r.Key == nil || r.DryRun {
		return nil, nil
	}
	if key, id := e.keyed(r.Key.Hash); key != nil {
		if key.Print != r.Key.Print {
			return nil, &store.Error{Code: store.CodeIdempotencyMismatch, Message: "This Idempotency-Key was used for another request."}
		}
		if run, ok := e.Find(id); ok {
			return run, nil
		}
	}
	receipt, ok, err := e.Ledger.Answered(ctx, r)
	if !ok || err != nil || len(receipt.Facts) == 0 {
		return nil, err
	}
	run, _ := receipt.Facts[0].Of.(*store.Run)
	return run, nil
}

// keyed finds the run whose request, or one that joined it, had a key.
func (e *Engine) keyed(hash [16]byte) (*store.IdempotencyKey, store.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.workers {
		for _, r := range w.runs {
			if r.Key != nil && r.Key.Hash == hash {
				return r.Key, r.ID
			}
		}
	}
	for _, j := range e.joined {
		if j.Hash == hash {
			return &j.IdempotencyKey, j.run
		}
	}
	return nil, store.ID{}
}

// choose finds the destination that a request means: the one it names, else
// the location's primary one, else the first for the location. It is nil when
// nothing is configured; those that only follow have to be named.
func (e *Engine) choose(ask *store.RunRequest) (*worker, error) {
	var best *worker
	for _, w := range e.workers {
		takes := ask.Location.IsZero() || w.to.LocationID.IsZero() || w.to.LocationID == ask.Location
		switch {
		case ask.Destination == w.to.Name && takes:
			return w, nil
		case ask.Destination != "" || !takes || w.follows():
		case best == nil, w.to.Primary && !best.to.Primary, w.to.Primary == best.to.Primary && !w.to.LocationID.IsZero() && best.to.LocationID.IsZero():
			best = w
		}
	}
	if best == nil && slices.ContainsFunc(e.workers, func(w *worker) bool { return !w.follows() || ask.Destination != "" }) {
		text := "No destination takes this location."
		if ask.Destination != "" {
			text = "There is no such destination for this location."
		}
		return nil, &store.Error{Code: store.CodeNotFound, Message: text, Details: []store.Detail{
			{Pointer: "/destination", Code: store.CodeNotFound, Detail: text},
		}}
	}
	return best, nil
}

// nowhere records a run that had nowhere to go.
func (e *Engine) nowhere(ctx context.Context, r store.Request, ask store.RunRequest) (*store.Run, bool, error) {
	receipt, err := e.Ledger.Do(ctx, r, &store.FinishRun{Run: store.Run{
		SyncType: ask.Type, LocationID: ask.Location, Destination: ask.Destination, Status: store.RunFailed, Error: CodeNoDestination,
	}})
	if err != nil {
		return nil, false, err
	}
	return receipt.Facts[0].Of.(*store.Run), receipt.Replayed, nil
}

// join gives the run that goes on already, nil for none. One that does not
// force is not joined by a request that does.
func (e *Engine) join(w *worker, r store.Request, ask *store.RunRequest) *store.Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range w.runs {
		if a.SyncType != ask.Type || a.canceled || a.final || (ask.Force && !a.Force) {
			continue
		}
		if r.Key != nil && !r.DryRun {
			e.joined = append(e.joined, joinedKey{*r.Key, a.ID})
			e.joined = e.joined[max(0, len(e.joined)-keptJoins):]
		}
		run := a.Run
		return &run
	}
	return nil
}

// restoreRuns queues the runs that were not finished. A run that the ledger
// knows had finished, and only its record was left; one whose destination is
// not configured any more ends with that.
func (e *Engine) restoreRuns(ctx context.Context) error {
	runs, err := e.Records.ListActiveRuns(ctx)
	if err != nil {
		return err
	}
	finished := e.Ledger.Runs()
	for _, r := range runs {
		w, a := e.worker(r.Destination), &activeRun{ActiveRun: r, done: make(chan struct{})}
		switch {
		case slices.ContainsFunc(finished, func(f *store.Run) bool { return f.ID == r.ID }):
			if err := e.Records.DeleteActiveRun(ctx, r.ID); err != nil {
				return err
			}
		case w != nil:
			w.runs = append(w.runs, a)
		default:
			a.outcome(store.RunFailed, CodeNoDestination)
			if err := e.finish(ctx, nil, a); err != nil {
				e.Log.Error("the end of a sync run could not be recorded", "run", r.ID.String(), "err", err)
			}
		}
	}
	return nil
}

// Runs lists the runs that are queued or under way, newest first.
func (e *Engine) Runs() []*store.Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*store.Run
	for _, w := range e.workers {
		for _, r := range w.runs {
			run := r.Run
			list = append(list, &run)
		}
	}
	slices.SortFunc(list, func(a, b *store.Run) int { return slices.Compare(b.ID[:], a.ID[:]) })
	return list
}

// Find finds a run that goes on, or one of the newest that finished.
func (e *Engine) Find(id store.ID) (*store.Run, bool) {
	for _, list := range []func() []*store.Run{e.Runs, e.Ledger.Runs} {
		for _, r := range list() {
			if r.ID == id {
				return r, true
			}
		}
	}
	return nil, false
}

// Wait waits until a run has finished, and gives it. Codes: not_found.
func (e *Engine) Wait(ctx context.Context, id store.ID) (*store.Run, error) {
	if done := e.doneOf(id); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if run, ok := e.Find(id); ok {
		return run, nil
	}
	return nil, notFound("sync run", id.String())
}

func (e *Engine) doneOf(id store.ID) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, a := e.active(id); a != nil {
		return a.done
	}
	return nil
}

// active finds a run that goes on; the lock is held.
func (e *Engine) active(id store.ID) (*worker, *activeRun) {
	for _, w := range e.workers {
		for _, a := range w.runs {
			if a.ID == id {
				return w, a
			}
		}
	}
	return nil, nil
}

func notFound(noun, name string) error {
	return &store.Error{Code: store.CodeNotFound, Message: "There is no " + noun + " " + name + "."}
}
