package pos_test

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

func text(s string) *string { return &s }

// taking is a configuration that takes names and prices from there.
func taking(c *pos.Config) { c.Catalogue = pos.OwnerPOS }

func TestNamesAndPricesComeFromThere(t *testing.T) {
	s := newSim(kinds["absolute"])
	d := drive(t, s, 1, taking)
	price := store.Money(12_5000)
	s.products[0].Name, s.products[0].Price, s.products[0].Barcodes = text("Their name"), &price, []string{"850"}
	s.products = append(s.products,
		pos.Product{ID: "p5", SKU: "NEW", Name: text("New there"), Price: &price},
		pos.Product{ID: "p6", SKU: "OLD", Name: text("Not sold any more"), Archived: true},
		pos.Product{ID: "p7", SKU: "BAD", Name: text("Bad"), Problem: "Its price is no number."},
		pos.Product{ID: "p8", Name: text("Without an SKU")},
	)
	d.must(d.push())
	p, _ := d.Product(d.products[1])
	if p.Name != "Their name" || p.UnitPrice != price || len(p.Barcodes) != 1 || p.UnitCost == 0 {
		t.Errorf("it is %+v", p)
	}
	made, ok := d.ProductBySKU("NEW")
	if !ok || made.Name != "New there" || made.UnitPrice != price {
		t.Errorf("the new one is %+v", made)
	}
	if len(d.Products()) != 2 {
		t.Errorf("there are %d products, want 2", len(d.Products()))
	}
	for n := range 2 {
		d.restart()
		head := d.Head()
		d.Clock.Advance(time.Minute)
		d.pull()
		if d.Head() != head {
			t.Errorf("reading the same catalogue again, time %d, wrote to the ledger", n)
		}
	}
	d.OpenItem(made.ID, store.SalesFloor, 4)
	s.Add(5, "NEW", "", 0)
	d.synced()
	if there := s.Stock(5); there != units(4) {
		t.Errorf("the new product is not linked: %s there", there)
	}
}

func TestTheStoreKeepsItsNamesWhereItsWordCounts(t *testing.T) {
	s := newSim(kinds["absolute"])
	d := drive(t, s, 1)
	s.products[0].Name = text("Their name")
	s.products = append(s.products, pos.Product{ID: "p5", SKU: "NEW", Name: text("New there")})
	head := d.Head()
	d.must(d.push())
	if d.Head() != head {
		t.Error("the catalogue there was taken")
	}
}

func TestAnSKUThatTwoHaveIsNobodys(t *testing.T) {
	s := newSim(kinds["absolute"])
	d := drive(t, s, 1, taking)
	s.products = append(s.products,
		pos.Product{ID: "a", SKU: "TWICE", Name: text("One")}, pos.Product{ID: "b", SKU: "twice ", Name: text("Other")},
		pos.Product{ID: "c", SKU: "ONCE", Name: text("Once")}, pos.Product{ID: "c", SKU: "ONCE", Name: text("Once")},
	)
	d.must(d.push())
	if _, made := d.ProductBySKU("TWICE"); made {
		t.Error("one of two was made a product")
	}
	if _, made := d.ProductBySKU("ONCE"); !made {
		t.Error("one that was listed twice was not made a product")
	}
}

func TestProductsAreLinkedByBarcodeAndNotWhenTwoHaveIt(t *testing.T) {
	s := newSim(kinds["absolute"])
	d := drive(t, s, 0)
	a := d.AddProduct("A", func(p *store.Product) { p.Barcodes = []string{"111"} })
	for _, other := range []string{"B", "C"} {
		d.AddProduct(other, func(p *store.Product) { p.Barcodes = []string{"222"} })
	}
	s.products = []pos.Product{{ID: "x", SKU: "X", Barcodes: []string{"111"}}, {ID: "y", SKU: "Y", Barcodes: []string{"222"}}}
	d.must(d.push())
	rows, err := d.desk.Links(t.Context(), "till", store.LinkProduct)
	d.must(err)
	for _, r := range rows {
		if linked := r.Link != nil; linked != (r.Ours == a.String()) {
			t.Errorf("%s is linked: %v", r.SKU, linked)
		}
	}
}

func TestALinkIsMadeByHandAndTakenAway(t *testing.T) {
	d := met(t, "absolute", 2)
	put := func(ours, theirs string) error {
		_, err := d.desk.PutLink(t.Context(), store.Request{}, store.Link{Destination: "till", Kind: store.LinkProduct, Ours: ours, Theirs: theirs})
		return err
	}
	if code := store.CodeOf(put("SKU-1", "p2")); code != store.CodeInvalid {
		t.Errorf("a product of another was linked: %q", code)
	}
	if code := store.CodeOf(put("none", "p9")); code != store.CodeNotFound {
		t.Errorf("nothing was linked: %q", code)
	}
	d.sim.Add(7, "OTHER", "", units(55))
	d.must(put("SKU-1", "p7"))
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(7); there != units(99) || d.sim.Stock(1) != units(100) {
		t.Errorf("it went to %s and %s", there, d.sim.Stock(1))
	}
	d.must(put("sku-1", "p1"))
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(1); there != units(98) {
		t.Errorf("back at its place it is %s, want 98: what changed meanwhile is not there", there)
	}
	d.must(put("SKU-1", ""))
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(1); there != units(98) {
		t.Errorf("what is left out was changed to %s", there)
	}
	if err := d.desk.DeleteLink(t.Context(), store.Request{}, "till", store.LinkProduct, "none"); store.CodeOf(err) != store.CodeNotFound {
		t.Errorf("no link was taken away: %v", err)
	}
	d.must(d.desk.DeleteLink(t.Context(), store.Request{}, "till", store.LinkProduct, "SKU-1"))
	d.restart()
	d.change(1, -1, store.Damage)
	d.synced()
	if work := d.work(); len(work) != 1 || work[0].Code != pos.CodeUnmappedProduct {
		t.Errorf("there is to do %+v", work)
	}
	d.Clock.Advance(time.Hour)
	d.must(d.full(false)) // it is linked again by its SKU
	d.agree(1, 96)
	d.must(d.full(false))
	if work := d.work(); len(work) != 0 {
		t.Errorf("it is done, and is to do still: %+v", work)
	}
}

func TestARoomThatBecomesAnotherIsToldItsWholeNumber(t *testing.T) {
	d := drive(t, newSim(kinds["absolute, by room"]), 1, func(c *pos.Config) { c.Rooms[store.Vault] = "" })
	d.row(1, store.Vault, 20)
	d.must(d.push())
	if _, err := d.desk.PutLink(t.Context(), store.Request{}, store.Link{Destination: "till", Kind: store.LinkRoom, Ours: "vault", Theirs: "floor"}); err != nil {
		t.Fatal(err)
	}
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(1); there != units(119) {
		t.Errorf("it has %s, want 119", there)
	}
}

func TestARoomThatTheConfigurationMovesIsToldItsWholeNumber(t *testing.T) {
	d := drive(t, newSim(kinds["absolute, by room"]), 1, func(c *pos.Config) { c.Rooms[store.Vault] = "" })
	d.row(1, store.Vault, 20)
	d.must(d.push())
	d.must(d.save())
	d.cfg.Rooms[store.Vault] = "floor"
	d.restart()
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(1); there != units(119) {
		t.Errorf("it has %s, want 119", there)
	}
}

func TestARoomThatTheConfigurationNoLongerNamesIsLinkedNoMore(t *testing.T) {
	d := drive(t, newSim(kinds["absolute, by room"]), 1, func(c *pos.Config) { c.Rooms[store.Vault] = "floor" })
	d.row(1, store.Vault, 20)
	d.must(d.push())
	d.must(d.save())
	if there := d.sim.Stock(1); there != units(120) {
		t.Fatalf("it has %s, want 120", there)
	}
	delete(d.cfg.Rooms, store.Vault)
	d.restart()
	d.change(1, -1, store.Damage)
	d.synced()
	if there := d.sim.Stock(1); there != units(99) {
		t.Errorf("it has %s, want 99", there)
	}
	rows, err := d.desk.Links(t.Context(), "till", store.LinkRoom)
	if err != nil || rows[1].Ours != "vault" || rows[1].Link != nil {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestSalesGoToTheFirstOfRoomsThatAreTheSameThere(t *testing.T) {
	for range 5 {
		d := drive(t, newSim(kinds["absolute, by room"]), 1, func(c *pos.Config) {
			c.Rooms = map[store.Room]string{store.SalesFloor: "floor", store.Vault: "floor", store.Quarantine: "floor", store.SecretMenu: "floor"}
			c.SellRoom = store.SecretMenu
		})
		d.must(d.push())
		d.must(d.desk.DeleteLink(t.Context(), store.Request{}, "till", store.LinkRoom, "sales_floor"))
		d.sim.Sell(1, units(1), "")
		d.Clock.Advance(time.Second)
		d.pull()
		items, _ := d.Items(store.ItemFilter{Rooms: []store.Room{store.Vault}}, 0, 10)
		if len(items) != 1 || items[0].Quantity != units(-1) {
			t.Fatalf("the vault has %+v", items)
		}
	}
}
