package pos_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// bulk is a point of sale that answers at once, so that what is measured is
// the target's own work.
type bulk struct {
	caps    pos.Capabilities
	rows    map[store.Place]*pos.Stock
	written int
}

func (b *bulk) Capabilities() pos.Capabilities { return b.caps }

func (b *bulk) Check(context.Context) (pos.Identity, error) { return pos.Identity{Name: "bulk"}, nil }

func (b *bulk) ReadStock(_ context.Context, only []store.Place, page func([]pos.Stock) error) error {
	if only == nil {
		list := make([]pos.Stock, 0, len(b.rows))
		for _, s := range b.rows {
			list = append(list, *s)
		}
		return page(list)
	}
	list := make([]pos.Stock, 0, len(only))
	for _, at := range only {
		if s, ok := b.rows[at]; ok {
			list = append(list, *s)
		}
	}
	return page(list)
}

func (b *bulk) Write(_ context.Context, batch pos.Batch) ([]syncer.Outcome, error) {
	for i := range batch.Changes {
		c := &batch.Changes[i]
		if row := b.rows[c.Place]; c.Absolute {
			row.Quantity = c.Quantity
		} else {
			row.Quantity += c.Delta
		}
		b.written++
	}
	return make([]syncer.Outcome, len(batch.Changes)), nil
}

func (b *bulk) Preview(pos.Batch) ([]pos.Call, error) { return nil, nil }

// openBulk opens a shop of n products that both sides have, and that have met.
func openBulk(t testing.TB, n int, caps pos.Capabilities) (*driver, *bulk) {
	t.Helper()
	d := &driver{Shop: storetest.OpenReal(t), t: t}
	rows := make([]store.ImportRow, n)
	for i := range rows {
		rows[i] = storetest.Row(i, 100)
	}
	for from := 0; from < n; from += 1000 {
		d.Must(&store.Import{Location: d.Location, Room: store.SalesFloor, Rows: rows[from:min(n, from+1000)]})
	}
	b := &bulk{caps: caps, rows: make(map[store.Place]*pos.Stock, n)}
	for i := range rows {
		at := store.Place{Product: fmt.Sprint("p", i)}
		b.rows[at] = &pos.Stock{Place: at, SKU: rows[i].SKU, Quantity: units(100)}
	}
	d.records = &fragile{DB: d.Journal().(*sqlite.DB), left: -1, calls: map[string]int{}}
	var err error
	d.target, err = pos.New(t.Context(), pos.Config{Name: "till", Kind: &pos.Kind{}, Location: d.Location, Books: true, Grace: 1}, pos.TargetDeps{
		Ledger: d.Ledger, Records: d.records, Connector: b, Clock: store.SystemClock(), NewID: storetest.NewID, Log: slog.New(slog.DiscardHandler),
	})
	d.must(err)
	d.must(d.push())
	return d, b
}

func TestAComparisonWithoutADifferenceWritesNothing(t *testing.T) {
	d, b := openBulk(t, storetest.Some(2_000, 50_000), pos.Capabilities{ReadStock: true, WriteAbsolute: true, Most: 100})
	d.must(d.full(false))
	clear(d.records.calls)
	head := d.Head()
	d.must(d.full(false))
	writes := 0
	for name, n := range d.records.calls {
		if name != "Levels" {
			writes += n
		}
	}
	// What was compared last is marked.
	if writes > 1 || d.Head() != head || b.written != 0 {
		t.Errorf("%v, %d changes there", d.records.calls, b.written)
	}
}

func BenchmarkCompare50000(b *testing.B) {
	d, _ := openBulk(b, 50_000, pos.Capabilities{ReadStock: true, WriteAbsolute: true, Most: 100})
	d.must(d.full(false))
	b.ReportAllocs()
	for b.Loop() {
		d.must(d.full(false))
	}
}

func BenchmarkPush10000(b *testing.B) {
	for name, caps := range map[string]pos.Capabilities{
		"numbers": {ReadStock: true, WriteAbsolute: true, Most: 100},
		"changes": {ReadStock: true, WriteDelta: true, Keys: true, Most: 100},
		"state":   {ReadStock: true, WriteAbsolute: true, Most: 10, State: true},
	} {
		b.Run(name, func(b *testing.B) {
			const items = 10_000
			d, sim := openBulk(b, items, caps)
			list, _ := d.Items(store.ItemFilter{}, 0, items)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for from := 0; from < items; from += 1000 {
					bulk := &store.BulkAdjust{}
					for _, i := range list[from : from+1000] {
						bulk.Lines = append(bulk.Lines, &store.Adjust{Item: i.ID, Change: -1, Reason: store.Damage})
					}
					d.Must(bulk)
				}
				written := sim.written
				b.StartTimer()
				d.must(d.push())
				if sim.written-written != items {
					b.Fatalf("%d changes arrived", sim.written-written)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N*items), "ms/item")
		})
	}
}
