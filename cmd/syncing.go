package cmd

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/syncer"
	uplink "github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/webhook"
)

const (
	// centralName is the name and the kind of the destination central.
	centralName = "central"
	// fullSpread is how much later than scheduled a store's full run starts at
	// most, so that the stores of a chain do not come all at once.
	fullSpread = 30 * time.Minute
)

// syncing is the sync engine of an app. Enrolling and forgetting change its
// destinations: then it ends the engine and puts another in its place, over
// the same records.
type syncing struct {
	app     *app
	config  Config
	version string
	machine string
	records *sqlite.DB

	// engine is the one that serves; reading it takes no lock because every
	// row of a list asks it.
	engine atomic.Pointer[syncer.Engine]
	// swapping is held for reading by calls of the API, so that none is on its
	// way to an engine that ends.
	swapping sync.RWMutex
	// ctx is that of the start, nil while nothing is synced; end stops the
	// engine and waits for it. Both under swapping.
	ctx context.Context
	end func()
	// target is the destination central, nil when the store is not enrolled;
	// desk has the points of sale. Both under swapping.
	target *uplink.Client
	desk   *pos.Desk

	// hub is what the webhook endpoints share, seal what opens their secrets;
	// hooking lets one change of endpoints go on at a time.
	hub     *webhook.Hub
	seal    *sealer
	hooking sync.Mutex
}

// newSyncing makes the engine, which does nothing yet.
func newSyncing(ctx context.Context, a *app, o *rootOptions, records *sqlite.DB, machine string) (*syncing, error) {
	s := &syncing{app: a, config: o.config, version: o.version, machine: machine, records: records, end: func() {}}
	if o.syncing {
		s.config.Sync.FirstContact = 0
	}
	s.seal = &sealer{dir: a.dir}
	s.hub = s.newHub()
	return s, s.build(ctx)
}

// build makes an engine for the destinations that there are now.
func (s *syncing) build(ctx context.Context) error {
	meta, err := s.records.Meta(ctx)
	if err != nil {
		return err
	}
	config := syncer.Config{
		Store: meta.Store, Spread: fullSpread, FirstContact: time.Duration(s.config.Sync.FirstContact),
	}
	enrolled, err := enrolmentOf(s.config, s.app.dir)
	switch {
	case errors.Is(err, errNotEnrolled):
		s.target = nil
	case err != nil:
		// A shop sells without central, too.
		s.app.log.Error("nothing is sent to central, because its key cannot be read", "err", err)
		s.target = nil
	default:
		if s.target, err = s.newTarget(enrolled); err != nil {
			return err
		}
		config.Destinations = append(config.Destinations, syncer.Destination{
			Name: centralName, Kind: centralName, Primary: true, Target: s.target,
			Incremental: string(s.config.Sync.Incremental), Full: string(s.config.Sync.Full),
		})
	}
	points, desk, err := s.points(ctx)
	if err != nil {
		return err
	}
	hooks, err := s.hooks(ctx)
	if err != nil {
		return err
	}
	config.Destinations = append(append(config.Destinations, points...), hooks...)
	engine, err := syncer.New(ctx, config, syncer.Deps{
		Ledger: s.app.ledger, Records: s.records, Clock: s.app.clock, NewID: newID, Random: rand.Float64, Log: s.app.log,
	})
	if err == nil {
		s.engine.Store(engine)
		s.desk = desk
	}
	return err
}

// run syncs until ctx ends and what was under way has stopped.
func (s *syncing) run(ctx context.Context) error {
	stop := s.start(ctx)
	<-ctx.Done()
	stop()
	return nil
}

// start begins to sync; stop ends it and waits.
func (s *syncing) start(ctx context.Context) (stop func()) {
	s.swapping.Lock()
	defer s.swapping.Unlock()
	s.ctx = ctx
	s.launch()
	rest := s.launchHub(ctx)
	return func() {
		s.swapping.Lock()
		defer s.swapping.Unlock()
		s.end()
		s.ctx, s.end = nil, func() {}
		rest()
	}
}

// launchHub lets the hub write down what is delivered; rest ends that, after
// the engine.
func (s *syncing) launchHub(ctx context.Context) (rest func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.hub.Run(ctx)
	}()
	return func() { cancel(); <-ended }
}

// launch lets the engine work, when it is to.
func (s *syncing) launch() {
	if s.ctx == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	engine, ended := s.engine.Load(), make(chan struct{})
	go func() {
		defer close(ended)
		if err := engine.Run(ctx); err != nil {
			s.app.log.Error("syncing ended", "err", err)
		}
	}()
	s.end = func() { cancel(); <-ended }
}

// swap ends the engine, changes what the destinations are made from, and goes
// on with an engine for those that there are then.
func (s *syncing) swap(ctx context.Context, change func() error) error {
	s.swapping.Lock()
	defer s.swapping.Unlock()
	s.end()
	s.end = func() {}
	// Somebody waits for what this does; it is not the start of a chain's
	// machines.
	s.config.Sync.FirstContact = 0
	err := errors.Join(change(), s.build(ctx))
	s.launch()
	return err
}
