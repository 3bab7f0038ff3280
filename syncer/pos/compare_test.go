package pos_test

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestADifferenceIsSetRightAfterARestart(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 1)
			d.Clock.Advance(time.Hour)
			d.restart()
			d.sim.Set(1, units(90))
			d.must(d.full(false))
			d.agree(1, 100)
			if list := d.cases(); len(list) != 1 || list[0].Class != store.CaseQuantity {
				t.Errorf("the differences are %+v", list)
			}
		})
	}
}

func TestASaleDuringTheFirstComparisonIsBooked(t *testing.T) {
	d := drive(t, newSim(kinds["absolute"]), 1)
	d.sim.afterRead = func() {
		d.sim.afterRead = nil
		d.sim.sell(1, units(3), "")
		d.Clock.Advance(time.Second)
	}
	d.must(d.push())
	d.Clock.Advance(time.Second)
	d.pull()
	d.agree(1, 97)
	d.Clock.Advance(time.Hour)
	d.must(d.full(false))
	d.agree(1, 97)
}

func TestWhatWasSoldBeforeTheFirstLookIsNotBooked(t *testing.T) {
	d := drive(t, newSim(kinds["absolute"]), 1)
	d.sim.Sell(1, units(3), "")
	d.sim.Set(1, units(100))
	d.Clock.Advance(time.Minute)
	d.must(d.push())
	d.pull()
	d.Clock.Advance(time.Minute)
	d.pull()
	d.agree(1, 100)
}

func TestThePointOfSaleIsBelievedWhereItsWordCounts(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := drive(t, newSim(kinds[kind]), 0, func(c *pos.Config) { c.Quantity = pos.OwnerPOS })
			d.add(1, 100, 80)
			d.must(d.push())
			if there := d.sim.Stock(1); there != units(80) {
				t.Fatalf("it was overwritten at first: %s", there)
			}
			d.change(1, -2, store.Damage)
			d.synced()
			if there := d.sim.Stock(1); there != units(78) {
				t.Fatalf("it was overwritten by a change: %s", there)
			}
			d.Clock.Advance(time.Hour)
			head := d.Head()
			d.must(d.full(false))
			d.agree(1, 78)
			d.must(d.full(false))
			if written := len(d.sim.written); written != 1 {
				t.Errorf("what it said was sent back: %d changes", written)
			}
			var believed int
			d.must(d.Journal().Scan(t.Context(), head.Seq, d.Head().Seq, func(s *store.Stored) error {
				e, err := s.Entry()
				if err == nil && e.Movement != nil && e.Source == "pos:till" && e.Movement.Change == units(-20) {
					believed++
				}
				return err
			}))
			if believed != 1 {
				t.Errorf("it was believed %d times", believed)
			}
			if list := d.cases(); len(list) != 0 {
				t.Errorf("the differences are %+v", list)
			}
		})
	}
}

func TestRoomsThatAreLeftOutDoNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		rooms map[store.Room]string
		want  int64
	}{
		"quarantine where there are no rooms":  {"absolute", nil, 130},
		"a room that is left out":              {"absolute", map[store.Room]string{store.Vault: ""}, 110},
		"a room that is another there":         {"absolute, by room", map[store.Room]string{store.SalesFloor: "floor", store.Quarantine: "", store.SecretMenu: ""}, 100},
		"quarantine that is the same as sales": {"absolute, by room", map[store.Room]string{store.SalesFloor: "floor", store.Quarantine: "floor", store.Vault: "", store.SecretMenu: "floor"}, 115},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, newSim(kinds[c.kind]), 1, func(v *pos.Config) { v.Rooms = c.rooms })
			d.row(1, store.Vault, 20)
			d.row(1, store.Quarantine, 5)
			d.row(1, store.SecretMenu, 10)
			d.must(d.push())
			if there := d.sim.Stock(1); there != units(c.want) {
				t.Errorf("it has %s, want %d", there, c.want)
			}
		})
	}
}

// TestDifferencesHaveAClass is a table of how they come about.
func TestDifferencesHaveAClass(t *testing.T) {
	later := func(d *driver) { d.Clock.Advance(time.Hour) }
	for name, c := range map[string]struct {
		kind  string
		books bool
		do    func(d *driver)
		want  store.CaseClass
	}{
		"nothing explains it":        {"absolute", true, func(d *driver) { d.sim.Set(1, units(97)); later(d) }, store.CaseQuantity},
		"it changed a moment ago":    {"absolute", true, func(d *driver) { d.change(1, -1, store.Damage) }, store.CaseTiming},
		"it is not sent yet":         {"absolute", true, func(d *driver) { d.change(1, -1, store.Damage); later(d) }, store.CaseTiming},
		"it changed there":           {"absolute", true, func(d *driver) { later(d); d.sim.Set(1, 7); d.sim.rows[1].UpdatedAt = d.sim.now() }, store.CaseTiming},
		"milligrams":                 {"absolute", true, func(d *driver) { d.sim.Set(1, units(100_000)); later(d) }, store.CaseUnit},
		"ounces":                     {"absolute", true, func(d *driver) { d.sim.Set(1, 3_5274); later(d) }, store.CaseUnit},
		"another unit":               {"absolute", true, func(d *driver) { d.sim.Set(1, 7); d.sim.rows[1].Unit = "g"; later(d) }, store.CaseUnit},
		"no number":                  {"absolute", true, func(d *driver) { d.sim.rows[1].Problem = "Its quantity is no number." }, store.CaseUnit},
		"gone there":                 {"absolute", true, func(d *driver) { delete(d.sim.rows, 1); later(d) }, store.CaseMapping},
		"unknown here":               {"absolute", true, func(d *driver) { d.sim.Add(7, "NEW", "", units(3)) }, store.CaseMapping},
		"not linked":                 {"absolute", true, func(d *driver) { d.Stocked("NEW", 3); later(d) }, store.CaseMapping},
		"a package gone there":       {"a register", true, func(d *driver) { delete(d.sim.rows, 1); later(d) }, store.CasePackage},
		"a package unknown here":     {"packages, no write", true, func(d *driver) { d.sim.Add(7, sku(1), "TAG", units(3)); d.sim.rows[7].Product = "p1" }, store.CasePackage},
		"a sale is not booked here":  {"absolute", false, func(d *driver) { d.sim.Sell(1, units(3), "R-1"); later(d) }, store.CaseSale},
		"a sale is not at the state": {"a register", true, func(d *driver) { d.change(1, -3, store.Sale); d.synced(); later(d) }, store.CaseSale},
	} {
		t.Run(name, func(t *testing.T) {
			d := met(t, c.kind, 1, func(v *pos.Config) { v.Books = c.books })
			later(d)
			c.do(d)
			list, err := d.desk.ComparePOS(t.Context(), "till")
			d.must(err)
			if len(list) != 1 || list[0].Class != c.want || list[0].Detail == "" {
				t.Errorf("the differences are %+v, want %s", list, c.want)
			}
		})
	}
}

func TestTwoRowsOfOnePlaceAreOneOnlyWhenTheyAgree(t *testing.T) {
	d := met(t, "absolute", 1)
	d.Clock.Advance(time.Hour)
	again := func(quantity int64) {
		row := *d.sim.rows[1]
		row.Quantity = units(quantity)
		d.sim.rows[len(d.sim.rows)+10] = &row
	}
	again(100)
	list, err := d.desk.ComparePOS(t.Context(), "till")
	d.must(err)
	if len(list) != 0 {
		t.Errorf("two that agree are %+v", list)
	}
	again(90)
	again(90)
	list, err = d.desk.ComparePOS(t.Context(), "till")
	d.must(err)
	if len(list) != 1 || list[0].Class != store.CaseUnit {
		t.Errorf("three that do not agree are %+v", list)
	}
	d.must(d.full(true))
	if len(d.sim.written) != 0 {
		t.Errorf("it was written to: %+v", d.sim.written)
	}
}

func TestWhatChangesDuringTheFirstComparisonArrivesOnce(t *testing.T) {
	for _, kind := range []string{"absolute", "absolute, by room", "a register", "changes with keys", "changes, no keys"} {
		for there := range 2 {
			t.Run(kind, func(t *testing.T) {
				d := drive(t, newSim(kinds[kind]), 2)
				if there == 1 && kind != "a register" {
					d.sim.Set(1, units(70))
				}
				d.sim.afterRead = func() {
					d.sim.afterRead = nil
					d.change(1, -3, store.Damage)
					d.change(2, -1, store.Damage)
				}
				d.must(d.push())
				d.must(d.save())
				d.restart()
				d.Clock.Advance(5 * time.Minute)
				d.synced()
				d.change(1, -2, store.Damage)
				d.synced()
				d.agree(1, 95)
				d.agree(2, 99)
			})
		}
	}
}

func TestARestoredLedgerIsComparedFirst(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 1)
			d.change(1, -3, store.Damage)
			head := d.Head()
			d.Must(&store.OpenEpoch{Branch: store.Position{Epoch: head.Epoch, Seq: head.Seq}, Hash: head.Hash, Reason: store.EpochRestored})
			d.restart()
			d.sim.Set(1, units(50)) // what the lost ledger had told it
			d.synced()
			d.agree(1, 97)
			d.change(1, -1, store.Damage)
			d.synced()
			d.agree(1, 96)
		})
	}
}
