package store

// Room is a room type of a location.
type Room uint8

// The four room types.
const (
	SalesFloor Room = 1 + iota
	Vault
	Quarantine
	SecretMenu
)

// Rooms lists the room types in their documented order.
var Rooms = []Room{SalesFloor, Vault, Quarantine, SecretMenu}

var roomNames = [...]string{"", "sales_floor", "vault", "quarantine", "secret_menu"}

// ParseRoom reads a room type. ok is false for any but the four.
func ParseRoom(s string) (r Room, ok bool) {
	for _, r := range Rooms {
		if roomNames[r] == s {
			return r, true
		}
	}
	return 0, false
}

// String gives the room type's name.
func (r Room) String() string { return roomNames[r] }

// MarshalText gives the room type's name.
func (r Room) MarshalText() ([]byte, error) { return []byte(roomNames[r]), nil }

// UnmarshalText reads a room type; code invalid_request for any but the four.
func (r *Room) UnmarshalText(b []byte) error {
	v, ok := ParseRoom(string(b))
	if !ok {
		return refuse(CodeInvalid, "%.40q is not a room type: sales_floor, vault, quarantine or secret_menu.", b)
	}
	*r = v
	return nil
}
