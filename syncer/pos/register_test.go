package pos_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestARegisterIsToldWhatIsToBeReportedAndWaitsForItsReads(t *testing.T) {
	d := met(t, "a register", 1)
	d.change(1, -1, store.Sale)
	d.change(1, -2, store.Transfer)
	d.synced()
	if len(d.sim.written) != 0 {
		t.Errorf("it was told %+v", d.sim.written)
	}
	d.change(1, -3, store.Damage)
	d.synced()
	d.sim.lagging = map[int]store.Quantity{1: units(100)}
	d.change(1, -4, store.Damage)
	if err := d.push(); err == nil {
		t.Error("it was told a number made up from an old one")
	}
	d.sim.lagging = nil
	d.synced()
	if there := d.sim.Stock(1); there != units(93) {
		t.Errorf("it has %s, want 93", there)
	}
}

func TestARegisterWhoseNumberIsNeitherIsForAPerson(t *testing.T) {
	d := met(t, "a register", 1)
	d.sim.LoseAnswer(1)
	d.change(1, -3, store.Damage)
	if err := d.push(); err == nil {
		t.Fatal("no answer was lost")
	}
	d.sim.Set(1, units(90))
	d.synced()
	if there := d.sim.Stock(1); there != units(90) {
		t.Errorf("it was set to %s", there)
	}
	if work := d.work(); len(work) != 1 || work[0].Code != "outcome_unknown" {
		t.Errorf("nobody has to look: %+v", work)
	}
}
