package store_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// place is where stock is, whatever its id on either side.
type place struct {
	sku  string
	room store.Room
}

func placeOf(i *store.Item) place { return place{i.Product.SKU, i.Room} }

// side is one of two copies of a shop, and what it did since.
type side struct {
	*storetest.Shop
	// names are the external ids, keys and reversals that it has.
	names map[string]bool
	done  []doing
	// joined is how much of what the other did it has.
	joined int
	holds  []store.ID
}

// doing is a command that moved something. name is what both sides would call
// the same fact, "" for none.
type doing struct {
	name    string
	changes map[place]store.Quantity
}

func (s *side) do(r store.Request, cmd store.Command, name string) {
	receipt, err := s.Do(context.Background(), r, cmd)
	if err != nil || receipt.Replayed {
		return
	}
	did := doing{name, map[place]store.Quantity{}}
	for _, f := range receipt.Facts {
		if h, ok := f.Of.(*store.Reservation); ok && f.Entry.Hold.Why == "created" {
			s.holds = append(s.holds, h.ID)
		}
		if m := f.Entry.Movement; m != nil {
			did.changes[placeOf(f.After)] += m.Change
		}
	}
	s.done = append(s.done, did)
	s.names[name] = name != ""
}

// join appends what the other did since, and checks that every place has what
// both did there, each fact once.
func (s *side) join(rt *rapid.T, t *testing.T, other *side, branch int64) {
	want := map[place]store.Quantity{}
	for _, i := range s.AllItems() {
		want[placeOf(i)] = i.Quantity
	}
	for _, did := range other.done[s.joined:] {
		if s.names[did.name] {
			continue
		}
		s.names[did.name] = did.name != ""
		for at, change := range did.changes {
			want[at] += change
		}
	}
	s.joined = len(other.done)
	s.Must(branchAt(t, s.Shop, other.Head().Epoch, branch))
	appendAnyhow(rt, t, s.Shop, other.Shop, branch)
	held := map[store.ID]store.Quantity{}
	for _, r := range s.Reservations() {
		held[r.ItemID] += r.Quantity
	}
	for _, i := range s.AllItems() {
		if i.Quantity != want[placeOf(i)] || i.Reserved != held[i.ID] {
			rt.Fatalf("%v has %s, %s reserved; want %s and %s", placeOf(i), i.Quantity, i.Reserved, want[placeOf(i)], held[i.ID])
		}
		delete(want, placeOf(i))
	}
	for at, q := range want {
		if q != 0 {
			rt.Fatalf("%s of %v are nowhere", q, at)
		}
	}
}

// act does something.
func (s *side) act(rt *rapid.T, old []store.Position) {
	items := s.AllItems()
	item := items[rapid.IntRange(0, len(items)-1).Draw(rt, "item")].ID
	change := units(rapid.Int64Range(1, 9).Draw(rt, "units"))
	n := rapid.IntRange(0, 3).Draw(rt, "name")
	name := fmt.Sprint("name ", n)
	switch rapid.SampledFrom([]string{"sale", "offline", "named", "keyed", "move", "named move", "reverse", "open", "hold", "end"}).Draw(rt, "act") {
	case "sale":
		s.do(storetest.Request, &store.Adjust{Item: item, Change: -change, Reason: store.Sale}, "")
	case "offline":
		s.do(storetest.Request, &store.Adjust{Item: item, Change: -change, Reason: store.Sale, Offline: true}, "")
	case "named":
		s.do(storetest.Request, &store.Adjust{Item: item, Change: change, Reason: store.Return, ExternalID: name}, "named "+name)
	case "keyed":
		s.do(keyed(name, "body"), &store.BulkAdjust{Lines: []*store.Adjust{
			{Item: item, Change: change, Reason: store.Return}, {Item: item, Change: -units(1), Reason: store.Sale},
		}}, "keyed "+name)
	case "move":
		s.do(storetest.Request, &store.Adjust{Item: item, Change: -change, Reason: store.Transfer, ToRoom: store.Vault, Offline: true}, "")
	case "named move":
		a := &store.Adjust{Item: item, Change: change, Reason: store.Transfer, ToRoom: store.Quarantine, ExternalID: "move " + name, Offline: true}
		s.do(storetest.Request, a, "moved "+name)
	case "reverse":
		at := old[rapid.IntRange(0, len(old)-1).Draw(rt, "movement")]
		s.do(storetest.Request, &store.Reverse{Movement: at}, "reversed "+at.String())
	case "open":
		p, _ := s.ProductBySKU("B")
		if rapid.Bool().Draw(rt, "new") {
			sku := fmt.Sprint("NEW-", n)
			s.do(storetest.Request, &store.EditProduct{Edit: func(p *store.Product) { p.SKU, p.Name = sku, sku }}, "")
			p, _ = s.ProductBySKU(sku)
		}
		s.do(storetest.Request, &store.OpenItem{Product: p.ID, Location: s.Location, Room: rapid.SampledFrom(store.Rooms).Draw(rt, "room"), Opening: change}, "")
	case "hold":
		s.do(storetest.Request, &store.Reserve{Item: item, Quantity: change, Seconds: 9000}, "")
	case "end":
		if len(s.holds) > 0 {
			id := s.holds[rapid.IntRange(0, len(s.holds)-1).Draw(rt, "hold")]
			s.do(storetest.Request, &store.EndReservation{ID: id, Sell: rapid.Bool().Draw(rt, "sell")}, "")
		}
	}
}

// TestFork_of_any_two_histories_has_every_fact_once lets two copies of a shop
// go on by themselves and adopts the one, then the other, and again.
func TestFork_of_any_two_histories_has_every_fact_once(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := storetest.Open(t)
		ours, theirs := &side{names: map[string]bool{}}, &side{names: map[string]bool{}}
		a, b := s.Stocked("A", 20), s.Stocked("B", 20)
		var old []store.Position
		for _, id := range []store.ID{a, b, a} {
			old = append(old, s.Adjust(id, -1, store.Sale).Facts[0].Entry.Position)
			hold := s.Must(&store.Reserve{Item: id, Quantity: units(2), Seconds: 9000}).Facts[0].Of.(*store.Reservation).ID
			ours.holds, theirs.holds = append(ours.holds, hold), append(theirs.holds, hold)
		}
		old = append(old, s.Must(&store.Adjust{Item: b, Change: -1, Reason: store.Transfer, ToRoom: store.Vault}).Facts[2].Entry.Position)
		f := fork(t, s)
		ours.Shop, theirs.Shop = f.ours, f.theirs
		defer func() { _, _ = ours.Ledger.Close(), theirs.Ledger.Close() }()
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 10).Draw(rt, "ours") {
				ours.act(rt, old)
			}
			for range rapid.IntRange(0, 20).Draw(rt, "theirs") {
				theirs.act(rt, old)
			}
			ours.join(rt, t, theirs, f.branch)
			ours, theirs = theirs, ours
		}
		whole(t, theirs.Shop) // the one that joined last
	})
}
