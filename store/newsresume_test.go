package store_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestResumeGoesBackToWhereTheLedgerBranched(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 90)
	for range 20 {
		s.Adjust(item, -1, store.Sale)
	}
	newest := s.Head().Seq
	s.Must(branchAt(t, s, 1, 10))
	s.Adjust(item, -1, store.Sale)
	again := s.Head().Seq
	s.Must(branchAt(t, s, 2, again))
	for _, c := range []struct {
		epoch, seq, want int64
	}{
		{1, 5, 5},
		{1, 10, 10},
		{1, 11, 10},
		{1, newest, 10},
		{1, 9999, 10},
		{2, 5, 5},
		{2, again, again},
		{2, again + 50, again},
		{3, s.Head().Seq, s.Head().Seq},
		{3, 9999, s.Head().Seq},
		{4, 12, 12},
	} {
		got, err := s.Resume(t.Context(), store.Position{Epoch: c.epoch, Seq: c.seq})
		if err != nil || got != c.want {
			t.Errorf("after %d-%d it goes on at %d, %v; not %d", c.epoch, c.seq, got, err, c.want)
		}
	}
}

func BenchmarkNews(b *testing.B) {
	s := storetest.OpenReal(b)
	item := s.Stocked("A", 1_000_000)
	r := s.Adjust(item, -1, store.Sale)
	stored, err := s.Journal().FindEntry(b.Context(), r.Facts[0].Entry.Seq)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.News(b.Context(), stored); err != nil {
			b.Fatal(err)
		}
	}
}
