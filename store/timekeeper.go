package store

import (
	"sync"
	"time"
)

// stepTolerance is how far the wall clock may drift from monotonic time in one
// look before it counts as a step. NTP slews far less than this.
const stepTolerance = 2 * time.Minute

// timekeeper turns a clock that may lie into recorded_at, which never
// decreases. It advances monotonically from an anchor: the wall clock at
// start, or the last recorded moment when the wall clock is behind it. A wall
// clock that steps makes the time untrusted until it agrees again or the
// operator or central confirms it.
type timekeeper struct {
	clock Clock
	// mu lets readers peek; only the writer changes what it guards.
	mu     sync.Mutex
	anchor Instant
	mono   time.Duration
	last   Instant
	ok     bool
}

// clockStep is a jump of the wall clock, to be recorded as an event.
type clockStep struct {
	Expected Instant `json:"expected_at"`
	Wall     Instant `json:"wall_at"`
	OK       bool    `json:"clock_ok"`
}

// newTimekeeper anchors at the wall clock, or at last, the newest recorded_at
// of the ledger, when the wall clock is behind it: the first look then finds
// that it stepped back.
func newTimekeeper(c Clock, last Instant) *timekeeper {
	wall := InstantOf(c.Wall())
	k := &timekeeper{clock: c, anchor: wall, mono: c.Mono(), last: last, ok: true}
	if wall < last {
		k.anchor = last
	}
	return k
}

// now gives the time to record. step is not nil when the wall clock left or
// re-joined the monotonic time since the last look.
func (k *timekeeper) now() (now Instant, step *clockStep) {
	k.mu.Lock()
	defer k.mu.Unlock()
	mono, wall := k.clock.Mono(), InstantOf(k.clock.Wall())
	expected := k.anchor.Add(mono - k.mono)
	drift := wall.Sub(expected)
	agrees := drift.Abs() <= stepTolerance
	if agrees != k.ok {
		k.ok = agrees
		step = &clockStep{Expected: expected, Wall: wall, OK: agrees}
	}
	if agrees {
		k.anchor, k.mono, expected = wall, mono, wall
	}
	k.last = max(k.last, expected)
	return k.last, step
}

// peek gives the time that would be recorded, and whether it is trusted,
// without taking note of a step.
func (k *timekeeper) peek() (now Instant, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.reading()
	if r.Wall.Sub(r.Expected).Abs() <= stepTolerance {
		return max(k.last, r.Wall), true
	}
	return max(k.last, r.Expected), false
}

// reading compares the wall clock with the time that is recorded, as if the
// wall clock were right.
func (k *timekeeper) reading() clockStep {
	expected := k.anchor.Add(k.clock.Mono() - k.mono)
	return clockStep{Expected: expected, Wall: InstantOf(k.clock.Wall()), OK: true}
}

// confirm makes the wall clock the anchor: someone who knows says it is right.
func (k *timekeeper) confirm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.anchor, k.mono, k.ok = InstantOf(k.clock.Wall()), k.clock.Mono(), true
}
