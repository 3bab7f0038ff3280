package storetest

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// OpenReal opens an empty shop on the machine's own clock, for benchmarks.
func OpenReal(t testing.TB) *Shop {
	t.Helper()
	s := &Shop{Rules: store.DefaultRules(), Dir: t.TempDir(), t: t, clock: store.SystemClock()}
	s.open()
	t.Cleanup(func() { _ = s.Ledger.Close() })
	s.Location = s.AddLocation("Main Street", "America/Chicago")
	return s
}

var (
	categories = []string{"Flower", "Pre-Rolls", "Vaporizers", "Edibles", "Concentrates", "Tinctures", "Topicals", "Accessories"}
	brands     = []string{"Meadow House", "Quiet River", "North Fork", "Old Mill", "Paper Lantern", "Copper Kettle"}
)

// Row makes the n-th row of a large catalogue, with so many whole units.
func Row(n int, units int64) store.ImportRow {
	text := func(s string) *string { return &s }
	category, brand := categories[n%len(categories)], brands[n%len(brands)]
	price, cost := store.Money(15_0000+n%50*1_0000), store.Money(8_0000+n%50*5000)
	quantity, low := store.Quantity(units*10_000), store.Quantity(5*10_000)
	return store.ImportRow{
		SKU: fmt.Sprintf("SKU-%06d", n), Name: text(fmt.Sprintf("%s No. %d", category, n*7919%100_000)),
		Category: &category, Brand: &brand, Size: text("3.5 g"), Barcode: text(fmt.Sprintf("8500%08d", n)),
		UnitPrice: &price, UnitCost: &cost, Quantity: &quantity, LowStockThreshold: &low,
	}
}

// Crash gives a copy of the data directory as it is on disk now, as if the
// machine had stopped.
func (s *Shop) Crash(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	// Not in this process: closing a copy of the file would drop SQLite's locks.
	if out, err := exec.CommandContext(t.Context(), "cp", "-r", s.Dir+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}
