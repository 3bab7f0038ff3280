package dutchie

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// answer makes an answer to decode.
func answer(body string) *pos.Answer { return &pos.Answer{Status: 200, Body: []byte(body)} }

func TestReadRooms_reads_the_rooms(t *testing.T) {
	s := newSim(t)
	rooms, err := s.connect(t, newClock()).ReadRooms(t.Context())
	want := []pos.Room{
		{ID: "11", Name: "Front", Type: store.SalesFloor},
		{ID: "12", Name: "Back", Type: store.Vault},
		{ID: "13", Name: "Cage", Type: store.Quarantine},
		{ID: "14", Name: "Waiting"},
	}
	if err != nil || !slices.Equal(rooms, want) {
		t.Errorf("the rooms are %+v, %v", rooms, err)
	}
	if asked, _ := s.last(); asked != "GET /room/rooms" {
		t.Errorf("asked was %q", asked)
	}
}

func TestRoom_flags(t *testing.T) {
	for flags, want := range map[string]store.Room{
		``:                     0,
		`,"isSalesFloor":true`: store.SalesFloor,
		`,"isSalesFloor":true,"isPOSRoom":true,"isInventoryRoom":true`: store.SalesFloor,
		`,"isSalesFloor":true,"isEcommerceRoom":true`:                  store.SalesFloor,
		`,"isVaultRoom":true`:                         store.Vault,
		`,"isVaultRoom":true,"isInventoryRoom":true`:  store.Vault,
		`,"isVaultRoom":true,"isSalesFloor":true`:     0,
		`,"isQuarantineRoom":true`:                    store.Quarantine,
		`,"isQuarantineRoom":true,"isVaultRoom":true`: store.Quarantine,
		`,"isQuarantineRoom":true,"isSalesFloor":true,"isVaultRoom":true,"isInventoryRoom":true`: store.Quarantine,
		`,"isInventoryRoom":true`: 0,
		`,"isPOSRoom":true`:       0,
		`,"isPreOrderRoom":true`:  0,
		`,"isWaitingRoom":true`:   0,
		// What cannot be read tells nothing, even beside what can.
		`,"isQuarantineRoom":"yes","isVaultRoom":true`: 0,
		`,"isVaultRoom":1`:             0,
		`,"isVaultRoom":null`:          0,
		`,"IsVaultRoom":true`:          store.Vault,
		`,"roomName":"Secret menu"`:    0,
		`,"isSecretMenu":true`:         0,
		`,"roomName":{"en":"Secrets"}`: 0,
	} {
		rooms, left, err := readRooms(answer(`[{"roomId":5` + flags + `}]`))
		if err != nil || left != 0 || len(rooms) != 1 || rooms[0].ID != "5" || rooms[0].Type != want {
			t.Errorf("%s gives %+v (%d left out), %v; want %s", flags, rooms, left, err, want)
		}
	}
}

func TestReadRooms_leaves_out_what_it_cannot_name(t *testing.T) {
	var log bytes.Buffer
	s := newSim(t)
	c := s.connect(t, newClock())
	c.log = slog.New(slog.NewTextHandler(&log, nil))
	s.Answer(200, "application/json", `[{"roomId":5,"roomName":"A"},{"roomName":"B"},{"roomId":0},{"roomId":null},{"roomId":"7"},null,3,[],{"roomId":5,"roomName":"C"}]`)
	rooms, err := c.ReadRooms(t.Context())
	if err != nil || len(rooms) != 1 || rooms[0].Name != "A" || !bytes.Contains(log.Bytes(), []byte("rooms=8")) {
		t.Errorf("the rooms are %+v, %v\n%s", rooms, err, log.Bytes())
	}
}
