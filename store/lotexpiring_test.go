package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// lotShop is a shop with one lot on the floor.
type lotShop struct {
	*storetest.Shop
	t                  testing.TB
	product, lot, item store.ID
	seen               int64
}

func openLotShop(t testing.TB, expires string, stock int64, options ...func(*store.Rules)) *lotShop {
	s := &lotShop{Shop: storetest.Open(t, options...), t: t}
	s.product = s.AddProduct("GUMMIES")
	s.lot = s.addLot("T1", expires)
	s.item = s.openAt(s.Location, s.lot, stock)
	return s
}

func (s *lotShop) addLot(tag, expires string) store.ID {
	return s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag, l.ExpiresOn = s.product, tag, expires }}).Facts[0].Of.(*store.Lot).ID
}

func (s *lotShop) openAt(location, lot store.ID, stock int64) store.ID {
	return s.Must(&store.OpenItem{Product: s.product, Location: location, Lot: lot, Room: store.SalesFloor, Opening: units(stock)}).Facts[0].Of.(*store.Item).ID
}

func (s *lotShop) expires(lot store.ID, day string) {
	s.Must(&store.EditLot{ID: lot, Edit: func(l *store.Lot) { l.ExpiresOn = day }})
}

// told looks, and gives what was told since the last time: location and day.
func (s *lotShop) told() (list []string) {
	s.t.Helper()
	s.Look()
	for seq := s.seen + 1; seq <= s.Head().Seq; seq++ {
		stored, err := s.Journal().FindEntry(s.t.Context(), seq)
		if err != nil {
			s.t.Fatal(err)
		}
		told, err := s.News(s.t.Context(), stored)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, n := range told {
			if n.Type == store.NewsExpiring {
				list = append(list, s.name(n))
			}
		}
	}
	s.seen = s.Head().Seq
	return list
}

func (s *lotShop) name(n store.News) string {
	var body struct {
		Tag     string `json:"package_tag"`
		Expires string `json:"expires_at"`
	}
	if err := json.Unmarshal(n.Data, &body); err != nil {
		s.t.Fatal(err)
	}
	l, _ := s.Ledger.Location(n.Location)
	return body.Tag + " at " + l.Name + " on " + body.Expires
}

func (s *lotShop) wants(when string, want ...string) {
	s.t.Helper()
	if got := s.told(); !slices.Equal(got, want) {
		s.t.Errorf("%s: told %q, want %q", when, got, want)
	}
}

const t1 = "T1 at Main Street on "

// TestALotIsToldWhenItsLastDayEndsSoonWhereItIs counts by the zone of the
// location, over the change of its clocks: 14 days before the end of
// 10 March in Chicago, where clocks change on the 8th, is the 25th of February
// at 23:00.
func TestALotIsToldWhenItsLastDayEndsSoonWhereItIs(t *testing.T) {
	s := openLotShop(t, "2026-03-10", 5)
	due := time.Date(2026, 3, 11, 0, 0, 0, 0, mustZone(t, "America/Chicago")).Add(-14 * 24 * time.Hour)
	if due.Format("01-02 15:04") != "02-24 23:00" {
		t.Fatalf("due at %s", due)
	}
	s.Clock.Advance(due.Sub(s.Clock.Wall()) - time.Millisecond)
	s.wants("a moment before")
	s.Clock.Advance(time.Millisecond)
	s.wants("at the moment", t1+"2026-03-10")
	s.Clock.Advance(30 * 24 * time.Hour)
	s.wants("long after")
	checkWhole(t, s.Shop)
}

func mustZone(t *testing.T, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestALotIsToldAgainWhenItsDayChangesAndNeverForWhatIsOut(t *testing.T) {
	s := openLotShop(t, "2026-02-03", 5)
	s.wants("at once", t1+"2026-02-03")
	s.expires(s.lot, "2026-02-04")
	s.wants("another day", t1+"2026-02-04")
	s.expires(s.lot, "2027-01-01")
	s.wants("a day far away")
	s.Adjust(s.item, -5, store.Sale)
	s.expires(s.lot, "2026-02-05")
	s.wants("nothing is there")
	s.Adjust(s.item, 2, store.Return)
	s.wants("stock comes back", t1+"2026-02-05")
	s.Adjust(s.item, -2, store.Sale)
	s.Adjust(s.item, 2, store.Return)
	s.wants("and again")
	s.expires(s.lot, "")
	s.wants("no day any more")
	elm := s.AddLocation("Elm Street", "America/New_York")
	s.expires(s.lot, "2026-02-05")
	s.openAt(elm, s.lot, 1)
	s.wants("at another location", "T1 at Elm Street on 2026-02-05")
	checkWhole(t, s.Shop)
}

func TestALocationThatMovesToAnotherZoneIsLookedAtAgain(t *testing.T) {
	s := openLotShop(t, "2026-02-09", 5)
	// The day ends in Chicago at 06:00 UTC, in Tokyo the afternoon before.
	s.Clock.Advance(time.Date(2026, 1, 26, 15, 0, 0, 0, time.UTC).AddDate(0, 0, 1).Sub(s.Clock.Wall()))
	s.expires(s.lot, "2026-02-10")
	s.wants("in Chicago")
	s.Must(&store.EditLocation{ID: s.Location, Edit: func(l *store.Location) { l.TimeZone = "Asia/Tokyo" }})
	s.wants("in Tokyo", t1+"2026-02-10")
}

func TestNothingIsToldOfLotsWhileTheClockIsNotTrusted(t *testing.T) {
	s := openLotShop(t, "2026-03-10", 5)
	s.wants("early")
	s.Clock.Step(40 * 24 * time.Hour)
	s.wants("the clock stepped")
	s.expires(s.lot, "2026-02-03")
	s.wants("soon, by a clock that is not trusted")
	s.Must(store.ConfirmClock{})
	s.wants("somebody confirmed it", t1+"2026-02-03")
}

func TestARestartTellsOfNoLotTwiceAndMissesNone(t *testing.T) {
	s := openLotShop(t, "2026-02-03", 5)
	s.wants("at once", t1+"2026-02-03")
	s.Reopen()
	s.wants("after a restart")
	s.addStock("T2", "2026-02-04")
	s.Reopen()
	s.wants("what was not told before it", "T2 at Main Street on 2026-02-04")
	crashed := *s.Shop
	crashed.Dir = s.Crash(t)
	if err := crashed.TryOpen(); err != nil {
		t.Fatal(err)
	}
	defer crashed.Ledger.Close()
	if got, want := crashed.Dump(), s.Dump(); !sameTold(got, want) {
		t.Errorf("after a crash it knows\n%s\nwant\n%s", toldIn(got), toldIn(want))
	}
}

func (s *lotShop) addStock(tag, expires string) { s.openAt(s.Location, s.addLot(tag, expires), 1) }

func TestManyLotsAreToldInSeveralGoes(t *testing.T) {
	s := openLotShop(t, "", 0)
	for n := range 1100 {
		s.addStock(fmt.Sprintf("L%04d", n), "2026-02-03")
	}
	for n, want := range []int{500, 500, 100, 0} {
		if got := len(s.told()); got != want {
			t.Errorf("look %d told of %d lots, want %d", n, got, want)
		}
	}
}

func TestNeverMeansThatNoLotIsTold(t *testing.T) {
	s := openLotShop(t, "2026-01-28", 5, func(r *store.Rules) { r.ExpiringWithin = 0 })
	s.wants("never")
}

func TestLotsAreNotToldWhileTheDiskIsFullAndThenOnce(t *testing.T) {
	shop, journal := storetest.OpenFaulty(t)
	s := &lotShop{Shop: shop, t: t}
	s.product = s.AddProduct("GUMMIES")
	s.addStock("T1", "2026-02-03")
	journal.Fail(func(*store.Batch) error { return &store.Error{Code: store.CodeStorageFull, Message: "full"} })
	s.wants("the disk is full")
	journal.Fail(nil)
	s.wants("there is room", t1+"2026-02-03")
	s.wants("later")
}

// TestRandomLotsAreToldOnceForEachPlaceAndDay holds random lives of lots
// against a list of what there is to tell.
func TestRandomLotsAreToldOnceForEachPlaceAndDay(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := openLotShop(t, "", 0)
		lots := []store.ID{s.lot, s.addLot("T2", "2026-02-20")}
		items := map[string]store.ID{"T1 at Main Street on ": s.item, "T2 at Main Street on ": s.openAt(s.Location, lots[1], 3)}
		day := map[string]string{"T1 at Main Street on ": "", "T2 at Main Street on ": "2026-02-20"}
		zone, _ := time.LoadLocation("America/Chicago")
		last := map[string]string{}
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			n := rapid.IntRange(0, 1).Draw(rt, "lot")
			name := fmt.Sprintf("T%d at Main Street on ", n+1)
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0:
				day[name] = rapid.SampledFrom([]string{"", "2026-02-10", "2026-02-20", "2026-03-01"}).Draw(rt, "day")
				s.expires(lots[n], day[name])
			case 1:
				s.Adjust(items[name], rapid.Int64Range(1, 3).Draw(rt, "more"), store.Audit)
			case 2:
				if i, _ := s.Item(items[name]); i.Quantity > 0 {
					s.Must(&store.Adjust{Item: i.ID, Change: -i.Quantity, Reason: store.Audit})
				}
			case 3:
				s.Clock.Advance(time.Duration(rapid.Int64Range(1, 200).Draw(rt, "hours")) * time.Hour)
			case 4:
				s.Reopen()
			}
			var want []string
			for _, name := range []string{"T1 at Main Street on ", "T2 at Main Street on "} {
				i, _ := s.Item(items[name])
				d, err := time.ParseInLocation(time.DateOnly, day[name], zone)
				if err == nil && i.Quantity > 0 && last[name] != day[name] && d.AddDate(0, 0, 1).Sub(s.Clock.Wall()) <= 14*24*time.Hour {
					want, last[name] = append(want, name+day[name]), day[name]
				}
			}
			got := s.told()
			if slices.Sort(got); !slices.Equal(got, want) {
				rt.Fatalf("at %s it told %q, want %q", s.Clock.Wall(), got, want)
			}
		}
		checkWhole(t, s.Shop)
		restated, err := s.Restate()
		if err != nil || !sameTold(restated, s.Dump()) {
			rt.Fatalf("restated, it knows\n%s, %v", toldIn(restated), err)
		}
	})
}

func sameTold(a, b string) bool { return toldIn(a) == toldIn(b) }

// toldIn gives the lines of a dump about lots that were told of.
func toldIn(dump string) (lines string) {
	for line := range strings.SplitSeq(dump, "\n") {
		if strings.HasPrefix(line, "expiring ") {
			lines += line + "\n"
		}
	}
	return lines
}
