package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestReplica_finds_after_every_batch_what_the_ledger_has(t *testing.T) {
	for seed := range uint64(storetest.Some(4, 12)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			b, kept, random := openBusyShop(t, seed), newRows(), chance(seed)
			var replica *store.Replica
			for b.Head().Seq < 900 {
				b.live(1 + random.IntN(40))
				if random.IntN(8) == 0 {
					b.branch()
				}
				batch := stored(t, b.Shop, head(replica).Seq)
				for len(batch) > 0 {
					replica = another(replica, kept, random.IntN(4))
					n := 1 + random.IntN(len(batch))
					kept.fold(t, replica, batch[:n], random.IntN(2) == 0)
					batch = batch[n:]
				}
				sameAsLedger(t, b.Shop, replica, kept)
			}
			if total := len(kept.items); kept.loaded == 0 || total < 20 {
				t.Errorf("%d items, %d loaded", total, kept.loaded)
			}
		})
	}
}

func head(r *store.Replica) store.Head {
	if r == nil {
		return store.Head{Epoch: 1}
	}
	return r.Head()
}

// another goes on with a replica, with it emptied, or with a new one.
func another(r *store.Replica, kept *rows, how int) *store.Replica {
	switch {
	case r == nil || how == 0:
		return store.NewReplica(head(r), int64(len(kept.items)), 10)
	case how == 1:
		r.Reset()
	}
	return r
}

// sameAsLedger compares all that is kept with the ledger.
func sameAsLedger(t *testing.T, s *storetest.Shop, replica *store.Replica, kept *rows) {
	t.Helper()
	if got, want := replica.Head(), s.Head(); got != want {
		t.Fatalf("head %+v, want %+v", got, want)
	}
	items, docs := kept.list()
	want := s.Records()
	if replica.Items() != int64(len(want)) {
		t.Fatalf("%d items, want %d", replica.Items(), len(want))
	}
	if d := difference(dumpRecords(items, docs), dumpRecords(want, newestDocuments(stored(t, s, 0)))); d != "" {
		t.Fatalf("at %d: %s", s.Head().Seq, d)
	}
	made, err := store.MakeItems(items, docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range made {
		own, _ := s.Item(i.ID)
		if d := difference(dumpItem(i), dumpItem(own)); d != "" {
			t.Fatal(d)
		}
	}
}

func TestReplica_loads_only_what_a_batch_touches(t *testing.T) {
	s, kept := storetest.Open(t), newRows()
	var items []store.ID
	for n := range 60 {
		items = append(items, s.Stocked(fmt.Sprintf("P-%d", n), 50))
	}
	product := func(n int) store.ID { i, _ := s.Item(items[n]); return i.Product.ID }
	back := s.OpenItem(product(7), store.Vault, 10)
	replica := store.NewReplica(store.Head{Epoch: 1}, 0, 10)
	kept.fold(t, replica, stored(t, s, 0), true)

	kept.loaded = 0
	at := s.Head().Seq
	s.Adjust(items[7], -1, store.Sale)
	s.Adjust(items[7], -1, store.Sale)
	s.Adjust(items[9], -1, store.Sale)
	replica = store.NewReplica(replica.Head(), replica.Items(), 10)
	kept.fold(t, replica, stored(t, s, at), true)
	if kept.loaded != 3 || replica.Loaded() != 3 {
		t.Errorf("%d items were put, %d are loaded; want two and the other room of one", kept.loaded, replica.Loaded())
	}
	at = s.Head().Seq
	s.Adjust(back, -1, store.Damage)
	if kept.fold(t, replica, stored(t, s, at), true); kept.loaded != 3 {
		t.Errorf("%d items were put after another movement of the same", kept.loaded)
	}
	sameAsLedger(t, s, replica, kept)
}

// broken makes entries that do not fit what was before a good one.
func broken(good store.Row) (list []*store.Entry) {
	spoil := func(change func(*store.Entry)) {
		e := *good.Entry
		if e.Movement != nil {
			m := *e.Movement
			e.Movement = &m
		}
		if e.Hold != nil {
			h := *e.Hold
			e.Hold = &h
		}
		if e.Document != nil {
			e.Document = &store.Document{Type: e.Document.Type, ID: e.Document.ID, Body: slices.Clone(e.Document.Body)}
		}
		change(&e)
		list = append(list, &e)
	}
	spoil(func(e *store.Entry) { e.Seq++ })
	switch {
	case good.Entry.Movement != nil:
		spoil(func(e *store.Entry) { e.Movement.After++ })
		spoil(func(e *store.Entry) { e.Movement.ReservedAfter-- })
		spoil(func(e *store.Entry) { e.Movement.Item = store.ID{9} })
	case good.Entry.Hold != nil:
		spoil(func(e *store.Entry) { e.Hold.After++ })
		spoil(func(e *store.Entry) { e.Hold.ReservedAfter++ })
		spoil(func(e *store.Entry) { e.Hold.Item = store.ID{9} })
	case good.Entry.Document != nil:
		spoil(func(e *store.Entry) { e.Document.Type = "moon" })
		spoil(func(e *store.Entry) { e.Document.Body = []byte(`{"id":7}`) })
		spoil(func(e *store.Entry) { e.Document.ID = store.ID{9} })
		if e := good.Entry; e.Document.Type == store.DocItem {
			spoil(func(e *store.Entry) {
				e.Document.Body = []byte(strings.Replace(string(e.Document.Body), `"no":`, `"no":7`, 1))
			})
		}
	}
	return list
}

func TestReplica_is_untouched_by_an_entry_that_does_not_fit(t *testing.T) {
	b, kept, plain := openBusyShop(t, 77), newRows(), newRows()
	b.live(400)
	replica, other := store.NewReplica(store.Head{Epoch: 1}, 0, 10), store.NewReplica(store.Head{Epoch: 1}, 0, 10)
	newer := 0
	for batch := range slices.Chunk(stored(t, b.Shop, 0), 50) {
		for _, row := range batch {
			for _, bad := range broken(row) {
				kept.fill(t, replica, []*store.Entry{bad}, true)
				before := replica.Head()
				_, err := replica.Apply(bad, row.Entry.Seq, row.Hash)
				if err == nil || replica.Head() != before {
					t.Fatalf("entry %s was folded: %+v, %v", bad.Position, replica.Head(), err)
				}
				if errors.Is(err, store.ErrNewer) {
					newer++
				}
			}
			kept.fill(t, replica, []*store.Entry{row.Entry}, true)
			if _, err := replica.Apply(row.Entry, row.Entry.Seq, row.Hash); err != nil {
				t.Fatal(err)
			}
		}
		kept.keep(replica)
		plain.fold(t, other, batch, true)
		if d := difference(dumpRecords(kept.list()), dumpRecords(plain.list())); d != "" {
			t.Fatal(d)
		}
	}
	if newer == 0 {
		t.Error("no unknown type of document was told from damage")
	}
	sameAsLedger(t, b.Shop, replica, kept)
}

func TestReplica_refuses_records_that_do_not_belong_together(t *testing.T) {
	s, kept := storetest.Open(t), newRows()
	floor := s.Stocked("P", 5)
	item, _ := s.Item(floor)
	back := s.OpenItem(item.Product.ID, store.Vault, 5)
	kept.fold(t, store.NewReplica(store.Head{Epoch: 1}, 0, 10), stored(t, s, 0), true)
	at := s.Head()
	s.Adjust(floor, -1, store.Sale)
	next := stored(t, s, at.Seq)[0]
	list := []*store.Entry{next.Entry}

	replica := store.NewReplica(at, 2, 10)
	if _, err := replica.Apply(next.Entry, next.Entry.Seq, next.Hash); err == nil {
		t.Error("an entry was folded without its item")
	}
	_, docs := kept.find(replica.Missing(list), true)
	if err := replica.Put([]store.ItemRecord{kept.items[floor]}, docs); err != nil {
		t.Fatal(err)
	}
	if err := replica.Put([]store.ItemRecord{kept.items[back]}, nil); err == nil {
		t.Error("an item was taken after the others of its product and location")
	}

	replica = store.NewReplica(at, 2, 10)
	items, _ := kept.find(replica.Missing(list), true)
	if err := replica.Put(items, nil); err != nil {
		t.Fatal(err)
	}
	if needed := replica.Missing(list); len(needed.Products) != 1 || len(needed.Locations) != 1 {
		t.Errorf("it needs %+v, want the product and the location", needed)
	}
	if _, err := replica.Apply(next.Entry, next.Entry.Seq, next.Hash); err == nil {
		t.Error("an entry was folded without its item's documents")
	}
	if err := replica.Put(nil, nil); err == nil {
		t.Error("items were taken whose documents do not exist")
	}
}

func TestReplica_reads_thresholds_as_the_ledger_does(t *testing.T) {
	word := rapid.SampledFrom([]string{
		"", "x", "low_stock_threshold", `"low_stock_threshold":7,`, `\`, "{", "}", "a\"b", "location_thresholds", "é", ",",
	})
	rapid.Check(t, func(rt *rapid.T) {
		p := store.Product{ID: store.ID{1}, SKU: word.Draw(rt, "sku"), Name: word.Draw(rt, "name"), Brand: word.Draw(rt, "brand"), Threshold: anyThreshold.Draw(rt, "general")}
		p.Barcodes, p.ExternalID = []string{word.Draw(rt, "barcode")}, word.Draw(rt, "external")
		if q := anyThreshold.Draw(rt, "own"); q != nil {
			p.Thresholds = []store.LocationThreshold{{LocationID: store.ID{2}, Threshold: *q}}
		}
		body, err := json.Marshal(p)
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "spaced") {
			var spaced bytes.Buffer
			if err := json.Indent(&spaced, body, "", " "); err != nil {
				rt.Fatal(err)
			}
			body = spaced.Bytes()
		}
		general, own, err := store.ReadThresholds(body)
		if err != nil || !reflect.DeepEqual(general, p.Threshold) || !slices.Equal(own, p.Thresholds) {
			rt.Fatalf("%v %v %v of %s", general, own, err, body)
		}
	})
}

func BenchmarkReplica(b *testing.B) {
	s, kept := storetest.OpenReal(b), newRows()
	var items []store.ID
	for from := 0; from < 500; from += 250 {
		c := &store.Import{Location: s.Location, Room: store.SalesFloor}
		for n := range 250 {
			c.Rows = append(c.Rows, storetest.Row(from+n, 100))
		}
		for _, f := range s.Must(c).Facts {
			if i, ok := f.Of.(*store.Item); ok && i.Opened == f.Entry.Seq {
				items = append(items, i.ID)
			}
		}
	}
	replica := store.NewReplica(store.Head{Epoch: 1}, 0, 10)
	kept.fold(b, replica, stored(b, s, 0), true)
	at, count := replica.Head(), replica.Items()
	for range 2 {
		c := &store.BulkAdjust{}
		for _, id := range items {
			c.Lines = append(c.Lines, &store.Adjust{Item: id, Change: -1_0000, Reason: store.Sale})
		}
		s.Must(c)
	}
	batch := stored(b, s, at.Seq)
	var list []*store.Entry
	for _, row := range batch {
		list = append(list, row.Entry)
	}
	records, docs := kept.find(store.NewReplica(at, count, 10).Missing(list), true)
	if len(batch) != 1000 || len(records) != 500 {
		b.Fatalf("%d entries over %d items", len(batch), len(records))
	}
	for b.Loop() {
		replica := store.NewReplica(at, count, 10)
		replica.Missing(list)
		if err := replica.Put(records, docs); err != nil {
			b.Fatal(err)
		}
		if needed := replica.Missing(list); !needed.Empty() {
			b.Fatalf("it needs %+v", needed)
		}
		for _, row := range batch {
			if _, err := replica.Apply(row.Entry, row.Entry.Seq, row.Hash); err != nil {
				b.Fatal(err)
			}
		}
		if changed, _ := replica.Changed(); len(changed) != 500 {
			b.Fatalf("%d items changed", len(changed))
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/batch")
}
