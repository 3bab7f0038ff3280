package pos

import (
	"context"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// Connector speaks to one kind of point of sale. What it can do besides Check
// it shows by implementing StockReader, CatalogueReader, SaleReader,
// RoomReader, ReasonReader and Writer; Capabilities say the same to people,
// and the contract suite in postest holds the two together.
//
// Methods are safe for concurrent use, return soon after ctx ends, and give
// *syncer.Failure errors. A Failure never holds a key.
type Connector interface {
	Capabilities() Capabilities
	// Check proves that the point of sale is reached with the configured key.
	// It changes nothing there.
	Check(ctx context.Context) (Identity, error)
}

// Capabilities are what a kind of point of sale can do.
type Capabilities struct {
	ReadStock, ReadCatalogue, ReadSales, ReadRooms, ReadReasons bool
	// WriteAbsolute: it takes a quantity as it shall be; WriteDelta: it takes
	// each change. At most one of them.
	WriteAbsolute, WriteDelta bool
	// Keys: it does a batch once however often it comes with the same key.
	Keys bool
	// Rooms and Lots: it keeps a quantity for each room, and for each package.
	Rooms, Lots bool
	// Receive: goods that arrived can be announced to it as a draft.
	Receive bool
	// Most is how many changes one write may have, at least 1 for a writer.
	Most int
	// Oldest is how old a change may be that WriteDelta takes, 0 for any age.
	// For what is older the quantity is sent as it is now.
	Oldest time.Duration
	// Window is the longest time that one read of sales may span, 0 for any.
	Window time.Duration
	// Rate says in a few words how often it may be asked.
	Rate string
	// State: it is a state's register and not a till. Nothing is ever set
	// there to the ledger's number: only changes that the store has to report
	// are, and differences are for people.
	State bool
}

// Identity is what a point of sale says about itself.
type Identity struct {
	// Name is what it calls the shop.
	Name string
	// Time is its clock, 0 when it does not say.
	Time store.Instant
}

// StockReader is a Connector that can say what the point of sale has.
type StockReader interface {
	// ReadStock gives the stock of places, or of all with nil, in pages. A
	// place that it does not know is left out.
	ReadStock(ctx context.Context, only []store.Place, page func([]Stock) error) error
}

// CatalogueReader is a Connector that can say what the point of sale sells.
type CatalogueReader interface {
	// ReadCatalogue gives what changed since a moment, all with 0, in pages.
	ReadCatalogue(ctx context.Context, since store.Instant, page func([]Product) error) error
}

// SaleReader is a Connector that can say what was sold.
type SaleReader interface {
	// ReadSales gives what was sold and brought back in from ≤ at < to, in
	// pages. The window is no longer than the capability says. It may give
	// more than that, and the same sale again.
	ReadSales(ctx context.Context, from, to store.Instant, page func([]Sale) error) error
}

// RoomReader is a Connector whose point of sale has rooms or stock locations.
type RoomReader interface {
	ReadRooms(ctx context.Context) ([]Room, error)
}

// ReasonReader is a Connector whose point of sale has reasons of its own.
type ReasonReader interface {
	ReadReasons(ctx context.Context) ([]Reason, error)
}

// Writer is a Connector that can change stock.
type Writer interface {
	// Write sends changes and gives the outcome of each, in order. Errors are
	// as for syncer.Sender: a *syncer.Failure means that none was taken, or
	// with Unknown that it cannot be told.
	Write(ctx context.Context, b Batch) ([]syncer.Outcome, error)
	// Preview gives the requests that Write would send, and sends nothing.
	Preview(b Batch) ([]Call, error)
}

// Batch is changes that go together.
type Batch struct {
	// Key is the same whenever the same batch is sent again, and never that of
	// another. At most 128 characters of letters, digits, - _ / and :.
	Key     string
	Changes []Change
}

// Change is one number of a point of sale that is to change. It is kept as
// JSON while it is under way, so that it is sent again exactly as it was.
type Change struct {
	store.Place
	// SKU and Name are ours, for people and for connectors that want them.
	SKU  string `json:"sku"`
	Name string `json:"name,omitempty"`
	// Tag is our package tag of the lot, Unit our unit of the product.
	Tag  string     `json:"tag,omitempty"`
	Unit store.Unit `json:"unit,omitempty"`
	// Delta is the change, and Quantity what there shall be after it. Absolute
	// tells that Delta is not to be used.
	Delta    store.Quantity `json:"delta"`
	Quantity store.Quantity `json:"quantity"`
	Absolute bool           `json:"absolute,omitempty"`
	// Seen is what the point of sale had when the change was made up; nil when
	// it was not asked.
	Seen *store.Quantity `json:"seen,omitempty"`
	// Reason is our reason code, TheirReason what it is linked to there, empty
	// without a link. Both are empty for a correction of a full run.
	Reason      store.Reason `json:"reason,omitempty"`
	TheirReason string       `json:"their_reason,omitempty"`
	// Note is what a person wrote, or our own words for a change without.
	Note string `json:"note,omitempty"`
	// Reference is the position of the entry: unique for ever.
	Reference string `json:"reference"`
	// OccurredAt is when it happened.
	OccurredAt store.Instant `json:"occurred_at"`
	// Seq is the newest entry that the change includes.
	Seq int64 `json:"seq"`
}

// Stock is what a point of sale has of one place.
type Stock struct {
	store.Place
	// SKU, Name, Tag and Unit are as the point of sale says, empty for what it
	// does not.
	SKU, Name, Tag, Unit string
	Quantity             store.Quantity
	// UpdatedAt is when it changed last, by its own clock; 0 when not said.
	UpdatedAt store.Instant
	// Held: it may not be sold there.
	Held bool
	// Problem says why the row cannot be used, such as a quantity that is no
	// number; empty for a good one.
	Problem string
}

// Product is what a point of sale knows of something it sells. Nil fields are
// not said.
type Product struct {
	// ID is the point of sale's own.
	ID                            string
	SKU                           string
	Barcodes                      []string
	Name, Category, Brand, Strain *string
	// Unit is one of ours, nil when it is another or not said.
	Unit        *store.Unit
	Price, Cost *store.Money
	Archived    bool
	UpdatedAt   store.Instant
	// Problem says why the row cannot be used; empty for a good one.
	Problem string
}

// Sale is one line of a sale, or of a return.
type Sale struct {
	// ID and Line name it for ever: the same line again has the same.
	ID   string
	Line int64
	store.Place
	// SKU is for people, where the point of sale says it.
	SKU string
	// Change is what it did to the stock: below zero for a sale.
	Change store.Quantity
	Reason store.Reason
	// Reference is the number of the order or receipt.
	Reference string
	At        store.Instant
	// Problem says why the row cannot be used; empty for a good one.
	Problem string
}

// Room is a room or stock location of a point of sale.
type Room struct {
	ID, Name string
	// Type is the room type it is by its own flags or name, 0 when it does not
	// tell.
	Type store.Room
}

// Reason is a reason that a point of sale takes.
type Reason struct {
	// ID is what is sent, Name what people see.
	ID, Name string
	// NeedsNote: it wants a note with it.
	NeedsNote bool
}

// Call is one request to a point of sale.
type Call struct {
	Method, Path string
	// Query is encoded, without the question mark.
	Query string
	// Body is JSON, empty for none.
	Body []byte
	// Changes are the indexes of the batch's changes that it carries.
	Changes []int
}
