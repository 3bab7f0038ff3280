package syncer

import (
	"context"
	"errors"
	"time"

	"github.com/shelfd/shelfd/store"
)

// Ledger is what the engine and its targets need of a store's ledger.
type Ledger interface {
	Head() store.Head
	// Now is the time that would be recorded, and whether it is trusted.
	Now() (store.Instant, bool)
	// Watch signals commits; what was a finished run only signals nothing.
	Watch() (signal <-chan struct{}, stop func())
	Do(ctx context.Context, r store.Request, cmd store.Command) (store.Receipt, error)
	// Answered gives what a request with this key was answered, if it was.
	Answered(ctx context.Context, r store.Request) (store.Receipt, bool, error)
	Journal() store.Journal

	// Branch is where the current epoch left the one before; Again how far
	// entries of that were appended again; Command the newest command obeyed.
	Branch() (store.Position, store.Hash)
	Again() store.Position
	Command() int64
	StateDigest() (store.Head, [32]byte)

	Stats() store.Stats
	Runs() []*store.Run
	Item(id store.ID) (*store.Item, bool)
	Items(f store.ItemFilter, offset, limit int) (page []*store.Item, total int)
	Locations() []*store.Location
	Location(id store.ID) (*store.Location, bool)
}

// Target is one kind of destination. The engine calls one method at a time,
// from one goroutine, and is called back by step from one goroutine at a time.
// A method whose ctx ends returns soon, with nothing left running. Errors are *Failure; any other error, and a panic, counts as one to
// retry.
type Target interface {
	// Cursor asks where the destination stands, and when it confirmed that, 0
	// when it does not say. Its answer wins over what was kept. A target whose
	// destination keeps no cursor gives ErrNoCursor.
	Cursor(ctx context.Context) (at store.Head, syncedAt store.Instant, err error)
	// Push brings the destination from a cursor to at most upTo and reports
	// each confirmed step. It returns nil only when the destination has
	// everything up to upTo. from may be ahead of the ledger, or on another
	// branch, when the destination knows what a restored store does not.
	Push(ctx context.Context, l Ledger, from store.Head, upTo int64, step func(Step) error) error
	// Compare makes sure that the destination equals the ledger: a full run,
	// after a Push. With force it sends everything, whatever was confirmed.
	Compare(ctx context.Context, l Ledger, force bool, step func(Step) error) error
}

// Listener is a Target that also brings something down by itself, such as
// commands. Beside everything else the engine calls Listen once a Push has
// confirmed something, so that a restored ledger is brought up to date first,
// and again some time after it returned; a Failure of class Pause pauses the
// destination.
type Listener interface {
	// Listen waits for what comes down, and takes it, until ctx ends.
	Listen(ctx context.Context, l Ledger) error
}

// Keeper is a Target that has something to write down before its cursor is: a
// cursor that was saved never runs ahead of that.
type Keeper interface {
	// Keep writes it down.
	Keep(ctx context.Context) error
}

// ErrNoCursor is what Target.Cursor gives for a destination that keeps none.
var ErrNoCursor = errors.New("the destination keeps no cursor")

// Step is what a target reports each time something is safe. An error that
// comes back ends the attempt.
type Step struct {
	// Cursor is the newest entry that the destination now safely has: Epoch,
	// Seq and Hash. It is zero when the step is not about entries.
	Cursor store.Head
	// SyncedAt is when that was confirmed, by the destination's word or the
	// store's clock; 0 for now.
	SyncedAt store.Instant
	// Counts are what the step adds to those of a run.
	Counts store.RunCounts
	// Verdicts is how many more entries are stored there but not usable;
	// Command the newest command taken, 0 when that is not known.
	Verdicts, Command int64
	// Left is how much is still to do after this step, for the progress of a
	// Compare; the progress of a Push is known by its cursor.
	Left int64
	// Sending says that entries up to this seq are about to be sent to a
	// destination that cannot be asked what it has; it is durable when the
	// report returns. Negative: what was about to be sent did not arrive. 0 for
	// everything else.
	Sending int64
}

// Class says what to do about a failure.
type Class uint8

const (
	// Retry is for what may go away by itself: tried again, with back-off.
	Retry Class = iota
	// Pause is for what does not go away by itself: nothing more is tried until
	// somebody resumes the destination.
	Pause
	// Alarm is for what should not happen: said loudly, and tried again once an
	// hour or when somebody asks.
	Alarm
)

// String names the class for logs.
func (c Class) String() string { return [...]string{"retry", "pause", "alarm"}[c] }

// Failure is the error of an attempt that ended early.
type Failure struct { //nolint:errname // It is the outcome of an attempt, which is also shown and kept.
	Class Class
	// Code is stable and for programs, Detail a sentence for people.
	Code, Detail string
	// Unknown: something was sent, and whether it arrived cannot be told.
	Unknown bool
	// Offline: nothing was reached at all, as when the network is away.
	Offline bool
	// RetryAfter is how long the destination asked to be left alone, at least.
	RetryAfter time.Duration
	// After is when the next try is by the target's own schedule, from now; 0
	// for the engine's back-off.
	After time.Duration
	// Err is the private cause, for the log.
	Err error
}

// Error gives code, detail and cause, for logs.
func (f *Failure) Error() string {
	s := f.Code
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap gives the private cause.
func (f *Failure) Unwrap() error { return f.Err }
