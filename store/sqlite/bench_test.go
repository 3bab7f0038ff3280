package sqlite

import (
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			d, c := opened(b), &chain{}
			b.ReportAllocs()
			batch := &store.Batch{}
			for b.Loop() {
				b.StopTimer()
				batch.Rows = batch.Rows[:0]
				for range size {
					e := movement(1+c.seq%1000, -10000, 10000)
					e.Notes = &store.Text{Body: "forty characters of text beside the entry"}
					batch.Rows = append(batch.Rows, c.row(e, 1+c.seq%1000, max(0, c.seq-1000)))
				}
				b.StartTimer()
				write(b, d, batch)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func BenchmarkScan(b *testing.B) {
	d, c := opened(b), &chain{}
	c.sales(b, d, 20_000)
	b.Run("entries", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Scan(b.Context(), 0, c.seq, func(*store.Stored) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("changes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.ScanChanges(b.Context(), 0, c.seq, func(store.Change) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("entry", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.FindEntry(b.Context(), 12_345); err != nil {
				b.Fatal(err)
			}
		}
	})
}
