package sqlite

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
)

// TestMomentsAreFoundAsByLookingAtEveryEntry compares ScanLate, FindSeq and
// ScanChanges with walks over all entries.
func TestMomentsAreFoundAsByLookingAtEveryEntry(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := open(t, options(t.TempDir()))
		defer d.Close()
		all := randomLedger(t, rt, d)
		late, whole := all[:0:0], all[:0:0]
		for range 5 {
			last := int64(len(all))
			after := rapid.Int64Range(0, last).Draw(rt, "after")
			upTo := rapid.Int64Range(0, last+1).Draw(rt, "upTo")
			at := all[rapid.IntRange(0, len(all)-1).Draw(rt, "of")].change.RecordedAt +
				store.Instant(rapid.Int64Range(-40*quarterHour, 2*quarterHour).Draw(rt, "at"))
			late, whole = late[:0], whole[:0]
			seq := int64(0)
			for _, f := range all {
				if f.change.RecordedAt <= at {
					seq = f.change.Seq
				}
				if f.change.Seq <= after || f.change.Seq > upTo || f.change.Item == 0 {
					continue
				}
				whole = append(whole, f)
				if f.late && f.change.OccurredAt <= at {
					late = append(late, f)
				}
			}
			compare(rt, "late", late, func(fn func(store.Change) error) error { return d.ScanLate(t.Context(), at, after, upTo, fn) })
			compare(rt, "changes", whole, func(fn func(store.Change) error) error { return d.ScanChanges(t.Context(), after, upTo, fn) })
			if got, err := d.FindSeq(t.Context(), at); err != nil || got != seq {
				rt.Fatalf("FindSeq(%d) is %d, %v; want %d", at, got, err, seq)
			}
		}
	})
}

type fact struct {
	change store.Change
	late   bool
}

func randomLedger(t *testing.T, rt *rapid.T, d *DB) (all []fact) {
	c, b, now := &chain{}, &store.Batch{}, start
	for range rapid.IntRange(1, 120).Draw(rt, "entries") {
		now += store.Instant(rapid.Int64Range(0, 2*quarterHour).Draw(rt, "pause"))
		e := movement(1, 1, 1)
		if rapid.IntRange(0, 9).Draw(rt, "kind") == 0 {
			e = event(`{}`)
		}
		e.RecordedAt, e.OccurredAt = now, now
		if rapid.Bool().Draw(rt, "apart") {
			e.OccurredAt -= store.Instant(rapid.Int64Range(-5*60_000, 70*quarterHour).Draw(rt, "delay"))
		}
		item := int64(0)
		f := fact{late: e.RecordedAt-e.OccurredAt > quarterHour}
		if e.Movement != nil {
			item = 1
			f.change.Quantity, f.change.After = 1, 1
		}
		b.Rows = append(b.Rows, c.row(e, item, 0))
		f.change.Seq, f.change.Item, f.change.RecordedAt, f.change.OccurredAt = c.seq, item, now, e.OccurredAt
		all = append(all, f)
	}
	write(t, d, b)
	return all
}

func compare(rt *rapid.T, what string, facts []fact, scan func(func(store.Change) error) error) {
	var got, want []store.Change
	if err := scan(func(c store.Change) error { got = append(got, c); return nil }); err != nil {
		rt.Fatal(err)
	}
	for _, f := range facts {
		want = append(want, f.change)
	}
	slices.SortFunc(got, func(a, b store.Change) int { return cmp.Compare(a.Seq, b.Seq) })
	if !slices.Equal(got, want) {
		rt.Fatalf("%s: got\n%+v\nwant\n%+v", what, got, want)
	}
}

func TestManyLateEntriesOfOneMomentArePaged(t *testing.T) {
	d, c, b := opened(t), &chain{}, &store.Batch{}
	for range pageRows*2 + 7 {
		e := movement(1, 1, 1)
		e.RecordedAt, e.OccurredAt = start, start-3*quarterHour
		b.Rows = append(b.Rows, c.row(e, 1, 0))
	}
	write(t, d, b)
	seen := map[int64]bool{}
	if err := d.ScanLate(t.Context(), start, 0, c.seq, func(c store.Change) error { seen[c.Seq] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(b.Rows) {
		t.Fatalf("%d of %d late entries", len(seen), len(b.Rows))
	}
}

func TestAStateStreamsBothWays(t *testing.T) {
	d := opened(t)
	if at, r, err := d.State(t.Context()); err != nil || at.Seq != 0 {
		t.Fatalf("a new ledger has state %+v, %v", at, err)
	} else if b, err := io.ReadAll(r); err != nil || len(b) != 0 {
		t.Fatalf("a new ledger has a state of %d bytes, %v", len(b), err)
	}
	body := make([]byte, 3*chunkBytes+1234)
	rand.NewChaCha8([32]byte{}).Read(body)
	for seq, size := range []int{len(body), 0, 1, chunkBytes, 2 * chunkBytes} {
		at := store.Head{Epoch: 1, Seq: int64(seq + 1), Hash: store.Hash{5}, RecordedAt: start, Note: "signed"}
		err := d.PutState(t.Context(), at, func(w io.Writer) error {
			_, err := io.Copy(w, iotest.HalfReader(bytes.NewReader(body[:size])))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got, r, err := d.State(t.Context())
		if err != nil || got != at {
			t.Fatalf("head %+v, %v; want %+v", got, err, at)
		}
		if b, err := io.ReadAll(r); err != nil || !bytes.Equal(b, body[:size]) {
			t.Fatalf("state of %d bytes came back as %d, %v", size, len(b), err)
		}
		r.Close()
	}
}

func TestAFailedStateKeepsTheOneBefore(t *testing.T) {
	d := opened(t)
	put := func(seq int64, err error) error {
		return d.PutState(t.Context(), store.Head{Seq: seq}, func(w io.Writer) error {
			w.Write(make([]byte, chunkBytes+5))
			return err
		})
	}
	if err := put(1, nil); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	if err := put(2, gone); !errors.Is(err, gone) {
		t.Fatalf("a failed state: %v", err)
	}
	at, r, err := d.State(t.Context())
	if err != nil || at.Seq != 1 {
		t.Fatalf("state at %d, %v; want the first", at.Seq, err)
	}
	if err := put(3, nil); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); !errors.Is(err, errReplaced) || len(b) > 0 {
		t.Fatalf("reading a state that was replaced gave %d bytes, %v", len(b), err)
	}
}

func TestBalancesAreTheNewestAtOrBefore(t *testing.T) {
	d := opened(t)
	balances := func(seq, base int64) store.Balances {
		return store.Balances{Seq: seq, Base: base, RecordedAt: start + store.Instant(seq), Body: []byte{byte(seq)}}
	}
	for _, b := range []store.Balances{balances(10, 0), balances(20, 10), balances(30, 10), balances(40, 0), balances(50, 40)} {
		if err := d.PutBalances(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	none := store.Balances{}
	for _, x := range []struct {
		seq         int64
		full, since store.Balances
	}{
		{9, none, none},
		{10, balances(10, 0), none},
		{19, balances(10, 0), none},
		{20, balances(10, 0), balances(20, 10)},
		{39, balances(10, 0), balances(30, 10)},
		{40, balances(40, 0), none},
		{1000, balances(40, 0), balances(50, 40)},
	} {
		full, since, err := d.FindBalances(t.Context(), x.seq)
		if err != nil || !reflect.DeepEqual(full, x.full) || !reflect.DeepEqual(since, x.since) {
			t.Errorf("at %d: %+v and %+v, %v", x.seq, full, since, err)
		}
	}
}

func TestHeadsAreListedNewestFirst(t *testing.T) {
	d := opened(t)
	var heads []store.Head
	for seq := range int64(5) {
		h := store.Head{Epoch: 1, Seq: seq + 1, Hash: store.Hash{byte(seq)}, RecordedAt: start + store.Instant(seq)}
		heads = append(heads, h)
		if err := d.PutHead(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	heads[4].Note = "signed"
	if err := d.PutHead(t.Context(), heads[4]); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(heads)
	if got, err := d.ListHeads(t.Context(), 0, 2); err != nil || !slices.Equal(got, heads[:2]) {
		t.Errorf("newest two: %+v, %v", got, err)
	}
	if got, err := d.ListHeads(t.Context(), 4, 10); err != nil || !slices.Equal(got, heads[2:]) {
		t.Errorf("before 4: %+v, %v", got, err)
	}
}
