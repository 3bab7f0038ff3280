package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// newsAfter gives what the entries after a seq tell.
func newsAfter(t testing.TB, s *storetest.Shop, after int64) []store.News {
	t.Helper()
	var told []store.News
	err := s.Journal().Scan(t.Context(), after, s.Head().Seq, func(stored *store.Stored) error {
		n, err := s.News(t.Context(), stored)
		told = append(told, n...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// typesOf lists id and type of what is told.
func typesOf(told []store.News) []string {
	var list []string
	for _, n := range told {
		list = append(list, n.ID+" "+string(n.Type))
	}
	return list
}

// only gives the one news of a type.
func only(t testing.TB, told []store.News, kind store.NewsType) store.News {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(told), func(n store.News) bool { return n.Type != kind })
	if len(found) != 1 {
		t.Fatalf("%d times %s in %v", len(found), kind, typesOf(told))
	}
	return found[0]
}

// tellingShop is a shop in which everything happens that is told, each kind
// under the name of its golden.
func tellingShop(t *testing.T) map[string]store.News {
	t.Helper()
	s := storetest.Open(t)
	low := units(10)
	product := s.AddProduct("BD-EIGHTH-001", func(p *store.Product) { p.Name, p.Threshold = "Blue Dream 1/8", &low })
	lot := s.Must(&store.EditLot{Edit: func(l *store.Lot) {
		l.ProductID, l.PackageTag, l.BatchNumber = product, "1A4060300002EE1000000042", "B7"
	}}).Facts[0].Of.(*store.Lot).ID
	item := s.Must(&store.OpenItem{
		Product: product, Location: s.Location, Lot: lot, Room: store.SalesFloor, Opening: units(45),
	}).Facts[0].Of.(*store.Item).ID
	told := map[string]store.News{}
	tell := func(name string, kind store.NewsType, cmd store.Command) store.Receipt {
		t.Helper()
		s.Clock.Advance(90 * time.Second)
		head := s.Head().Seq
		r := s.Must(cmd)
		told[name] = only(t, newsAfter(t, s, head), kind)
		return r
	}
	tell("inventory.updated", store.NewsUpdated, &store.Adjust{
		Item: item, Change: -units(5), Reason: store.Sale, Reference: "order-1042", Notes: "never told",
	})
	tell("inventory.availability_changed", store.NewsAvailability, &store.Reserve{
		Item: item, Quantity: units(2), Reference: "order-1043", Seconds: 60,
	})
	head := s.Head().Seq
	s.Clock.Advance(2 * time.Minute)
	s.Look()
	told["reservation.expired"] = only(t, newsAfter(t, s, head), store.NewsExpired)
	tell("inventory.low_stock", store.NewsLowStock, &store.Adjust{Item: item, Change: -units(32), Reason: store.Sale})
	tell("inventory.sync.completed", store.NewsSync, &store.FinishRun{Run: store.Run{
		ID: storetest.NewID(), Destination: "central", SyncType: store.SyncIncremental, Status: store.RunSucceeded,
		RequestedAt: store.InstantOf(storetest.Start), StartedAt: store.InstantOf(storetest.Start) + 40,
		FinishedAt: store.InstantOf(storetest.Start) + 1310, Counts: store.RunCounts{Scanned: 12, Sent: 11, Skipped: 1},
	}})
	shipment := ship(store.ShipLine{Item: item, Quantity: units(6)})
	shipment.Number = "MS-12"
	out := transferOf(t, s.Must(shipment))
	obeyed(t, s, "transfer_result", store.TransferResult{Shipment: out.ID, Lines: []store.ResultLine{{Received: units(5)}}})
	head = s.Head().Seq
	s.Clock.Advance(time.Hour)
	obeyed(t, s, "transfer_result", store.TransferResult{Shipment: out.ID, Lines: []store.ResultLine{{Received: units(6)}}})
	told["transfer.completed"] = only(t, newsAfter(t, s, head), store.NewsTransfer)
	tell("discrepancy.opened", store.NewsDiscrepancy, &store.Adjust{
		Item: item, Change: -units(4), Reason: store.Sale, Offline: true, Reference: "order-1044",
	})
	s.Adjust(item, 26, store.Audit)
	s.Must(&store.EditLot{ID: lot, Edit: func(l *store.Lot) { l.ExpiresOn = "2026-02-06" }})
	head = s.Head().Seq
	s.Look()
	told["lot.expiring"] = only(t, newsAfter(t, s, head), store.NewsExpiring)
	return told
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// settled gives a body in lines, with made-up ids in the order in which they
// are named.
func settled(t testing.TB, n store.News) string {
	t.Helper()
	var body bytes.Buffer
	if err := json.Indent(&body, n.AppendBody(nil), "", "  "); err != nil {
		t.Fatalf("%v in %s", err, n.AppendBody(nil))
	}
	made := map[string]string{}
	return anyID.ReplaceAllStringFunc(body.String(), func(id string) string {
		if made[id] == "" {
			made[id] = fmt.Sprintf("019bfefd-0000-7000-8000-%012d", len(made)+1)
		}
		return made[id]
	}) + "\n"
}

func TestGoldenNews_has_one_real_body_per_kind(t *testing.T) {
	told := tellingShop(t)
	manual, err := os.ReadFile(filepath.Join("..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range told {
		path := filepath.Join("testdata", "news", name+".json")
		got := settled(t, n)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(got, string(want)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if _, section, _ := strings.Cut(string(manual), "\n### `"+name+"`\n"); !strings.Contains(beforeNext(section), "```json\n"+got+"```") {
			t.Errorf("docs/webhooks.md does not have the body of %s as it is", name)
		}
		for _, secret := range []string{"cost", "never told", "notes"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s tells %s: %s", name, secret, got)
			}
		}
	}
	if len(told) != 8 {
		t.Errorf("%d kinds: %v", len(told), slices.Sorted(maps.Keys(told)))
	}
}

// beforeNext cuts a section of the manual off at the next heading.
func beforeNext(section string) string {
	section, _, _ = strings.Cut(section, "\n#")
	return section
}

func TestNews_is_of_one_line_and_names_its_entry(t *testing.T) {
	s := storetest.Open(t)
	item := s.OpenItem(s.AddProduct("A", func(p *store.Product) { p.Name = "Two\tparts" }), store.Vault, 5)
	s.Adjust(item, -1, store.Damage)
	for _, n := range newsAfter(t, s, 0) {
		body := n.AppendBody(nil)
		if bytes.ContainsAny(body, "\n\r") || !json.Valid(body) {
			t.Errorf("%s: %q", n.ID, body)
		}
		if n.ID != n.Position.String() || n.Location != s.Location || n.At == 0 {
			t.Errorf("%+v", n)
		}
	}
}

func TestNews_of_a_hold_says_twice_that_it_expired(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 9)
	head := s.Head().Seq
	r := s.Must(&store.Reserve{Item: item, Quantity: units(2), Seconds: 60})
	s.Must(&store.ExtendReservation{ID: r.Facts[0].Of.(*store.Reservation).ID, Seconds: 90})
	s.Clock.Advance(2 * time.Minute)
	s.Look()
	want := []string{
		fmt.Sprintf("1-%d inventory.availability_changed", head+1),
		fmt.Sprintf("1-%d inventory.availability_changed", head+3),
		fmt.Sprintf("1-%d.2 reservation.expired", head+3),
	}
	if got := typesOf(newsAfter(t, s, head)); !slices.Equal(got, want) {
		t.Errorf("told %v, not %v", got, want)
	}
}

func TestNews_of_low_stock_comes_once_a_crossing(t *testing.T) {
	s := storetest.Open(t)
	low := units(10)
	item := s.OpenItem(s.AddProduct("A", func(p *store.Product) { p.Threshold = &low }), store.SalesFloor, 20)
	crossings := func(change int64, reason store.Reason) int {
		head := s.Head().Seq
		s.Adjust(item, change, reason)
		return strings.Count(strings.Join(typesOf(newsAfter(t, s, head)), "\n"), string(store.NewsLowStock))
	}
	for n, c := range []struct {
		change int64
		reason store.Reason
		want   int
	}{
		{-9, store.Sale, 0}, {-1, store.Sale, 1}, {-1, store.Sale, 0}, {2, store.Return, 0}, {-1, store.Sale, 0}, // 11 is within the hysteresis
		{5, store.Return, 0}, {-6, store.Sale, 1},
	} {
		if got := crossings(c.change, c.reason); got != c.want {
			t.Errorf("change %d of %d told %d crossings, not %d", n, c.change, got, c.want)
		}
	}
}

func TestNews_of_a_transfer_comes_when_it_has_just_become_complete(t *testing.T) {
	s, item, out, in := inTransit(t)
	head := s.Head().Seq
	takeIn(s, in, 4)
	if got := strings.Join(typesOf(newsAfter(t, s, head)), "\n"); strings.Contains(got, string(store.NewsTransfer)) {
		t.Errorf("on its way it is told as complete: %s", got)
	}
	takeIn(s, in, 5)
	s.Must(&store.CancelTransfer{ID: out})
	s.Must(&store.MoveStock{Lines: []store.ShipLine{{Item: item, Quantity: units(1), ToRoom: store.Vault}}})
	var got []string
	for _, n := range newsAfter(t, s, head) {
		var data struct {
			ID     string `json:"transfer_id"`
			Status string
		}
		if err := json.Unmarshal(n.Data, &data); err != nil {
			t.Fatal(err)
		}
		if n.Type == store.NewsTransfer {
			got = append(got, data.ID+" "+data.Status)
		}
	}
	if len(got) < 2 || got[0] != in.String()+" closed" || got[1] != out.String()+" canceled" {
		t.Errorf("told %v", got)
	}
}

func TestNewsAskedForLaterIsTheSameAsAtOnce(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(r *rapid.T) {
		b := openBusyShop(t, rapid.Uint64().Draw(r, "seed"))
		defer func() { _ = b.Ledger.Close() }()
		var atOnce []store.News
		for told, step := int64(0), 0; step < 150; step++ {
			atOnce = append(atOnce, newsAfter(t, b.Shop, told)...)
			told = b.Head().Seq
			b.live(1)
			if step%60 == 59 {
				b.branch()
			}
		}
		b.live(40)
		later := newsAfter(t, b.Shop, 0)
		if len(later) < len(atOnce) || len(atOnce) < 50 {
			t.Fatalf("%d are told later, %d were at once", len(later), len(atOnce))
		}
		for n, want := range atOnce {
			got := later[n]
			if got.ID != want.ID || got.Location != want.Location || !bytes.Equal(got.AppendBody(nil), want.AppendBody(nil)) {
				t.Fatalf("at once %s\n%s\nlater %s\n%s", want.ID, want.AppendBody(nil), got.ID, got.AppendBody(nil))
			}
		}
	})
}

func TestNews_of_a_transfer_that_is_saved_again_when_closed_comes_once(t *testing.T) {
	s := storetest.Open(t)
	shipment := ship(store.ShipLine{Item: s.Stocked("A", 9), Quantity: units(6)})
	shipment.Number = "MS-12"
	out := transferOf(t, s.Must(shipment))
	head := s.Head().Seq
	var versions []int64
	for _, line := range []store.ResultLine{{Received: units(6)}, {Received: units(6), Extra: units(1)}, {Received: units(6), Extra: units(2)}} {
		obeyed(t, s, "transfer_result", store.TransferResult{Shipment: out.ID, Lines: []store.ResultLine{line}})
		d, _ := s.Transfer(out.ID)
		if d.Open() {
			t.Fatalf("it is not closed: %+v", d)
		}
		versions = append(versions, d.Version)
	}
	if versions[0] == versions[1] || versions[1] == versions[2] {
		t.Fatalf("it was not saved again: versions %v", versions)
	}
	if n := only(t, newsAfter(t, s, head), store.NewsTransfer); n.Position.Seq != versions[0] {
		t.Errorf("told of %s, and it was closed at %d", n.ID, versions[0])
	}
}
