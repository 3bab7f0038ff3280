package test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	uplink "github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
)

// shop is one simulated store: a real ledger on disk and a real syncer, in
// this process, so that a fleet of them fits.
type shop struct {
	*storetest.Shop
	t        *testing.T
	url, key string
	items    []store.ID
	random   *rand.Rand
	clock    store.Clock
	// wire carries the requests, nil for the plain network.
	wire *counted

	engine *syncer.Engine
	stop   context.CancelFunc
	done   chan struct{}
}

// skewed is the machine's clock, set wrong.
type skewed struct {
	store.Clock
	by time.Duration
}

func (s skewed) Wall() time.Time { return s.Clock.Wall().Add(s.by) }

// openShop opens the n-th store of a fleet, whose clock is wrong by skew, and
// enrols it at central with a code.
func openShop(t *testing.T, n int, url, code string, skew time.Duration) *shop {
	t.Helper()
	s := &shop{
		t: t, url: url, clock: skewed{store.SystemClock(), skew},
		random: rand.New(rand.NewPCG(uint64(n), 7)),
	}
	s.Shop = storetest.OpenAt(t, s.clock)
	for i := range 12 {
		s.items = append(s.items, s.Stocked(storetest.Row(n%3*5+i, 0).SKU, 500))
	}
	enrolled, err := uplink.Enrol(t.Context(), uplink.Config{URL: url, Version: "test"}, s.deps(), wire.Enrolment{Code: code, Store: s.Meta().Store})
	if err != nil {
		t.Fatal(err)
	}
	s.key = enrolled.Key
	return s
}

func (s *shop) deps() uplink.Deps {
	d := uplink.Deps{Clock: s.clock, Log: slog.New(slog.DiscardHandler), Transport: &http.Transport{DisableCompression: true}}
	if s.wire != nil {
		d.Transport = s.wire
	}
	return d
}

// sync starts the syncer; every push begins at once.
func (s *shop) sync() {
	s.t.Helper()
	client, err := uplink.New(uplink.Config{URL: s.url, Key: s.key, Version: "test", Timeout: 5 * time.Second}, s.deps())
	if err != nil {
		s.t.Fatal(err)
	}
	var mu sync.Mutex
	s.engine, err = syncer.New(s.t.Context(), syncer.Config{
		Store:        s.Meta().Store,
		Destinations: []syncer.Destination{{Name: "central", Kind: "central", Primary: true, Target: client}},
	}, syncer.Deps{
		Ledger: s.Ledger, Records: s.Journal().(*sqlite.DB), Clock: s.clock, NewID: storetest.NewID,
		Log: slog.New(slog.DiscardHandler),
		Random: func() float64 {
			mu.Lock()
			defer mu.Unlock()
			return rand.Float64() / 10 // tests are in a hurry
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.engine.Run(ctx)
	}()
}

// unplug ends the syncer, as the end of the process would.
func (s *shop) unplug() {
	if s.stop != nil {
		s.stop()
		<-s.done
		s.stop = nil
	}
}

// work does a few things that a shop does.
func (s *shop) work(times int) {
	s.t.Helper()
	for range times {
		item := s.items[s.random.IntN(len(s.items))]
		units := int64(1 + s.random.IntN(3))
		switch s.random.IntN(10) {
		case 0:
			s.Adjust(item, units*20, store.Return)
		case 1:
			s.Must(&store.Reserve{Item: item, Quantity: store.Quantity(units * 10_000), Seconds: 3600})
		case 2:
			product, _ := s.Item(item)
			s.Must(&store.EditProduct{ID: product.Product.ID, Edit: func(p *store.Product) { p.UnitPrice += 1_0000 }})
		default:
			_, err := s.Do(s.t.Context(), storetest.Request, &store.Adjust{
				Item: item, Change: -store.Quantity(units * 10_000), Reason: store.Sale, Notes: "as it comes",
			})
			if err != nil && store.CodeOf(err) != store.CodeInsufficientStock {
				s.t.Error(err)
			}
		}
	}
}

// caughtUp tells whether central has confirmed the ledger's newest entry.
func (s *shop) caughtUp() bool {
	status, err := s.engine.Status(s.t.Context())
	if err != nil {
		s.t.Error(err)
		return true
	}
	head := s.Head()
	return status[0].Cursor.Seq == head.Seq && status[0].Cursor.Hash == head.Hash
}

// state tells how the destination stands, for a failing test.
func (s *shop) state() store.DestinationStatus {
	status, err := s.engine.Status(context.Background())
	if err != nil || len(status) == 0 {
		return store.DestinationStatus{}
	}
	return status[0]
}
