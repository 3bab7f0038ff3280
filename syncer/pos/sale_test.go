package pos_test

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// matching is a configuration that books sales from the API and only matches
// those of the point of sale.
func matching(c *pos.Config) { c.Books = false }

func (d *driver) sale(n int, sold int64, reference string) {
	d.t.Helper()
	d.Must(&store.Adjust{Item: d.items[n], Change: -units(sold), Reason: store.Sale, Reference: reference})
}

func TestASaleThatTheAPIBooksIsMatchedByItsReference(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 2, matching)
			d.Clock.Advance(time.Hour)
			d.sim.Sell(1, units(3), "R-1")
			d.Clock.Advance(time.Hour)
			d.must(d.full(false))
			if list := d.cases(); len(list) != 1 || list[0].Class != store.CaseSale {
				t.Errorf("the differences are %+v", list)
			}
			if here, there := d.here(1), d.sim.Stock(1); here != units(100) || there != units(97) {
				t.Fatalf("%s here and %s there: a sale was booked or overwritten", here, there)
			}
			d.sale(1, 3, "R-1")
			d.sale(2, 1, "R-2") // one that is not known there
			d.synced()
			d.agree(1, 97)
			d.agree(2, 99)
			d.Clock.Advance(time.Hour)
			d.must(d.full(false))
			d.agree(1, 97)
			if list := d.cases(); len(list) != 0 {
				t.Errorf("the differences are %+v", list)
			}
			open, err := d.records.ListPulledSales(t.Context(), "till", true)
			if err != nil || len(open) != 0 {
				t.Errorf("sales that are not matched: %+v, %v", open, err)
			}
		})
	}
}

func TestTwoSalesAreNotMatchedWithOne(t *testing.T) {
	d := met(t, "absolute", 2, matching)
	d.sale(1, 3, "R-1")
	d.sim.Sell(1, units(3), "R-1")
	d.sim.Sell(1, units(3), "R-1")
	d.sim.Sell(2, units(1), "R-1")
	d.sim.Sell(1, units(3), "")
	d.Clock.Advance(time.Second)
	for range 3 {
		d.pull()
		d.Clock.Advance(time.Minute)
	}
	open, err := d.records.ListPulledSales(t.Context(), "till", true)
	if err != nil || len(open) != 3 {
		t.Errorf("%d are open, want 3: %v", len(open), err)
	}
	all, err := d.records.ListPulledSales(t.Context(), "till", false)
	if err != nil || len(all) != 4 {
		t.Errorf("there are %d, want 4: %v", len(all), err)
	}
	d.sale(1, 3, "R-1")
	d.sale(2, 2, "R-1")
	d.pull()
	if open, err = d.records.ListPulledSales(t.Context(), "till", true); err != nil || len(open) != 2 {
		t.Errorf("%d are open, want 2: %v", len(open), err)
	}
	if d.here(1) != units(94) || d.here(2) != units(98) {
		t.Errorf("a sale there was booked: %s, %s", d.here(1), d.here(2))
	}
}

func TestASaleOfSomethingThatIsNotLinkedIsBookedOnceItIs(t *testing.T) {
	d := met(t, "absolute", 1)
	d.sim.Add(7, "THEIRS", "", units(10))
	d.sim.Add(8, "OTHERS", "", units(10))
	d.sim.Sell(7, units(2), "R-1")
	d.sim.Sell(7, units(1), "R-2")
	d.sim.Sell(8, units(1), "R-3")
	d.Clock.Advance(time.Second)
	for range 3 {
		d.pull()
		d.Clock.Advance(time.Minute)
	}
	if work := d.work(); len(work) != 2 || work[0].Code != pos.CodeUnmappedSale {
		t.Fatalf("there is to do %+v", work)
	}
	item := d.Stocked("OURS", 10)
	i, _ := d.Item(item)
	if _, err := d.desk.PutLink(t.Context(), store.Request{}, store.Link{
		Destination: "till", Kind: store.LinkProduct, Ours: i.Product.ID.String(), Theirs: "p7",
	}); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(time.Hour)
	d.restart()
	d.pull()
	d.pull()
	if i, _ = d.Item(item); i.Quantity != units(7) {
		t.Errorf("there are %s left, want 7", i.Quantity)
	}
	if work := d.work(); len(work) != 1 {
		t.Errorf("it is done, and is to do still: %+v", work)
	}
	open, err := d.records.ListPulledSales(t.Context(), "till", false)
	if err != nil || len(open) != 1 {
		t.Errorf("sales that wait: %+v, %v", open, err)
	}
}

func TestSalesAreReadInWindowsThatOverlap(t *testing.T) {
	caps := kinds["absolute"]
	caps.Window = 24 * time.Hour
	d := drive(t, newSim(caps), 1)
	d.must(d.push())
	d.sim.windows = nil
	d.Clock.Advance(75 * time.Hour)
	d.pull()
	if len(d.sim.windows) != 4 {
		t.Fatalf("it was read in %v", d.sim.windows)
	}
	last := d.sim.windows[0][0]
	for _, w := range d.sim.windows {
		if w[0] != last || w[1].Sub(w[0]) > caps.Window || w[1] <= w[0] {
			t.Errorf("a window is %s to %s after %s", w[0], w[1], last)
		}
		last = w[1]
	}
	if last != d.sim.now() {
		t.Errorf("it was read up to %s of %s", last, d.sim.now())
	}
	d.sim.windows = nil
	d.Clock.Advance(time.Minute)
	d.pull()
	if w := d.sim.windows[0]; w[0] != last.Add(-15*time.Minute) {
		t.Errorf("the next is %s to %s", w[0], w[1])
	}
}

func TestASaleThatIsListedLateIsNotMissed(t *testing.T) {
	d := met(t, "absolute", 1)
	d.sim.Sell(1, units(1), "R-1")
	d.sim.Sell(1, units(2), "R-2")
	d.sim.late = 1
	for range 12 {
		d.Clock.Advance(time.Minute)
		d.pull()
	}
	d.sim.late = 0
	d.pull()
	d.pull()
	d.agree(1, 97)
}

// TestClocksThatAreHoursApartLoseAndDoubleNothing has the clock of the point
// of sale off, and set while the shop works.
func TestClocksThatAreHoursApartLoseAndDoubleNothing(t *testing.T) {
	for name, c := range map[string]struct{ before, after time.Duration }{
		"ahead":                  {5 * time.Hour, 5 * time.Hour},
		"behind":                 {-5 * time.Hour, -5 * time.Hour},
		"ahead, then right":      {5 * time.Hour, 0},
		"behind, then right":     {-5 * time.Hour, 0},
		"right, then ahead":      {0, 5 * time.Hour},
		"right, then behind":     {0, -5 * time.Hour},
		"ahead, and then behind": {3 * time.Hour, -3 * time.Hour},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newSim(kinds["absolute"])
				s.tells, s.ahead = true, c.before
				d := drive(t, s, 1)
				d.sim.Sell(1, units(50), "before")
				d.sim.Set(1, units(100))
				d.Clock.Advance(time.Minute)
				d.must(d.push())
				d.must(d.save())
				want := int64(100)
				sell := func() {
					for range 5 {
						d.sim.Sell(1, units(1), "")
						want--
						d.Clock.Advance(10 * time.Minute)
						if restart {
							d.restart()
						}
						d.pull()
					}
				}
				sell()
				d.Clock.Advance(12 * time.Hour)
				d.pull()
				s.ahead = c.after
				d.target.Check(t.Context())
				sell()
				d.Clock.Advance(20 * time.Minute)
				d.pull()
				d.agree(1, want)
			})
		}
	}
}

func TestAFailedCheckForgetsNoClock(t *testing.T) {
	s := newSim(kinds["absolute"])
	s.tells, s.ahead = true, -5*time.Hour
	d := drive(t, s, 1)
	d.must(d.push())
	s.unauthorized = true
	d.target.Check(t.Context())
	s.unauthorized = false
	for range 5 {
		d.Clock.Advance(30 * time.Minute)
		d.sim.Sell(1, units(1), "")
		d.Clock.Advance(time.Minute)
		d.pull()
	}
	d.agree(1, 95)
}

func TestSalesNameTheirTimeHere(t *testing.T) {
	s := newSim(kinds["absolute"])
	s.tells, s.ahead = true, 5*time.Hour
	d := drive(t, s, 1)
	d.must(d.push())
	d.Clock.Advance(time.Minute)
	at := store.InstantOf(d.Clock.Wall())
	d.sim.Sell(1, units(1), "R-1")
	d.Clock.Advance(30 * time.Minute)
	d.pull()
	facts, _, err := d.Movements(t.Context(), store.MovementFilter{Item: d.items[1], Limit: 1})
	d.must(err)
	if e := facts[0].Entry; e.OccurredAt != at || e.Source != "pos:till" || e.Movement.Reference != "R-1" {
		t.Errorf("it is booked as %+v, want at %s", e, at)
	}
}
