package syncer

import (
	"context"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// lookEvery is how often the wall clock is looked at, at least: it may
	// step, which no timer says.
	lookEvery = time.Minute
	// stepBack is how far the wall clock must go back at once to count as set.
	stepBack = 2 * time.Minute
)

// keeper starts jobs when they are due by the wall clock of a place and, since
// that may stand still or jump, never leaves one silent for more than twice its
// interval of time that really passed.
type keeper struct {
	clock store.Clock
	// mu guards what the jobs say is due next.
	mu   *sync.Mutex
	jobs []*job
	// mono and shown are what the clocks said at the last look.
	mono  time.Duration
	shown time.Time
}

// job is one thing that the keeper starts.
type job struct {
	*schedule
	name, syncType string
	// start starts it; it must not block. zone is where it is due.
	start func(context.Context)
	zone  func() *time.Location
	// late is how much later than scheduled it is due, so that stores do not
	// come together.
	late time.Duration
	// last is when it was started last, in monotonic time.
	last time.Duration
	// due is when it is due next by the wall clock.
	due time.Time
}

// add takes a job that has been silent for some time already.
func (k *keeper) add(j *job, silent time.Duration) {
	j.last = k.clock.Mono() - silent
	k.jobs = append(k.jobs, j)
	k.plan(j, k.clock.Wall())
}

// spare keeps the backstop of a destination's jobs from starting any before a
// time, such as when many stores come back at once.
func (k *keeper) spare(name string, until time.Duration) {
	for _, j := range k.jobs {
		if j.name == name {
			j.last = max(j.last, until-j.backstop())
		}
	}
}

// plan sets when a job is due next.
func (k *keeper) plan(j *job, wall time.Time) {
	due := j.after(wall.Add(-j.late), j.zone()).Add(j.late)
	k.mu.Lock()
	j.due = due
	k.mu.Unlock()
}

// due is when the job of a destination is due next, zero without one; the
// lock is held.
func (k *keeper) due(name, syncType string) store.Instant {
	for _, j := range k.jobs {
		if j.name == name && j.syncType == syncType {
			return store.InstantOf(j.due)
		}
	}
	return 0
}

// run starts what is due until ctx ends.
func (k *keeper) run(ctx context.Context) {
	k.mono, k.shown = k.clock.Mono(), k.clock.Wall()
	for {
		wait := k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-k.clock.After(wait):
		}
	}
}

// look starts the jobs that are due, and gives how long to wait before the
// next look. After the clock was set back they are due by the new time.
func (k *keeper) look(ctx context.Context) time.Duration {
	mono, wall := k.clock.Mono(), k.clock.Wall()
	setBack := (mono-k.mono)-wall.Sub(k.shown) > stepBack
	k.mono, k.shown = mono, wall
	wait := lookEvery
	for _, j := range k.jobs {
		if setBack {
			k.plan(j, wall)
		}
		if !wall.Before(j.due) || mono-j.last >= j.backstop() {
			j.start(ctx)
			j.last = mono
			k.plan(j, wall)
		}
		wait = min(wait, j.due.Sub(wall), j.last+j.backstop()-mono)
	}
	return max(wait, time.Millisecond)
}

// backstop is how long a job may be silent, whatever the wall clock does: a
// little less than twice its interval.
func (j *job) backstop() time.Duration { return 2*j.interval - min(lookEvery, j.interval/4) }
