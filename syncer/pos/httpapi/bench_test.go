package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// BenchmarkWrite10000 writes 10,000 changes in batches of 100 and one by one.
// The peer on loopback reads and answers, no more; bare sends as many bytes and
// reads as many answers without us, so that the difference is our own cost.
func BenchmarkWrite10000(b *testing.B) {
	const changes, most = 10_000, 100
	peer := newPeer(b)
	for _, mode := range []struct {
		name, text, method string
		requests, body     int
	}{{"batch", absoluteYAML, http.MethodPut, changes / most, 50 * most}, {"each", deltaYAML, http.MethodPost, changes, 50}} {
		c := newConnector(b, mode.text, pos.Settings{URL: peer.URL, Key: simKey}, store.SystemClock()).(pos.Writer)
		batches := manyBatches(changes, most)
		b.Run(mode.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, batch := range batches {
					if _, err := c.Write(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*changes), "µs/change")
		})
		b.Run("bare "+mode.name, func(b *testing.B) {
			for b.Loop() {
				for range mode.requests {
					bare(b, mode.method, peer.URL, mode.body)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*changes), "µs/change")
		})
	}
}

func newPeer(b *testing.B) *httptest.Server {
	results := []byte(`{"results":[` + strings.TrimSuffix(strings.Repeat(`{"ok":true},`, 100), ",") + `]}`)
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPut {
			_, _ = w.Write(results)
		} else {
			_, _ = w.Write([]byte(`{"id":1}`))
		}
	}))
	b.Cleanup(peer.Close)
	return peer
}

func bare(b *testing.B, method, url string, size int) {
	req, err := http.NewRequestWithContext(b.Context(), method, url, bytes.NewReader(make([]byte, size)))
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		b.Fatal(err)
	}
}

func manyBatches(changes, most int) (list []pos.Batch) {
	for from := 0; from < changes; from += most {
		batch := pos.Batch{Key: "till/1-" + strconv.Itoa(from)}
		for n := from; n < from+most; n++ {
			id := strconv.Itoa(n)
			batch.Changes = append(batch.Changes, pos.Change{
				Place: store.Place{Product: id, Room: "floor"}, SKU: "SKU-" + id, Name: "Product " + id, Unit: "g",
				Quantity: store.Quantity(n*10_000 + 5_000), Delta: 5_000, Reason: store.Audit, Reference: "1-" + id, OccurredAt: 1_769_509_800_000,
			})
		}
		list = append(list, batch)
	}
	return list
}

// BenchmarkReadStock reads 10,000 rows in pages of 1,000.
func BenchmarkReadStock(b *testing.B) {
	page := func(after int) []byte {
		var buf bytes.Buffer
		buf.WriteString(`{"items":[`)
		for n := after; n < after+1000; n++ {
			fmt.Fprintf(&buf, `{"id":%d,"sku":"SKU-%d","name":"Product %d","room":"floor","unit":"g","on_hand":%d.5,"updated":"2026-01-27T10:30:00Z"},`, n, n, n, n)
		}
		buf.Truncate(buf.Len() - 1)
		next := "null"
		if after < 9000 {
			next = strconv.Itoa(after + 1000)
		}
		fmt.Fprintf(&buf, `],"next":%s}`, next)
		return buf.Bytes()
	}
	var pages [10][]byte
	for i := range pages {
		pages[i] = page(i * 1000)
	}
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		_, _ = w.Write(pages[after/1000])
	}))
	b.Cleanup(peer.Close)
	c := newConnector(b, absoluteYAML, pos.Settings{URL: peer.URL, Key: simKey}, store.SystemClock()).(pos.StockReader)
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		err := c.ReadStock(b.Context(), nil, func(list []pos.Stock) error {
			rows += len(list)
			return nil
		})
		if err != nil || rows != 10_000 {
			b.Fatal(rows, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*10_000), "µs/row")
}
