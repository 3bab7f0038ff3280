package metrc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

const unit = store.Quantity(10_000)

// label is the tag of product n.
func label(n int) string { return fmt.Sprintf("1A4060300000001%09d", n) }

// add makes products with 10 of each.
func (s *sim) add(from, to int) {
	for n := from; n <= to; n++ {
		s.Add(n, fmt.Sprintf("Item %d", n), label(n), 10*unit)
	}
}

// shop is a simulator and a connector that writes, on a clock that stands.
func shop(t *testing.T) (*sim, pos.Connector, *storetest.Clock) {
	t.Helper()
	s, clock := newSim(t), storetest.NewClock(storetest.Start)
	return s, s.Connector(t, clock), clock
}

func readStock(t testing.TB, c pos.Connector, only []store.Place) (list []pos.Stock) {
	t.Helper()
	if err := stockOf(t.Context(), c, only, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func stockOf(ctx context.Context, c pos.Connector, only []store.Place, list *[]pos.Stock) error {
	return c.(pos.StockReader).ReadStock(ctx, only, func(page []pos.Stock) error {
		*list = append(*list, page...)
		return nil
	})
}

// failure is what an error must be.
func failure(t testing.TB, err error) *syncer.Failure {
	t.Helper()
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok {
		t.Fatalf("the error is %v, and no Failure", err)
	}
	return f
}

func TestEveryStateTakesEveryRequest(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"ca", "co", "or"} {
		s, clock := newSimOf(t, state), storetest.NewClock(storetest.Start)
		c := s.Connector(t, clock)
		s.add(1, 21)
		s.Sell(1, unit, "A1")
		if _, err := c.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(readStock(t, c, nil)); n != 21 {
			t.Errorf("%s: %d packages are read", state, n)
		}
		if n := len(readSales(t, c, storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))); n != 1 {
			t.Errorf("%s: %d sales are read", state, n)
		}
		if _, err := c.(pos.RoomReader).ReadRooms(t.Context()); err != nil {
			t.Error(err)
		}
		if o := writeOne(t, c, change(2, 10*unit, 9*unit)); o.Status != syncer.Confirmed {
			t.Errorf("%s: a write is %+v", state, o)
		}
	}
}

func TestCheckFindsTheLicense(t *testing.T) {
	t.Parallel()
	s, c, clock := shop(t)
	clock.Advance(300 * time.Millisecond)
	id, err := c.Check(t.Context())
	if err != nil || id.Name != "Green Door" {
		t.Errorf("Check gives %+v, %v", id, err)
	}
	// The two clocks are the same, and METRC's is shown in whole seconds.
	if d := id.Time.Sub(store.InstantOf(clock.Wall())); d > time.Second || d < -time.Second {
		t.Errorf("its clock is %s off", d)
	}
	other := s.open(t, clock, map[string]string{"license": "C10-9999999-LIC"})
	_, err = other.Check(t.Context())
	f := failure(t, err)
	if f.Class != syncer.Pause || f.Code != CodeLicense || !strings.Contains(f.Detail, "C10-9999999-LIC") {
		t.Errorf("an unknown license is %+v", f)
	}
}

func TestStockIsEveryPackageOnce(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 45)
	s.edit(2, func(p *simPackage) { p.onHold = true })
	s.edit(3, func(p *simPackage) { p.recall = true })
	s.edit(4, func(p *simPackage) { p.finished = true })
	s.edit(5, func(p *simPackage) { p.unit, p.quantity = "Grams", 35_000 })
	list := readStock(t, c, nil)
	if len(list) != 44 {
		t.Fatalf("%d packages are read", len(list))
	}
	for _, row := range list {
		n, err := strconv.Atoi(row.Lot[15:])
		if err != nil {
			t.Fatal(err)
		}
		want := pos.Stock{
			Place: store.Place{Product: fmt.Sprint(itemID(n)), Lot: label(n)}, Name: fmt.Sprintf("Item %d", n),
			Tag: label(n), Unit: "each", Quantity: 10 * unit, UpdatedAt: store.InstantOf(storetest.Start), Held: n == 2 || n == 3,
		}
		if n == 5 {
			want.Unit, want.Quantity = "g", 35_000
		}
		if row != want {
			t.Errorf("package %d is %+v", n, row)
		}
	}
	if reads := s.sent("GET"); !strings.Contains(reads[0].query, "pageNumber=1&pageSize=20") || len(reads) != 4 {
		t.Errorf("it is read by %+v", reads)
	}
}

func TestAPlaceIsItsLabel(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 3)
	s.edit(2, func(p *simPackage) { p.finished, p.quantity = true, 0 })
	s.edit(3, func(p *simPackage) { p.archived = true })
	asked := []store.Place{
		{Product: "ours", Lot: label(1)}, {Lot: label(2)}, {Lot: label(3)}, {Lot: label(4)}, {Lot: "../facilities"}, {Product: "1001"},
	}
	list := readStock(t, c, asked)
	if len(list) != 2 || list[0].Place != asked[0] || list[1].Place != asked[1] || list[1].Quantity != 0 {
		t.Errorf("asked for a few, it gives %+v", list)
	}
	if n := s.Requests(); n != 4 {
		t.Errorf("%d requests are made for 4 labels", n)
	}
	if list := readStock(t, c, []store.Place{}); len(list) != 0 || s.Requests() != 4 {
		t.Errorf("asked for nothing, it gives %+v", list)
	}
}

func TestManyPlacesAreReadFromTheLists(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 70)
	s.edit(7, func(p *simPackage) { p.finished = true })
	var asked []store.Place
	for n := 1; n <= 60; n++ {
		asked = append(asked, store.Place{Lot: label(n)})
	}
	list := readStock(t, c, asked)
	if len(list) != 60 {
		t.Errorf("%d of 60 packages are read", len(list))
	}
	// Four pages of active ones, one of those on hold, and the finished one.
	if n := s.Requests(); n != 6 {
		t.Errorf("%d requests are made", n)
	}
}

func TestAListThatShrinksIsReadAgain(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.add(1, 45)
	finish := 45
	s.before = func(a asked) {
		if a.path == "/packages/v2/active" && strings.Contains(a.query, "pageNumber=2") && finish >= 44 {
			s.edit(finish, func(p *simPackage) { p.finished = true })
			finish--
		}
	}
	list := readStock(t, c, nil)
	for n := 1; n <= 43; n++ {
		if !slices.ContainsFunc(list, func(row pos.Stock) bool { return row.Lot == label(n) }) {
			t.Errorf("package %d is left out", n)
		}
	}
	if len(list) != 45 {
		t.Errorf("%d packages are given, and each should be once", len(list))
	}
	finish = 1_000_000
	s.before = func(a asked) {
		if strings.Contains(a.query, "pageNumber=2") {
			s.edit(len(list)-40, func(p *simPackage) { p.finished = true })
			list = list[:len(list)-1]
		}
	}
	if f := failure(t, stockOf(t.Context(), c, nil, new([]pos.Stock))); f.Code != CodeMoving || f.Class != syncer.Retry {
		t.Errorf("a list that never stands is %+v", f)
	}
}

func TestListsOfWhatChangedLatelyAreReadDayByDay(t *testing.T) {
	t.Parallel()
	s, clock := newSim(t), storetest.NewClock(storetest.Start)
	s.Connector(t, clock)
	s.recent = true
	s.add(1, 3)
	s.locations = []simLocation{{id: 1, name: "Vault", packages: true, modified: storetest.Start}}
	clock.Advance(240 * time.Hour)
	s.edit(2, func(p *simPackage) { p.quantity = unit })
	if n := len(readStock(t, s.open(t, clock, nil), nil)); n != 1 {
		t.Fatalf("such a list holds %d packages", n)
	}
	c := s.open(t, clock, map[string]string{"since": "2026-01-20"})
	if n := len(readStock(t, c, nil)); n != 3 {
		t.Errorf("day by day, %d packages are read", n)
	}
	if rooms, err := c.(pos.RoomReader).ReadRooms(t.Context()); err != nil || len(rooms) != 1 {
		t.Errorf("day by day, the rooms are %+v, %v", rooms, err)
	}
}

func TestRoomsAndReasons(t *testing.T) {
	t.Parallel()
	s, c, _ := shop(t)
	s.locations = []simLocation{
		{id: 1, name: "Main Sales Floor", packages: true},
		{id: 2, name: "B12", kind: "Vault", packages: true},
		{id: 3, name: "Quarantine", packages: true},
		{id: 4, name: "Back", packages: true},
		{id: 5, name: "Flowering"},
	}
	rooms, err := c.(pos.RoomReader).ReadRooms(t.Context())
	want := []pos.Room{
		{ID: "4", Name: "Back"},
		{ID: "3", Name: "Quarantine", Type: store.Quarantine},
		{ID: "2", Name: "B12", Type: store.Vault},
		{ID: "1", Name: "Main Sales Floor", Type: store.SalesFloor},
	}
	if err != nil || !slices.Equal(rooms, want) {
		t.Errorf("the rooms are %+v, %v", rooms, err)
	}
	reasons, err := c.(pos.ReasonReader).ReadReasons(t.Context())
	if err != nil || len(reasons) != len(s.reasons) || reasons[2] != (pos.Reason{ID: "Theft", Name: "Theft", NeedsNote: true}) {
		t.Errorf("the reasons are %+v, %v", reasons, err)
	}
}

func TestAPlusSignIsWrittenOut(t *testing.T) {
	t.Parallel()
	s, clock := newSim(t), storetest.NewClock(storetest.Start)
	c := s.open(t, clock, map[string]string{"license": "C10+1 A"})
	_ = stockOf(t.Context(), c, nil, new([]pos.Stock))
	if reads := s.sent("GET"); len(reads) == 0 || !strings.Contains(reads[0].query, "licenseNumber=C10%2B1%20A") {
		t.Errorf("the license is sent as %+v", reads)
	}
}
