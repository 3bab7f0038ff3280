package wire_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/wire"
)

// trade fills a shop with items and with so many sales, receipts and
// corrections as tills make them: under an idempotency key each, every
// thirtieth with a note.
func trade(t testing.TB, items, movements int) *storetest.Shop {
	t.Helper()
	shop := storetest.Open(t)
	cmd := &store.Import{Location: shop.Location, Room: store.SalesFloor}
	for n := range items {
		cmd.Rows = append(cmd.Rows, storetest.Row(n, 100_000))
	}
	lines := shop.Must(cmd).Lines
	r := rand.New(rand.NewPCG(1, 2))
	for n := range movements {
		shop.Clock.Advance(time.Duration(r.IntN(120_000)) * time.Millisecond)
		sale := &store.Adjust{Item: lines[r.IntN(len(lines))].Item.ID, Change: -store.Quantity(1+r.IntN(3)) * 10_000, Reason: store.Sale}
		sale.Reference = fmt.Sprintf("order-%d", 480_000+n)
		switch {
		case n%40 == 0:
			sale.Change, sale.Reason, sale.Reference = 24_0000, store.Adjustment, ""
		case n%30 == 0:
			sale.Notes = "opened by mistake"
		}
		ask := store.Request{Actor: storetest.NewID().String(), Terminal: fmt.Sprintf("till-%d", 1+r.IntN(4)), Source: "api"}
		ask.Actor = fmt.Sprintf("019c0a5e-7c3d-7c1f-9d0a-00000000000%d", r.IntN(5))
		hash, fingerprint := sha256.Sum256([]byte{byte(n), byte(n >> 8), byte(n >> 16)}), sha256.Sum256([]byte{1, byte(n), byte(n >> 8)})
		ask.Key = &store.IdempotencyKey{Hash: [16]byte(hash[:16]), Print: [16]byte(fingerprint[:16])}
		if _, err := shop.Do(t.Context(), ask, sale); err != nil {
			t.Fatal(err)
		}
	}
	return shop
}

// batches encodes a ledger from after to its head, within limits, and hands
// each batch on.
func batches(t testing.TB, shop *storetest.Shop, after store.Head, limits wire.Limits, to func(*wire.Batch)) {
	t.Helper()
	head, e := shop.Head(), wire.NewEncoder()
	send := func() {
		b, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		to(b)
		e.Start(1, store.Position{}, store.Head{Epoch: 1, Seq: b.Last, Hash: b.Hash})
	}
	e.Start(1, store.Position{}, after)
	read(t, shop, after.Seq, head.Seq, func(s *store.Stored, key *store.Key) {
		e.Add(s, key)
		if e.Full(limits) || s.Seq == head.Seq {
			send()
		}
	})
}

// read reads entries with their idempotency keys.
func read(t testing.TB, shop *storetest.Shop, after, upTo int64, fn func(*store.Stored, *store.Key)) {
	t.Helper()
	const page = 2000
	var keys []store.Key
	known := after
	err := shop.Journal().Scan(t.Context(), after, upTo, func(s *store.Stored) (err error) {
		if s.Seq > known {
			if keys, err = shop.Journal().ListKeys(t.Context(), known, known+page); err != nil {
				return err
			}
			known += page
		}
		if len(keys) == 0 || keys[0].Seq != s.Seq {
			fn(s, nil)
			return nil
		}
		fn(s, &keys[0])
		keys = keys[1:]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
