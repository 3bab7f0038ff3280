package storetest

import (
	"sync"
	"time"
)

// Clock is a clock that moves only when told to.
type Clock struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
	// waiting are those who asked to be told later.
	waiting []chan time.Time
	asked   sync.Cond
}

// Start is where the clock of a new shop stands.
var Start = time.Date(2026, 1, 27, 10, 30, 0, 0, time.UTC)

// NewClock gives a clock that stands at a moment.
func NewClock(at time.Time) *Clock {
	c := &Clock{wall: at}
	c.asked.L = &c.mu
	return c
}

// Wall is what the clock shows.
func (c *Clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

// Mono is how far the clock was moved on.
func (c *Clock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mono
}

// After sends when a Shop looks, and never by itself: what time asks for is
// else done when commands come.
func (c *Clock) After(time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := make(chan time.Time, 1)
	c.waiting = append(c.waiting, told)
	c.asked.Broadcast()
	return told
}

// fire tells those who wait, and returns when one has asked again.
func (c *Clock) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) == 0 {
		c.asked.Wait()
	}
	for _, told := range c.waiting {
		told <- c.wall
	}
	c.waiting = nil
	for len(c.waiting) == 0 {
		c.asked.Wait()
	}
}

// forget drops those who waited and have ended.
func (c *Clock) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = nil
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono = c.wall.Add(d), c.mono+d
}

// Step moves the wall clock without time passing.
func (c *Clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}
