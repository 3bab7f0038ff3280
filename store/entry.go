package store

import "encoding/json"

// Kind says what an entry carries.
type Kind uint8

// The entry kinds.
const (
	KindMovement Kind = 1 + iota
	KindHold
	KindDocument
	KindEvent
)

var kindNames = [...]string{"", "movement", "hold", "document", "event"}

// String gives the kind's name in the canonical bytes.
func (k Kind) String() string { return kindNames[k] }

// Entry is one fact of the ledger. Exactly one of Movement, Hold, Document
// and Event is set, as Kind says.
type Entry struct {
	Position
	Kind Kind
	// OccurredAt is when it happened; a client may say. RecordedAt is when
	// this store learned it, and never decreases along the ledger.
	OccurredAt, RecordedAt Instant
	// ClockOK tells whether the clock was trusted when it was recorded.
	ClockOK bool
	// Actor is the id of the person or token behind it, Terminal the device
	// it came from, Source one of api, ui, cli, import, pos:<name>, central
	// and system.
	Actor, Terminal, Source string
	// ExternalID and Line name the fact in the source's own terms; unique
	// within a source.
	ExternalID string
	Line       int64
	// Again says that this fact was appended before, at that position of an
	// earlier epoch, and was lost here since; zero for a new one.
	Again Position
	// Notes is erasable text; NotesDigest stays when it was erased.
	Notes       *Text
	NotesDigest []byte

	Movement *Movement
	Hold     *Hold
	Document *Document
	Event    *Event
}

// Movement is one change of one item's quantity.
type Movement struct {
	Item          ID
	Change        Quantity
	After         Quantity
	ReservedAfter Quantity
	Reason        Reason
	SubReason     string
	// Reference is an identifier of the document behind it, such as an order
	// number; not for personal data.
	Reference   string
	Transfer    ID
	Reverses    Position
	Reservation ID
	// ValueChange is the change × the unit cost at that moment.
	ValueChange Money
	Flags       Flag
}

// Hold is one change of one item's reserved quantity.
type Hold struct {
	Item           ID
	ReservedChange Quantity
	After          Quantity
	ReservedAfter  Quantity
	Reservation    ID
	ExpiresAt      Instant
	// Why is created, extended, released, committed or expired.
	Why       string
	Reference string
}

// Document is a product, location, lot, item or transfer as it now is.
type Document struct {
	Type DocumentType
	ID   ID
	Body json.RawMessage
	// of is what Body says, once it was asked for.
	of any
}

// DocumentType says what a document describes.
type DocumentType string

// The document types.
const (
	DocProduct  DocumentType = "product"
	DocLocation DocumentType = "location"
	DocLot      DocumentType = "lot"
	DocItem     DocumentType = "item"
	DocTransfer DocumentType = "transfer"
)

// Event is anything else worth knowing later.
type Event struct {
	Type EventType
	Body json.RawMessage
}

// EventType says what happened.
type EventType string

// The event types.
const (
	EventLowStock       EventType = "low_stock"
	EventLotExpiring    EventType = "lot_expiring"
	EventDiscrepancy    EventType = "discrepancy_opened"
	EventReconciled     EventType = "discrepancy_closed"
	EventClock          EventType = "clock_step"
	EventClockConfirmed EventType = "clock_confirmed"
	EventRecovered      EventType = "recovered"
	EventTokenCreated   EventType = "token_created"
	EventTokenRevoked   EventType = "token_revoked"
	EventSyncRun        EventType = "sync_run_finished"
	EventNotesErased    EventType = "notes_erased"
	EventEpoch          EventType = "epoch_opened"
	EventReappended     EventType = "reappended"
	EventCommand        EventType = "command_done"
)

// Flag marks what was unusual about a movement.
type Flag uint8

// The movement flags.
const (
	// FlagNegative: the item's quantity is below zero after it.
	FlagNegative Flag = 1 << iota
	// FlagOffline: it had already happened while the terminal was away.
	FlagOffline
	// FlagShort: it left less than is reserved.
	FlagShort
	// FlagExternal: a transfer without a counterpart, in or out of the shop.
	FlagExternal
	// FlagRoom: an offline sale from a room or lot that may not be sold.
	FlagRoom
)

var flagNames = []struct {
	flag Flag
	name string
}{
	{FlagNegative, "negative"},
	{FlagOffline, "offline"},
	{FlagShort, "short"},
	{FlagExternal, "external"},
	{FlagRoom, "room_not_sellable"},
}

// Names lists the flags that are set.
func (f Flag) Names() []string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// lateAfterMillis is how long after it happened an entry may be recorded before it
// counts as late.
const lateAfterMillis = 15 * 60 * 1000

// Lateness is 0 for an entry recorded within 15 minutes of happening, else
// 1 + ⌊log₂(delay in quarter hours)⌋. Point-in-time reads search each class
// by itself, so that they look at few late entries that do not matter.
func (e *Entry) Lateness() int {
	delay := int64(e.RecordedAt - e.OccurredAt)
	if delay <= lateAfterMillis {
		return 0
	}
	n := 0
	for q := delay / lateAfterMillis; q > 0; q >>= 1 {
		n++
	}
	return n
}

// itemID is the item that an entry changes, or the zero ID.
func (e *Entry) itemID() ID {
	switch e.Kind {
	case KindMovement:
		return e.Movement.Item
	case KindHold:
		return e.Hold.Item
	case KindDocument:
		if e.Document.Type == DocItem {
			return e.Document.ID
		}
	}
	return ID{}
}
