package central_test

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shelfd/shelfd/store"
)

// equal checks that central has exactly what the shop has: every row of stock
// field by field, every document, every entry with its columns, its notes and
// its key.
func (d *desk) equal(o *outlet) {
	d.t.Helper()
	d.equalStock(o)
	d.equalEntries(o)
	if c := o.compare(); !c.Equal || c.Refolded {
		d.t.Fatalf("the digests say %+v", c)
	}
}

func (d *desk) equalStock(o *outlet) {
	d.t.Helper()
	rows, err := d.db.Query(context.Background(), `SELECT item, no, product, location, lot, room, quantity, reserved, value, low,
  seq, opened, edited, lit, updated_at, counted_at, archived_at, threshold, name_key, search FROM stock WHERE store = $1`,
		pgtype.UUID{Bytes: o.id, Valid: true})
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	have := 0
	for rows.Next() {
		var r store.ItemRecord
		var id, product, location, lot pgtype.UUID
		var room int16
		var threshold *int64
		var name, search string
		if err := rows.Scan(&id, &r.No, &product, &location, &lot, &room, (*int64)(&r.Quantity), (*int64)(&r.Reserved),
			(*int64)(&r.Value), &r.Low, &r.Seq, &r.Opened, &r.Edited, &r.Lit, (*int64)(&r.UpdatedAt), (*int64)(&r.CountedAt),
			(*int64)(&r.ArchivedAt), &threshold, &name, &search); err != nil {
			d.t.Fatal(err)
		}
		r.ID, r.Product, r.Location, r.Lot = id.Bytes, product.Bytes, location.Bytes, lot.Bytes
		r.Room, r.Threshold = store.Room(room), (*store.Quantity)(threshold)
		item, ok := o.Item(r.ID)
		if !ok || !item.Record().Equal(r) {
			d.t.Fatalf("central has\n%+v, the store\n%+v", r, item.Record())
		}
		texts := item.Product.Search
		if item.Lot != nil {
			texts += "\n" + lower(item.Lot.PackageTag) + "\n" + lower(item.Lot.BatchNumber)
		}
		if search != texts || name != lower(item.Product.Name) {
			d.t.Fatalf("item %s is found by %q, wanted %q", r.ID, search, texts)
		}
		have++
	}
	if want := o.itemCount(); have != want || rows.Err() != nil {
		d.t.Fatalf("central has %d items, the store %d (%v)", have, want, rows.Err())
	}
}

// itemCount counts the item documents of the ledger's first versions.
func (o *outlet) itemCount() int {
	o.t.Helper()
	seen := map[int64]bool{}
	err := o.Journal().Scan(context.Background(), 0, o.Head().Seq, func(s *store.Stored) error {
		if s.Item > 0 {
			seen[s.Item] = true
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return len(seen)
}

// kept is an entry's row.
type kept struct {
	Seq, Item, Prev         int64
	Body, Hash, Salt, Notes string
	Change                  int64
	After, Reserved         int64
	Recorded, Occurred      int64
	Key, Outcome            string
	Count, At               int64
}

func (d *desk) equalEntries(o *outlet) {
	d.t.Helper()
	want := o.kept()
	rows, err := d.db.Query(context.Background(), `SELECT seq, coalesce(item, 0), coalesce(prev_seq, 0), body, hash, salt, notes,
  coalesce(change, 0), coalesce(after, 0), coalesce(reserved_after, 0), recorded_at, coalesce(occurred_at, recorded_at),
  key, key_outcome, coalesce(key_count, 0), coalesce(key_at, 0) FROM entry WHERE store = $1 ORDER BY seq`,
		pgtype.UUID{Bytes: o.id, Valid: true})
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var k kept
		var body, hash, salt, notes, key, outcome []byte
		if err := rows.Scan(&k.Seq, &k.Item, &k.Prev, &body, &hash, &salt, &notes, &k.Change, &k.After, &k.Reserved,
			&k.Recorded, &k.Occurred, &key, &outcome, &k.Count, &k.At); err != nil {
			d.t.Fatal(err)
		}
		k.Body, k.Hash, k.Salt, k.Notes, k.Key, k.Outcome = string(body), string(hash), string(salt), string(notes), string(key), string(outcome)
		if n >= len(want) || k != want[n] {
			d.t.Fatalf("central has\n%+v, the store\n%+v", k, want[min(n, len(want)-1)])
		}
	}
	if n != len(want) || rows.Err() != nil {
		d.t.Fatalf("central has %d entries, the store %d (%v)", n, len(want), rows.Err())
	}
}

// kept reads the whole ledger as central should have it.
func (o *outlet) kept() (list []kept) {
	o.t.Helper()
	ctx, head := context.Background(), o.Head().Seq
	keys, err := o.Journal().ListKeys(ctx, 0, head)
	if err != nil {
		o.t.Fatal(err)
	}
	err = o.Journal().Scan(ctx, 0, head, func(s *store.Stored) error {
		e, err := store.ParseEntry(bytes.Clone(s.Bytes))
		if err != nil {
			return err
		}
		k := kept{
			Seq: s.Seq, Item: s.Item, Prev: s.Prev, Body: string(s.Bytes), Hash: string(s.Hash[:]),
			Change: int64(s.Change.Quantity + s.Change.Reserved), Recorded: int64(e.RecordedAt), Occurred: int64(e.OccurredAt),
		}
		if s.Item > 0 {
			k.After, k.Reserved = int64(s.Change.After), int64(s.Change.ReservedAfter)
		}
		if s.Notes != nil {
			k.Salt, k.Notes = string(s.Notes.Salt[:]), s.Notes.Body
		}
		if len(keys) > 0 && keys[0].Seq == s.Seq {
			k.Key, k.Outcome = string(keys[0].Hash[:])+string(keys[0].Print[:]), string(keys[0].Outcome)
			k.Count, k.At = keys[0].Count, int64(keys[0].At)
			keys = keys[1:]
		}
		list = append(list, k)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}
