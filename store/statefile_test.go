package store_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// furnished is a shop with some of everything.
func furnished(t testing.TB, options ...func(*store.Rules)) *storetest.Shop {
	s := storetest.Open(t, options...)
	second := s.AddLocation("Second Street", "America/New_York")
	low := store.Quantity(5_0000)
	gummies := s.AddProduct("GUM-1", func(p *store.Product) {
		p.Name, p.Category, p.Barcodes, p.Threshold = "Gummies", "Edibles", []string{"850001", "850002"}, &low
		p.Thresholds = []store.LocationThreshold{{LocationID: second, Threshold: 8_0000}}
	})
	floor, vault := s.OpenItem(gummies, store.SalesFloor, 12), s.OpenItem(gummies, store.Vault, 3)
	r := s.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag, l.ExpiresOn = gummies, "1A40", "2026-12-31" }})
	s.Must(&store.OpenItem{Product: gummies, Location: second, Room: store.SecretMenu, Lot: r.Facts[0].Of.(*store.Lot).ID, Opening: 4_0000, Threshold: &low})
	s.Must(&store.Reserve{Item: floor, Quantity: 2_0000, Reference: "order 1"})
	s.Adjust(floor, -8, store.Sale)
	s.Adjust(vault, -1, store.Audit)
	empty := s.OpenItem(s.AddProduct("EMPTY"), store.Quarantine, 0)
	s.Must(&store.EditItem{ID: empty, Archive: true})
	s.Must(&store.FinishRun{Run: store.Run{SyncType: "full", Status: "done"}})
	s.Must(&store.Obey{N: 3, Kind: "none"})
	return s
}

func TestState_is_read_as_it_was_written(t *testing.T) {
	s := furnished(t)
	got, err := s.Restate()
	if err != nil {
		t.Fatal(err)
	}
	sameDump(t, "written and read", got, s.Dump())
	before := s.Dump()
	s.Reopen()
	sameDump(t, "reopened", s.Dump(), before)
}

func TestState_that_is_damaged_is_ignored_and_the_ledger_folded_from_its_first_entry(t *testing.T) {
	s := furnished(t)
	want, body := s.Dump(), s.StateBytes()
	flipped := slices.Clone(body)
	flipped[len(flipped)/2] ^= 0x20
	newer := slices.Clone(body)
	newer[0] += 2 // the next version, as a varint
	older := slices.Clone(body)
	older[0] -= 2
	for name, bad := range map[string][]byte{
		"flipped": flipped, "cut": body[:len(body)-7], "cut to nothing": {}, "longer": append(slices.Clone(body), 0),
		"of another version": store.Seal(newer[:len(newer)-4]), "of the version before": store.Seal(older[:len(older)-4]),
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Ledger.Close(); err != nil {
				t.Fatal(err)
			}
			storetest.Tamper(t, s.Dir, fmt.Sprintf("UPDATE state SET body = x'%s'", hex.EncodeToString(bad)))
			if err := s.TryOpen(); err != nil {
				t.Fatal(err)
			}
			sameDump(t, name, s.Dump(), want)
		})
	}
}

func TestState_survives_no_flipped_bit(t *testing.T) {
	body := furnished(t).StateBytes()
	for at := range body {
		bad := slices.Clone(body)
		bad[at] ^= 1 << (at % 8)
		if store.ReadState(bad) == nil {
			t.Fatalf("a bit flipped in byte %d of %d was not seen", at, len(body))
		}
	}
	for n := range body {
		if store.ReadState(body[:n]) == nil {
			t.Fatalf("%d of %d bytes were taken for a whole", n, len(body))
		}
	}
}

func TestState_is_saved_on_the_way_and_shortens_the_tail(t *testing.T) {
	s := furnished(t, func(r *store.Rules) { r.SaveEvery = 10 })
	at, r, err := s.Journal().State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if tail := s.Head().Seq - at.Seq; tail > 10+5 {
		t.Fatalf("the tail behind the saved state has %d entries", tail)
	}
}

// FuzzState holds that no saved state, however damaged, makes a panic: not
// even one whose checksum is right.
func FuzzState(f *testing.F) {
	body := furnished(f).StateBytes()
	f.Add(body, false)
	f.Add(body[:len(body)-4], true)
	f.Add(body[:len(body)/2], true)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal {
			b = store.Seal(b)
		}
		_ = store.ReadState(b)
	})
}

// sameDump shows the first lines that differ.
func sameDump(t testing.TB, what, got, want string) {
	t.Helper()
	if d := difference(got, want); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
}
