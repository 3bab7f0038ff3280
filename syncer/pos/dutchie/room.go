package dutchie

import (
	"context"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// ReadRooms gives the rooms. One that has no id is left out, and of two with
// the same the second.
func (c *Connector) ReadRooms(ctx context.Context) ([]pos.Room, error) {
	a, err := c.get(ctx, "/room/rooms", nil)
	if err != nil {
		return nil, err
	}
	rooms, left, err := readRooms(a)
	if left > 0 {
		c.log.WarnContext(ctx, "rooms of dutchie without an id of their own are left out", "rooms", left)
	}
	return rooms, err
}

// roomRow is a room as Dutchie writes it. What its other flags say is not
// about stock.
type roomRow struct {
	RoomID           int64  `json:"roomId"`
	RoomName         string `json:"roomName"`
	IsQuarantineRoom bool   `json:"isQuarantineRoom"`
	IsVaultRoom      bool   `json:"isVaultRoom"`
	IsSalesFloor     bool   `json:"isSalesFloor"`
}

func readRooms(a *pos.Answer) (rooms []pos.Room, left int, err error) {
	rows, err := readList(a)
	if err != nil {
		return nil, 0, err
	}
	seen := map[int64]bool{}
	for _, raw := range rows {
		var r roomRow
		problem := readRow(raw, &r)
		if id(r.RoomID) == "" || seen[r.RoomID] {
			left++
			continue
		}
		seen[r.RoomID] = true
		room := pos.Room{ID: id(r.RoomID), Name: r.RoomName}
		if problem == "" {
			room.Type = r.kind()
		}
		rooms = append(rooms, room)
	}
	return rooms, left, nil
}

// kind gives the room type that the flags tell. A room may have several:
// quarantine is stronger than any other, and one that is vault and sales floor
// at once tells nothing. No flag is for a secret menu.
func (r *roomRow) kind() store.Room {
	switch {
	case r.IsQuarantineRoom:
		return store.Quarantine
	case r.IsVaultRoom == r.IsSalesFloor:
		return 0
	case r.IsVaultRoom:
		return store.Vault
	}
	return store.SalesFloor
}
