package store

import "time"

// POS is a configured point of sale, or a state's register, as it stands.
type POS struct {
	// Name is its destination's, Kind its connector's, Title what people call
	// that kind.
	Name, Kind, Title string
	LocationID        ID
	// State: it is a state's register.
	State bool
	// Capabilities are the names of what it can do, Rate how often it may be
	// asked, in a few words.
	Capabilities []string
	Rate         string
	// SaleSource is who books the location's sales: api, or pos:<name>.
	// CatalogueOwner and QuantityOwner are whose word counts: pos or store.
	SaleSource, CatalogueOwner, QuantityOwner string
	// Linked counts the products that are linked, Unlinked those with stock
	// that are not.
	Linked, Unlinked int64
	// SalesReadTo is up to when its sales were read, 0 for never; SalesOpen
	// counts those that are not booked or matched.
	SalesReadTo Instant
	SalesOpen   int64
	// OpenCases counts its open differences; ComparedAt is the newest whole
	// comparison, 0 for never.
	OpenCases  int64
	ComparedAt Instant
	// Checked is the newest check of its address, key and clock; nil for none.
	Checked *POSCheck
}

// POSCheck is what became of asking a point of sale who it is.
type POSCheck struct {
	At Instant
	// Identity is what it calls the shop; empty after a failure.
	Identity string
	// Skew is how far its clock is ahead of the store's; ClockKnown tells
	// whether it showed one.
	Skew       time.Duration
	ClockKnown bool
	// Code and Detail say why it failed, empty after a success.
	Code, Detail string
}

// POSCall is a request that would be sent to a point of sale.
type POSCall struct {
	Method, Path, Query string
	// Body is JSON, empty for none.
	Body string
	// Items are what it is about, each in a few words.
	Items []string
}

// LinkRow is something of ours and what it is linked to.
type LinkRow struct {
	Kind LinkKind
	Ours string
	// Name is what we call it, SKU and Tag what a product or lot is known by.
	Name, SKU, Tag string
	// Link is nil while there is none.
	Link *Link
}

// MapResult is what linking by itself found.
type MapResult struct {
	// Linked are new, Known were there before, Unlinked are left: of ours with
	// stock, and of theirs.
	Linked, Known, Unlinked, UnlinkedThere int64
}

// Reconciled is one product, or package of it, of a location with what every
// side says about it.
type Reconciled struct {
	// Product and Lot are nil for what is not here.
	Product  *Product
	Location *Location
	Lot      *Lot
	// SKU, Name and Tag are ours, or theirs where we have none.
	SKU, Name, Tag string
	// Shelf is the ledger's quantity of the rooms that the sides count; nil
	// for what is not here.
	Shelf *Quantity
	Sides []Side
	// Cases are the differences, open ones first.
	Cases []Case
}

// Side is what one destination says.
type Side struct {
	Destination string
	// State: it is a state's register.
	State bool
	// Quantity is nil when it does not have it; SeenAt is when it said so.
	Quantity *Quantity
	SeenAt   Instant
	// Reported is the newest entry of ours that it has, 0 for none.
	Reported int64
}

// ReconcileFilter chooses what to reconcile. Empty fields choose all.
type ReconcileFilter struct {
	Location    ID
	Destination string
	Class       CaseClass
	// All gives rows without an open difference too.
	All bool
	// Text is looked for in SKU, name and tag, without regard to letter case.
	Text string
}
