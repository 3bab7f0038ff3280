package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// dumpItem writes everything that can be seen of an item.
func dumpItem(i *store.Item) string {
	if i == nil {
		return "none"
	}
	show := func(v any) string {
		b, err := json.Marshal(v)
		return fmt.Sprint(string(b), err)
	}
	lot := int64(0)
	if i.Lot != nil {
		lot = i.Lot.Version
	}
	return fmt.Sprintf("%s %s %s %s %d %d %d %s %d %s %s", strings.TrimSpace(dumpRecords([]store.ItemRecord{i.Record()}, nil)),
		show(i.Product), show(i.Location), show(i.Lot), i.Product.Version, i.Location.Version, lot, i.Product.Search, i.Version(),
		i.Location.Zone(), show(i.ThresholdShown()))
}

func dumpFact(f store.Fact) string {
	of := ""
	switch v := f.Of.(type) {
	case *store.Item:
		of = dumpItem(v)
	default:
		of = fmt.Sprintf("%T %+v", v, v)
		if b, err := json.Marshal(v); err == nil {
			of = fmt.Sprintf("%T %s", v, b)
		}
	}
	return fmt.Sprintf("%s %v | %s | %s", store.AppendEntry(nil, f.Entry), f.Entry.Notes, of, dumpItem(f.After))
}

// asker asks a ledger everything that a mirror promises to answer.
type asker struct {
	t *testing.T
	l *store.Ledger
	b strings.Builder
}

func (a *asker) say(format string, args ...any) { fmt.Fprintf(&a.b, format+"\n", args...) }

// lists asks for what is there now.
func (a *asker) lists(b *busyShop) {
	a.say("%+v %+v", a.l.Head(), a.l.Meta().Store)
	stats := a.l.Stats()
	a.say("%d %d %d %d %d", stats.Items, stats.Products, stats.Locations, stats.Lots, stats.LowStock)
	for _, v := range a.l.Locations() {
		a.say("%s %s %d", v.ID, v.Name, v.Version)
	}
	for _, v := range a.l.Products() {
		bySKU, _ := a.l.ProductBySKU(strings.ToUpper(v.SKU))
		a.say("%s %s %d %v", v.ID, v.Name, v.Version, bySKU == v)
	}
	for _, v := range a.l.Lots() {
		a.say("%s %s %d", v.ID, v.PackageTag, v.Version)
	}
	for _, f := range []store.ItemFilter{
		{},
		{LowStock: true},
		{Locations: []store.ID{b.second}},
		{Rooms: store.Rooms[:2]},
		{Categories: []string{"flower", "edibles"}},
		{Text: "named"},
		{SKUs: []string{"p-1", "P-2"}},
		{Products: b.products[:2], LowStock: true},
		{Locations: []store.ID{b.Location}, Rooms: store.Rooms[:1]},
	} {
		page, total := a.l.Items(f, 0, math.MaxInt)
		a.say("%d of %+v", total, f)
		for _, i := range page {
			a.say("%s", dumpItem(i))
		}
	}
	for _, id := range b.items {
		i, _ := a.l.Item(id)
		a.say("%s", dumpItem(i))
	}
}

// past asks for what was.
func (a *asker) past(b *busyShop, moments []store.Moment) {
	ctx := a.t.Context()
	for _, m := range moments {
		s, err := a.l.Snapshot(ctx, m, nil)
		if err != nil {
			a.t.Fatal(err)
		}
		a.say("%+v %d %d %d %s %d %x", m, s.Seq, s.At, s.Items, s.Quantity, s.Value, s.Digest())
		for i := range s.Rows() {
			a.say("%s", dumpItem(i))
		}
	}
	for n, id := range b.items {
		x, err := a.l.Explain(ctx, id, moments[n%len(moments)].AsOf)
		if err != nil {
			a.t.Fatal(err)
		}
		last := []byte(nil)
		if x.LastCount != nil {
			last = store.AppendEntry(nil, x.LastCount)
		}
		a.say("%s %s %v %s %s %d %v %s", dumpItem(x.Item), x.Opening, x.ByReason, x.Quantity, x.Reserved, x.Movements, x.Holds, last)
	}
	for seq := int64(1); seq <= a.l.Head().Seq; seq += 3 {
		f, err := a.l.Fact(ctx, store.Position{Epoch: 1, Seq: seq})
		a.say("%s %v", dumpFact(f), err)
	}
}

// movements follows searches to their ends.
func (a *asker) movements(b *busyShop) {
	for _, f := range []store.MovementFilter{
		{Limit: 7},
		{Limit: 50, Reasons: []store.Reason{store.Sale, store.Transfer}},
		{Limit: 20, Locations: []store.ID{b.second}},
		{Limit: 3, Product: b.products[1]},
		{Limit: 2, Item: b.items[3]},
		{Limit: 2, Item: store.ID{1}},
		{Limit: 9, From: b.Head().RecordedAt / 2, To: b.Head().RecordedAt},
	} {
		for pages := 0; pages == 0 || f.Before != 0; pages++ {
			found, next, err := a.l.Movements(a.t.Context(), f)
			if err != nil {
				a.t.Fatal(err)
			}
			for _, v := range found {
				a.say("%s", dumpFact(v))
			}
			f.Before = next
		}
	}
}

func TestMirror_answers_as_the_store_does(t *testing.T) {
	for seed := range uint64(storetest.Some(1, 3)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			b, kept := openBusyShop(t, 100+seed), newRows()
			replica := store.NewReplica(store.Head{Epoch: 1}, 0, 10)
			for range 4 {
				b.live(120)
				kept.fold(t, replica, stored(t, b.Shop, replica.Head().Seq), true)
				items, docs := kept.list()
				mirror, err := store.OpenMirror(t.Context(), store.MirrorConfig{
					History: b.Journal(), Clock: b.Clock, Head: replica.Head(), Store: b.Meta().Store, Rules: b.Rules,
					Items: items, Docs: docs, Log: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				moments := b.moments(readNaively(t, b.Shop))
				moments = slices.Concat(moments[:20], moments[len(moments)-60:])
				got, want := asker{t: t, l: mirror}, asker{t: t, l: b.Ledger}
				for _, a := range []*asker{&got, &want} {
					a.lists(b)
					a.past(b, moments)
					a.movements(b)
				}
				if d := difference(got.b.String(), want.b.String()); d != "" {
					t.Fatal(d)
				}
			}
		})
	}
}

func TestMirror_takes_no_commands(t *testing.T) {
	b, kept := openBusyShop(t, 5), newRows()
	b.live(60)
	replica := store.NewReplica(store.Head{Epoch: 1}, 0, 10)
	kept.fold(t, replica, stored(t, b.Shop, 0), true)
	items, docs := kept.list()
	mirror, err := store.OpenMirror(t.Context(), store.MirrorConfig{
		History: b.Journal(), Clock: b.Clock, Head: replica.Head(), Rules: b.Rules, Items: items, Docs: docs, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = mirror.Do(t.Context(), store.Request{}, &store.EditProduct{ID: b.products[0], Edit: func(p *store.Product) { p.Name = "x" }})
	if store.CodeOf(err) != store.CodeReadOnly {
		t.Errorf("a command was answered by %v", err)
	}
	if _, err := mirror.Reservation(t.Context(), store.ID{1}); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("a reservation was answered by %v", err)
	}
	if err := mirror.Close(); err != nil || b.Err() != nil {
		t.Errorf("closing: %v, %v", err, b.Err())
	}
	b.live(5)
	items[0].Product = store.ID{7}
	_, err = store.OpenMirror(t.Context(), store.MirrorConfig{History: b.Journal(), Clock: b.Clock, Head: replica.Head(), Items: items, Docs: docs})
	if err == nil {
		t.Error("items without their product were taken")
	}
}
