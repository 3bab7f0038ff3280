package pos_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestACaseIsOpenedByACheckAndClosedByALaterOne(t *testing.T) {
	d := met(t, "packages, no write", 3)
	d.Clock.Advance(time.Hour)
	d.sim.Set(1, units(90))
	look := func() []store.Case {
		list, err := d.desk.ComparePOS(t.Context(), "till")
		d.must(err)
		return list
	}
	first := look()
	if len(first) != 1 || first[0].OpenedAt == 0 || first[0].ClosedAt != 0 {
		t.Fatalf("the differences are %+v", first)
	}
	d.Clock.Advance(time.Minute)
	d.sim.Set(1, units(80))
	second := look()
	if len(second) != 1 || second[0].ID != first[0].ID || second[0].OpenedAt != first[0].OpenedAt || second[0].CheckedAt <= first[0].CheckedAt ||
		*second[0].Theirs != units(80) {
		t.Errorf("the same difference is %+v after %+v", second, first)
	}
	d.sim.Set(1, units(100))
	d.Clock.Advance(time.Minute)
	if list := look(); len(list) != 0 {
		t.Errorf("it is open still: %+v", list)
	}
	d.sim.Set(1, units(90))
	if third := look(); len(third) != 1 || third[0].ID == first[0].ID {
		t.Errorf("a new difference is %+v", third)
	}
	all, err := d.desk.Cases(t.Context(), store.CaseFilter{})
	d.must(err)
	if len(all) != 2 {
		t.Errorf("there were %d cases, want 2", len(all))
	}
	if n := d.events(store.EventDiscrepancy); n != 2 {
		t.Errorf("%d were put on record as opened, want 2", n)
	}
	if n := d.events(store.EventReconciled); n != 1 {
		t.Errorf("%d were put on record as closed, want 1", n)
	}
}

// events counts those of a kind.
func (d *driver) events(kind store.EventType) (n int) {
	d.t.Helper()
	d.must(d.Journal().Scan(d.t.Context(), 0, d.Head().Seq, func(s *store.Stored) error {
		e, err := s.Entry()
		if err == nil && e.Event != nil && e.Event.Type == kind {
			n++
		}
		return err
	}))
	return n
}

func TestManyCasesAreOnRecordAsAFewEvents(t *testing.T) {
	d := met(t, "packages, no write", 120)
	d.Clock.Advance(time.Hour)
	for n := 1; n <= 120; n++ {
		d.sim.Set(n, units(90))
	}
	list, err := d.desk.ComparePOS(t.Context(), "till")
	d.must(err)
	if n := d.events(store.EventDiscrepancy); len(list) != 120 || n != 101 {
		t.Errorf("%d cases and %d events, want 120 and 101", len(list), n)
	}
}

func TestReconciliationShowsBothSides(t *testing.T) {
	d := met(t, "packages, no write", 3)
	d.Clock.Advance(time.Hour)
	d.sim.Set(1, units(90))
	d.sim.Add(9, "THEIRS", "TAG-9", units(4))
	_, err := d.desk.ComparePOS(t.Context(), "till")
	d.must(err)
	rows, err := d.desk.Reconciliation(t.Context(), store.ReconcileFilter{})
	d.must(err)
	if len(rows) != 2 {
		t.Fatalf("the rows are %+v", rows)
	}
	n := slices.IndexFunc(rows, func(r store.Reconciled) bool { return r.SKU == sku(1) })
	if r := rows[n]; *r.Shelf != units(100) || *r.Sides[0].Quantity != units(90) || r.Lot == nil || len(r.Cases) != 1 {
		t.Errorf("ours is %+v", r)
	}
	if r := rows[1-n]; r.SKU != "THEIRS" || r.Shelf != nil || *r.Sides[0].Quantity != units(4) || r.Product != nil {
		t.Errorf("theirs is %+v", r)
	}
	for f, want := range map[store.ReconcileFilter]int{
		{All: true}:                    4,
		{Text: "theirs"}:               1,
		{Class: store.CaseQuantity}:    1,
		{Destination: "other"}:         0,
		{All: true, Text: "sku-2"}:     1,
		{Class: store.CaseTiming}:      0,
		{Location: d.products[1]}:      0,
		{Location: d.Location}:         2,
		{Text: fmt.Sprintf("%08d", 1)}: 1,
	} {
		if rows, err := d.desk.Reconciliation(t.Context(), f); err != nil || len(rows) != want {
			t.Errorf("%+v gives %d rows, want %d (%v)", f, len(rows), want, err)
		}
	}
}
