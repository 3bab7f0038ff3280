package store

// Place names one number that a point of sale keeps, in its own ids.
type Place struct {
	// Product is its id of what it sells.
	Product string `json:"product"`
	// Lot is its id of a package; empty where it keeps none.
	Lot string `json:"lot,omitempty"`
	// Room is its id of a room or stock location; empty where it has one only.
	Room string `json:"room,omitempty"`
}

// Link ties something of ours to the same thing at a destination.
type Link struct {
	Destination string
	Kind        LinkKind
	// Ours is the id of a product or lot, a room type, or a reason code.
	Ours string
	// Theirs is the destination's id of it; empty for what is left out there
	// on purpose.
	Theirs string
	// Name is what the destination calls it, for people.
	Name string
	// How it was found: by external_id, sku, barcode, tag, name, type, only,
	// config or manual.
	How string
	At  Instant
}

// LinkKind says what a link ties.
type LinkKind string

// The kinds of links.
const (
	LinkProduct LinkKind = "product"
	LinkLot     LinkKind = "lot"
	LinkRoom    LinkKind = "room"
	LinkReason  LinkKind = "reason"
)

// Level is what a destination was last known to have of one place.
type Level struct {
	Place
	// Seq is the newest entry whose change the destination has.
	Seq int64
	// Seen is what it said, at SeenAt; Known tells whether it ever said.
	Seen   Quantity
	SeenAt Instant
	Known  bool
}

// PulledSale is a sale that a destination reported and that is not booked
// from there: because it cannot be yet, or because the location's sales come
// from the API and it is only matched with them.
type PulledSale struct {
	Destination string
	// ExternalID and Line name it at the destination.
	ExternalID string
	Line       int64
	Place      Place
	// Change is what it did to the quantity there: below zero for a sale.
	Change    Quantity
	Reason    Reason
	Reference string
	At        Instant
	// Why it is not booked: unmapped, refused, match.
	Why string
	// Movement is the one of ours that it is the same as; zero while there is
	// none.
	Movement Position
	SeenAt   Instant
}

// Mark is how far something was read from a destination, in its own terms.
type Mark struct {
	Destination, Stream, Value string
	At                         Instant
}

// Case is a difference between the ledger and a destination. It is opened by
// a check that found it, and closed only by a later one that did not.
type Case struct {
	ID          ID
	Destination string
	Class       CaseClass
	Place       Place
	// LocationID is where; ProductID and LotID are ours, zero when it has no
	// counterpart here. SKU, Name and Tag are for people.
	LocationID, ProductID, LotID ID
	SKU, Name, Tag               string
	// Shelf is the ledger's quantity, Theirs the destination's; nil for a side
	// that does not have it at all.
	Shelf, Theirs *Quantity
	// Detail says it in a sentence.
	Detail string
	// OpenedAt is when it was first found, CheckedAt the newest check that
	// found it still, ClosedAt the check that did not, zero while it is open.
	OpenedAt, CheckedAt, ClosedAt Instant
}

// CaseClass says what kind of difference it is.
type CaseClass string

// The classes of differences.
const (
	// CaseQuantity: both have it, in different quantities that nothing known
	// explains.
	CaseQuantity CaseClass = "quantity"
	// CasePackage: a package that only one side has.
	CasePackage CaseClass = "missing_package"
	// CaseMapping: a product that only one side has, or that is not linked.
	CaseMapping CaseClass = "mapping"
	// CaseTiming: changes that are known and on their way explain it.
	CaseTiming CaseClass = "timing"
	// CaseSale: a sale that one side has and the other not yet explains it.
	CaseSale CaseClass = "sale_not_arrived"
	// CaseUnit: the two count in different units.
	CaseUnit CaseClass = "unit"
)

// CaseClasses lists the classes.
var CaseClasses = []CaseClass{CaseQuantity, CasePackage, CaseMapping, CaseTiming, CaseSale, CaseUnit}

// CaseFilter narrows a list of cases, which is newest first.
type CaseFilter struct {
	Destination string
	Location    ID
	Class       CaseClass
	// Open leaves out those that are closed.
	Open bool
	// Before is the id after which the page starts, the zero ID for the first.
	Before ID
	// Limit is the most to give, 0 for all.
	Limit int
}
