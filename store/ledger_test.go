package store_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestLedger_adjusts_and_is_the_same_after_reopening(t *testing.T) {
	shop := storetest.Open(t)
	item := shop.Stocked("BD-1", 10)
	shop.Adjust(item, -3, store.Sale)
	shop.Reopen()
	got, _ := shop.Item(item)
	if want := store.Quantity(7_0000); got.Quantity != want {
		t.Fatalf("quantity %s, want %s", got.Quantity, want)
	}
}

func TestLedger_chains_every_entry_to_the_one_before(t *testing.T) {
	s := openAudited(t)
	var last [sha256.Size]byte
	err := s.Journal().Scan(t.Context(), 0, s.Head().Seq, func(row *store.Stored) error {
		last = sha256.Sum256(append(last[:], row.Bytes...))
		if row.Hash != store.Hash(last) {
			t.Errorf("entry %d is not SHA-256(the hash before, its bytes)", row.Seq)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Head().Hash != store.Hash(last) {
		t.Error("the head is another")
	}
}

func TestMovements_carry_their_value_and_counts_their_time(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10) // at 25.00 each
	at := store.InstantOf(storetest.Start).Add(-time.Hour)
	m := s.Must(&store.Adjust{Item: item, Change: -1_5000, Reason: store.Audit, OccurredAt: at}).Facts[0].Entry.Movement
	if want := store.Money(-37_5000); m.ValueChange != want {
		t.Errorf("value change %s, want %s", m.ValueChange, want)
	}
	s.Adjust(item, -1, store.Sale)
	s.Reopen()
	i, _ := s.Item(item)
	if want := store.Money(187_5000); i.Value != want || i.CountedAt != at {
		t.Errorf("value %s, counted at %s; want %s, %s", i.Value, i.CountedAt, want, at)
	}
}

func TestLedger_answers_a_ping_and_writes_nothing_for_it(t *testing.T) {
	s := storetest.Open(t)
	s.Stocked("A", 10)
	before := s.Head()
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Head() != before {
		t.Error("a ping is in the ledger")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); store.CodeOf(err) != store.CodeReadOnly {
		t.Errorf("a ledger that is closed answers %v", err)
	}
}
