package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// machine drives a real shop and its model side by side.
type machine struct {
	*storetest.Shop
	t         *testing.T
	m         *model
	locations []store.ID
	products  []store.ID
	closed    []store.ID // reservations that have ended
}

func TestLedger_does_what_a_simple_model_does(t *testing.T) {
	storetest.FewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t)
		defer m.Ledger.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"adjust": m.adjust, "adjust again": m.adjust, "bulk": m.bulk, "reserve": m.reserve, "end hold": m.endHold, "extend": m.extend,
			"reverse": m.reverse, "open": m.open, "edit product": m.editProduct, "edit item": m.editItem, "import": m.importRows,
			"wait": m.wait, "open epoch": m.openEpoch, "reopen": func(*rapid.T) { m.Reopen() }, "": m.check,
		})
		m.checkAtRest(rt)
	})
}

func newMachine(t *testing.T) *machine {
	s := storetest.Open(t, func(r *store.Rules) { r.SaveEvery = 20 })
	m := &machine{Shop: s, t: t, m: &model{
		products: map[store.ID]*modelProduct{}, items: map[store.ID]*modelItem{}, holds: map[store.ID]*modelHold{},
		armed: map[string]bool{}, allow: map[store.ID]bool{}, now: s.Head().RecordedAt,
	}}
	second := s.AddLocation("Second Street", "America/New_York")
	s.Must(&store.EditLocation{ID: second, Edit: func(l *store.Location) { l.AllowBelow = true }})
	m.locations, m.m.allow[second] = []store.ID{s.Location, second}, true
	for _, sku := range []string{"a", "b", "c"} {
		id := s.AddProduct(sku)
		m.products = append(m.products, id)
		m.m.products[id] = &modelProduct{sku: sku, name: "Product " + sku, category: "Flower"}
	}
	return m
}

// do sends a command; expect says what the model makes of it. Both must agree
// on whether it is refused, a refusal must leave no trace, and exactly those
// low-stock events must follow that the model fires.
func (m *machine) do(rt *rapid.T, cmd store.Command, expect func(*model) bool) (store.Receipt, bool) {
	m.m.now = store.InstantOf(m.Clock.Wall())
	next, before := m.m.clone(), m.Head()
	accepted := expect(next)
	r, err := m.Do(context.Background(), storetest.Request, cmd)
	if accepted != (err == nil) {
		rt.Fatalf("%T %+v: the model accepts: %v; the ledger: %v", cmd, cmd, accepted, err)
	}
	if err != nil {
		if m.Head() != before {
			rt.Fatalf("%T was refused and wrote something", cmd)
		}
		return r, false
	}
	for id := range m.m.holds {
		if next.holds[id] == nil {
			m.closed = append(m.closed, id)
		}
	}
	m.m = next
	m.learn(r)
	m.m.finish()
	m.checkFired(rt, before.Seq)
	return r, true
}

// learn takes over the ids that the ledger made, and remembers movements.
func (m *machine) learn(r store.Receipt) {
	transfer := store.ID{}
	for _, f := range r.Facts {
		if of, ok := f.Of.(*store.Item); ok && of.Opened == f.Entry.Seq {
			i := m.m.at(of.Product.ID, of.Location.ID, of.Room)
			m.m.rename(i, of.ID)
		}
		v := f.Entry.Movement
		if v == nil {
			continue
		}
		if v.Transfer.IsZero() || v.Transfer != transfer {
			m.m.moved = append(m.m.moved, modelMove{reversed: !v.Reverses.IsZero()})
		}
		transfer = v.Transfer
		last := &m.m.moved[len(m.m.moved)-1]
		last.positions, last.items, last.changes = append(last.positions, f.Entry.Position), append(last.items, v.Item), append(last.changes, v.Change)
	}
}

// checkFired compares the low-stock events since a seq with the model's.
func (m *machine) checkFired(rt *rapid.T, after int64) {
	var fired []string
	for _, e := range entries(m.t, m.Shop, after) {
		if e.Event == nil || e.Event.Type != store.EventLowStock {
			continue
		}
		var b struct {
			Scope    string `json:"scope"`
			Product  string `json:"product_id"`
			Location string `json:"location_id"`
			Item     string `json:"inventory_id"`
		}
		if err := json.Unmarshal(e.Event.Body, &b); err != nil {
			rt.Fatal(err)
		}
		name := "room " + b.Item
		if b.Scope == "location" {
			name = fmt.Sprintf("location %s %s", b.Product, b.Location)
		}
		fired = append(fired, name)
	}
	slices.Sort(fired)
	if !slices.Equal(fired, m.m.fired) {
		rt.Fatalf("low stock fired %q, want %q", fired, m.m.fired)
	}
	m.m.fired = nil
}

func (m *machine) anyItem(rt *rapid.T) store.ID {
	ids := slices.SortedFunc(maps.Keys(m.m.items), func(a, b store.ID) int { return strings.Compare(a.String(), b.String()) })
	if len(ids) == 0 {
		rt.Skip("no items yet")
	}
	return rapid.SampledFrom(ids).Draw(rt, "item")
}

func (m *machine) anyHold(rt *rapid.T) store.ID {
	ids := slices.SortedFunc(maps.Keys(m.m.holds), func(a, b store.ID) int { return strings.Compare(a.String(), b.String()) })
	ids = append(ids, m.closed...)
	if len(ids) == 0 {
		rt.Skip("no reservations yet")
	}
	return rapid.SampledFrom(ids).Draw(rt, "hold")
}

var (
	anyChange = rapid.Custom(func(rt *rapid.T) store.Quantity {
		return store.Quantity(rapid.IntRange(-80, 80).Draw(rt, "tenths")) * 1000
	})
	anyThreshold = rapid.Custom(func(rt *rapid.T) *store.Quantity {
		if rapid.Bool().Draw(rt, "none") {
			return nil
		}
		q := units(rapid.Int64Range(0, 12).Draw(rt, "threshold"))
		return &q
	})
)

func (m *machine) line(rt *rapid.T) *store.Adjust {
	a := &store.Adjust{
		Item: m.anyItem(rt), Change: anyChange.Draw(rt, "change"), Reason: rapid.SampledFrom(store.Reasons).Draw(rt, "reason"), Notes: "n",
		Offline: rapid.IntRange(0, 9).Draw(rt, "offline") == 0,
	}
	if rapid.Bool().Draw(rt, "late") {
		a.OccurredAt = m.now().Add(-time.Duration(rapid.Int64Range(-4, 40*24*60).Draw(rt, "minutes")) * time.Minute)
	}
	switch {
	case a.Reason == store.Transfer && !a.Offline && rapid.Bool().Draw(rt, "inside"):
		if rapid.Bool().Draw(rt, "by room") {
			a.ToRoom = rapid.SampledFrom(store.Rooms).Draw(rt, "room")
		} else {
			a.ToItem = m.anyItem(rt)
		}
	case a.Reason == store.Sale && len(m.m.holds)+len(m.closed) > 0 && rapid.Bool().Draw(rt, "reserved"):
		a.Reservation = m.anyHold(rt)
	}
	return a
}

func (m *machine) now() store.Instant { return store.InstantOf(m.Clock.Wall()) }

func (m *machine) adjust(rt *rapid.T) {
	a := m.line(rt)
	m.do(rt, a, func(v *model) bool { return v.adjust(a) })
}

func (m *machine) bulk(rt *rapid.T) {
	b := &store.BulkAdjust{Partial: rapid.Bool().Draw(rt, "partial")}
	for range rapid.IntRange(1, 5).Draw(rt, "lines") {
		b.Lines = append(b.Lines, m.line(rt))
	}
	var done []bool
	r, ok := m.do(rt, b, func(v *model) bool {
		all := true
		for _, a := range b.Lines {
			done = append(done, v.adjust(a))
			all = all && done[len(done)-1]
		}
		return all || b.Partial
	})
	if !ok {
		return
	}
	for n, line := range r.Lines {
		if (line.Err == nil) != done[n] {
			rt.Fatalf("line %d: %v, the model accepts: %v", n, line.Err, done[n])
		}
	}
}

func (m *machine) reserve(rt *rapid.T) {
	c := &store.Reserve{Item: m.anyItem(rt), Quantity: anyChange.Draw(rt, "quantity"), Seconds: rapid.Int64Range(1, 3600).Draw(rt, "seconds")}
	r, ok := m.do(rt, c, func(v *model) bool {
		i := v.items[c.Item]
		if c.Quantity <= 0 || !v.allows(i, -c.Quantity, store.Sale, store.ID{}) {
			return false
		}
		i.reserved += c.Quantity
		v.arm()
		return true
	})
	if ok {
		h := r.Facts[0].Of.(*store.Reservation)
		m.m.holds[h.ID] = &modelHold{item: c.Item, quantity: c.Quantity, expires: m.now().Add(time.Duration(c.Seconds) * time.Second)}
	}
}

func (m *machine) endHold(rt *rapid.T) {
	c := &store.EndReservation{ID: m.anyHold(rt), Sell: rapid.Bool().Draw(rt, "sell")}
	m.do(rt, c, func(v *model) bool {
		if !v.open(c.ID) {
			return false
		}
		h := *v.holds[c.ID]
		i := v.items[h.item]
		if c.Sell && !v.allows(i, -h.quantity, store.Sale, c.ID) {
			return false
		}
		v.use(c.ID, h.quantity)
		if c.Sell {
			v.move(i, -h.quantity)
		}
		return true
	})
}

func (m *machine) extend(rt *rapid.T) {
	c := &store.ExtendReservation{ID: m.anyHold(rt), Seconds: rapid.Int64Range(1, 3600).Draw(rt, "seconds")}
	m.do(rt, c, func(v *model) bool {
		if v.open(c.ID) {
			v.holds[c.ID].expires = v.now.Add(time.Duration(c.Seconds) * time.Second)
			return true
		}
		return false
	})
}

func (m *machine) reverse(rt *rapid.T) {
	if len(m.m.moved) == 0 {
		rt.Skip("nothing to reverse")
	}
	n := rapid.IntRange(0, len(m.m.moved)-1).Draw(rt, "movement")
	move := m.m.moved[n]
	c := &store.Reverse{Movement: rapid.SampledFrom(move.positions).Draw(rt, "leg")}
	m.do(rt, c, func(v *model) bool {
		for k, id := range move.items {
			i, change := v.items[id], -move.changes[k]
			if move.reversed || i.archived || (change < 0 && i.quantity+change < 0 && !v.allow[i.location]) {
				return false
			}
		}
		for k, id := range move.items {
			v.move(v.items[id], -move.changes[k])
		}
		v.moved[n].reversed = true
		return true
	})
}

func (m *machine) open(rt *rapid.T) {
	c := &store.OpenItem{
		Product: rapid.SampledFrom(m.products).Draw(rt, "product"), Location: rapid.SampledFrom(m.locations).Draw(rt, "location"),
		Room: rapid.SampledFrom(store.Rooms).Draw(rt, "room"), Opening: units(rapid.Int64Range(0, 20).Draw(rt, "units")), Threshold: anyThreshold.Draw(rt, "own"),
	}
	m.do(rt, c, func(v *model) bool {
		if v.at(c.Product, c.Location, c.Room) != nil {
			return false
		}
		i := v.add(c.Product, c.Location, c.Room)
		i.threshold = c.Threshold
		v.move(i, c.Opening)
		return true
	})
}

func (m *machine) editProduct(rt *rapid.T) {
	id := rapid.SampledFrom(m.products).Draw(rt, "product")
	next := *m.m.products[id]
	next.name = rapid.SampledFrom([]string{"Apple", "apple", "Banana", "Élan", "zest"}).Draw(rt, "name")
	next.category = rapid.SampledFrom([]string{"Flower", "flower", "Edibles", ""}).Draw(rt, "category")
	next.threshold = anyThreshold.Draw(rt, "threshold")
	price := store.Money(rapid.Int64Range(0, 100_0000).Draw(rt, "price"))
	m.do(rt, &store.EditProduct{ID: id, Edit: func(p *store.Product) {
		p.Name, p.Category, p.Threshold, p.UnitPrice, p.UnitCost = next.name, next.category, next.threshold, price, price/2
	}}, func(v *model) bool {
		v.products[id] = &next
		return true
	})
}

// openEpoch goes on in another epoch, which changes nothing else.
func (m *machine) openEpoch(rt *rapid.T) {
	head := m.Head()
	from := head.Epoch + rapid.Int64Range(-1, 2).Draw(rt, "epoch left")
	m.do(rt, branchAt(m.t, m.Shop, max(1, from), rapid.Int64Range(1, head.Seq).Draw(rt, "branch")), func(*model) bool { return true })
	if p, _ := m.Branch(); (m.Head().Epoch <= head.Epoch && m.Head() != head) || p != m.Again() {
		rt.Fatalf("after %+v: %+v, branched at %s", head, m.Head(), p)
	}
}

func (m *machine) editItem(rt *rapid.T) {
	c := &store.EditItem{ID: m.anyItem(rt), Threshold: anyThreshold.Draw(rt, "own"), Archive: rapid.IntRange(0, 2).Draw(rt, "archive") == 0}
	m.do(rt, c, func(v *model) bool {
		i := v.items[c.ID]
		if c.Archive && (i.quantity != 0 || i.reserved != 0) {
			return false
		}
		i.threshold, i.archived = c.Threshold, c.Archive
		return true
	})
}

func (m *machine) importRows(rt *rapid.T) {
	c := &store.Import{Location: rapid.SampledFrom(m.locations).Draw(rt, "location"), Room: rapid.SampledFrom(store.Rooms).Draw(rt, "room")}
	chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(m.products), 1, 3, rapid.ID[store.ID]).Draw(rt, "products")
	for _, id := range chosen {
		q := units(rapid.Int64Range(0, 20).Draw(rt, "set"))
		c.Rows = append(c.Rows, store.ImportRow{SKU: m.m.products[id].sku, Quantity: &q, LowStockThreshold: anyThreshold.Draw(rt, "threshold")})
	}
	_, ok := m.do(rt, c, func(v *model) bool {
		for n, row := range c.Rows {
			i := v.at(chosen[n], c.Location, c.Room)
			if i != nil && i.archived && i.quantity != *row.Quantity {
				return false
			}
			if row.LowStockThreshold != nil {
				v.products[chosen[n]].threshold = row.LowStockThreshold
			}
			v.arm()
			if i == nil {
				i = v.add(chosen[n], c.Location, c.Room)
			}
			v.move(i, *row.Quantity-i.quantity)
		}
		return true
	})
	if !ok {
		return
	}
	before := m.Head()
	if m.do(rt, c, func(*model) bool { return true }); m.Head() != before {
		rt.Fatalf("the same rows twice changed something")
	}
}

func (m *machine) wait(rt *rapid.T) {
	m.Clock.Advance(time.Duration(rapid.Int64Range(1, 1800).Draw(rt, "seconds")) * time.Second)
	before := m.Head().Seq
	m.Look()
	m.m.now = m.now()
	for id, h := range maps.Clone(m.m.holds) {
		if h.expires <= m.m.now {
			m.m.use(id, h.quantity)
			m.closed = append(m.closed, id)
		}
	}
	m.m.finish()
	m.checkFired(rt, before)
}

// check compares everything that can be seen with the model.
func (m *machine) check(rt *rapid.T) {
	held := map[store.ID]store.Quantity{}
	for _, r := range m.Reservations() {
		held[r.ItemID] += r.Quantity
		if h := m.m.holds[r.ID]; h == nil || h.quantity != r.Quantity || h.expires != r.ExpiresAt {
			rt.Fatalf("reservation %+v, want %+v", r, h)
		}
	}
	if len(m.Reservations()) != len(m.m.holds) {
		rt.Fatalf("%d reservations, want %d", len(m.Reservations()), len(m.m.holds))
	}
	for id, want := range m.m.items {
		got, ok := m.Item(id)
		if !ok || got.Quantity != want.quantity || got.Reserved != want.reserved || got.Reserved != held[id] || got.Low != m.m.low(want) {
			rt.Fatalf("item %+v (held %s), want %+v, low %v", got, held[id], want, m.m.low(want))
		}
	}
	m.checkLists(rt)
	refolded, err := m.Refold(context.Background())
	if err != nil {
		rt.Fatal(err)
	}
	restated, err := m.Restate()
	if err != nil {
		rt.Fatal(err)
	}
	live := m.Dump()
	if d := difference(refolded, live); d != "" {
		rt.Fatalf("folded from the first entry: %s", d)
	}
	if d := difference(restated, live); d != "" {
		rt.Fatalf("saved and read: %s", d)
	}
}

// checkLists asks for lists with a random filter.
func (m *machine) checkLists(rt *rapid.T) {
	some := func(name string) bool { return rapid.IntRange(0, 2).Draw(rt, name) == 0 }
	f := store.ItemFilter{LowStock: some("low")}
	if some("locations") {
		f.Locations = rapid.SliceOfN(rapid.SampledFrom(append(m.locations, storetest.NewID())), 1, 2).Draw(rt, "in")
	}
	if some("rooms") {
		f.Rooms = rapid.SliceOfN(rapid.SampledFrom(store.Rooms), 1, 3).Draw(rt, "rooms")
	}
	if some("categories") {
		f.Categories = rapid.SliceOfN(rapid.SampledFrom([]string{"FLOWER", "flower", "Edibles", "none", ""}), 1, 2).Draw(rt, "categories")
	}
	if some("sku") {
		f.SKUs = []string{"A", "b"}
	}
	if some("text") {
		f.Text = rapid.SampledFrom([]string{"APP", "é", "product", "zz"}).Draw(rt, "text")
	}
	want := m.m.list(f)
	offset, limit := rapid.IntRange(0, 5).Draw(rt, "offset"), rapid.SampledFrom([]int{1, 3, 50, math.MaxInt}).Draw(rt, "limit")
	page, total := m.Items(f, offset, limit)
	var got []store.ID
	for _, i := range page {
		got = append(got, i.ID)
	}
	from := min(offset, len(want))
	if total != len(want) || !slices.Equal(got, want[from:from+min(limit, len(want)-from)]) {
		rt.Fatalf("%+v from %d, %d: %v of %d, want %v of %d", f, offset, limit, got, total, want, len(want))
	}
}

// checkAtRest closes, verifies and reopens.
func (m *machine) checkAtRest(rt *rapid.T) {
	live := m.Dump()
	if err := m.Ledger.Close(); err != nil {
		rt.Fatal(err)
	}
	if _, err := m.Verify(); err != nil {
		rt.Fatal(err)
	}
	if err := m.TryOpen(); err != nil {
		rt.Fatal(err)
	}
	if d := difference(m.Dump(), live); d != "" {
		rt.Fatalf("reopened: %s", d)
	}
}
