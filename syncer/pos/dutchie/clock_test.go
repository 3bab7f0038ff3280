package dutchie

import (
	"sync"
	"time"
)

// stillClock stands still but for what a test adds; waiting takes no time.
type stillClock struct {
	mu     sync.Mutex
	at     time.Time
	waited []time.Duration
}

func newClock() *stillClock {
	return &stillClock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *stillClock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stillClock) Mono() time.Duration { return c.Wall().Sub(newClock().at) }

// After has the time passed at once.
func (c *stillClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.waited = append(c.waited, d)
	done := make(chan time.Time, 1)
	done <- c.at
	return done
}

// pass lets time pass.
func (c *stillClock) pass(d time.Duration) { <-c.After(d) }
