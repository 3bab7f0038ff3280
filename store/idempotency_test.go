package store_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// keyed is the shop's request under a key, of a request that reads as body.
func keyed(key, body string) store.Request {
	r := storetest.Request
	r.Key = &store.IdempotencyKey{}
	hash, fingerprint := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(body))
	copy(r.Key.Hash[:], hash[:])
	copy(r.Key.Print[:], fingerprint[:])
	return r
}

// shown is what a client can see of a receipt.
func shown(t testing.TB, r store.Receipt) string {
	t.Helper()
	type row struct {
		Entry          string
		Quantity, Held store.Quantity
		Low            bool
		Version        int64
		Updated        store.Instant
		Product        *store.Product
		Threshold      *store.Quantity
		Of             string
	}
	rowOf := func(i *store.Item) row {
		if i == nil {
			return row{}
		}
		return row{
			Quantity: i.Quantity, Held: i.Reserved, Low: i.Low, Version: i.Version(), Updated: i.UpdatedAt,
			Product: i.Product, Threshold: i.ThresholdShown(),
		}
	}
	var rows []row
	for _, f := range r.Facts {
		one := rowOf(f.After)
		one.Entry, one.Of = string(store.AppendEntry(nil, f.Entry)), fmt.Sprintf("%T", f.Of)
		if of, ok := f.Of.(*store.Reservation); ok {
			one.Of = fmt.Sprintf("%+v", of)
		}
		rows = append(rows, one)
	}
	type line struct {
		Fact   int
		Status string
		Err    string
		Item   row
	}
	var lines []line
	for _, l := range r.Lines {
		one := line{Fact: l.Fact, Status: l.Status}
		if l.Err != nil {
			one.Err = fmt.Sprint(l.Err.Code, l.Err.Message, l.Err.Details)
		} else {
			one.Item = rowOf(l.Item)
		}
		lines = append(lines, one)
	}
	b, err := json.MarshalIndent([]any{rows, lines}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestIdempotency_fifty_identical_commands_make_one_movement(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 100)
	before := s.Head().Seq
	receipts, errs := make([]store.Receipt, 50), make([]error, 50)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			receipts[n], errs[n] = s.Do(t.Context(), keyed("k", "sell 5"), &store.Adjust{Item: item, Change: units(-5), Reason: store.Sale})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	fresh := 0
	for _, r := range receipts {
		if !r.Replayed {
			fresh++
		}
		sameDump(t, "receipt", shown(t, r), shown(t, receipts[0]))
	}
	if i, _ := s.Item(item); fresh != 1 || i.Quantity != units(95) || s.Head().Seq != before+1 {
		t.Fatalf("%d were done, %s left, %d entries", fresh, i.Quantity, s.Head().Seq-before)
	}
}

func TestIdempotency_refuses_the_key_of_another_request(t *testing.T) {
	s := storetest.Open(t)
	item, other := s.Stocked("A", 10), s.Stocked("B", 10)
	sell := func(of store.ID) *store.Adjust { return &store.Adjust{Item: of, Change: units(-1), Reason: store.Sale} }
	var all sync.WaitGroup
	var mu sync.Mutex
	count := map[store.Code]int{}
	for n := range 40 {
		all.Go(func() {
			body, of := "item A", item
			if n%2 == 1 {
				body, of = "item B", other
			}
			_, err := s.Do(t.Context(), keyed("k", body), sell(of))
			mu.Lock()
			defer mu.Unlock()
			count[store.CodeOf(err)]++
		})
	}
	all.Wait()
	a, _ := s.Item(item)
	b, _ := s.Item(other)
	if count[""] != 20 || count[store.CodeIdempotencyMismatch] != 20 || a.Quantity+b.Quantity != units(19) {
		t.Fatalf("outcomes %v; %s and %s left", count, a.Quantity, b.Quantity)
	}
}

func TestIdempotency_remembers_no_refusal(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 1)
	sell := func() (store.Receipt, error) {
		return s.Do(t.Context(), keyed("k", "sell 5"), &store.Adjust{Item: item, Change: units(-5), Reason: store.Sale})
	}
	if _, err := sell(); store.CodeOf(err) != store.CodeInsufficientStock {
		t.Fatal(err)
	}
	s.Adjust(item, 9, store.Return)
	if r, err := sell(); err != nil || r.Replayed {
		t.Fatalf("the refusal was remembered: %v, %v", r.Replayed, err)
	}
	if r, err := sell(); err != nil || !r.Replayed {
		t.Fatalf("the success was not: %v, %v", r.Replayed, err)
	}
}

// TestIdempotency_answers_as_of_then sends commands of all kinds, lets the
// world move on, and sends them again.
func TestIdempotency_answers_as_of_then(t *testing.T) {
	s := openShelf(t)
	low, lower := units(16), units(2)
	s.Must(&store.EditProduct{ID: s.product, Edit: func(p *store.Product) { p.Threshold = &low }})
	hold := s.Must(&store.Reserve{Item: s.strange, Quantity: units(2)}).Facts[0].Of.(*store.Reservation)
	reversed := s.Adjust(s.strange, -1, store.Sale).Facts[0].Entry.Position
	name, price, three := "Import", store.Money(9_0000), units(3)
	commands := []func() store.Command{
		func() store.Command {
			return &store.Adjust{Item: s.floor, Change: units(-3), Reason: store.Sale, Notes: "n"}
		},
		func() store.Command { return &store.EditItem{ID: s.floor, Threshold: &lower} },
		func() store.Command {
			return &store.Adjust{Item: s.floor, Change: units(2), Reason: store.Transfer, ToItem: s.vault}
		},
		func() store.Command {
			return &store.BulkAdjust{Partial: true, Lines: []*store.Adjust{
				{Item: s.floor, Change: units(-1), Reason: store.Sale},
				{Item: s.quarantine, Change: units(-1), Reason: store.Sale},
				{Item: s.floor, Change: units(1), Reason: store.Transfer, ToItem: s.vault},
				{Item: storetest.NewID(), Change: 1, Reason: store.Audit},
				{Item: s.floor, Change: units(-1), Reason: store.Sale},
			}}
		},
		func() store.Command {
			return &store.OpenItem{Product: s.other, Location: s.Location, Room: store.Vault, Opening: units(2), Threshold: &lower}
		},
		func() store.Command { return &store.Reserve{Item: s.floor, Quantity: units(1), Reference: "o"} },
		func() store.Command { return &store.ExtendReservation{ID: hold.ID, Seconds: 1200} },
		func() store.Command { return &store.EndReservation{ID: hold.ID, Sell: true} },
		func() store.Command { return &store.Reverse{Movement: reversed} },
		func() store.Command {
			return &store.EditProduct{ID: s.other, Edit: func(p *store.Product) { p.Name = "Renamed" }}
		},
		func() store.Command {
			return &store.Import{Location: s.Location, Room: store.SalesFloor, SkipBad: true, Rows: []store.ImportRow{
				{SKU: "NEW", Name: &name, UnitPrice: &price, Quantity: &three}, {SKU: ""}, {SKU: "B", Quantity: &three},
			}}
		},
	}
	var first []string
	for n, make := range commands {
		r, err := s.Do(t.Context(), keyed(fmt.Sprint(n), "p"), make())
		if err != nil {
			t.Fatalf("command %d: %v", n, err)
		}
		first = append(first, shown(t, r))
	}
	again := func(when string) {
		head := s.Head()
		for n, make := range commands {
			r, err := s.Do(t.Context(), keyed(fmt.Sprint(n), "p"), make())
			if err != nil || !r.Replayed {
				t.Fatalf("%s: command %d: replayed %v, %v", when, n, r.Replayed, err)
			}
			sameDump(t, fmt.Sprintf("%s: command %d", when, n), shown(t, r), first[n])
		}
		if s.Head() != head {
			t.Fatalf("%s: a replay wrote something", when)
		}
	}
	again("at once")
	s.Clock.Advance(time.Hour)
	s.Adjust(s.floor, 30, store.Return)
	s.Adjust(s.vault, -5, store.Damage)
	s.Must(&store.EditItem{ID: s.floor})
	for _, id := range []store.ID{s.product, s.other} {
		s.Must(&store.EditProduct{ID: id, Edit: func(p *store.Product) { p.UnitPrice, p.Name, p.Threshold = 1, "Other name "+p.SKU, nil }})
	}
	again("after more movements and prices")
	s.Reopen()
	again("after reopening")
}

func TestIdempotency_tells_keys_apart_that_share_their_first_half(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 100)
	request := func(n byte) store.Request {
		r := keyed("k", "p")
		r.Key.Hash[15] = n
		return r
	}
	sell := func(n byte) store.Receipt {
		t.Helper()
		r, err := s.Do(t.Context(), request(n), &store.Adjust{Item: item, Change: -units(int64(n)), Reason: store.Sale})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for n := byte(1); n <= 4; n++ {
		if sell(n).Replayed {
			t.Fatalf("key %d was taken for another", n)
		}
	}
	for range 2 {
		for n := byte(1); n <= 4; n++ {
			if r := sell(n); !r.Replayed || r.Facts[0].Entry.Movement.Change != -units(int64(n)) {
				t.Fatalf("key %d: %+v", n, r)
			}
		}
		s.Reopen()
	}
}

func TestIdempotency_does_not_concern_dry_runs(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	sell := &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale}
	dry := keyed("k", "p")
	dry.DryRun = true
	before := s.Dump()
	for range 2 {
		r, err := s.Do(t.Context(), dry, sell)
		if err != nil || r.Replayed || len(r.Facts) != 1 || r.Facts[0].After.Quantity != units(9) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	sameDump(t, "after dry runs", s.Dump(), before)
	if r, err := s.Do(t.Context(), keyed("k", "p"), sell); err != nil || r.Replayed {
		t.Fatalf("the dry run was remembered: %v", err)
	}
	if r, err := s.Do(t.Context(), dry, sell); err != nil || r.Replayed {
		t.Fatalf("a dry run was replayed: %v", err)
	}
}

func TestIdempotency_forgets_keys_after_thirty_days(t *testing.T) {
	s := storetest.Open(t)
	item := s.Stocked("A", 10)
	sell := func() store.Receipt {
		t.Helper()
		r, err := s.Do(t.Context(), keyed("k", "p"), &store.Adjust{Item: item, Change: units(-1), Reason: store.Sale})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	sell()
	s.Clock.Advance(29 * 24 * time.Hour)
	s.Look()
	if !sell().Replayed {
		t.Fatal("forgotten after 29 days")
	}
	s.Clock.Advance(3 * 24 * time.Hour)
	s.Adjust(item, 1, store.Return)
	s.Look()
	if sell().Replayed || s.Stats().Keys != 1 {
		t.Fatalf("remembered after 32 days; %d keys", s.Stats().Keys)
	}
	if !sell().Replayed {
		t.Fatal("forgotten at once")
	}
}
