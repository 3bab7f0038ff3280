package store_test

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// Each row of joined snapshots is as of its own snapshot's moment, not of the
// latest one's.
func TestAJoinedSnapshotSaysOfNoRowWhatCameAfterItsMoment(t *testing.T) {
	s := storetest.Open(t)
	early := s.Stocked("A", 5)
	before := s.Head().Seq
	s.Clock.Advance(time.Hour)
	s.Adjust(early, 1, store.Return)
	s.Location = s.AddLocation("Second Street", "Pacific/Auckland")
	s.Stocked("B", 7)

	item, _ := s.Item(early)
	joined, err := s.Snapshot(t.Context(), store.Moment{Seq: before}, []store.ID{item.Location.ID})
	if err != nil {
		t.Fatal(err)
	}
	late, err := s.Snapshot(t.Context(), store.Moment{Seq: s.Head().Seq}, []store.ID{s.Location})
	if err != nil {
		t.Fatal(err)
	}
	joined.Join(late)
	for row := range joined.Rows() {
		if moved := row.ID == early; moved != (row.UpdatedAt == 0) || moved && row.Quantity != 5_0000 {
			t.Errorf("%s has %d, updated at %s", row.Product.SKU, row.Quantity, row.UpdatedAt)
		}
	}
	if joined.Items != 2 || joined.Quantity != 12_0000 || joined.Seq != s.Head().Seq {
		t.Errorf("the totals are %d rows, %d units, seq %d", joined.Items, joined.Quantity, joined.Seq)
	}
}
