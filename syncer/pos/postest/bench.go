package postest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// name is that of the destination.
const name = "till"

// units gives so many whole units.
func units(n int64) store.Quantity { return store.Quantity(n * 10_000) }

// Bench is a shop whose stock is brought up to date at a simulated point of
// sale, by the real engine.
type Bench struct {
	*storetest.Shop
	Sim    Sim
	Target *pos.Target
	Desk   *pos.Desk
	Engine *syncer.Engine
	Caps   pos.Capabilities
	// Items are the rows of products 1 and up; index 0 is of none.
	Items []store.ID

	t    testing.TB
	db   *sqlite.DB
	cfg  pos.Config
	stop func()
}

// products is how many a bench begins with, each with stock of 100.
const products = 5

// Open opens a shop and a simulated point of sale that has the same stock, and
// brings them together once.
func Open(t testing.TB, sim Sim, edits ...func(*pos.Config)) *Bench {
	t.Helper()
	b := Lay(t, sim, edits...)
	b.Sync(store.SyncFull)
	return b
}

// Lay is Open before the two have met.
func Lay(t testing.TB, sim Sim, edits ...func(*pos.Config)) *Bench {
	t.Helper()
	b := &Bench{Shop: storetest.OpenAt(t, store.SystemClock()), Sim: sim, t: t, Items: []store.ID{{}}}
	b.db = b.Journal().(*sqlite.DB)
	b.cfg = pos.Config{
		Name: name, Kind: &pos.Kind{Name: "test", Title: "the till"}, Location: b.Location, Books: true,
		Grace: 1, Rooms: map[store.Room]string{store.SalesFloor: sim.Room()},
	}
	if sim.Room() == "" {
		b.cfg.Rooms = nil
	}
	for _, edit := range edits {
		edit(&b.cfg)
	}
	for n := 1; n <= products; n++ {
		b.Add(n, 100, 100)
	}
	b.Start()
	return b
}

// tag is the package tag of product n.
func tag(n int) string { return fmt.Sprintf("1A4060300000000000%06d", n) }

// Add makes product n with a package, here and there.
func (b *Bench) Add(n int, here, there int64) {
	b.t.Helper()
	sku := fmt.Sprintf("SKU-%d", n)
	b.Sim.Add(n, sku, tag(n), units(there))
	product := b.AddProduct(sku, func(p *store.Product) {
		if sim, ok := b.Sim.(namer); ok {
			p.ExternalID = sim.Product(n)
		}
	})
	made := b.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = product, tag(n) }})
	lot := made.Facts[0].Of.(*store.Lot)
	opened := b.Must(&store.OpenItem{
		Product: product, Location: b.Location, Lot: lot.ID, Room: store.SalesFloor, Opening: units(here),
	})
	b.Items = append(b.Items, opened.Facts[0].Of.(*store.Item).ID)
}

// namer is a Sim whose point of sale does not say SKUs: it tells its own ids,
// as somebody who sets up a shop would look them up.
type namer interface{ Product(n int) string }

// Start lets an engine work over the records, as the program does when it
// starts.
func (b *Bench) Start() {
	b.t.Helper()
	connector := b.Sim.Connector(b.t, store.SystemClock())
	b.Caps = connector.Capabilities()
	log := slog.New(slog.DiscardHandler)
	var err error
	b.Target, err = pos.New(b.t.Context(), b.cfg, pos.TargetDeps{
		Ledger: b.Ledger, Records: b.db, Connector: connector, Clock: store.SystemClock(), NewID: storetest.NewID, Log: log,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Desk = pos.NewDesk([]*pos.Target{b.Target})
	// The engine pushes when it is asked to, not when something listens: pulls
	// are made by hand, so that tests know when.
	b.Engine, err = syncer.New(b.t.Context(), syncer.Config{Destinations: []syncer.Destination{{
		Name: name, Kind: "test", LocationID: b.Location, Primary: true, Target: deaf{b.Target},
	}}}, syncer.Deps{
		Ledger: b.Ledger, Records: b.db, Clock: store.SystemClock(), NewID: storetest.NewID,
		Random: func() float64 { return 0 }, Log: log,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context())) // It outlives the test's own by as long as the engine needs to end.
	ended := make(chan struct{})
	engine := b.Engine
	go func() {
		defer close(ended)
		_ = engine.Run(ctx)
	}()
	b.stop = sync.OnceFunc(func() { cancel(); <-ended })
	b.t.Cleanup(b.stop)
}

// deaf is a target that nothing is pulled through.
type deaf struct{ syncer.Target }

// Resend passes it on.
func (d deaf) Resend(ctx context.Context, l syncer.Ledger, q store.Quarantined) (bool, error) {
	return d.Target.(syncer.Resender).Resend(ctx, l, q)
}

// Stop ends the engine, whatever it is doing.
func (b *Bench) Stop() { b.stop() }

// Sync asks for a run and waits for its end.
func (b *Bench) Sync(kind string) *store.Run {
	b.t.Helper()
	run, _, err := b.Engine.Request(b.t.Context(), storetest.Request, store.RunRequest{Type: kind, Destination: name})
	if err != nil {
		b.t.Fatal(err)
	}
	if run, err = b.Engine.Wait(b.t.Context(), run.ID); err != nil {
		b.t.Fatal(err)
	}
	return run
}

// Pull looks at what was sold there, once.
func (b *Bench) Pull() {
	b.t.Helper()
	if err := b.Target.Pull(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// Damage books so many units of product n as damaged: every point of sale,
// and every register, is told of that.
func (b *Bench) Damage(n int, count int64) {
	b.t.Helper()
	b.Must(&store.Adjust{Item: b.Items[n], Change: -units(count), Reason: store.Damage, Notes: "broken"})
}

// Here gives the ledger's stock of product n.
func (b *Bench) Here(n int) store.Quantity {
	b.t.Helper()
	i, ok := b.Item(b.Items[n])
	if !ok {
		b.t.Fatalf("there is no item %d", n)
	}
	return i.Quantity
}

// Agree checks that both sides have so many units of product n.
func (b *Bench) Agree(n int, want int64) {
	b.t.Helper()
	if here, there := b.Here(n), b.Sim.Stock(n); here != units(want) || there != units(want) {
		b.t.Errorf("product %d: the ledger has %s and the point of sale %s, want %d", n, here, there, want)
	}
}

// Work lists the open work items.
func (b *Bench) Work() []store.WorkItem {
	b.t.Helper()
	list, err := b.db.ListWorkItems(b.t.Context(), store.WorkFilter{Open: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// Open lists the open differences after a comparison.
func (b *Bench) Open() []store.Case {
	b.t.Helper()
	list, err := b.Desk.ComparePOS(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// Status gives how the destination stands.
func (b *Bench) Status() store.DestinationStatus {
	b.t.Helper()
	list, err := b.Engine.Status(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return list[0]
}
