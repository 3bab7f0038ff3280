package sqlite

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// start is when the first entry of every test is recorded.
const start store.Instant = 1_750_000_000_123

func id(n int64) (id store.ID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func options(dir string) Options {
	return Options{Dir: dir, NewStore: func() store.ID { return id(1) }, Version: "1.2.3", Now: start}
}

func open(t testing.TB, o Options) *DB {
	t.Helper()
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// opened is a new ledger that is closed at the end of the test.
func opened(t testing.TB) *DB {
	t.Helper()
	d := open(t, options(t.TempDir()))
	t.Cleanup(func() { d.Close() })
	return d
}

func shut(t testing.TB, d *DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// chain makes rows that follow each other.
type chain struct {
	seq  int64
	hash store.Hash
}

// row gives the next entry as it is stored. Times that are not set are one
// second apart.
func (c *chain) row(e *store.Entry, item, prev int64) store.Row {
	c.seq++
	e.Position = store.Position{Epoch: 1, Seq: c.seq}
	if e.RecordedAt == 0 {
		e.RecordedAt = start + store.Instant(c.seq*1000)
	}
	if e.OccurredAt == 0 {
		e.OccurredAt = e.RecordedAt
	}
	if e.Source == "" {
		e.Source = "api"
	}
	if e.Notes != nil {
		digest := e.Notes.Digest()
		e.NotesDigest = digest[:]
	}
	e.ClockOK = true
	b := store.AppendEntry(nil, e)
	c.hash = c.hash.Next(b)
	r := store.Row{Entry: e, Bytes: b, Hash: c.hash, Item: item, Prev: prev}
	switch e.Kind {
	case store.KindMovement:
		r.After, r.ReservedAfter = e.Movement.After, e.Movement.ReservedAfter
	case store.KindHold:
		r.After, r.ReservedAfter = e.Hold.After, e.Hold.ReservedAfter
	}
	return r
}

func movement(item int64, change, after store.Quantity) *store.Entry {
	return &store.Entry{Kind: store.KindMovement, Actor: "actor", Terminal: "till-1", Movement: &store.Movement{
		Item: id(1000 + item), Change: change, After: after, Reason: store.Sale,
	}}
}

func hold(item int64, change, after, reserved store.Quantity) *store.Entry {
	return &store.Entry{Kind: store.KindHold, Hold: &store.Hold{
		Item: id(1000 + item), ReservedChange: change, After: after, ReservedAfter: reserved,
		Reservation: id(77), ExpiresAt: start + 900_000, Why: "created",
	}}
}

func document(kind store.DocumentType, of store.ID, body string) *store.Entry {
	return &store.Entry{Kind: store.KindDocument, Document: &store.Document{Type: kind, ID: of, Body: json.RawMessage(body)}}
}

func event(body string) *store.Entry {
	return &store.Entry{Kind: store.KindEvent, Event: &store.Event{Type: store.EventLowStock, Body: json.RawMessage(body)}}
}

func write(t testing.TB, d *DB, b *store.Batch) {
	t.Helper()
	if err := d.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// sales appends n movements of items 1 to 100, in batches.
func (c *chain) sales(t testing.TB, d *DB, n int) {
	t.Helper()
	for n > 0 {
		b := &store.Batch{}
		for range min(n, 1000) {
			item := 1 + c.seq%100
			b.Rows = append(b.Rows, c.row(movement(item, -10000, store.Quantity(c.seq)*10000), item, max(0, c.seq-100)))
		}
		write(t, d, b)
		n -= len(b.Rows)
	}
}
