package sqlite

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

// attempts gives random attempts at several endpoints, oldest first, one a
// millisecond; hardly any failed.
func attempts(r *rand.Rand, n int) (list []store.Delivery) {
	for i := range n {
		at := start + store.Instant(i)
		d := store.Delivery{
			Webhook: id(800 + r.Int64N(3)), Position: store.Position{Epoch: 1 + r.Int64N(2), Seq: r.Int64N(1 << 40)},
			Attempt: 1 + r.Int64N(9), At: at, Status: 200 + r.IntN(100), Took: time.Duration(r.Int64N(1e7)) * time.Microsecond,
			Type: []store.NewsType{store.NewsUpdated, store.NewsLowStock, "inventory.of_a_later_version"}[r.IntN(3)], Outcome: store.DeliveryDone,
		}
		for b := range 6 {
			d.ID[b] = byte(at >> (40 - 8*b))
		}
		d.ID[15] = byte(r.Uint32())
		switch d.NewsID = d.Position.String(); r.IntN(20) {
		case 0:
			d.NewsID += fmt.Sprint(".", 2+r.IntN(9))
		case 1:
			d.Outcome, d.Detail, d.NextAt = store.DeliveryStatus, "It answered 500.", at+5
		case 2:
			d.NewsID, d.Position, d.Type = "test-"+d.ID.String(), store.Position{}, store.NewsTest
		case 3:
			d.NewsID += ".02"
		}
		list = append(list, d)
	}
	return list
}

// TestEveryAttemptIsListedExactlyHoweverItIsKept holds pages of all kinds
// against the attempts that were written down.
func TestEveryAttemptIsListedExactlyHoweverItIsKept(t *testing.T) {
	d, r := opened(t), rand.New(rand.NewPCG(1, 2))
	all := attempts(r, 9000)
	for part := range slices.Chunk(all, 1+len(all)/7) {
		must(t, d.PutDeliveries(t.Context(), part, nil))
	}
	if n, err := d.writer.conn.integer("SELECT count(*) FROM delivered"); err != nil || n < 14 || n > 40 {
		t.Errorf("what went well is in %d rows, %v", n, err)
	}
	slices.Reverse(all)
	for _, f := range []store.DeliveryFilter{
		{}, {Failed: true}, {Webhook: id(801)}, {Type: store.NewsLowStock, Webhook: id(800)}, {NewsID: all[5000].NewsID}, {Type: store.NewsTest},
	} {
		var want []store.Delivery
		for _, v := range all {
			if (f.Webhook.IsZero() || f.Webhook == v.Webhook) && (f.Type == "" || f.Type == v.Type) &&
				(f.NewsID == "" || f.NewsID == v.NewsID) && (!f.Failed || v.Outcome != store.DeliveryDone) {
				want = append(want, v)
			}
		}
		if got := pagesOf(t, d, f, 1+r.IntN(700)); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%+v lists %d of %d, or others", f, len(got), len(want))
		}
	}
	for range 50 {
		want := all[r.IntN(len(all))]
		if got, err := d.FindDelivery(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("found %+v, %v\nwant %+v", got, err, want)
		}
	}
}

// pagesOf reads a list page by page.
func pagesOf(t *testing.T, d *DB, f store.DeliveryFilter, limit int) (all []store.Delivery) {
	t.Helper()
	for f.Limit = limit; ; {
		page, err := d.ListDeliveries(t.Context(), f)
		must(t, err)
		if all = append(all, page...); len(page) < limit {
			return all
		}
		f.Before = page[limit-1].ID
	}
}

func TestWhatWentWellIsPrunedByItselfAndKeepsTheNewest(t *testing.T) {
	d := opened(t)
	all := attempts(rand.New(rand.NewPCG(3, 4)), 9000)
	for part := range slices.Chunk(all, 300) {
		must(t, d.PutDeliveries(t.Context(), part, nil))
	}
	before := pagesOf(t, d, store.DeliveryFilter{Webhook: id(800)}, 500)
	other := pagesOf(t, d, store.DeliveryFilter{Webhook: id(801)}, 500)
	must(t, d.PruneDeliveries(t.Context(), id(800), 1000, 1))
	after := pagesOf(t, d, store.DeliveryFilter{Webhook: id(800)}, 500)
	if len(after) < 1000 || len(after) > 1800 || !slices.Equal(after[:1000], before[:1000]) {
		t.Errorf("%d are kept of %d", len(after), len(before))
	}
	if got := pagesOf(t, d, store.DeliveryFilter{Webhook: id(801)}, 500); !slices.Equal(got, other) {
		t.Errorf("of another endpoint %d are kept of %d", len(got), len(other))
	}
	must(t, d.PruneDeliveries(t.Context(), id(800), 1000, start+1<<40))
	if got := pagesOf(t, d, store.DeliveryFilter{Webhook: id(800)}, 500); len(got) != 0 {
		t.Errorf("%d are kept that are too old", len(got))
	}
}

// FuzzAPackThatIsNoneIsRefused reads anything without panicking, and gives
// back what it read.
func FuzzAPackThatIsNoneIsRefused(f *testing.F) {
	p := pack{list: []store.Delivery{rememberedPacked()}}
	f.Add(p.encode())
	f.Add([]byte{})
	f.Add([]byte("0000000000000000000000\xe8\xe8\xe8\xe8\xe8\xe8\xe80\x00\x1100000000000000000"))
	f.Add(bytes.Repeat([]byte{0xff}, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := unpack(id(700), b)
		if err != nil {
			return
		}
		again := pack{list: list}
		if got, err := unpack(id(700), again.encode()); err != nil || !slices.Equal(got, list) {
			t.Errorf("%+v, %v\nwant %+v", got, err, list)
		}
	})
}
