package store_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// recordsOf gives a shop's state as another database keeps it.
func recordsOf(s *storetest.Shop) (items []store.ItemRecord, docs []store.DocumentRecord) {
	for _, i := range s.AllItems() {
		items = append(items, i.Record())
	}
	for _, p := range s.Products() {
		docs = append(docs, store.DocumentRecord{Type: store.DocProduct, ID: p.ID, Seq: p.Version})
	}
	for _, l := range s.Locations() {
		docs = append(docs, store.DocumentRecord{Type: store.DocLocation, ID: l.ID, Seq: l.Version})
	}
	for _, l := range s.Lots() {
		docs = append(docs, store.DocumentRecord{Type: store.DocLot, ID: l.ID, Seq: l.Version})
	}
	return items, docs
}

func TestDigest_is_the_documented_sum_of_documented_lines(t *testing.T) {
	s := furnished(t)
	archived := 0
	var items, docs []string
	for _, e := range entries(t, s, 0) {
		if e.Document == nil {
			continue
		}
		if e.Document.Type != store.DocItem {
			docs = append(docs, fmt.Sprintf("d %s ", e.Document.ID))
			continue
		}
		i, _ := s.Item(e.Document.ID)
		if i.ArchivedAt != 0 {
			archived++
		}
		items = append(items, fmt.Sprintf("i %s %s %s %s %d\n", i.ID, i.Quantity, i.Reserved, i.Value, i.Seq))
	}
	versions := map[string]int64{}
	_, records := recordsOf(s)
	for _, d := range records {
		versions["d "+d.ID.String()+" "] = d.Seq
	}
	slices.Sort(docs)
	slices.Sort(items)
	for n, d := range slices.Compact(docs) {
		docs[n] = fmt.Sprintf("%s%d\n", d, versions[d])
	}
	text := strings.Join(slices.Compact(items), "") + strings.Join(docs[:len(versions)], "")
	head, got := s.StateDigest()
	if want := sha256.Sum256([]byte(text)); got != want || head != s.Head() || archived == 0 {
		t.Fatalf("%x at %+v, want %x of\n%s", got, head, want, text)
	}
}

func TestDigest_is_that_of_the_records_in_any_order(t *testing.T) {
	s := storetest.Open(t)
	for n := range 400 { // more than one block of lines
		s.Stocked(fmt.Sprintf("P-%d", n), int64(n))
	}
	_, want := s.StateDigest()
	items, docs := recordsOf(s)
	slices.Reverse(items)
	slices.Reverse(docs)
	if got := store.DigestState(items, docs); got != want {
		t.Fatalf("%x, want %x", got, want)
	}
	for name, spoil := range map[string]func(){
		"a quantity": func() { items[3].Quantity++ }, "a reserved quantity": func() { items[3].Reserved++ },
		"a value": func() { items[3].Value++ }, "an item's version": func() { items[3].Seq++ }, "an item": func() { items = items[1:] },
		"a document's version": func() { docs[5].Seq++ }, "a document": func() { docs = docs[1:] },
	} {
		items, docs = recordsOf(s)
		if spoil(); store.DigestState(items, docs) == want {
			t.Errorf("%s differs and the digest does not", name)
		}
	}
}

func TestDigest_is_the_same_after_a_restart(t *testing.T) {
	s := furnished(t)
	head, want := s.StateDigest()
	crashed := restored(t, s)
	s.Reopen()
	for name, c := range map[string]*storetest.Shop{"reopened": s, "crashed": crashed} {
		if at, got := c.StateDigest(); got != want || at.Hash != head.Hash && name == "reopened" {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
	if _, got := storetest.Open(t).StateDigest(); got == want {
		t.Error("an empty shop has the same digest")
	}
}

func TestHash_is_read_as_it_is_written(t *testing.T) {
	h := store.Hash{}.Next([]byte("x"))
	text, err := json.Marshal(h)
	if want := fmt.Sprintf(`"%x"`, h[:]); err != nil || string(text) != want {
		t.Fatalf("%s, %v, want %s", text, err, want)
	}
	var back store.Hash
	if err := json.Unmarshal(text, &back); err != nil || back != h {
		t.Fatalf("%v, %v", back, err)
	}
	for _, bad := range []string{"", "ab", strings.Repeat("g", 64), strings.Repeat("a", 66)} {
		if err := back.UnmarshalText([]byte(bad)); store.CodeOf(err) != store.CodeInvalid || back != h {
			t.Errorf("%q: %v, %v", bad, err, back)
		}
	}
}
