package central

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// gate lets a bounded number of requests work at once, first come first
// served, and sends away those that would wait behind too many.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
	// bodies bounds the bodies that are being received: slow links hold no slot.
	bodies chan struct{}
	// arrive is how long a body may take to do so.
	arrive time.Duration
}

// crowd is how many wait, and how many bodies arrive, for each that works.
const crowd = 4

func (g *gate) size(inFlight int, arrive time.Duration) {
	g.arrive = arrive
	g.slots, g.bodies = make(chan struct{}, inFlight), make(chan struct{}, crowd*inFlight)
	g.most = int64(crowd * inFlight)
}

// enter waits for a slot; leave gives it back. Code: rate_limited.
func (g *gate) enter(ctx context.Context, who store.ID) (leave func(), err error) {
	if g.waiting.Add(1) > g.most {
		g.waiting.Add(-1)
		return nil, away(who, crowded)
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-ctx.Done():
		return nil, away(who, crowded)
	}
}

// receive lets a body in, unless too many are arriving. Code: rate_limited.
func (g *gate) receive(who store.ID) (leave func(), err error) {
	select {
	case g.bodies <- struct{}{}:
		return func() { <-g.bodies }, nil
	default:
		return nil, away(who, crowded)
	}
}

const crowded = "Too many stores are here at once."

// away sends a store away for a while.
func away(who store.ID, why string) error {
	p := wire.NewProblem(wire.ProblemRateLimited, why)
	p.RetryAfter = spread(who)
	return p
}

// turns lets one request at a time work on a store, so that others of the same
// store wait without holding a connection.
type turns struct {
	mu    sync.Mutex
	lines map[store.ID]*line
}

// line is who waits for one store's turn.
type line struct {
	turn  chan struct{}
	users int
}

// errClosed says that the wait for a turn ended without one.
var errClosed = errors.New("gave up waiting")

func (t *turns) enter(ctx context.Context, id store.ID) (leave func(), err error) {
	t.mu.Lock()
	if t.lines == nil {
		t.lines = map[store.ID]*line{}
	}
	l := t.lines[id]
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
		t.lines[id] = l
	}
	l.users++
	t.mu.Unlock()
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn; t.drop(id, l) }, nil
	case <-ctx.Done():
		t.drop(id, l)
		return nil, errors.Join(errClosed, ctx.Err())
	}
}

func (t *turns) drop(id store.ID, l *line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(t.lines, id)
	}
}
