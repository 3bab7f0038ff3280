package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// wantHeads checks which heads are saved, newest first.
func wantHeads(t *testing.T, s *storetest.Shop, when string, want ...int64) {
	t.Helper()
	heads, err := s.Journal().ListHeads(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, h := range heads {
		got = append(got, h.Seq)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s the heads of %v are saved, want %v", when, got, want)
	}
}

func TestHeads_are_saved_when_due_and_at_stop_and_only_of_new_entries(t *testing.T) {
	s := storetest.Open(t, func(r *store.Rules) { r.HeadEvery = 10 * time.Minute })
	s.AddProduct("A")
	s.Look()
	wantHeads(t, s, "before it is due")
	first := s.Head().Seq
	s.Clock.Advance(10 * time.Minute)
	s.Look()
	wantHeads(t, s, "when due while nobody writes", first)
	s.Clock.Advance(time.Hour)
	s.Look()
	wantHeads(t, s, "when due without new entries", first)
	s.Clock.Advance(10 * time.Minute)
	s.AddProduct("B")
	second := s.Head().Seq
	s.Look()
	wantHeads(t, s, "when due while someone writes", second, first)
	s.AddProduct("C")
	third := s.Head().Seq
	s.Reopen()
	wantHeads(t, s, "after a stop", third, second, first)
	s.Reopen()
	wantHeads(t, s, "after a stop without new entries", third, second, first)
}

func TestHeads_that_are_saved_unsigned_are_signed_at_the_next_stop(t *testing.T) {
	s := storetest.Open(t)
	s.Reopen()
	signed := 0
	s.Sign = func(h store.Head) (string, error) {
		signed++
		return fmt.Sprint("note of ", h.Seq), nil
	}
	for range 3 {
		s.Reopen()
	}
	heads, err := s.Journal().ListHeads(t.Context(), 0, 100)
	if err != nil || len(heads) != 1 || heads[0].Note != fmt.Sprint("note of ", s.Head().Seq) || signed != 1 {
		t.Errorf("%+v after %d signings, %v", heads, signed, err)
	}
}

func TestHeads_are_not_saved_after_storage_failed(t *testing.T) {
	s, j := storetest.OpenFaulty(t)
	s.AddProduct("A")
	j.Fail(failing(errUnknown))
	_, _ = try(s, &store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = "B", "B" }})
	<-s.Failed()
	if err := s.Ledger.Close(); err == nil {
		t.Error("it closes as if nothing was wrong")
	}
	wantHeads(t, s, "after a failure")
}
