package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
)

// someLevels gives n levels in an order of their own.
func someLevels(n int) (levels []store.Level) {
	for i := range n {
		k := i * 7919 % n
		levels = append(levels, store.Level{
			Place: store.Place{Product: fmt.Sprint("p-", k/3), Lot: []string{"", "a", "b"}[k%3]},
			Seq:   int64(i), Seen: store.Quantity(k), SeenAt: start, Known: true,
		})
	}
	return levels
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	rapid.TB
	Context() context.Context
}

// allLevels gives the levels of a destination as both ways to read them do.
func allLevels(t tester, d *DB, destination string) map[store.Place]store.Level {
	t.Helper()
	scanned, places := map[store.Place]store.Level{}, []store.Place{{Product: "none"}}
	err := d.ScanLevels(t.Context(), destination, func(l store.Level) error {
		if _, twice := scanned[l.Place]; twice {
			t.Errorf("%v came twice", l.Place)
		}
		scanned[l.Place] = l
		places = append(places, l.Place)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := d.Levels(t.Context(), destination, places); err != nil || !maps.Equal(found, scanned) {
		t.Errorf("read are %v, %v\nscanned %v", found, err, scanned)
	}
	return scanned
}

func TestManyLevelsAreWrittenAndRead(t *testing.T) {
	d, levels, want := opened(t), someLevels(2*pageRows+1), map[store.Place]store.Level{}
	for _, l := range levels {
		want[l.Place] = l
	}
	given := slices.Clone(levels)
	must(t, d.PutLevels(t.Context(), "pos", levels), d.PutLevels(t.Context(), "other", levels[:5]))
	if !slices.Equal(levels, given) {
		t.Error("the caller's levels are in another order now")
	}
	if got := allLevels(t, d, "pos"); len(want) != len(levels) || !maps.Equal(got, want) {
		t.Errorf("%d of %d levels came back as they were", len(got), len(want))
	}
	if got := allLevels(t, d, "other"); len(got) != 5 {
		t.Errorf("the other one has %d levels", len(got))
	}
}

func TestAScanOfLevelsGoesByPlaceAndEndsWithAnError(t *testing.T) {
	d, levels := opened(t), someLevels(pageRows+10)
	must(t, d.PutLevels(t.Context(), "pos", levels))
	slices.SortFunc(levels, func(a, b store.Level) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Lot, b.Lot))
	})
	enough := errors.New("enough")
	for _, n := range []int{1, pageRows, pageRows + 1} {
		var got []store.Level
		err := d.ScanLevels(t.Context(), "pos", func(l store.Level) error {
			if got = append(got, l); len(got) == n {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || !slices.Equal(got, levels[:n]) {
			t.Errorf("until the %dth came %d, %v", n, len(got), err)
		}
	}
}

func TestWhatIsSeenLeavesSeqAsItIs(t *testing.T) {
	d, p, q := opened(t), store.Place{Product: "p", Lot: "l", Room: "r"}, store.Place{Product: "p"}
	must(t,
		d.PutLevels(t.Context(), "pos", []store.Level{{Place: p, Seq: 7, Seen: 1, SeenAt: start, Known: true}}),
		d.SeeLevels(t.Context(), "pos", []store.Level{
			{Place: q, Seq: 99, Seen: 3, SeenAt: start + 2, Known: true}, {Place: p, Seq: 99, Seen: 2, SeenAt: start + 1, Known: true},
		}),
	)
	want := map[store.Place]store.Level{
		p: {Place: p, Seq: 7, Seen: 2, SeenAt: start + 1, Known: true}, q: {Place: q, Seen: 3, SeenAt: start + 2, Known: true},
	}
	if got := allLevels(t, d, "pos"); !maps.Equal(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	must(t, d.SeeLevels(t.Context(), "pos", []store.Level{{Place: p}}))
	want[p] = store.Level{Place: p, Seq: 7}
	if got := allLevels(t, d, "pos"); !maps.Equal(got, want) {
		t.Errorf("once it is not there any more\n%+v\nwant\n%+v", got, want)
	}
}

func TestLevelsAreWhatWasLastPutOrSeen(t *testing.T) {
	d := opened(t)
	levels := rapid.SliceOf(rapid.Custom(func(t *rapid.T) store.Level {
		name := rapid.SampledFrom([]string{"", "a", "b", "é"})
		l := store.Level{
			Place: store.Place{Product: name.Draw(t, "product"), Lot: name.Draw(t, "lot"), Room: name.Draw(t, "room")},
			Seq:   rapid.Int64().Draw(t, "seq"), SeenAt: store.Instant(rapid.Int64Min(0).Draw(t, "seen at")), Known: rapid.Bool().Draw(t, "known"),
		}
		if l.Known {
			l.Seen = store.Quantity(rapid.Int64().Draw(t, "seen"))
		}
		return l
	}))
	rapid.Check(t, func(t *rapid.T) {
		if err := d.DeleteDestination(t.Context(), "pos"); err != nil {
			t.Fatal(err)
		}
		want := map[store.Place]store.Level{}
		for range rapid.IntRange(1, 5).Draw(t, "writes") {
			list := levels.Draw(t, "levels")
			write, seen := d.PutLevels, rapid.Bool().Draw(t, "only seen")
			if seen {
				write = d.SeeLevels
			}
			if err := write(t.Context(), "pos", list); err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				if seen {
					l.Seq = want[l.Place].Seq
				}
				want[l.Place] = l
			}
		}
		if got := allLevels(t, d, "pos"); !maps.Equal(got, want) {
			t.Errorf("%+v\nwant\n%+v", got, want)
		}
	})
}

func TestEveryReaderSeesTheNewestLevels(t *testing.T) {
	d, p := opened(t), store.Place{Product: "p"}
	for seq := range int64(3 * readers) {
		must(t, d.PutLevels(t.Context(), "pos", []store.Level{{Place: p, Seq: seq}}))
		if got, err := d.Levels(t.Context(), "pos", []store.Place{p, p, {}}); err != nil || len(got) != 1 || got[p].Seq != seq {
			t.Errorf("after %d a reader sees %+v, %v", seq, got, err)
		}
	}
}

func TestAFailedReadOfLevelsIsOverWhenItReturns(t *testing.T) {
	d, p := opened(t), store.Place{Product: "p"}
	rename := func(from, to string) {
		must(t, d.writer.tx("test", func(c *conn) error { return c.script("ALTER TABLE " + from + " RENAME TO " + to) }))
	}
	rename("level", "away")
	for range 2 * readers {
		if got, err := d.Levels(t.Context(), "pos", []store.Place{p}); err == nil || got != nil {
			t.Errorf("without their table there are levels %v", got)
		}
	}
	rename("away", "level")
	must(t, d.PutLevels(t.Context(), "pos", []store.Level{{Place: p, Seq: 1}}))
	for range 2 * readers {
		if got, err := d.Levels(t.Context(), "pos", []store.Place{p}); err != nil || got[p].Seq != 1 {
			t.Errorf("afterwards %+v, %v", got, err)
		}
	}
}

func TestLevelsAreWrittenInTransactionsOfAThousand(t *testing.T) {
	d := opened(t)
	var levels []store.Level
	for n := range 2500 {
		levels = append(levels, store.Level{Place: store.Place{Product: fmt.Sprintf("%04d", n)}, Seq: 1})
	}
	refuse(t, d, "level", "NEW.product = '1700' AND NEW.seq <> 3")
	for name, write := range map[string]func() error{
		"putting": func() error { return d.PutLevels(t.Context(), "pos", levels) },
		"seeing":  func() error { return d.SeeLevels(t.Context(), "pos", levels) },
	} {
		if err := write(); err == nil {
			t.Errorf("%s a level that is refused went well", name)
		}
		if got := allLevels(t, d, "pos"); len(got) != writeRows {
			t.Errorf("%s left %d levels", name, len(got))
		}
		must(t, d.DeleteDestination(t.Context(), "pos"))
	}
	for i := range levels {
		levels[i].Seq = 3
	}
	must(t, d.PutLevels(t.Context(), "pos", levels))
	if got := allLevels(t, d, "pos"); len(got) != len(levels) {
		t.Errorf("%d levels are there", len(got))
	}
}

func TestLevelsOnAFullDiskAreWrittenByTransactions(t *testing.T) {
	o := options(t.TempDir())
	o.maxPages = 80
	d := open(t, o)
	err := d.PutLevels(t.Context(), "pos", someLevels(20_000))
	if store.CodeOf(err) != store.CodeStorageFull {
		t.Fatalf("on a full disk: %v", err)
	}
	shut(t, d)
	d = open(t, options(o.Dir))
	defer shut(t, d)
	if n := len(allLevels(t, d, "pos")); n == 0 || n%writeRows != 0 {
		t.Errorf("%d levels are there", n)
	}
	must(t, d.PutLevels(t.Context(), "pos", someLevels(20_000)))
	if n := len(allLevels(t, d, "pos")); n != 20_000 {
		t.Errorf("with room again %d levels are there", n)
	}
}
