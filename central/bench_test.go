package central_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// size is a number that the environment may change, for longer runs.
func size(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// author writes the ledger of a store that there is not: the same bytes that a
// store would write, made as fast as they can be.
type author struct {
	r     *rand.Rand
	head  store.Head
	at    store.Instant
	items []store.ID
	have  []store.Quantity
	actor string
	enc   *wire.Encoder
	bytes int64
}

func newAuthor(seed uint64, enc *wire.Encoder) *author {
	return &author{
		r: rand.New(rand.NewPCG(seed, 7)), at: store.InstantOf(storetest.Start), actor: storetest.NewID().String(), enc: enc,
		head: store.Head{Epoch: 1},
	}
}

// add appends an entry to the batch under way.
func (a *author) add(e *store.Entry, key *store.Key) {
	a.at += store.Instant(a.r.IntN(60_000))
	e.Position = store.Position{Epoch: 1, Seq: a.head.Seq + 1}
	e.OccurredAt, e.RecordedAt, e.ClockOK = a.at, a.at, true
	e.Actor, e.Terminal, e.Source = a.actor, "till-"+strconv.Itoa(1+a.r.IntN(4)), "api"
	b := store.AppendEntry(nil, e)
	a.head.Seq, a.head.Hash = e.Seq, a.head.Hash.Next(b)
	a.enc.Add(&store.Stored{Seq: e.Seq, Bytes: b, Hash: a.head.Hash}, key)
}

func (a *author) document(of store.DocumentType, id store.ID, format string, args ...any) {
	body := json.RawMessage(fmt.Sprintf(format, args...))
	a.add(&store.Entry{Kind: store.KindDocument, Document: &store.Document{Type: of, ID: id, Body: body}}, nil)
}

// batch makes a batch of what fn adds.
func (a *author) batch(fn func()) *wire.Batch {
	a.enc.Start(1, store.Position{}, a.head)
	fn()
	b, err := a.enc.Finish()
	if err != nil {
		panic(err)
	}
	kept := *b
	kept.Body = append([]byte(nil), b.Body...)
	a.bytes += int64(len(kept.Body))
	return &kept
}

// open makes the batches that open so many items.
func (a *author) open(items int) (list []*wire.Batch) {
	location := storetest.NewID()
	for len(a.items) < items {
		list = append(list, a.batch(func() {
			if a.head.Seq == 0 {
				a.document(store.DocLocation, location, `{"id":"%s","name":"Main Street","time_zone":"America/Chicago","currency":"USD"}`, location)
			}
			for range min(300, items-len(a.items)) {
				n := len(a.items) + 1
				product, item := storetest.NewID(), storetest.NewID()
				a.document(store.DocProduct, product, `{"id":"%s","sku":"SKU-%d","name":"Flower No. %d","category":"Flower","unit":"each","unit_price":45.00,"unit_cost":25.00,"low_stock_threshold":5}`, product, n, n*7919%100_000)
				a.document(store.DocItem, item, `{"id":"%s","no":%d,"product_id":"%s","location_id":"%s","room_type":"sales_floor"}`, item, n, product, location)
				a.items, a.have = append(a.items, item), append(a.have, 0)
			}
		}))
	}
	return list
}

// sell makes a batch of so many movements, each under an idempotency key, one
// in thirty with notes.
func (a *author) sell(n int) *wire.Batch {
	return a.batch(func() {
		for range n {
			at := a.r.IntN(len(a.items))
			m := &store.Movement{Item: a.items[at], Change: -store.Quantity(1+a.r.IntN(3)) * 10_000, Reason: store.Sale}
			m.Reference = fmt.Sprintf("order-%d", 480_000+a.head.Seq)
			if a.have[at]+m.Change < 0 {
				m.Change, m.Reason, m.Reference = 24_0000, store.Adjustment, ""
			}
			a.have[at] += m.Change
			m.After, m.ValueChange = a.have[at], store.Money(m.Change)*25
			key := &store.Key{Count: 1, At: a.at}
			hash := sha256.Sum256([]byte(m.Reference))
			copy(key.Hash[:], hash[:])
			copy(key.Print[:], hash[16:])
			a.add(&store.Entry{Kind: store.KindMovement, Movement: m}, key)
		}
	})
}

// unreal is an outlet without a shop.
func (d *desk) unreal() *outlet {
	d.t.Helper()
	o := &outlet{t: d.t, url: d.url, id: storetest.NewID(), epoch: 1}
	code, err := d.Enrol(d.t.Context(), "Shop", time.Hour)
	if err != nil {
		d.t.Fatal(err)
	}
	var enrolled wire.Enrolled
	if err := o.post(wire.PathEnroll, wire.Enrolment{Code: code, Store: o.id}, &enrolled); err != nil {
		d.t.Fatal(err)
	}
	o.key = enrolled.Key
	return o
}

// BenchmarkPush pushes prepared batches of many stores over HTTP into durable
// commits, with the sender on the same machine.
func BenchmarkPush(b *testing.B) {
	for _, c := range []struct{ stores, items, batches, entries, at int }{
		{size("STORES", 1000), 200, 2, 500, 64},
		{size("STORES", 1000), 200, 1, 1000, 64},
		{size("STORES", 1000), 200, 4, 100, 64},
		{size("STORES", 1000), 200, 2, 20, 64},
		{1, 2000, size("BACKLOG", 200), 1000, 1},
	} {
		b.Run(fmt.Sprintf("stores=%d/batch=%d", c.stores, c.entries), func(b *testing.B) {
			d := openDeskOver(b, centraltest.StartDurable(b))
			http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 128
			for range b.N {
				b.StopTimer()
				outlets, work := make([]*outlet, c.stores), make([][]*wire.Batch, c.stores)
				enc, bytes := wire.NewEncoder(), int64(0)
				for n := range outlets {
					outlets[n] = d.unreal()
					a := newAuthor(uint64(n), enc)
					deliver(b, outlets[n:n+1], [][]*wire.Batch{a.open(c.items)}, 1)
					a.bytes = 0
					for range c.batches {
						work[n] = append(work[n], a.sell(c.entries))
					}
					bytes += a.bytes
				}
				b.StartTimer()
				start := time.Now()
				deliver(b, outlets, work, c.at)
				entries := float64(c.stores * c.batches * c.entries)
				b.ReportMetric(entries/time.Since(start).Seconds(), "entries/s")
				b.ReportMetric(float64(bytes)/entries, "wireB/entry")
			}
		})
	}
}

// deliver sends the batches of each outlet in order, so many outlets at once.
func deliver(b *testing.B, outlets []*outlet, work [][]*wire.Batch, at int) {
	b.Helper()
	var all sync.WaitGroup
	next := make(chan int)
	for range at {
		all.Go(func() {
			for n := range next {
				for _, batch := range work[n] {
					ack, err := outlets[n].put(batch)
					if err != nil || ack.AckedSeq != batch.Last || len(ack.Verdicts) > 0 {
						b.Errorf("%+v, %v", ack, err)
						break
					}
				}
			}
		})
	}
	for n := range outlets {
		next <- n
	}
	close(next)
	all.Wait()
}
