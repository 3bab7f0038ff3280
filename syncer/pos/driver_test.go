package pos_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// driver is a shop and a simulated point of sale that are brought together
// step by step, as the engine does it, so that a test says what goes wrong and
// when.
type driver struct {
	*storetest.Shop
	t       testing.TB
	sim     *sim
	records *fragile
	cfg     pos.Config
	target  *pos.Target
	desk    *pos.Desk
	// record is what the engine has in memory of the destination.
	record store.Destination
	counts store.RunCounts
	// items are the rows on the sales floor by number, vault those of the
	// vault, products and lots what they are of.
	items, vault, products, lots map[int]store.ID
}

// drive opens a shop with a clock of its own, and products 1 to n with 100
// each on both sides, that have not met yet.
func drive(t testing.TB, s *sim, n int, edits ...func(*pos.Config)) *driver {
	t.Helper()
	d := &driver{Shop: storetest.Open(t), t: t, sim: s, items: map[int]store.ID{}, vault: map[int]store.ID{}, products: map[int]store.ID{}, lots: map[int]store.ID{}}
	d.records = &fragile{DB: d.Journal().(*sqlite.DB), left: -1}
	d.cfg = pos.Config{
		Name: "till", Kind: &pos.Kind{Name: "test", Title: "the till"}, Location: d.Location, Books: true,
		Catalogue: pos.OwnerStore,
	}
	if s.Room() != "" {
		d.cfg.Rooms = map[store.Room]string{store.SalesFloor: s.Room()}
	}
	for _, edit := range edits {
		edit(&d.cfg)
	}
	for i := 1; i <= n; i++ {
		d.add(i, 100, 100)
	}
	d.restart()
	return d
}

func sku(n int) string { return fmt.Sprint("SKU-", n) }

// add makes product n on both sides.
func (d *driver) add(n int, here, there int64) {
	d.t.Helper()
	tag := fmt.Sprintf("1A40603000000000%08d", n)
	d.sim.Add(n, sku(n), tag, units(there))
	d.products[n] = d.AddProduct(sku(n))
	made := d.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = d.products[n], tag }})
	d.lots[n] = made.Facts[0].Of.(*store.Lot).ID
	d.items[n] = d.row(n, store.SalesFloor, here)
}

// row opens a row of product n.
func (d *driver) row(n int, room store.Room, here int64) store.ID {
	d.t.Helper()
	return d.Must(&store.OpenItem{
		Product: d.products[n], Location: d.Location, Lot: d.lots[n], Room: room, Opening: units(here),
	}).Facts[0].Of.(*store.Item).ID
}

func units(n int64) store.Quantity { return store.Quantity(n * 10_000) }

// restart begins anew with what is on disk.
func (d *driver) restart() {
	d.t.Helper()
	d.records.left = -1
	list, err := d.records.ListDestinations(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	d.record = store.Destination{Name: "till", Kind: "test", LocationID: d.Location}
	for _, known := range list {
		if known.Name == "till" {
			d.record = known
		}
	}
	d.target, err = pos.New(d.t.Context(), d.cfg, pos.TargetDeps{
		Ledger: d.Ledger, Records: d.records, Connector: d.sim.Connector(d.t, d.Clock), Clock: d.Clock, NewID: storetest.NewID,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.desk = pos.NewDesk([]*pos.Target{d.target})
}

// step takes note as the engine does: before something is sent it is written
// down, and else some time later.
func (d *driver) step(s syncer.Step) error {
	if s.Cursor != (store.Head{}) {
		d.record.Cursor = store.Head{Epoch: s.Cursor.Epoch, Seq: s.Cursor.Seq, Hash: s.Cursor.Hash}
		d.record.Sending = 0
	}
	d.counts.Sent += s.Counts.Sent
	d.counts.Rejected += s.Counts.Rejected
	d.counts.WorkItems += s.Counts.WorkItems
	if s.Sending == 0 {
		return nil
	}
	d.record.Sending = max(0, s.Sending)
	return d.records.PutDestination(d.t.Context(), d.record)
}

// save writes down where the destination stands, as the engine does now and
// then.
func (d *driver) save() error { return d.records.PutDestination(d.t.Context(), d.record) }

// push brings the point of sale up to date, once.
func (d *driver) push() error {
	if _, _, err := d.target.Cursor(d.t.Context()); !errors.Is(err, syncer.ErrNoCursor) {
		return err
	}
	head := d.Head()
	if d.record.Cursor.Seq == head.Seq && d.record.Cursor.Epoch == head.Epoch {
		return nil
	}
	return d.target.Push(d.t.Context(), d.Ledger, d.record.Cursor, head.Seq, d.step)
}

// full is a full run.
func (d *driver) full(force bool) error {
	if err := d.push(); err != nil {
		return err
	}
	return d.target.Compare(d.t.Context(), d.Ledger, force, d.step)
}

// must fails the test on an error.
func (d *driver) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// synced does what there is to do until nothing fails any more.
func (d *driver) synced() {
	d.t.Helper()
	var err error
	for range 20 {
		if err = d.push(); err == nil {
			return
		}
		d.Clock.Advance(3 * time.Minute)
	}
	d.t.Fatal(err)
}

func (d *driver) pull() {
	d.t.Helper()
	d.must(d.target.Pull(d.t.Context()))
}

// here gives the ledger's stock of product n in all its rows.
func (d *driver) here(n int) (sum store.Quantity) {
	for _, i := range d.ItemsOf(d.products[n], d.Location) {
		sum += i.Quantity
	}
	return sum
}

// agree checks that both sides have so many units of product n.
func (d *driver) agree(n int, want int64) {
	d.t.Helper()
	if here, there := d.here(n), d.sim.Stock(n); here != units(want) || there != units(want) {
		d.t.Errorf("product %d: the ledger has %s and the point of sale %s, want %d", n, here, there, want)
	}
}

// change books a change of product n on the sales floor.
func (d *driver) change(n int, by int64, reason store.Reason) {
	d.t.Helper()
	d.Must(&store.Adjust{Item: d.items[n], Change: units(by), Reason: reason, Notes: "test"})
}

// cases lists the open differences as they were last found.
func (d *driver) cases() []store.Case {
	d.t.Helper()
	list, err := d.records.ListCases(d.t.Context(), store.CaseFilter{Open: true})
	d.must(err)
	return list
}

func (d *driver) work() []store.WorkItem {
	d.t.Helper()
	list, err := d.records.ListWorkItems(d.t.Context(), store.WorkFilter{Open: true})
	d.must(err)
	return list
}

func (d *driver) aside() []store.Quarantined {
	d.t.Helper()
	list, err := d.records.ListQuarantine(d.t.Context(), "till")
	d.must(err)
	return list
}

func (d *driver) level(n int) store.Level {
	d.t.Helper()
	at := d.sim.place(n)
	if d.sim.caps.State {
		at.Product = ""
	}
	list, err := d.records.DB.Levels(d.t.Context(), "till", []store.Place{at})
	d.must(err)
	return list[at]
}
