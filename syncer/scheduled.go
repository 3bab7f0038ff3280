package syncer

import (
	"time"

	"github.com/shelfd/shelfd/store"
)

// Scheduled is a Target with a schedule of its own for the tries after a
// failure, which may be so far apart that a start of the program does not end
// the wait.
type Scheduled interface {
	// Longest is the longest wait there is; Failure.After says each.
	Longest() time.Duration
}

// Follower is a Target that is told what happens and is no place to sync with:
// a run goes there only by name, and that a run ended is news for it at once.
type Follower interface{ Follows() }

// earlyEvery is how often a destination at most is tried before its time.
const earlyEvery = 5 * time.Minute

// rest gives how much of a wait is left that a target with a schedule of its
// own began before the start. It is never more than that schedule says: the
// clock may have been set back meanwhile.
func (w *worker) rest(known store.Destination) time.Duration {
	s, ok := w.to.Target.(Scheduled)
	if !ok || known.Failures == 0 || known.NextTry == 0 {
		return 0
	}
	return min(max(0, known.NextTry.Sub(w.e.now())), s.Longest())
}

// reached tells those that wait long because nothing was reached that somebody
// else was: the network is back. The engine's lock is held.
func (e *Engine) reached(by *worker) {
	now := e.Clock.Mono()
	for _, w := range e.workers {
		_, scheduled := w.to.Target.(Scheduled)
		waits := w != by && w.offline && w.record.State == store.DestinationWaiting
		if !scheduled || !waits || w.early != 0 && now-w.early < earlyEvery {
			continue
		}
		w.early = now
		w.pending, w.notBefore, w.hold = true, 0, 0
		w.wakeUp()
	}
}

// follows tells whether a destination only follows.
func (w *worker) follows() bool {
	_, ok := w.to.Target.(Follower)
	return ok
}

// tellFollowers lets those that follow know that a run ended, which wakes
// nobody else. The engine's lock is held.
func (e *Engine) tellFollowers() {
	for _, w := range e.workers {
		if w.follows() {
			w.pending = true
			w.wakeUp()
		}
	}
}
