package syncer

import (
	"context"

	"github.com/shelfd/shelfd/store"
)

// Sender is a destination that takes parcels in batches and may refuse some: a
// POS or a webhook endpoint. A Feed makes a Target of it.
type Sender interface {
	// Traits say what the destination can do; they never change.
	Traits() Traits
	// Send delivers a batch and gives the outcome of each parcel, in order. A
	// *Failure means that none was taken: of class Alarm when the destination
	// will not have this content, which is then narrowed down to the parcel
	// that is at fault; Unknown when it cannot be told whether any was taken.
	Send(ctx context.Context, b Batch) ([]Outcome, error)
}

// Reader is a Sender whose destination can be asked what it has.
type Reader interface {
	// ReadBack gives Confirmed for each parcel that the destination has, and
	// Absent for the others.
	ReadBack(ctx context.Context, parcels []Parcel) ([]Outcome, error)
}

// Traits are what a destination can do, and wants.
type Traits struct {
	// Absolute: it takes an item's numbers as they are now. Else it takes
	// every entry.
	Absolute bool
	// Remembers: the sender keeps by itself what was confirmed of each item, so
	// that nothing has to be kept beside it.
	Remembers bool
	// Keys: it does a batch once however often it comes with the same key.
	Keys bool
	// Most is how many parcels one batch may have.
	Most int
	// Source is that of the entries that came from it, which it is never sent;
	// "" when nothing comes from it.
	Source string
	// Wants chooses entries; nil for those that change an item.
	Wants func(*store.Entry) bool
}

// Batch is parcels that go together.
type Batch struct {
	// Key is the same whenever the same batch is sent again, and never that of
	// another one.
	Key     string
	Parcels []Parcel
	// Whole: the parcels are of no range of the ledger. What a comparison
	// found, or somebody wants sent again, is in it, whatever went before.
	Whole bool
}

// Parcel is one thing to deliver.
type Parcel struct {
	// Position is that of the entry or, for an item's numbers, of the newest
	// entry that changed them.
	Position store.Position
	// Entry is nil where numbers are sent. Entries are then what changed them,
	// in order, since the destination was told before; nil when all of it is to
	// be told.
	Entry   *store.Entry
	Entries []*store.Entry
	// Item is the item as it is now, nil for an entry that is about none.
	Item *store.Item
}

// Outcome is what became of a parcel.
type Outcome struct {
	Status OutcomeStatus
	// Code is stable, Detail a sentence for people: why it was rejected, or
	// what a person has to do.
	Code, Detail string
}

// OutcomeStatus is the kind of an outcome.
type OutcomeStatus uint8

// The outcomes of a parcel.
const (
	// Confirmed: the destination has it.
	Confirmed OutcomeStatus = iota
	// Rejected: the destination will not have it, and says why.
	Rejected
	// Manual: the destination cannot do it; a person must.
	Manual
	// Absent: the destination does not have it, when read back.
	Absent
)
