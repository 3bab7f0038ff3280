package central

import (
	"context"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

// mail wakes the long polls of stores that have new commands.
type mail struct {
	mu       sync.Mutex
	watchers map[store.ID]map[chan struct{}]bool
	closed   bool
}

func newMail() *mail { return &mail{watchers: map[store.ID]map[chan struct{}]bool{}} }

// mostPolls is how many long polls one store may have: it needs one, and those
// of a network that came and went end by themselves.
const mostPolls = 8

// watch gives a channel that tells about new commands of a store; leave ends
// the watching. Code: rate_limited.
func (m *mail) watch(id store.ID) (came <-chan struct{}, leave func(), err error) {
	ch := make(chan struct{}, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.watchers[id]) >= mostPolls {
		return nil, nil, away(id, "This store asks for commands too often at once.")
	}
	if m.watchers[id] == nil {
		m.watchers[id] = map[chan struct{}]bool{}
	}
	m.watchers[id][ch] = true
	return ch, func() { m.forget(id, ch) }, nil
}

func (m *mail) forget(id store.ID, ch chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watchers[id], ch)
	if len(m.watchers[id]) == 0 {
		delete(m.watchers, id)
	}
}

func tell(watchers map[chan struct{}]bool) {
	for ch := range watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// arrived tells who watches a store.
func (m *mail) arrived(id store.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	tell(m.watchers[id])
}

// ring tells who watches the stores that commands were just sent to.
func (m *mail) ring(sent []store.SentCommand) {
	for _, c := range sent {
		m.arrived(c.Store)
	}
}

// everyone tells all: something may have been missed.
func (m *mail) everyone() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.watchers {
		tell(w)
	}
}

// open tells whether anybody may still wait.
func (m *mail) open() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.closed
}

// close ends all waiting.
func (m *mail) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.everyone()
}

// lookAgain is how long to wait before listening anew after the database went
// away.
const lookAgain = 2 * time.Second

// listen hears about commands that any copy of central wrote, until ctx ends.
func (c *Central) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.hear(ctx); ctx.Err() == nil {
			c.log.Warn("listening for commands stopped and begins again", "error", err)
			select {
			case <-ctx.Done():
			case <-c.clock.After(lookAgain):
			}
		}
	}
}

// hear holds one connection of its own.
func (c *Central) hear(ctx context.Context) error {
	pooled, err := c.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it is gone either way
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	c.mail.everyone()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if id, ok := store.ParseID(n.Payload); ok {
			c.mail.arrived(id)
		}
	}
}
