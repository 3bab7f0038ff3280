package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestEveryKindOfEntryComesBackAsItWasWritten(t *testing.T) {
	d, c := opened(t), &chain{}
	sale := movement(1, -15000, 45000)
	sale.OccurredAt = start - 3_600_000
	sale.ExternalID, sale.Line, sale.Source = "order-1", 2, "pos:square"
	sale.Notes = &store.Text{Salt: [16]byte{1, 2}, Body: "rang twice\n\"ü\" \x00"}
	sale.Movement.Transfer, sale.Movement.Reservation = id(5), id(6)
	back := movement(1, 15000, 60000)
	back.Movement.Reverses = store.Position{Epoch: 1, Seq: 1}
	rows := []store.Row{
		c.row(sale, 1, 0),
		c.row(back, 1, 1),
		c.row(hold(2, 20000, 60000, 20000), 2, 0),
		c.row(document(store.DocProduct, id(9), `{"name":"Blue Dream"}`), 0, 0),
		c.row(event(`{"level":1}`), 0, 0),
	}
	write(t, d, &store.Batch{Rows: rows})

	var got []store.Stored
	if err := d.Scan(t.Context(), 0, 5, func(s *store.Stored) error { got = append(got, *s); return nil }); err != nil {
		t.Fatal(err)
	}
	var want []store.Stored
	for i, r := range rows {
		s := store.Stored{Seq: int64(i + 1), Bytes: r.Bytes, Hash: r.Hash, Item: r.Item, Prev: r.Prev, Notes: r.Entry.Notes}
		s.Change = store.Change{Seq: s.Seq, Item: r.Item, OccurredAt: r.Entry.OccurredAt, RecordedAt: r.Entry.RecordedAt}
		want = append(want, s)
	}
	want[0].Change.Quantity, want[0].Change.After = -15000, 45000
	want[1].Change.Quantity, want[1].Change.After = 15000, 60000
	want[2].Change.Reserved, want[2].Change.After, want[2].Change.ReservedAfter = 20000, 60000, 20000
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("the ledger gave\n%+v\nwant\n%+v", got, want)
	}
	one, err := d.FindEntry(t.Context(), 1)
	if err != nil || !reflect.DeepEqual(*one, want[0]) {
		t.Fatalf("FindEntry gave %+v, %v", one, err)
	}
	if _, err := d.FindEntry(t.Context(), 6); store.CodeOf(err) != store.CodeNotFound {
		t.Fatalf("FindEntry past the end: %v", err)
	}
}

func TestFactsAreFoundByWhatTheyBelongTo(t *testing.T) {
	d, c := opened(t), &chain{}
	sale := movement(1, -1, 1)
	sale.ExternalID, sale.Line, sale.Movement.Transfer, sale.Movement.Reservation = "x", 3, id(5), id(6)
	in := movement(2, 1, 1)
	in.Movement.Transfer, in.Movement.Reverses = id(5), store.Position{Epoch: 1, Seq: 1}
	held := hold(1, 1, 1, 1)
	held.Hold.Reservation = id(6)
	write(t, d, &store.Batch{Rows: []store.Row{
		c.row(sale, 1, 0), c.row(in, 2, 0), c.row(held, 1, 1),
		c.row(document(store.DocProduct, id(9), `{}`), 0, 0), c.row(event(`{}`), 0, 0),
		c.row(document(store.DocProduct, id(9), `{}`), 0, 0),
	}})
	ctx := t.Context()
	for _, x := range []struct {
		what string
		got  func() (int64, error)
		want int64
	}{
		{"external", func() (int64, error) { return d.FindExternal(ctx, "api", "x", 3) }, 1},
		{"external of another line", func() (int64, error) { return d.FindExternal(ctx, "api", "x", 0) }, 0},
		{"external of another source", func() (int64, error) { return d.FindExternal(ctx, "ui", "x", 3) }, 0},
		{"reversal", func() (int64, error) { return d.FindReversal(ctx, 1) }, 2},
		{"reversal of none", func() (int64, error) { return d.FindReversal(ctx, 2) }, 0},
		{"document before it was", func() (int64, error) { return d.FindDocument(ctx, id(9), 3) }, 0},
		{"document's first version", func() (int64, error) { return d.FindDocument(ctx, id(9), 5) }, 4},
		{"document's second version", func() (int64, error) { return d.FindDocument(ctx, id(9), 100) }, 6},
		{"unknown document", func() (int64, error) { return d.FindDocument(ctx, id(8), 100) }, 0},
	} {
		if got, err := x.got(); err != nil || got != x.want {
			t.Errorf("%s: %d, %v; want %d", x.what, got, err, x.want)
		}
	}
	if list, err := d.ListTransfer(ctx, id(5)); err != nil || !slices.Equal(list, []int64{1, 2}) {
		t.Errorf("transfer: %v, %v", list, err)
	}
	if list, err := d.ListReservation(ctx, id(6)); err != nil || !slices.Equal(list, []int64{1, 3}) {
		t.Errorf("reservation: %v, %v", list, err)
	}
}

func TestErasedNotesLeaveTheChainWhole(t *testing.T) {
	o := options(t.TempDir())
	d, c := open(t, o), &chain{}
	e := movement(1, -1, 1)
	e.Notes = &store.Text{Salt: [16]byte{7}, Body: "call 555-0100 about it"}
	write(t, d, &store.Batch{Rows: []store.Row{c.row(e, 1, 0)}})
	write(t, d, &store.Batch{Rows: []store.Row{c.row(event(`{}`), 0, 0)}, Erased: []int64{1}})
	var hash store.Hash
	err := d.Scan(t.Context(), 0, 2, func(s *store.Stored) error {
		if hash = hash.Next(s.Bytes); hash != s.Hash {
			return fmt.Errorf("the chain breaks at %d", s.Seq)
		}
		if s.Notes != nil {
			return fmt.Errorf("entry %d still has its notes", s.Seq)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	if bytes.Contains(read(t, o.Dir), []byte("555-0100")) {
		t.Error("the erased text is still in the file")
	}
}

func TestWhatIsWrittenCannotBeChanged(t *testing.T) {
	d, c := opened(t), &chain{}
	e := movement(1, -1, 1)
	e.Notes = &store.Text{Body: "text"}
	write(t, d, &store.Batch{Rows: []store.Row{c.row(e, 1, 0), c.row(document(store.DocLot, id(2), `{}`), 0, 0)}})
	for _, query := range []string{
		"UPDATE entry SET change = 5", "DELETE FROM entry WHERE seq = 2",
		"UPDATE document_version SET seq = 5", "DELETE FROM document_version", "UPDATE entry SET notes = 'other'",
		"REPLACE INTO entry (seq, kind, recorded_at, hash, body) VALUES (1, 4, 1, x'00', '{}')",
	} {
		err := d.writer.tx("test", func(c *conn) error { return c.run(query) })
		if err == nil || store.CodeOf(err) != "" {
			t.Errorf("%s: %v; want it refused", query, err)
		}
	}
	if s, err := d.FindEntry(t.Context(), 1); err != nil || s.Change.Quantity != -1 || s.Notes.Body != "text" {
		t.Errorf("after refusals entry 1 is %+v, %v", s, err)
	}
}

func TestABatchIsAllOrNothing(t *testing.T) {
	d, c := opened(t), &chain{}
	e := func() *store.Entry {
		e := movement(1, -1, 1)
		e.ExternalID = "once"
		return e
	}
	write(t, d, &store.Batch{Rows: []store.Row{c.row(e(), 1, 0)}})
	before := *c
	twice := &store.Batch{Rows: []store.Row{c.row(movement(2, 1, 1), 2, 0), c.row(e(), 1, 1)}}
	if err := d.Append(t.Context(), twice); err == nil || store.CodeOf(err) != "" {
		t.Fatalf("an external id for the second time: %v; want an internal fault", err)
	}
	if err := d.Append(t.Context(), &store.Batch{Rows: []store.Row{c.row(movement(2, 1, 1), 2, 0)}}); err == nil {
		t.Fatal("a gap in the ledger was let in")
	}
	*c = before
	write(t, d, &store.Batch{Rows: []store.Row{c.row(movement(2, 1, 1), 2, 0)}})
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != 2 || m.Hash != c.hash {
		t.Fatalf("head %+v, %v", m.Head, err)
	}
}

func TestAReversalIsBookedOnce(t *testing.T) {
	d, c := opened(t), &chain{}
	reversal := func() *store.Entry {
		e := movement(1, 1, 1)
		e.Movement.Reverses = store.Position{Epoch: 1, Seq: 1}
		return e
	}
	write(t, d, &store.Batch{Rows: []store.Row{c.row(movement(1, -1, 1), 1, 0), c.row(reversal(), 1, 1)}})
	if err := d.Append(t.Context(), &store.Batch{Rows: []store.Row{c.row(reversal(), 1, 2)}}); err == nil {
		t.Fatal("one movement was reversed twice")
	}
}

func TestScansPageAndStop(t *testing.T) {
	d, c := opened(t), &chain{}
	c.sales(t, d, 2*pageRows+300)
	var seqs, changes []int64
	if err := d.Scan(t.Context(), 5, c.seq-5, func(s *store.Stored) error { seqs = append(seqs, s.Seq); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := d.ScanChanges(t.Context(), 5, c.seq-5, func(c store.Change) error { changes = append(changes, c.Seq); return nil }); err != nil {
		t.Fatal(err)
	}
	var want []int64
	for seq := int64(6); seq <= c.seq-5; seq++ {
		want = append(want, seq)
	}
	if !slices.Equal(seqs, want) || !slices.Equal(changes, want) {
		t.Fatalf("scans gave %d and %d rows, want %d", len(seqs), len(changes), len(want))
	}
	enough := errors.New("enough")
	n := 0
	err := d.Scan(t.Context(), 0, c.seq, func(s *store.Stored) error {
		if n++; n == entryRows+3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != entryRows+3 {
		t.Fatalf("a scan that had enough ended with %v after %d", err, n)
	}
	if _, err := d.FindEntry(t.Context(), 1); err != nil {
		t.Fatalf("reading after an ended scan: %v", err)
	}
}

func TestACallbackMayRead(t *testing.T) {
	d, c := opened(t), &chain{}
	c.sales(t, d, 20)
	for range readers + 1 {
		err := d.ScanChanges(t.Context(), 0, 20, func(ch store.Change) error {
			_, err := d.FindEntry(t.Context(), ch.Seq)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeysAreScannedFoundAndPruned(t *testing.T) {
	d, c := opened(t), &chain{}
	b := &store.Batch{}
	for n := range int64(5) {
		b.Rows = append(b.Rows, c.row(movement(1, 1, 1), 1, 0))
		k := store.Key{Seq: n + 1, Count: 1, Hash: [16]byte{byte(n)}, Print: [16]byte{9}, At: start + store.Instant(n)}
		if n == 3 {
			k.Outcome = []byte(`[{"index":2}]`)
		}
		b.Keys = append(b.Keys, k)
	}
	write(t, d, b)
	scan := func(since store.Instant) (list []store.Key) {
		if err := d.ScanKeys(t.Context(), since, func(k store.Key) error { list = append(list, k); return nil }); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := scan(start + 1); !reflect.DeepEqual(got, b.Keys[1:]) {
		t.Fatalf("keys since: %+v", got)
	}
	if k, err := d.FindKey(t.Context(), 4); err != nil || !reflect.DeepEqual(k, b.Keys[3]) {
		t.Fatalf("key of 4: %+v, %v", k, err)
	}
	if err := d.PruneKeys(t.Context(), start+2); err != nil {
		t.Fatal(err)
	}
	if got := scan(0); !reflect.DeepEqual(got, b.Keys[2:]) {
		t.Fatalf("keys after pruning: %+v", got)
	}
	if _, err := d.FindKey(t.Context(), 1); store.CodeOf(err) != store.CodeNotFound {
		t.Fatalf("a pruned key: %v", err)
	}
	if err := d.PruneKeys(t.Context(), start+1000); err != nil || len(scan(0)) != 0 {
		t.Fatalf("pruning all left %v, %v", scan(0), err)
	}
}

func TestTokensAreKeptAndChanged(t *testing.T) {
	d := opened(t)
	first := &store.Token{
		ID: id(2), Name: "till", Role: store.RoleTerminal, Hash: store.HashToken("a"),
		Location: id(3), Terminal: "till-1", CreatedAt: start, ExpiresAt: start + 5,
	}
	second := &store.Token{ID: id(1), Name: "boss", Role: store.RoleAdmin, Hash: store.HashToken("b"), CreatedAt: start + 1}
	write(t, d, &store.Batch{Tokens: []*store.Token{second, first}})
	revoked := *first
	revoked.RevokedAt = start + 9
	write(t, d, &store.Batch{Tokens: []*store.Token{&revoked}})
	list, err := d.ListTokens(t.Context())
	if err != nil || !reflect.DeepEqual(list, []*store.Token{&revoked, second}) {
		t.Fatalf("tokens: %+v, %v", list, err)
	}
}
