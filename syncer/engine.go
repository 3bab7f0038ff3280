package syncer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

// Destination configures one place that the ledger is pushed to.
type Destination struct {
	// Name is unique and stable: what is known about it is kept under it.
	Name string
	// Kind is central, or that of a connector.
	Kind string
	// LocationID is the only location it takes; the zero ID for all.
	LocationID store.ID
	// Primary tells whether last_sync of an item speaks of it.
	Primary bool
	Target  Target
	// Incremental and Full say when runs start, as five fields of cron or a
	// descriptor such as @daily, in the location's time zone; "" for never.
	Incremental, Full string
}

// Config is what the engine syncs, and when.
type Config struct {
	Destinations []Destination
	// Store is the ledger's; its hash decides when within Spread after the
	// scheduled time a full run starts, so that stores do not come together.
	Store  store.ID
	Spread time.Duration
	// FirstContact bounds the random time after the start before anything is
	// pushed that nobody asked for.
	FirstContact time.Duration
}

// Deps are what the engine works with.
type Deps struct {
	Ledger  Ledger
	Records Records
	Clock   store.Clock
	NewID   func() store.ID
	// Random gives a number in [0, 1), for jitter.
	Random func() float64
	Log    *slog.Logger
}

// Engine pushes the ledger to its destinations. Its methods are safe for
// concurrent use, before, during and after Run.
type Engine struct {
	cfg Config
	Deps
	workers []*worker
	keeper  keeper

	// asking lets one request for a run in at a time, so that two never start
	// the same run.
	asking sync.Mutex
	// mu guards what workers and jobs share with callers. It is held for
	// moments, never while something is read, written or sent.
	mu sync.Mutex
	// joined remembers keys of requests that joined the run of another.
	joined []joinedKey
}

// New reads what is known about the destinations and the runs that were not
// finished. Errors are those of Records, and of a wrong configuration.
func New(ctx context.Context, cfg Config, d Deps) (*Engine, error) {
	e := &Engine{cfg: cfg, Deps: d}
	e.keeper = keeper{clock: d.Clock, mu: &e.mu}
	known, err := d.Records.ListDestinations(ctx)
	if err != nil {
		return nil, err
	}
	for i := range cfg.Destinations {
		to := &cfg.Destinations[i]
		if e.worker(to.Name) != nil || to.Name == "" || to.Target == nil {
			return nil, fmt.Errorf("destination %q needs a name of its own and a target", to.Name)
		}
		w := newWorker(e, to)
		if n := slices.IndexFunc(known, func(k store.Destination) bool { return k.Name == to.Name }); n >= 0 {
			w.restore(ctx, known[n])
		}
		if err := w.recount(ctx); err != nil {
			return nil, err
		}
		e.workers = append(e.workers, w)
		if err := e.schedule(w); err != nil {
			return nil, err
		}
	}
	return e, e.restoreRuns(ctx)
}

// worker gives that of a destination, nil for none.
func (e *Engine) worker(name string) *worker {
	for _, w := range e.workers {
		if w.to.Name == name {
			return w
		}
	}
	return nil
}

// Run works until ctx ends, and returns when every goroutine it started has
// ended. What was under way goes on at the next Run of an engine over the
// same records.
func (e *Engine) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, w := range e.workers {
		w.start()
		group.Go(func() { w.work(ctx) })
		if l, ok := w.to.Target.(Listener); ok {
			group.Go(func() { w.listen(ctx, l) })
		}
	}
	if len(e.keeper.jobs) > 0 {
		group.Go(func() { e.keeper.run(ctx) })
	}
	group.Wait()
	return nil
}

// now is the time that would be recorded.
func (e *Engine) now() store.Instant {
	now, _ := e.Ledger.Now()
	return now
}
