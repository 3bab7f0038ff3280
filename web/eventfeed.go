package web

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// maxFeeds is how many clients may follow the live feed at once.
	maxFeeds         = 1000
	feedRetrySeconds = 5
	// feedPage is how many entries are read at once.
	feedPage = 256
	// feedPace is how often clients are woken at most: what happens meanwhile is
	// written at once.
	feedPace = 25 * time.Millisecond
	// feedLook is how often the ledger is looked at unasked: a finished sync run
	// wakes nobody.
	feedLook = time.Second
)

// feed reads the ledger once for all clients of the live feed. It reads while
// there are any.
type feed struct {
	ledger *store.Ledger
	clock  store.Clock
	log    *slog.Logger

	mu      sync.Mutex
	clients int
	ring    *ring
	stop    context.CancelFunc
	ending  chan struct{}
	ended   bool
	reading sync.WaitGroup
}

func newFeed(d Deps) *feed {
	return &feed{ledger: d.Ledger, clock: d.Clock, log: d.Log, ending: make(chan struct{})}
}

// join gives a client what is read, and leave to call at its end; ok is false
// when there are too many, or the server stops.
func (f *feed) join() (r *ring, leave func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || f.clients == maxFeeds {
		return nil, nil, false
	}
	if f.clients++; f.clients == 1 {
		ctx, stop := context.WithCancel(context.Background())
		f.ring, f.stop = newRing(f.ledger.Head()), stop
		started := f.ring
		f.reading.Go(func() { f.read(ctx, started) })
	}
	return f.ring, f.leave, true
}

func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.clients--; f.clients == 0 {
		f.stop()
	}
}

// end sends the clients away and takes no more.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.ended = true
		close(f.ending)
	}
}

// wait returns when nothing is read any more.
func (f *feed) wait() { f.reading.Wait() }

// read keeps a ring up with the ledger until ctx ends.
func (f *feed) read(ctx context.Context, r *ring) {
	changed, stop := f.ledger.Watch()
	defer stop()
	look := f.clock.After(feedLook)
	for ctx.Err() == nil {
		if f.advance(ctx, r) {
			select {
			case <-ctx.Done():
			case <-f.clock.After(feedPace):
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-look:
			look = f.clock.After(feedLook)
		}
	}
}

// advance reads up to the newest entry, and tells whether there was any.
func (f *feed) advance(ctx context.Context, r *ring) (more bool) {
	head := f.ledger.Head()
	for r.upTo < head.Seq {
		upTo := min(head.Seq, r.upTo+feedPage)
		events, err := f.page(ctx, r.upTo, upTo)
		if err != nil {
			if ctx.Err() == nil {
				f.log.Error("the live feed cannot read the ledger", "after", r.upTo, "err", err)
			}
			return true
		}
		at := store.Position{}
		if upTo == head.Seq {
			at = store.Position{Epoch: head.Epoch, Seq: head.Seq}
		}
		r.add(events, upTo, at)
		more = true
	}
	return more
}

// page gives the events of the entries with after < seq ≤ upTo. Entries that
// are about what is not here are logged and left out: they would stand in the
// way of all others.
func (f *feed) page(ctx context.Context, after, upTo int64) (events []event, err error) {
	var rows []store.Stored
	err = f.ledger.Journal().Scan(ctx, after, upTo, func(s *store.Stored) error {
		row := *s
		row.Bytes = bytes.Clone(s.Bytes)
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		told, err := f.ledger.News(ctx, &rows[i])
		if store.CodeOf(err) == store.CodeNotFound {
			f.log.Error("an entry could not be told in the live feed", "seq", rows[i].Seq, "err", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		for n := range told {
			events = append(events, newEvent(&told[n], n+1))
		}
	}
	return events, nil
}
