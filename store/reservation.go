package store

// ReservationStatus is where a reservation stands.
type ReservationStatus string

// The reservation statuses. Only an open one holds units.
const (
	ReservationOpen      ReservationStatus = "open"
	ReservationCommitted ReservationStatus = "committed"
	ReservationReleased  ReservationStatus = "released"
	ReservationExpired   ReservationStatus = "expired"
)

// Reservation is units of one item held for an order until committed,
// released or expired. A value is one immutable version.
type Reservation struct {
	ID        ID
	ItemID    ID
	Quantity  Quantity // still held
	Requested Quantity // held at first
	Reference string
	Status    ReservationStatus
	CreatedAt Instant
	ExpiresAt Instant
	UpdatedAt Instant
	Actor     string
	// Version is the seq of its newest hold entry.
	Version int64
}

// Limits of the time a reservation may hold units, in seconds.
const (
	DefaultHoldSeconds = 900
	MaxHoldSeconds     = 86_400
)
