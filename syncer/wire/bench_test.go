package wire_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// BenchmarkEncode compares encoding a ledger for the wire with reading the
// same rows and nothing else, in one run.
func BenchmarkEncode(b *testing.B) {
	shop := trade(b, 2000, 40_000)
	head := shop.Head()
	var sent int
	var reading, encoding float64
	b.ReportAllocs()
	for b.Loop() {
		reading += seconds(func() {
			read(b, shop, 0, head.Seq, func(*store.Stored, *store.Key) {})
		})
		sent = 0
		encoding += seconds(func() {
			batches(b, shop, store.Head{}, wire.DefaultLimits, func(one *wire.Batch) { sent += len(one.Body) })
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(reading/encoding, "encode/reading")
	b.ReportMetric(float64(head.Seq)*float64(b.N)/encoding, "entries/s")
	b.ReportMetric(float64(sent)/float64(head.Seq), "B/entry")
}

// BenchmarkReadBatch reads a full batch and computes its chain.
func BenchmarkReadBatch(b *testing.B) {
	shop := trade(b, 500, 2000)
	h, body := http.Header{}, []byte(nil)
	batches(b, shop, store.Head{}, wire.DefaultLimits, func(one *wire.Batch) {
		h = http.Header{}
		one.Header(h)
		body = bytes.Clone(one.Body)
	})
	b.ReportAllocs()
	entries := 0
	for b.Loop() {
		in, err := wire.ReadBatch(bytes.NewReader(body), h)
		if err != nil {
			b.Fatal(err)
		}
		entries += len(in.Lines)
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}

func seconds(fn func()) float64 {
	started := time.Now()
	fn()
	return time.Since(started).Seconds()
}
