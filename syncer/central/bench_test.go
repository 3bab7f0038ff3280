package central_test

import (
	"testing"

	"github.com/shelfd/shelfd/store"
)

// BenchmarkPush drains a backlog to a central that keeps it in memory, over
// the machine's own network.
func BenchmarkPush(b *testing.B) {
	s := open(b)
	for range 50 {
		bulk := &store.BulkAdjust{}
		for range store.MaxBulkLines {
			bulk.Lines = append(bulk.Lines, &store.Adjust{Item: s.item, Change: 1, Reason: store.Return})
		}
		s.Must(bulk)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.fake.mu.Lock()
		s.streams = newFake(b).streams
		s.fake.mu.Unlock()
		s.mustPush()
	}
	b.ReportMetric(float64(s.Ledger.Head().Seq)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
