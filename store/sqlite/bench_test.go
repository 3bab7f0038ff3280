package sqlite

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

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

// BenchmarkLevels measures what a full comparison with a point of sale reads
// and writes of its 50,000 levels.
func BenchmarkLevels(b *testing.B) {
	d := opened(b)
	var levels []store.Level
	var places []store.Place
	for n := range 50_000 {
		p := store.Place{Product: fmt.Sprintf("%08x-7a1c-4b1e-9d52-3f1f6f0c2a77", uint32(n)*2654435761), Lot: fmt.Sprintf("1A40603000%014d", n), Room: "floor"}
		places = append(places, p)
		levels = append(levels, store.Level{Place: p, Seq: int64(n), Seen: 35000, SeenAt: start, Known: true})
	}
	must(b, d.PutLevels(b.Context(), "pos", levels))
	for _, size := range []int{1000, len(levels)} {
		part := 0
		each := func(name string, fn func(from, to int) error) {
			b.Run(fmt.Sprint(name, "/", size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					must(b, fn(part, part+size))
					part = (part + size) % len(levels)
				}
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "levels/s")
			})
		}
		each("put", func(from, to int) error { return d.PutLevels(b.Context(), "pos", levels[from:to]) })
		each("see", func(from, to int) error { return d.SeeLevels(b.Context(), "pos", levels[from:to]) })
		each("read", func(from, to int) error {
			_, err := d.Levels(b.Context(), "pos", places[from:to])
			return err
		})
	}
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, d.ScanLevels(b.Context(), "pos", func(store.Level) error { return nil }))
		}
	})
}

// aSecondOf gives what so many endpoints were told in a second with 1,000
// movements.
func aSecondOf(endpoints int) (list []store.Delivery) {
	for i := range endpoints * 1000 {
		v := rememberedPacked()
		v.ID, v.Webhook, v.Position = id(int64(i)), id(int64(i%endpoints)), store.Position{Epoch: 1, Seq: int64(i)}
		v.NewsID, v.At = v.Position.String(), start+store.Instant(i/endpoints)
		list = append(list, v)
	}
	return list
}

// BenchmarkDelivered writes down what 20 endpoints were told in a second, and
// gives for how much of that second nothing else is written.
func BenchmarkDelivered(b *testing.B) {
	d, list := opened(b), aSecondOf(20)
	for b.Loop() {
		must(b, d.PutDeliveries(b.Context(), list, nil))
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/1000, "of-a-second")
}

// BenchmarkAppendBesideDeliveries appends entries one by one, and for each
// thousand of them has written down what 20 endpoints were told of it, and gives
// how long the slowest in a hundred took.
func BenchmarkAppendBesideDeliveries(b *testing.B) {
	for _, endpoints := range []int{0, 20} {
		b.Run(fmt.Sprint(endpoints), func(b *testing.B) {
			d, c, list := opened(b), &chain{}, aSecondOf(endpoints)
			told := make(chan struct{}, 1000)
			var group sync.WaitGroup
			group.Go(func() {
				for range told {
					must(b, d.PutDeliveries(b.Context(), list, nil))
				}
			})
			var took []time.Duration
			for b.Loop() {
				at := time.Now()
				write(b, d, &store.Batch{Rows: []store.Row{c.row(movement(1, -10000, 10000), 1, 0)}})
				if took = append(took, time.Since(at)); len(took)%1000 == 0 {
					told <- struct{}{}
				}
			}
			close(told)
			group.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
