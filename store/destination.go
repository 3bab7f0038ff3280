package store

// Destination is what is known about one place that the ledger is pushed to:
// where its cursor stands and how the last attempts went.
type Destination struct {
	Name string
	// Kind is central, or that of a POS connector.
	Kind string
	// LocationID is the only location it takes; the zero ID for all.
	LocationID ID
	// Primary tells whether last_sync of an item speaks of this destination.
	Primary bool
	// Cursor is the newest entry it safely has: Epoch, Seq and Hash. Its
	// RecordedAt and Note are not kept.
	Cursor Head
	State  DestinationState
	// Failures counts the attempts that failed since the last success; NextTry
	// is when the next one is due, zero for none.
	Failures int64
	NextTry  Instant
	// Code and Detail say why the last attempt failed, empty after a success.
	Code, Detail string
	// SyncedAt is when it last confirmed that it has everything up to Cursor.
	SyncedAt Instant
	// Command is the number of the newest command that was taken from it.
	Command int64
	// Verdicts counts the entries that it stored but could not use.
	Verdicts int64
	// Sending is the seq up to which entries were about to be sent when this
	// was written, and whether they arrived is not known; 0 for none.
	Sending int64
}

// DestinationStatus is a destination as it stands at this moment.
type DestinationStatus struct {
	Destination
	// Lag is how many entries it does not have yet; OldestUnsent is when the
	// first of them was recorded, zero for none.
	Lag          int64
	OldestUnsent Instant
	// NextIncremental and NextFull are when the next scheduled runs are due,
	// zero without a schedule.
	NextIncremental, NextFull Instant
	// Retries counts the attempts since the start that followed a failure.
	Retries int64
	// Quarantined and WorkItems count what waits for a person.
	Quarantined, WorkItems int64
}

// DestinationState says what a destination is doing.
type DestinationState string

// The destination states.
const (
	// DestinationIdle: it has everything, or waits to be woken.
	DestinationIdle DestinationState = "idle"
	// DestinationPushing: an attempt is under way.
	DestinationPushing DestinationState = "pushing"
	// DestinationWaiting: the last attempt failed and another is due.
	DestinationWaiting DestinationState = "waiting"
	// DestinationPaused: nothing is tried until somebody acts; Code says why.
	DestinationPaused DestinationState = "paused"
)

// WorkItem is something that a destination cannot do by itself: a person must.
type WorkItem struct {
	ID          ID
	Destination string
	// ItemID is the inventory item it is about, the zero ID for none.
	ItemID ID
	// Code is stable and says what is to do; Detail says it to a person.
	Code, Detail string
	CreatedAt    Instant
	// DoneAt and DoneBy are empty while it is open.
	DoneAt Instant
	DoneBy string
}

// Quarantined is an entry that a destination refused every time, set aside so
// that the rest flows.
type Quarantined struct {
	Destination string
	Position    Position
	// Code and Detail are the last refusal, Tries how many there were.
	Code, Detail string
	Tries        int64
	At           Instant
}

// WorkFilter narrows a list of work items, which is newest first.
type WorkFilter struct {
	// Destination is the only one to list, empty for all.
	Destination string
	// Open leaves out what is done.
	Open bool
	// Before is the id after which the page starts, the zero ID for the first.
	Before ID
	// Limit is the most to give, 0 for all.
	Limit int
}
