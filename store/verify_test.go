package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// audited is a closed shop with saved balances, heads and notes, and the seqs
// that are tampered with.
type audited struct {
	*storetest.Shop
	sale, noted, hold, product, settings int64
}

func openAudited(t testing.TB) *audited {
	t.Helper()
	s := &audited{Shop: storetest.Open(t, func(r *store.Rules) { r.SaveEvery = 10 })}
	item := s.Stocked("A", 100)
	for range 12 {
		s.Adjust(item, -1, store.Sale)
	}
	s.sale = s.Adjust(item, -2, store.Sale).Facts[0].Entry.Seq
	s.hold = s.Must(&store.Reserve{Item: item, Quantity: units(1)}).Facts[0].Entry.Seq
	s.noted = s.Must(&store.Adjust{Item: item, Change: units(-1), Reason: store.Theft, Notes: "seen on camera"}).Facts[0].Entry.Seq
	s.product = s.Must(&store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = "B", "B" }}).Facts[0].Entry.Seq
	if _, err := s.SaveHead(t.Context()); err != nil {
		t.Fatal(err)
	}
	three := units(3)
	s.settings = s.Must(&store.EditItem{ID: item, Threshold: &three}).Facts[0].Entry.Seq
	for range 20 {
		s.Adjust(item, 1, store.Return)
	}
	return s
}

// damageAt gives the seq that an error blames, −1 for none.
func damageAt(err error) int64 {
	var d *store.DamageError
	if errors.As(err, &d) {
		return d.Seq
	}
	return -1
}

func TestVerify_finds_nothing_wrong_with_what_was_written(t *testing.T) {
	s := openAudited(t)
	s.Must(&store.EraseNotes{Entry: store.Position{Epoch: 1, Seq: s.noted}})
	r, err := s.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if r.Head.Seq != s.Head().Seq || r.Head.Hash != s.Head().Hash || r.Entries != s.Head().Seq || r.Entries != r.Movements+r.Holds+r.Documents+r.Events ||
		r.Items != 1 || r.Balances < 3 || r.Heads < 1 || r.Erased == 0 {
		t.Fatalf("%+v", r)
	}
}

func TestVerify_names_the_entry_that_was_tampered_with(t *testing.T) {
	s := openAudited(t)
	newest := s.Head().Seq
	if err := s.Ledger.Close(); err != nil {
		t.Fatal(err)
	}
	set := func(seq int64, column, value string) string {
		return fmt.Sprintf("UPDATE entry SET %s = %s WHERE seq = %d", column, value, seq)
	}
	for name, c := range map[string]struct {
		at  int64
		sql []string
	}{
		"a digit of a body":           {s.sale, []string{set(s.sale, "body", `replace(body, '"quantity_change":-2', '"quantity_change":-1')`)}},
		"a byte of a body":            {s.product, []string{set(s.product, "body", `substr(body, 1, 150) || '#' || substr(body, 152)`)}},
		"a space in a body":           {s.product, []string{set(s.product, "body", `replace(body, ',"body":', ', "body":')`)}},
		"a bit of a hash":             {s.sale, []string{set(s.sale, "hash", `unhex(replace(hex(hash), substr(hex(hash), 1, 2), '00'))`)}},
		"the change":                  {s.sale, []string{set(s.sale, "change", "change + 1")}},
		"the quantity after":          {s.sale, []string{set(s.sale, "after", "after + 1")}},
		"the reserved quantity after": {s.sale, []string{set(s.sale, "reserved_after", "1")}},
		"the item":                    {s.sale, []string{set(s.sale, "item", "2")}},
		"no item":                     {s.sale, []string{set(s.sale, "item", "NULL")}},
		"the entry before":            {s.sale, []string{set(s.sale, "prev_seq", "prev_seq - 1")}},
		"the time it was recorded":    {s.sale, []string{set(s.sale, "recorded_at", "recorded_at + 1")}},
		"the time it happened":        {s.sale, []string{set(s.sale, "occurred_at", "recorded_at - 1")}},
		"the kind":                    {s.sale, []string{set(s.sale, "kind", "2")}},
		"the change of a hold":        {s.hold, []string{set(s.hold, "change", "change + 1")}},
		"the kind of a hold":          {s.hold, []string{set(s.hold, "kind", "1")}},
		"the quantity at a setting":   {s.settings, []string{set(s.settings, "after", "0")}},
		"the item of a setting":       {s.settings, []string{set(s.settings, "item", "NULL")}},
		"the notes":                   {s.noted, []string{fmt.Sprintf("UPDATE entry SET notes = 'nothing seen' WHERE seq = %d", s.noted)}},
		"the salt of the notes":       {s.noted, []string{fmt.Sprintf("UPDATE entry SET salt = zeroblob(16) WHERE seq = %d", s.noted)}},
		"notes where none were":       {s.hold, []string{fmt.Sprintf("UPDATE entry SET salt = zeroblob(16), notes = 'x' WHERE seq = %d", s.hold)}},
		"the newest three gone":       {newest - 2, []string{fmt.Sprintf("DELETE FROM entry WHERE seq > %d", newest-3)}},
		"the newest gone":             {newest, []string{fmt.Sprintf("DELETE FROM entry WHERE seq = %d", newest)}},
		"one in the middle gone":      {s.sale + 1, []string{fmt.Sprintf("DELETE FROM entry WHERE seq = %d", s.sale)}},
		"the first gone":              {2, []string{"DELETE FROM entry WHERE seq = 1"}},
		"two rows swapped": {s.sale, []string{
			fmt.Sprintf("UPDATE entry SET seq = -1 WHERE seq = %d", s.sale), fmt.Sprintf("UPDATE entry SET seq = %d WHERE seq = %d", s.sale, s.hold),
			fmt.Sprintf("UPDATE entry SET seq = %d WHERE seq = -1", s.hold),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			copied := *s.Shop
			copied.Dir = s.Crash(t)
			storetest.Tamper(t, copied.Dir, c.sql...)
			if r, err := copied.Verify(); damageAt(err) != c.at {
				t.Fatalf("entry %d was tampered with: %v (%+v)", c.at, err, r)
			}
			if strings.HasPrefix(name, "the newest") {
				if err := copied.TryOpen(); damageAt(err) != c.at {
					t.Fatalf("it was opened without its newest entries: %v", err)
				}
			}
		})
	}
}

func TestVerify_names_the_saved_balances_and_heads_that_were_tampered_with(t *testing.T) {
	s := openAudited(t)
	if err := s.Ledger.Close(); err != nil {
		t.Fatal(err)
	}
	db := s.Seqs(t)
	for name, sql := range map[string]string{
		"another quantity": `UPDATE balances SET body = unhex(substr(hex(body), 1, 2) || 'FE' || substr(hex(body), 5)) WHERE seq = %d`,
		"an item more":     `UPDATE balances SET body = cast(body || x'010200' AS BLOB) WHERE seq = %d`,
		"cut":              `UPDATE balances SET body = cast(substr(body, 1, length(body) - 1) AS BLOB) WHERE seq = %d`,
		"nothing":          `UPDATE balances SET body = x'' WHERE seq = %d`,
		"another hash":     `UPDATE head SET hash = zeroblob(32) WHERE seq = %d`,
	} {
		seqs := db.Balances
		if name == "another hash" {
			seqs = db.Heads
		}
		if len(seqs) == 0 {
			t.Fatalf("%s: nothing saved", name)
		}
		for _, seq := range seqs {
			copied := *s.Shop
			copied.Dir = s.Crash(t)
			storetest.Tamper(t, copied.Dir, fmt.Sprintf(sql, seq))
			if _, err := copied.Verify(); damageAt(err) != seq {
				t.Errorf("%s at %d: %v", name, seq, err)
			}
		}
	}
}

func TestVerify_checks_the_signature_of_heads(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	s.Adjust(item, -1, store.Sale)
	h := s.Head()
	h.Note = "signed"
	if err := s.Journal().PutHead(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("no")
	_, err := store.Verify(t.Context(), s.Journal(), nil, func(got store.Head) error {
		if got.Note == "signed" && got.Seq == h.Seq {
			return bad
		}
		return nil
	})
	if damageAt(err) != h.Seq {
		t.Fatal(err)
	}
}

func TestLedger_does_not_open_when_its_tail_was_tampered_with(t *testing.T) {
	s := openAudited(t) // its state is saved now and then, so there is a tail
	page, _ := s.Items(store.ItemFilter{}, 0, 1)
	for range 5 {
		s.Adjust(page[0].ID, 1, store.Return)
	}
	at, r, err := s.Journal().State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	in := at.Seq + 1
	if in >= s.Head().Seq {
		t.Fatal("there is no tail")
	}
	for name, c := range map[string]struct {
		at  int64
		sql string
	}{
		"a body":          {in, "UPDATE entry SET body = replace(body, '\"RETURN\"', '\"AUDIT\"') WHERE seq = %d"},
		"a cut body":      {in, "UPDATE entry SET body = substr(body, 1, 40) WHERE seq = %d"},
		"a hash":          {in, "UPDATE entry SET hash = zeroblob(32) WHERE seq = %d"},
		"one gone":        {in + 1, "DELETE FROM entry WHERE seq = %d"},
		"the state's own": {at.Seq, "UPDATE state SET hash = zeroblob(32) WHERE seq < %d"},
	} {
		t.Run(name, func(t *testing.T) {
			copied := *s.Shop
			copied.Dir = s.Crash(t)
			storetest.Tamper(t, copied.Dir, fmt.Sprintf(c.sql, in))
			if err := copied.TryOpen(); damageAt(err) != c.at {
				t.Fatalf("opened with %v; want damage at %d", err, c.at)
			}
		})
	}
}

func TestNotes_are_erased_and_the_chain_still_holds(t *testing.T) {
	s := openAudited(t)
	position := store.Position{Epoch: 1, Seq: s.noted}
	f, err := s.Fact(t.Context(), position)
	if err != nil || f.Entry.Notes == nil || f.Entry.Notes.Body != "seen on camera" {
		t.Fatalf("%+v, %v", f.Entry, err)
	}
	if raw := string(store.AppendEntry(nil, f.Entry)); strings.Contains(raw, "camera") {
		t.Fatalf("the text is in the hashed bytes: %s", raw)
	}
	s.Must(&store.EraseNotes{Entry: position})
	if f, err = s.Fact(t.Context(), position); err != nil || f.Entry.Notes != nil || f.Entry.NotesDigest == nil {
		t.Fatalf("%+v, %v", f.Entry, err)
	}
	if n, body := events(t, s.Shop, store.EventNotesErased); n != 1 || body["entry"] != position.String() {
		t.Fatalf("%d events, %v", n, body)
	}
	for _, p := range []store.Position{position, {Epoch: 1, Seq: 1}, {Epoch: 1, Seq: 999}} {
		if _, err := try(s.Shop, &store.EraseNotes{Entry: p}); store.CodeOf(err) != store.CodeNotFound {
			t.Errorf("%s: %v", p, err)
		}
	}
	checkWhole(t, s.Shop)
}
