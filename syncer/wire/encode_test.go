package wire_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

func received(t testing.TB, b *wire.Batch) *wire.Incoming {
	t.Helper()
	h := http.Header{}
	b.Header(h)
	in, err := wire.ReadBatch(bytes.NewReader(b.Body), h)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestEncode_what_lies_beside_an_entry_arrives_to_the_byte(t *testing.T) {
	raw := rapid.Custom(func(rt *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(rt, "raw")) })
	text := rapid.OneOf(rapid.String(), raw, rapid.Just(""), rapid.Just("\x00\u2028</script>\r\n\ufffd"))
	half := rapid.Custom(func(rt *rapid.T) (b [16]byte) {
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "half"))
		return b
	})
	rapid.Check(t, func(rt *rapid.T) {
		want := wire.Line{Seq: 1}
		if rapid.Bool().Draw(rt, "notes") {
			want.Notes = &store.Text{Salt: half.Draw(rt, "salt"), Body: text.Draw(rt, "body")}
		}
		if rapid.Bool().Draw(rt, "key") {
			want.Key = &store.Key{
				Seq: 1, Hash: half.Draw(rt, "hash"), Print: half.Draw(rt, "print"),
				Count: rapid.Int64Range(1, 1<<62).Draw(rt, "count"), At: store.Instant(rapid.Int64().Draw(rt, "at")),
			}
			if rapid.Bool().Draw(rt, "outcome") {
				want.Key.Outcome = []byte("x" + text.Draw(rt, "outcome"))
			}
		}
		got := received(t, batchOf(t, 1, store.Position{}, store.Head{}, map[int64]wire.Line{1: want}, strings.TrimSuffix(goodLine, "\n"))).Lines[0]
		if !reflect.DeepEqual(got.Notes, want.Notes) || !reflect.DeepEqual(got.Key, want.Key) {
			rt.Fatalf("got %+v %+v\nwant %+v %+v", got.Notes, got.Key, want.Notes, want.Key)
		}
	})
}

func TestEncode_a_ledger_arrives_whole_in_batches_within_the_limits(t *testing.T) {
	shop := trade(t, 200, 1500)
	limits := wire.Limits{Entries: 700, Bytes: 20 << 10}
	var sizes, counts []int
	last, keys, notes := store.Head{}, 0, 0
	batches(t, shop, last, limits, func(b *wire.Batch) {
		in := received(t, b)
		sizes, counts = append(sizes, len(b.Body)), append(counts, len(in.Lines))
		if in.First != last.Seq+1 || in.Previous != last.Hash {
			t.Fatalf("a batch starts at %d after %x", in.First, in.Previous)
		}
		for _, l := range in.Lines {
			stored, err := shop.Journal().FindEntry(t.Context(), l.Seq)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(l.Bytes, stored.Bytes) || l.Hash != stored.Hash || !reflect.DeepEqual(l.Notes, stored.Notes) {
				t.Fatalf("entry %d arrives as %+v", l.Seq, l)
			}
			if l.Key != nil {
				keys++
			}
			if l.Notes != nil {
				notes++
			}
		}
		last = in.Head()
	})
	head := shop.Head()
	if last.Seq != head.Seq || last.Hash != head.Hash || keys != 1500 || notes == 0 {
		t.Fatalf("ends at %d of %d with %d keys and %d notes", last.Seq, head.Seq, keys, notes)
	}
	for n := range sizes {
		if counts[n] > limits.Entries || sizes[n] > limits.Bytes+48<<10 {
			t.Errorf("batch %d has %d entries in %d bytes", n, counts[n], sizes[n])
		}
	}
}

func TestEncode_incompressible_entries_stay_near_the_limit(t *testing.T) {
	e := wire.NewEncoder()
	e.Start(1, store.Position{}, store.Head{})
	seq := int64(0)
	for !e.Full(wire.DefaultLimits) {
		seq++
		noise := make([]byte, 12<<10)
		_, _ = rand.Read(noise)
		e.Add(&store.Stored{Seq: seq, Bytes: []byte(`{"v":1}`), Notes: &store.Text{Body: string(noise)}}, nil)
	}
	b, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if over := len(b.Body) - wire.DefaultLimits.Bytes; over < -140<<10 || over > 140<<10 {
		t.Errorf("%d entries take %d bytes", seq, len(b.Body))
	}
}

func TestEncode_an_outcome_too_long_to_travel_is_left_behind_and_nothing_else(t *testing.T) {
	huge := key
	huge.Outcome = make([]byte, wire.MaxBesideLine)
	beside := map[int64]wire.Line{1: {Notes: &store.Text{Body: "kept"}, Key: &huge}, 2: {Key: &huge}}
	in := received(t, batchOf(t, 1, store.Position{}, store.Head{}, beside, openingLines[:2]...))
	if len(in.Lines) != 2 || in.Lines[0].Notes.Body != "kept" || in.Lines[0].Key != nil || in.Lines[1].Key != nil {
		t.Fatalf("%d lines, %+v", len(in.Lines), in.Lines)
	}
}

// TestEncode_movements_take_at_most_80_bytes counts sales as tills make them:
// under an idempotency key of 32 random bytes each, with times, amounts and
// references that differ, and a note now and then.
func TestEncode_movements_take_at_most_80_bytes(t *testing.T) {
	shop := trade(t, 500, 2500)
	after := store.Head{}
	batches(t, shop, store.Head{}, wire.DefaultLimits, func(b *wire.Batch) {
		if after.Seq == 0 && b.Last >= 1000 {
			after = store.Head{Epoch: 1, Seq: b.Last, Hash: b.Hash}
		}
	})
	bytes, entries := 0, 0
	batches(t, shop, after, wire.DefaultLimits, func(b *wire.Batch) {
		bytes, entries = bytes+len(b.Body), entries+b.Entries()
	})
	if per := float64(bytes) / float64(entries); per > 80 || entries < 1500 {
		t.Errorf("%.1f bytes for each of %d entries", per, entries)
	}
}
