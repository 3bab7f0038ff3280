package sqlite_test

import (
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
)

const benchItems = 100_000

// grow fills a shop with benchItems items and so many movements over three
// years, of which two in a hundred are late by up to twenty days.
func grow(b *testing.B, movements int) *storetest.Shop {
	b.Helper()
	shop := storetest.Open(b)
	var items []store.ID
	for _, room := range []store.Room{store.SalesFloor, store.Vault} {
		for from := 0; from < benchItems/2; from += store.MaxImportRows {
			cmd := &store.Import{Location: shop.Location, Room: room}
			for k := range store.MaxImportRows {
				cmd.Rows = append(cmd.Rows, storetest.Row(from+k, 1_000_000))
			}
			for _, line := range shop.Must(cmd).Lines {
				items = append(items, line.Item.ID)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	step := 3 * 365 * 24 * time.Hour / time.Duration(movements)
	for done := 0; done < movements; done += store.MaxBulkLines {
		cmd := &store.BulkAdjust{}
		now := store.InstantOf(shop.Clock.Wall())
		for range store.MaxBulkLines {
			line := &store.Adjust{Item: items[r.IntN(len(items))], Change: -1_0000, Reason: store.Sale}
			if r.IntN(50) == 0 {
				line.OccurredAt = now.Add(-16*time.Minute - time.Duration(r.Int64N(int64(20*24*time.Hour))))
			}
			cmd.Lines = append(cmd.Lines, line)
		}
		shop.Must(cmd)
		shop.Clock.Advance(step * store.MaxBulkLines)
	}
	return shop
}

// listItems times how long SQLite takes to list id and quantity of as many
// items as the shop has.
func listItems(b *testing.B) func() time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite", b.TempDir()+"/items.db?_pragma=journal_mode(WAL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(`CREATE TABLE item (id TEXT PRIMARY KEY, quantity INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
		INSERT INTO item SELECT lower(hex(randomblob(18))), i FROM n`)
	if err != nil {
		b.Fatal(err)
	}
	list, err := db.Prepare("SELECT id, quantity FROM item")
	if err != nil {
		b.Fatal(err)
	}
	return func() time.Duration {
		started := time.Now()
		rows, err := list.Query()
		if err != nil {
			b.Fatal(err)
		}
		defer rows.Close()
		var id string
		var quantity, n int64
		for rows.Next() {
			if err := rows.Scan(&id, &quantity); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := rows.Err(); err != nil || n != benchItems {
			b.Fatal(n, err)
		}
		return time.Since(started)
	}
}

// BenchmarkLedger measures what grows with a ledger, over a short history and
// a long one.
func BenchmarkLedger(b *testing.B) {
	var short float64
	for _, size := range []struct {
		name      string
		movements int
	}{{"1M", 1_000_000}, {"10M", 10_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			shop := grow(b, size.movements)
			b.Run("snapshot", func(b *testing.B) { short = benchSnapshot(b, shop, short) })
			b.Run("verify", func(b *testing.B) { benchVerify(b, shop) })
			b.Run("start", func(b *testing.B) { benchStart(b, shop) })
		})
	}
}

// benchSnapshot compares the snapshot of random days with listing the items
// from SQLite, and with the time that a shorter history took, in seconds.
func benchSnapshot(b *testing.B, shop *storetest.Shop, short float64) float64 {
	list := listItems(b)
	var took, listed []float64
	for range b.N {
		for range 31 {
			day := storetest.Start.Add(time.Duration(rand.Int64N(int64(3 * 365 * 24 * time.Hour))))
			started := time.Now()
			snapshot, err := shop.Snapshot(b.Context(), store.Moment{AsOf: store.InstantOf(day)}, nil)
			if err != nil {
				b.Fatal(err)
			}
			snapshot.Digest()
			took = append(took, time.Since(started).Seconds())
			listed = append(listed, list().Seconds())
		}
	}
	m := median(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(m*1000, "ms/snapshot")
	b.ReportMetric(m/median(listed), "snapshot/listing")
	if short != 0 {
		b.ReportMetric(m/short, "long/short")
	}
	return m
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// benchVerify compares verify with reading the same rows and nothing else.
func benchVerify(b *testing.B, shop *storetest.Shop) {
	ctx := b.Context()
	j, err := sqlite.Open(ctx, sqlite.Options{Dir: shop.Dir, ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	var ratios []float64
	for range b.N {
		started := time.Now()
		meta, err := j.Meta(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Scan(ctx, 0, meta.Seq, func(*store.Stored) error { return nil }); err != nil {
			b.Fatal(err)
		}
		reading := time.Since(started)
		started = time.Now()
		if _, err := store.Verify(ctx, j, nil, nil); err != nil {
			b.Fatal(err)
		}
		verifying := time.Since(started)
		ratios = append(ratios, float64(reading)/float64(verifying))
		b.ReportMetric(float64(meta.Seq)/verifying.Seconds(), "entries/s")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ratios), "verify/reading")
}

// benchStart times from opening the files to the first command that could be
// taken, with a tail of 20,000 entries after the full state.
func benchStart(b *testing.B, shop *storetest.Shop) {
	shop.Reopen()
	items, _ := shop.Items(store.ItemFilter{}, 0, benchItems)
	for done := 0; done < 19_000; done += store.MaxBulkLines {
		cmd := &store.BulkAdjust{}
		for k := range store.MaxBulkLines {
			cmd.Lines = append(cmd.Lines, &store.Adjust{Item: items[(done+k)*5%len(items)].ID, Change: -1_0000, Reason: store.Sale})
		}
		shop.Must(cmd)
	}
	for range b.N {
		copied := shop.Crash(b)
		started := time.Now()
		j, err := sqlite.Open(b.Context(), sqlite.Options{Dir: copied, NewStore: storetest.NewID})
		if err != nil {
			b.Fatal(err)
		}
		l, err := store.Open(b.Context(), store.Config{
			Journal: j, Clock: shop.Clock, NewID: storetest.NewID, Rules: store.DefaultRules(), Log: slog.New(slog.DiscardHandler),
			NewSalt: func() (salt [16]byte) { return salt },
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(started).Seconds(), "s-to-ready")
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}
