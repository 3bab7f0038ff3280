package store

// FleetItem is a row of stock as head office has it.
type FleetItem struct {
	*Item
	// Store is whose row it is, SyncedAt when that store was last known to be
	// up to date here: the row's last_sync.
	Store    ID
	SyncedAt Instant
}

// FleetFilter chooses rows of stock of several stores. Empty fields choose
// all; Less of the ItemFilter is not used.
type FleetFilter struct {
	ItemFilter
	Stores []ID
	// Sort is the order of the list as the API names it, such as -quantity;
	// "" is by product name, then id.
	Sort string
}

// Health is how well head office knows a store.
type Health string

// The healths, best first.
const (
	// HealthOK: it was heard of lately and everything it sent is folded.
	HealthOK Health = "ok"
	// HealthLate: it was heard of, but has entries that are not here yet.
	HealthLate Health = "late"
	// HealthSilent: nothing was heard of it for longer than it should be.
	HealthSilent Health = "silent"
	// HealthUnfolded: entries of it are kept that this program cannot read.
	HealthUnfolded Health = "unfolded"
	// HealthFork: it sent another history than it had sent before.
	HealthFork Health = "fork"
	// HealthRevoked: its key was taken away.
	HealthRevoked Health = "revoked"
)

// FleetStore is what head office knows of one store.
type FleetStore struct {
	ID   ID
	Name string
	// Epoch is the one under which it pushes, AckedSeq the newest entry that
	// is durably here, HeadSeq the newest that it said it has, Lag how many
	// are missing here.
	Epoch, AckedSeq, HeadSeq, Lag int64
	// EnrolledAt is when it was let in; RevokedAt zero unless its key was
	// taken away.
	EnrolledAt, RevokedAt Instant
	// SyncedAt is when everything it has was last known to be here,
	// LastContact when it was last heard of; zero for never.
	SyncedAt, LastContact Instant
	// ClockSkewMillis is how far its clock is ahead of head office's.
	ClockSkewMillis int64
	// Version is the program it runs.
	Version string
	// Items and LowStock count its rows of stock, as far as they are folded.
	Items, LowStock int64
	// Verdicts counts the entries that are stored but not used.
	Verdicts int64
	Health   Health
}

// Enrolment is the permission for one store to come to head office.
type Enrolment struct {
	// Code lets it in, once; empty when it is not shown again.
	Code, Name string
	ExpiresAt  Instant
}

// SentCommand is a command on its way to a store: N counts that store's.
type SentCommand struct {
	Store ID
	N     int64
}

// ProductStock is what one store has of a product.
type ProductStock struct {
	Store ID
	// Name is the store's; the product is as its own catalogue has it.
	Name    string
	Product *Product
	// Items counts its rows, which Quantity and Reserved add up; Low tells
	// whether one of them is low.
	Items              int64
	Quantity, Reserved Quantity
	Low                bool
	SyncedAt           Instant
}
