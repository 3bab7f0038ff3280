package pos_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// met is a driver whose two sides have come together.
func met(t *testing.T, kind string, n int, edits ...func(*pos.Config)) *driver {
	t.Helper()
	d := drive(t, newSim(kinds[kind]), n, edits...)
	d.must(d.push())
	d.must(d.save())
	return d
}

func TestARegisterThatGotNothingIsToldAllAndNobodyHasToLook(t *testing.T) {
	d := met(t, "a register", 1)
	d.change(1, -1, store.Damage)
	d.change(1, -2, store.Audit)
	d.records.left, d.records.after = 2, true // where it stands, and the changes under way
	if err := d.push(); err == nil {
		t.Fatal("it was not killed")
	}
	d.restart()
	d.synced()
	d.agree(1, 97)
	if work := d.work(); len(work) != 0 {
		t.Errorf("somebody has to look: %+v", work)
	}
}

func TestWhatComesAfterARefusedChangeDoesNotHoldIt(t *testing.T) {
	for _, kind := range []string{"a register", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 1)
			first := true
			d.sim.refuseOnce = func() bool { defer func() { first = false }(); return first }
			d.change(1, -1, store.Damage)
			d.change(1, -2, store.Audit)
			d.synced()
			if there := d.sim.Stock(1); there != units(98) {
				t.Fatalf("it has %s, want 98", there)
			}
			aside := d.aside()
			if len(aside) != 1 {
				t.Fatalf("set aside: %+v", aside)
			}
			d.Clock.Advance(time.Hour)
			if taken, err := d.target.Resend(t.Context(), d.Ledger, aside[0]); err != nil || !taken {
				t.Fatal(taken, err)
			}
			d.agree(1, 97)
			if i, _ := d.Item(d.items[1]); d.level(1).Seq != i.Seq {
				t.Errorf("it is at entry %d, want %d", d.level(1).Seq, i.Seq)
			}
		})
	}
}

func TestARefusalIsNotForgottenByAKill(t *testing.T) {
	for writes := range 6 {
		for _, after := range []bool{false, true} {
			d := met(t, "a register", 1)
			d.change(1, -1, store.Damage)
			i, _ := d.Item(d.items[1])
			d.sim.refuseSeq = i.Seq
			d.change(1, -2, store.Audit)
			d.records.left, d.records.after = writes+1, after
			err := d.push()
			if d.records.left = -1; err == nil {
				d.must(d.save())
			}
			d.restart()
			d.synced()
			if there, aside := d.sim.Stock(1), d.aside(); there != units(98) || len(aside) != 1 {
				t.Errorf("killed at write %d (after: %v): it has %s, set aside: %+v", writes+1, after, there, aside)
			}
		}
	}
}

func TestARefusedChangeIsInTheNextNumber(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 2)
			d.sim.Refuse(1)
			d.change(1, -2, store.Damage)
			d.synced()
			delete(d.sim.refuse, 1)
			d.change(1, -1, store.Damage)
			d.synced()
			d.agree(1, 97)
			for _, q := range d.aside() {
				if _, err := d.target.Resend(t.Context(), d.Ledger, q); err != nil {
					t.Fatal(err)
				}
			}
			d.agree(1, 97)
			if aside := d.aside(); len(aside) != 0 {
				t.Errorf("set aside: %+v", aside)
			}
		})
	}
}

func TestAChangeThatMetABadRowIsInTheNextNumber(t *testing.T) {
	for _, kind := range []string{"absolute", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 1)
			d.sim.rows[1].Problem = "Its quantity is no number."
			d.change(1, -2, store.Damage)
			d.synced()
			if len(d.aside()) != 1 {
				t.Fatalf("set aside: %+v", d.aside())
			}
			d.sim.rows[1].Problem = ""
			d.change(1, -1, store.Damage)
			d.synced()
			d.agree(1, 97)
		})
	}
}

func TestARequestThatIsRefusedWholeIsNarrowedDownAndInTheNextNumber(t *testing.T) {
	for _, kind := range []string{"absolute", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 3)
			d.sim.poison = d.sim.place(2)
			for n := 1; n <= 3; n++ {
				d.change(n, -2, store.Damage)
			}
			d.synced()
			d.agree(1, 98)
			d.agree(3, 98)
			if aside := d.aside(); len(aside) != 1 || aside[0].Tries != 5 || d.sim.Stock(2) != units(100) {
				t.Fatalf("set aside: %+v", aside)
			}
			d.sim.poison = store.Place{}
			d.change(2, -1, store.Damage)
			d.synced()
			d.agree(2, 97)
		})
	}
}

func TestNothingIsTakenForArrivedWhereNobodyCanLook(t *testing.T) {
	d := met(t, "absolute, unread", 1)
	d.change(1, -100, store.Audit)
	d.records.left, d.records.after = 2, true
	if err := d.push(); err == nil {
		t.Fatal("it was not killed")
	}
	d.restart()
	d.synced()
	d.agree(1, 0)
}

func TestSendingAnEntryAgainLeavesALostAnswerToBeReadBack(t *testing.T) {
	for _, kind := range []string{"absolute", "a register", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 2)
			d.sim.Refuse(2)
			d.change(2, -2, store.Damage)
			d.synced()
			delete(d.sim.refuse, 2)
			d.sim.LoseAnswer(1)
			d.change(1, -3, store.Damage)
			if err := d.push(); err == nil {
				t.Fatal("no answer was lost")
			}
			for _, q := range d.aside() {
				if taken, err := d.target.Resend(t.Context(), d.Ledger, q); err != nil || !taken {
					t.Fatal(taken, err)
				}
			}
			d.synced()
			d.agree(1, 97)
			d.agree(2, 98)
		})
	}
}

func TestARangeGoesAgainExactlyAsItWent(t *testing.T) {
	d := met(t, "changes with keys", 3)
	d.must(d.desk.DeleteLink(t.Context(), store.Request{}, "till", store.LinkProduct, sku(2)))
	d.sim.LoseAnswer(1)
	d.change(1, -1, store.Damage)
	d.change(2, -1, store.Damage)
	if err := d.push(); err == nil {
		t.Fatal("no answer was lost")
	}
	went := slices.Clone(d.sim.batches)
	if _, err := d.desk.PutLink(t.Context(), store.Request{}, store.Link{Destination: "till", Kind: store.LinkProduct, Ours: sku(2), Theirs: "p2"}); err != nil {
		t.Fatal(err)
	}
	d.restart()
	d.synced()
	if again := d.sim.batches[len(went):]; len(again) != 1 || again[0] != went[len(went)-1] {
		t.Errorf("it went as\n%v\nand then as\n%v", went[len(went)-1], again)
	}
	if work := d.work(); len(work) != 1 || work[0].Code != pos.CodeUnmappedProduct {
		t.Errorf("what was not sent is told nobody: %+v", work)
	}
	d.Clock.Advance(time.Hour)
	d.must(d.full(false))
	d.agree(2, 99)
}

func TestACountLeavesASaleThere(t *testing.T) {
	d := met(t, "changes with keys", 1)
	d.sim.Sell(1, units(3), "")
	d.change(1, 1, store.Adjustment)
	d.synced()
	d.Clock.Advance(time.Second)
	d.pull()
	d.synced()
	d.agree(1, 98)
}

func TestWhatIsTooOldIsCountedAndNothingTwice(t *testing.T) {
	d := met(t, "changes with keys", 1)
	d.change(1, -1, store.Damage)
	d.Clock.Advance(30 * time.Hour)
	d.change(1, -2, store.Damage)
	d.change(1, -3, store.Damage)
	d.synced()
	d.agree(1, 94)
	for _, c := range d.sim.written {
		if !c.Absolute {
			t.Errorf("a change of %s was sent beside the count", c.Delta)
		}
	}
	d.change(1, -4, store.Damage)
	d.synced()
	d.agree(1, 90)
	if last := d.sim.written[len(d.sim.written)-1]; last.Absolute {
		t.Errorf("a new change was counted: %+v", last)
	}
}

func TestPreviewIsWhatIsThenWritten(t *testing.T) {
	for _, kind := range []string{"absolute", "absolute, by room", "a register", "changes with keys", "changes, no keys"} {
		t.Run(kind, func(t *testing.T) {
			d := met(t, kind, 3)
			d.change(1, -1, store.Damage)
			d.change(2, -2, store.Audit)
			d.change(1, -3, store.Damage)
			before, writes := d.sim.requests, len(d.sim.written)
			if _, err := d.desk.PreviewPOS(t.Context(), "till", 100); err != nil {
				t.Fatal(err)
			}
			shown := d.sim.previewed
			if len(d.sim.written) != writes {
				t.Fatal("it was written")
			}
			d.synced()
			if d.sim.requests == before {
				t.Fatal("nothing was sent")
			}
			got := d.sim.written[writes:]
			byReference := func(a, b pos.Change) int { return int(a.Seq - b.Seq) }
			slices.SortFunc(shown, byReference)
			got = slices.SortedFunc(slices.Values(got), byReference)
			if len(shown) != len(got) {
				t.Fatalf("%d changes were shown and %d written", len(shown), len(got))
			}
			for n := range got {
				if a, b := shown[n], got[n]; a.Place != b.Place || a.Quantity != b.Quantity || a.Delta != b.Delta || a.Reference != b.Reference {
					t.Errorf("shown as\n%+v and written as\n%+v", a, b)
				}
			}
		})
	}
}
