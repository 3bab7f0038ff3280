package metrc

import (
	"context"
	"strconv"
	"strings"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

const pathLocations = "/locations/v2/active"

type location struct {
	ID                     int64 `json:"Id"`
	Name, LocationTypeName string
	ForPackages            bool
}

// ReadRooms gives the locations that packages can be at. They are for people:
// no quantity of METRC is one of a room.
func (c *connector) ReadRooms(ctx context.Context) ([]pos.Room, error) {
	var list []pos.Room
	seen := make(map[int64]bool)
	err := c.whole(ctx, pathLocations, func(rows []object) error {
		for _, raw := range rows {
			var l location
			if problem := decodeRow(raw, &l); problem != "" || l.ID <= 0 || !l.ForPackages || seen[l.ID] {
				continue
			}
			seen[l.ID] = true
			list = append(list, pos.Room{ID: strconv.FormatInt(l.ID, 10), Name: l.Name, Type: roomOf(&l)})
		}
		return nil
	})
	return list, err
}

// roomWords tell a room type by the words that shops use.
var roomWords = []struct {
	word string
	room store.Room
}{
	{"quarantine", store.Quarantine},
	{"vault", store.Vault},
	{"sales floor", store.SalesFloor},
	{"retail floor", store.SalesFloor},
	{"showroom", store.SalesFloor},
}

// roomOf is 0 when neither name nor type tells.
func roomOf(l *location) store.Room {
	text := strings.ToLower(l.Name + "\n" + l.LocationTypeName)
	for _, w := range roomWords {
		if strings.Contains(text, w.word) {
			return w.room
		}
	}
	return 0
}
