package syncer

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
)

var _ Ledger = (*store.Ledger)(nil)

var _ Records = (*sqlite.DB)(nil)

// chain is a destination that keeps the entries it is sent, as central does.
type chain struct {
	mu    sync.Mutex
	head  store.Head
	calls []string
	// synced is when it says that it got the head, 0 for nothing.
	synced store.Instant
	// compared counts full runs, forced those with force.
	compared, forced int
	// fault is asked before every call and every batch; nil lets it through.
	fault func(ctx context.Context, call string) error
	// most is how many entries go in a step.
	most int
	// left is what a Compare reports that is still to do.
	left int64
}

func (c *chain) call(ctx context.Context, name string) error {
	c.mu.Lock()
	c.calls = append(c.calls, name)
	fault := c.fault
	c.mu.Unlock()
	if fault != nil {
		return fault(ctx, name)
	}
	return nil
}

// Cursor gives what arrived, known to the store or not.
func (c *chain) Cursor(ctx context.Context) (store.Head, store.Instant, error) {
	if err := c.call(ctx, "cursor"); err != nil {
		return store.Head{}, 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head, c.synced, nil
}

// Push takes entries that continue the chain, and nothing else.
func (c *chain) Push(ctx context.Context, l Ledger, from store.Head, upTo int64, step func(Step) error) error {
	for from.Seq < upTo {
		if err := c.call(ctx, "push"); err != nil {
			return err
		}
		c.mu.Lock()
		if c.head.Seq != from.Seq || c.head.Hash != from.Hash {
			c.mu.Unlock()
			return &Failure{Class: Alarm, Code: "gap"}
		}
		to := min(upTo, from.Seq+int64(max(1, c.most)))
		if c.most == 0 {
			to = upTo
		}
		n := to - from.Seq
		err := l.Journal().Scan(ctx, from.Seq, to, func(s *store.Stored) error {
			if c.head.Hash.Next(s.Bytes) != s.Hash {
				return errors.New("the chain does not continue")
			}
			c.head = store.Head{Epoch: 1, Seq: s.Seq, Hash: s.Hash}
			return nil
		})
		from = c.head
		c.mu.Unlock()
		if err != nil {
			return err
		}
		if err := c.call(ctx, "ack"); err != nil {
			return err
		}
		if err := step(Step{Cursor: from, Counts: store.RunCounts{Scanned: n, Sent: n}}); err != nil {
			return err
		}
	}
	return nil
}

// Compare counts.
func (c *chain) Compare(ctx context.Context, _ Ledger, force bool, step func(Step) error) error {
	if err := c.call(ctx, "compare"); err != nil {
		return err
	}
	c.mu.Lock()
	c.compared++
	if force {
		c.forced++
	}
	left := c.left
	c.mu.Unlock()
	return step(Step{SyncedAt: 0, Left: left})
}

// saw gives the calls since the last time it was asked.
func (c *chain) saw() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

func (c *chain) has() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head.Seq
}

// fail makes every call fail, or none with nil.
func (c *chain) fail(f *Failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = nil
	if f != nil {
		c.fault = func(context.Context, string) error { return f }
	}
}

// bench is an engine at work over a real ledger, in simulated time.
type bench struct {
	*storetest.Shop
	*Engine
	t    testing.TB
	db   *sqlite.DB
	cfg  Config
	deps Deps
	item store.ID
	// stop ends the engine and waits until it has ended.
	stop func()
}

// simulate runs a test in simulated time. The ledger keeps channels in a pool,
// and those of one simulation are of no use to the next; two collections empty
// a pool.
func simulate(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	synctest.Test(t, f)
}

// open starts an engine over a shop with one item of 1,000 units. Targets are
// named a, b and so on; the first is the primary one.
func open(t testing.TB, edit func(*bench), targets ...Target) *bench {
	t.Helper()
	b := &bench{t: t, Shop: storetest.OpenAt(t, store.SystemClock())}
	b.db = b.Journal().(*sqlite.DB)
	b.item = b.Stocked("A", 1000)
	for i, target := range targets {
		b.cfg.Destinations = append(b.cfg.Destinations, Destination{
			Name: string(rune('a' + i)), Kind: "test", Primary: i == 0, Target: target,
		})
	}
	b.deps = Deps{
		Ledger: b.Shop.Ledger, Records: b.db, Clock: store.SystemClock(), NewID: storetest.NewID,
		Random: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	}
	if edit != nil {
		edit(b)
	}
	b.start()
	return b
}

// start makes an engine over the records and lets it run.
func (b *bench) start() {
	b.t.Helper()
	var err error
	if b.Engine, err = New(b.t.Context(), b.cfg, b.deps); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	engine := b.Engine
	go func() {
		defer close(ended)
		_ = engine.Run(ctx)
	}()
	b.stop = sync.OnceFunc(func() { cancel(); <-ended })
	b.t.Cleanup(b.stop)
	synctest.Wait()
}

// restart ends the engine and starts another over the same records.
func (b *bench) restart() {
	b.t.Helper()
	b.stop()
	b.start()
}

// sell appends one movement and lets everybody come to rest.
func (b *bench) sell() {
	b.t.Helper()
	b.Adjust(b.item, -1, store.Sale)
	synctest.Wait()
}

// pass lets time pass, and everybody come to rest.
func pass(d time.Duration) {
	wait(d)
	synctest.Wait()
}

// wait waits for so much simulated time.
func wait(d time.Duration) { <-store.SystemClock().After(d) }

// ask asks for a run and gives it as it stood then.
func (b *bench) ask(syncType, destination string) *store.Run {
	b.t.Helper()
	run, _, err := b.Request(b.t.Context(), storetest.Request, store.RunRequest{Type: syncType, Destination: destination})
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

// finished gives a run that has to have finished, with a status and error.
func (b *bench) finished(id store.ID, status, code string) *store.Run {
	b.t.Helper()
	synctest.Wait()
	run, ok := b.Find(id)
	if !ok || run.Status != status || run.Error != code {
		b.t.Fatalf("the run is %+v, want %s %s", run, status, code)
	}
	if n := len(b.events(id)); n != 1 || run.FinishedAt == 0 || run.Left != 0 {
		b.t.Fatalf("%d events tell of the run %+v", n, run)
	}
	return run
}

// events gives the seqs of the events that a run ended with.
func (b *bench) events(id store.ID) (seqs []int64) {
	b.t.Helper()
	err := b.db.Scan(b.t.Context(), 0, b.Head().Seq, func(s *store.Stored) error {
		e, err := s.Entry()
		if err == nil && e.Event != nil && e.Event.Type == store.EventSyncRun {
			f, err := b.Fact(b.t.Context(), e.Position)
			if err != nil {
				return err
			}
			if f.Of.(*store.Run).ID == id {
				seqs = append(seqs, s.Seq)
			}
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return seqs
}

// state gives how a destination stands.
func (b *bench) state(name string) store.DestinationStatus {
	b.t.Helper()
	list, err := b.Status(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	n := slices.IndexFunc(list, func(s store.DestinationStatus) bool { return s.Name == name })
	return list[n]
}

func isCalls(t testing.TB, c *chain, want ...string) {
	t.Helper()
	if got := c.saw(); !slices.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
}
