package cmd

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// demoNow is when the demos of these tests are made: a Tuesday afternoon.
var demoNow = store.InstantOf(time.Date(2026, 1, 27, 23, 30, 0, 0, time.UTC))

func makeTestDemo(t *testing.T, dir string) {
	t.Helper()
	if err := makeDemo(t.Context(), dir, "test", demoNow, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

// openDemo opens a demo with a clock that stands at demoNow.
func openDemo(t *testing.T, dir string) *store.Ledger {
	t.Helper()
	j, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, NewStore: newID, Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := store.Open(t.Context(), store.Config{
		Journal: j, Clock: &demoClock{wall: demoNow.Time()}, NewID: newID, NewSalt: newSalt,
		Rules: store.DefaultRules(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestTheDemoIsABelievableShop(t *testing.T) {
	dir := t.TempDir()
	makeTestDemo(t, dir)
	l := openDemo(t, dir)
	if _, err := store.Verify(t.Context(), l.Journal(), nil, nil); err != nil {
		t.Errorf("it does not verify: %v", err)
	}
	t.Run("holds the example of the API's description", func(t *testing.T) { checkDemoExample(t, l) })
	t.Run("has a catalogue in both locations and all rooms", func(t *testing.T) { checkDemoRows(t, l) })
	t.Run("has something to look after", func(t *testing.T) { checkDemoTrouble(t, l) })
	t.Run("has a past that could be", func(t *testing.T) { checkDemoPast(t, l) })
}

func checkDemoExample(t *testing.T, l *store.Ledger) {
	rows, _ := l.Items(store.ItemFilter{
		Locations: []store.ID{demoLocation(l, "Juniper Street")}, Rooms: []store.Room{store.SalesFloor}, SKUs: []string{"BD-EIGHTH-001"},
	}, 0, 9)
	if len(rows) != 1 {
		t.Fatalf("%d rows of BD-EIGHTH-001 on the sales floor", len(rows))
	}
	i := rows[0]
	got := fmt.Sprint(i.Product.Name, " ", i.Quantity, " ", i.Reserved, " ", i.Available(), " ", i.Product.UnitPrice, " ", i.Product.UnitCost, " ", i.Low)
	if want := "Blue Dream 1/8 45 5 40 45.00 25.00 false"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func demoLocation(l *store.Ledger, name string) store.ID {
	i := slices.IndexFunc(l.Locations(), func(l *store.Location) bool { return l.Name == name })
	return l.Locations()[i].ID
}

func checkDemoRows(t *testing.T, l *store.Ledger) {
	if n := len(l.Products()); n < 140 || n > 160 {
		t.Errorf("%d products", n)
	}
	categories := map[string]bool{}
	rows, _ := l.Items(store.ItemFilter{}, 0, 10_000)
	for _, i := range rows {
		categories[i.Product.Category] = true
	}
	if n := len(categories); n != 9 {
		t.Errorf("%d categories", n)
	}
	barcodes, units := map[string]bool{}, map[store.Unit]bool{}
	for _, p := range l.Products() {
		barcodes[p.Barcodes[0]], units[p.Unit] = true, true
		if p.UnitCost >= p.UnitPrice || p.UnitCost <= 0 || p.Threshold == nil {
			t.Errorf("%s costs %s and sells for %s", p.Name, p.UnitCost, p.UnitPrice)
		}
	}
	if len(barcodes) != len(l.Products()) || !units["each"] || !units["g"] {
		t.Errorf("%d barcodes, units %v", len(barcodes), units)
	}
	for _, place := range l.Locations() {
		for _, room := range store.Rooms {
			_, n := l.Items(store.ItemFilter{Locations: []store.ID{place.ID}, Rooms: []store.Room{room}}, 0, 1)
			if n == 0 || (n < 80 && (room == store.SalesFloor || room == store.Vault)) {
				t.Errorf("%s has %d rows in %s", place.Name, n, room)
			}
		}
	}
}

func checkDemoTrouble(t *testing.T, l *store.Ledger) {
	low, n := l.Items(store.ItemFilter{LowStock: true}, 0, 200)
	if n < 12 || n > 60 || !slices.ContainsFunc(low, func(i *store.Item) bool { return i.Quantity > 0 }) {
		t.Errorf("%d rows are low", n)
	}
	if n := len(l.Reservations()); n < 5 {
		t.Errorf("%d reservations are open", n)
	}
	held, expiring := 0, 0
	items, _ := l.Items(store.ItemFilter{}, 0, 10_000)
	for _, i := range items {
		if i.Lot == nil || i.Quantity == 0 {
			continue
		}
		if i.Lot.Status == store.LotHeld {
			held++
		}
		if i.Lot.ExpiresOn < "2026-02-04" && !i.Lot.ExpiredAt(demoNow, i.Location.Zone()) {
			expiring++
		}
	}
	if held == 0 || expiring == 0 {
		t.Errorf("%d rows of held lots, %d of lots about to expire", held, expiring)
	}
}

// demoPast counts what a demo's ledger says happened.
type demoPast struct {
	reasons  map[store.Reason]int
	weekdays map[time.Weekday]int
	late     int
	first    store.Instant
	last     store.Instant
}

func readDemoPast(t *testing.T, l *store.Ledger) demoPast {
	t.Helper()
	p := demoPast{reasons: map[store.Reason]int{}, weekdays: map[time.Weekday]int{}}
	zone, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	err = l.Journal().Scan(t.Context(), 0, l.Head().Seq, func(s *store.Stored) error {
		e, err := s.Entry()
		if err != nil {
			return err
		}
		p.first, p.last = cmp.Or(p.first, e.RecordedAt), e.RecordedAt
		if e.Movement == nil {
			return nil
		}
		m := e.Movement
		if m.After < 0 || m.After < m.ReservedAfter || !e.ClockOK {
			return fmt.Errorf("entry %s leaves %s with %s reserved", e.Position, m.After, m.ReservedAfter)
		}
		p.reasons[m.Reason]++
		if e.Lateness() > 0 {
			p.late++
		}
		if at := e.OccurredAt.Time().In(zone); m.Reason == store.Sale {
			p.weekdays[at.Weekday()]++
			if at.Hour() < 9 || at.Hour() > 22 {
				return fmt.Errorf("entry %s is a sale at %s", e.Position, at)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func checkDemoPast(t *testing.T, l *store.Ledger) {
	p := readDemoPast(t, l)
	if missing := slices.DeleteFunc(slices.Clone(store.Reasons), func(r store.Reason) bool { return p.reasons[r] > 0 }); len(missing) > 0 {
		t.Errorf("no %v", missing)
	}
	if days := p.last.Sub(p.first).Hours() / 24; days < 60 || days > 61 || p.last > demoNow {
		t.Errorf("it goes from %s to %s", p.first, p.last)
	}
	if p.weekdays[time.Saturday] < p.weekdays[time.Monday]*3/2 {
		t.Errorf("a Saturday is not busier than a Monday: %v", p.weekdays)
	}
	if p.late < 20 || p.reasons[store.Theft] > 20 || p.reasons[store.Sale] < 8000 {
		t.Errorf("%d late entries, %v", p.late, p.reasons)
	}
	at := demoNow.Add(-30 * 24 * time.Hour)
	snap, err := l.Snapshot(t.Context(), store.Moment{AsOf: at}, nil)
	if err != nil || snap.Items < 400 || snap.Quantity <= 0 {
		t.Errorf("30 days ago there were %d rows, %s units, %v", snap.Items, snap.Quantity, err)
	}
}

func TestTwoDemosOfOneMomentHaveTheSameStock(t *testing.T) {
	var stocks [2]map[string]string
	for n := range stocks {
		dir := t.TempDir()
		makeTestDemo(t, dir)
		stocks[n] = map[string]string{}
		items, _ := openDemo(t, dir).Items(store.ItemFilter{}, 0, 10_000)
		for _, i := range items {
			key := fmt.Sprint(i.Location.Name, i.Room, i.Product.SKU)
			if i.Lot != nil {
				key += i.Lot.PackageTag
			}
			stocks[n][key] = fmt.Sprint(i.Quantity, i.Reserved, i.Product.UnitPrice)
		}
	}
	if !maps.Equal(stocks[0], stocks[1]) {
		t.Error("the quantities differ")
	}
}

func TestADemoIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	if err := os.MkdirAll(filepath.Join(dir, demoMaking), 0o700); err != nil { // one that broke off
		t.Fatal(err)
	}
	makeTestDemo(t, dir)
	l := openDemo(t, dir)
	first := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, cleanup, err := demoDirectory(dir)
	if err != nil || again != dir {
		t.Fatalf("it is not used again: %q, %v", again, err)
	}
	makeTestDemo(t, again)
	cleanup()
	if second := openDemo(t, dir).Head(); second.Hash != first.Hash {
		t.Error("it was made again")
	}
}

func TestADemoWithoutADirectoryLeavesNothing(t *testing.T) {
	dir, cleanup, err := demoDirectory("")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cleanup()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestADemoTouchesNoDirectoryOfOtherData(t *testing.T) {
	for name, fill := range map[string]func(*testing.T, string){
		"a ledger of real data": func(t *testing.T, dir string) {
			j, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, NewStore: newID})
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"somebody's files": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "taxes.txt"), []byte("2025"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fill(t, dir)
			before := contentsOf(t, dir)
			_, _, err := demoDirectory(dir)
			if exitCode(err) != exitRefused {
				t.Errorf("demoDirectory: %v", err)
			}
			if err := makeDemo(t.Context(), dir, "test", demoNow, slog.New(slog.DiscardHandler)); exitCode(err) != exitRefused {
				t.Errorf("makeDemo: %v", err)
			}
			if after := contentsOf(t, dir); after != before {
				t.Errorf("the directory changed:\n%s\n%s", before, after)
			}
		})
	}
}

// contentsOf is the names of a directory's files with digests of what they
// hold, but for what SQLite needs to read.
func contentsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "-wal") || strings.HasSuffix(f.Name(), "-shm") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		fmt.Fprintf(&b, "%s %x %v\n", f.Name(), sha256.Sum256(data), err)
	}
	return b.String()
}
