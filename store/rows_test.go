package store_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// rows is a store of records that loads only what it is asked for: what head
// office's database is to a replica.
type rows struct {
	items map[store.ID]store.ItemRecord
	docs  map[store.ID]store.DocumentRecord
	// loaded counts the items that were handed out.
	loaded int
}

func newRows() *rows {
	return &rows{items: map[store.ID]store.ItemRecord{}, docs: map[store.ID]store.DocumentRecord{}}
}

// find gives what is needed and exists; with its items' documents when
// together is set.
func (r *rows) find(n store.Needed, together bool) (items []store.ItemRecord, docs []store.DocumentRecord) {
	groups := map[store.Group]bool{}
	for _, g := range n.Groups {
		groups[g] = true
	}
	for _, id := range n.Items {
		if i, ok := r.items[id]; ok {
			groups[store.Group{Product: i.Product, Location: i.Location}] = true
		}
	}
	wanted := map[store.ID]bool{}
	for _, i := range r.items {
		if groups[store.Group{Product: i.Product, Location: i.Location}] || slices.Contains(n.ItemsOfProducts, i.Product) {
			items = append(items, i)
			wanted[i.Product], wanted[i.Location], wanted[i.Lot] = together, together, together
		}
	}
	for _, id := range slices.Concat(n.Products, n.Locations, n.Lots) {
		wanted[id] = true
	}
	for id, ok := range wanted {
		if d, known := r.docs[id]; ok && known {
			docs = append(docs, d)
		}
	}
	r.loaded += len(items)
	return items, docs
}

// keep takes over what a replica changed.
func (r *rows) keep(replica *store.Replica) {
	items, docs := replica.Changed()
	for _, i := range items {
		r.items[i.ID] = i
	}
	for _, d := range docs {
		r.docs[d.ID] = d
	}
}

// fill puts into a replica what it asks for until that is nothing.
func (r *rows) fill(t testing.TB, replica *store.Replica, list []*store.Entry, together bool) {
	t.Helper()
	for range 4 {
		needed := replica.Missing(list)
		if needed.Empty() {
			return
		}
		if err := replica.Put(r.find(needed, together)); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("it still needs %+v", replica.Missing(list))
}

// fold folds one batch of rows of the ledger.
func (r *rows) fold(t testing.TB, replica *store.Replica, batch []store.Row, together bool) {
	t.Helper()
	var list []*store.Entry
	for _, row := range batch {
		list = append(list, row.Entry)
	}
	r.fill(t, replica, list, together)
	for _, want := range batch {
		got, err := replica.Apply(want.Entry, want.Entry.Seq, want.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if got.Entry != want.Entry || fmt.Sprint(beside(got)) != fmt.Sprint(beside(want)) {
			t.Fatalf("entry %s: beside it is %+v, want %+v", want.Entry.Position, beside(got), beside(want))
		}
	}
	r.keep(replica)
}

// beside is what a journal keeps beside the bytes of an entry.
func beside(r store.Row) []any { return []any{r.Hash, r.Item, r.Prev, r.After, r.ReservedAfter} }

// list gives all items by number, and all documents by seq.
func (r *rows) list() (items []store.ItemRecord, docs []store.DocumentRecord) {
	items = slices.SortedFunc(maps.Values(r.items), func(a, b store.ItemRecord) int { return cmp.Compare(a.No, b.No) })
	docs = slices.SortedFunc(maps.Values(r.docs), func(a, b store.DocumentRecord) int { return cmp.Compare(a.Seq, b.Seq) })
	return items, docs
}

// stored reads the ledger's rows after a seq, as its journal has them.
func stored(t testing.TB, s *storetest.Shop, after int64) (batch []store.Row) {
	t.Helper()
	err := s.Journal().Scan(t.Context(), after, s.Head().Seq, func(row *store.Stored) error {
		e, err := store.ParseEntry(slices.Clone(row.Bytes))
		batch = append(batch, store.Row{
			Entry: e, Hash: row.Hash, Item: row.Item, Prev: row.Prev,
			After: row.Change.After, ReservedAfter: row.Change.ReservedAfter,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// dumpRecords writes records, a line each, so that they can be compared.
func dumpRecords(items []store.ItemRecord, docs []store.DocumentRecord) string {
	var b strings.Builder
	for _, i := range items {
		threshold := "none"
		if i.Threshold != nil {
			threshold = i.Threshold.String()
		}
		i.Threshold = nil
		fmt.Fprintf(&b, "%+v threshold %s\n", i, threshold)
	}
	for _, d := range docs {
		fmt.Fprintf(&b, "%s %s %d %s\n", d.Type, d.ID, d.Seq, d.Body)
	}
	return b.String()
}

// newestDocuments gives the newest version of each document but items', read
// from the ledger's rows.
func newestDocuments(all []store.Row) (docs []store.DocumentRecord) {
	newest := map[store.ID]store.DocumentRecord{}
	for _, row := range all {
		if d := row.Entry.Document; d != nil && d.Type != store.DocItem {
			newest[d.ID] = store.DocumentRecord{Type: d.Type, ID: d.ID, Seq: row.Entry.Seq, Body: d.Body}
		}
	}
	return slices.SortedFunc(maps.Values(newest), func(a, b store.DocumentRecord) int { return cmp.Compare(a.Seq, b.Seq) })
}

// busyShop is a season in which everything changes that a shop can change.
type busyShop struct {
	*season
	lots []store.ID
}

func openBusyShop(t *testing.T, seed uint64) *busyShop {
	b := &busyShop{season: openSeason(t, seed)}
	b.Must(&store.EditLocation{ID: b.second, Edit: func(l *store.Location) { l.AllowBelow = true }})
	return b
}

// step does one thing of a season, or one that a season has not. Refusals are
// part of life.
func (b *busyShop) step() {
	switch n := b.random.IntN(24); n {
	case 0, 1:
		b.editProduct()
	case 2:
		b.editLot()
	case 3:
		name := fmt.Sprintf("Street %d", b.random.IntN(9))
		b.try(&store.EditLocation{ID: pick(b.season, []store.ID{b.Location, b.second}), Edit: func(l *store.Location) { l.Name = name }})
	case 4, 5:
		b.openByLot()
	case 6:
		b.moveBetweenShops()
		b.try(&store.Reverse{Movement: b.recent(), Notes: "back"})
	case 7:
		b.bulk()
	case 8:
		b.importRows()
	case 9:
		b.try(&store.EraseNotes{Entry: b.recent()})
	case 10:
		b.try(&store.FinishRun{Run: store.Run{Destination: "central", SyncType: "full", Status: "succeeded"}})
	case 11:
		b.useHold()
	case 12:
		b.archiveProduct()
	case 13:
		b.moveBetweenShops()
	case 14:
		p, _ := b.Product(pick(b.season, b.products))
		b.try(&store.Obey{N: b.Command() + 1, Kind: "product", Body: fmt.Appendf(nil, `{"sku":%q,"unit_price":%d}`, p.SKU, b.random.IntN(90))})
	default:
		b.season.step()
	}
}

func (b *busyShop) ask(cmd store.Command) (store.Receipt, error) { return asManager(b.Shop, cmd) }

func (b *busyShop) try(cmd store.Command) { _, _ = b.ask(cmd) }

func (b *busyShop) threshold() *store.Quantity {
	if b.random.IntN(3) == 0 {
		return nil
	}
	q := store.Quantity(b.random.Int64N(25_0000))
	return &q
}

func (b *busyShop) editProduct() {
	sku, category := fmt.Sprintf("S-%d", b.random.IntN(40)), pick(b.season, []string{"Flower", "flower", "Edibles", ""})
	general, own := b.threshold(), b.threshold()
	at := pick(b.season, []store.ID{b.Location, b.second})
	id := pick(b.season, b.products)
	if b.random.IntN(4) == 0 {
		id = store.ID{}
	}
	r, err := b.ask(&store.EditProduct{ID: id, Edit: func(p *store.Product) {
		p.SKU, p.Name, p.Category, p.Threshold, p.Thresholds = sku, "Named "+sku, category, general, nil
		if own != nil {
			p.Thresholds = []store.LocationThreshold{{LocationID: at, Threshold: *own}}
		}
	}})
	if err == nil && id.IsZero() {
		b.products = append(b.products, r.Facts[0].Of.(*store.Product).ID)
	}
}

func (b *busyShop) editLot() {
	id, product := store.ID{}, pick(b.season, b.products)
	if len(b.lots) > 0 && b.random.IntN(2) == 0 {
		id = pick(b.season, b.lots)
	}
	tag, status := fmt.Sprintf("TAG-%d", b.random.IntN(30)), pick(b.season, []store.LotStatus{store.LotActive, store.LotActive, store.LotHeld, store.LotClosed})
	r, err := b.ask(&store.EditLot{ID: id, Edit: func(l *store.Lot) {
		if id.IsZero() {
			l.ProductID = product
		}
		l.PackageTag, l.Status = tag, status
	}})
	if err == nil && id.IsZero() {
		b.lots = append(b.lots, r.Facts[0].Of.(*store.Lot).ID)
	}
}

func (b *busyShop) openByLot() {
	if len(b.lots) == 0 {
		return
	}
	lot, _ := b.Lot(pick(b.season, b.lots))
	r, err := b.ask(&store.OpenItem{
		Product: lot.ProductID, Lot: lot.ID, Location: pick(b.season, []store.ID{b.Location, b.second}),
		Room: store.Rooms[b.random.IntN(4)], Opening: store.Quantity(b.random.Int64N(40_0000)), Threshold: b.threshold(),
	})
	if err == nil {
		b.items = append(b.items, r.Facts[0].Of.(*store.Item).ID)
	}
}

func (b *busyShop) bulk() {
	if len(b.items) == 0 {
		return
	}
	c := &store.BulkAdjust{Partial: true}
	for range 1 + b.random.IntN(6) {
		c.Lines = append(c.Lines, &store.Adjust{Item: pick(b.season, b.items), Change: store.Quantity(-b.random.Int64N(8_0000)), Reason: store.Sale})
	}
	b.try(c)
}

func (b *busyShop) importRows() {
	c := &store.Import{Location: pick(b.season, []store.ID{b.Location, b.second}), Room: store.SalesFloor, SkipBad: true}
	from := b.random.IntN(40)
	for n := range 5 {
		c.Rows = append(c.Rows, storetest.Row(from+n, b.random.Int64N(20)))
	}
	r, err := b.ask(c)
	if err != nil {
		return
	}
	for _, f := range r.Facts {
		switch of := f.Of.(type) {
		case *store.Product:
			if !slices.Contains(b.products, of.ID) {
				b.products = append(b.products, of.ID)
			}
		case *store.Item:
			if !slices.Contains(b.items, of.ID) {
				b.items = append(b.items, of.ID)
			}
		}
	}
}

func (b *busyShop) archiveProduct() {
	p, _ := b.Product(pick(b.season, b.products))
	at := store.Instant(0)
	if p.ArchivedAt == 0 {
		at = b.Head().RecordedAt
	}
	b.try(&store.EditProduct{ID: p.ID, Edit: func(p *store.Product) { p.ArchivedAt = at }})
}

// recent gives one of the newest positions.
func (b *busyShop) recent() store.Position {
	h := b.Head()
	return store.Position{Epoch: h.Epoch, Seq: max(1, h.Seq-b.random.Int64N(8))}
}

// useHold reserves, then keeps, sells or gives back what it reserved.
func (b *busyShop) useHold() {
	if len(b.items) == 0 {
		return
	}
	r, err := b.ask(&store.Reserve{Item: pick(b.season, b.items), Quantity: units(2), Reference: "order"})
	if err != nil {
		return
	}
	held := r.Facts[0].Of.(*store.Reservation)
	b.try(&store.ExtendReservation{ID: held.ID, Seconds: 3600})
	switch b.random.IntN(4) {
	case 0:
		b.try(&store.EndReservation{ID: held.ID})
	case 1:
		b.try(&store.EndReservation{ID: held.ID, Sell: true})
	case 2:
		b.try(&store.Adjust{Item: held.ItemID, Change: -units(1), Reason: store.Sale, Reservation: held.ID})
	}
}

func (b *busyShop) moveBetweenShops() {
	if len(b.items) > 0 {
		b.try(&store.Adjust{
			Item: pick(b.season, b.items), ToItem: pick(b.season, b.items), Change: -store.Quantity(b.random.Int64N(5_0000)),
			Reason: store.Transfer, Offline: b.random.IntN(4) == 0,
		})
	}
}

// branch opens another epoch a few entries back.
func (b *busyShop) branch() {
	at := b.Head().Seq - b.random.Int64N(20)
	stored, err := b.Journal().FindEntry(b.t.Context(), at)
	if err != nil {
		b.t.Fatal(err)
	}
	e, err := stored.Entry()
	if err != nil {
		b.t.Fatal(err)
	}
	b.Must(&store.OpenEpoch{Branch: e.Position, Hash: stored.Hash, Reason: store.EpochAdopted})
}

// live does so many steps.
func (b *busyShop) live(steps int) {
	for range steps {
		b.step()
	}
}

// chance gives a source of random numbers of a test's own.
func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }
