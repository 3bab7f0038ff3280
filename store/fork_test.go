package store_test

import (
	"context"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// forked is a shop and a copy of it that went on by itself: ours is adopted,
// theirs is what central has.
type forked struct {
	ours, theirs *storetest.Shop
	branch       int64
}

func fork(t testing.TB, s *storetest.Shop) *forked {
	t.Helper()
	f := &forked{theirs: s, branch: s.Head().Seq}
	f.ours = restored(t, s)
	return f
}

// join opens an epoch in ours and appends what theirs did, and checks the
// ledger that this makes.
func (f *forked) join(t testing.TB, limit int) {
	t.Helper()
	reappend(t, f.ours, f.theirs, f.branch, limit)
	whole(t, f.ours)
}

// both does a command in both.
func (f *forked) both(cmd func() store.Command) {
	f.ours.Must(cmd())
	f.theirs.Must(cmd())
}

// quantity gives what there is of an item in ours.
func (f *forked) quantity(t testing.TB, id store.ID) store.Quantity {
	t.Helper()
	i, ok := f.ours.Item(id)
	if !ok {
		t.Fatalf("item %s is not here", id)
	}
	return i.Quantity
}

// limits are page sizes that cut commands at every place; the longest fact is
// the two movements of a transfer with a discrepancy between.
var limits = []int{3, 4, 7, 1000}

func eachLimit(t *testing.T, test func(t *testing.T, limit int)) {
	for _, limit := range limits {
		t.Run("", func(t *testing.T) { test(t, limit) })
	}
}

func TestFork_books_a_fact_with_an_external_id_once(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a, b := s.Stocked("A", 10), s.Stocked("B", 10)
		f := fork(t, s)
		f.both(func() store.Command {
			return &store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, ExternalID: "pos-1"}
		})
		for _, change := range []int64{-2, 3} { // the named leg is first, then second
			f.both(func() store.Command {
				return &store.Adjust{Item: b, Change: units(change), Reason: store.Transfer, ToRoom: store.Vault, ExternalID: map[bool]string{true: "in", false: "out"}[change > 0], Offline: true}
			})
		}
		f.theirs.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, ExternalID: "pos-1", Line: 1})
		f.theirs.Adjust(b, -1, store.Sale)
		f.join(t, limit)
		if q := f.quantity(t, a); q != units(8) {
			t.Errorf("%s of A are left, want 8", q)
		}
		if q := f.quantity(t, b); q != units(10) {
			t.Errorf("%s of B are left, want 10", q)
		}
		vault, _ := f.ours.Items(store.ItemFilter{Rooms: []store.Room{store.Vault}}, 0, 9)
		if len(vault) != 1 || vault[0].Quantity != units(-1) {
			t.Errorf("the vault has %+v", vault)
		}
	})
}

func TestFork_does_a_command_with_one_key_once(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a, b := s.Stocked("A", 10), s.Stocked("B", 10)
		f := fork(t, s)
		for _, shop := range []*storetest.Shop{f.ours, f.theirs} {
			_, err := shop.Do(t.Context(), keyed("k", "body"), &store.BulkAdjust{Lines: []*store.Adjust{
				{Item: a, Change: units(-1), Reason: store.Sale}, {Item: b, Change: units(-1), Reason: store.Sale}, {Item: a, Change: units(-1), Reason: store.Sale},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := shop.Do(t.Context(), keyed("last", "body"), &store.Adjust{Item: b, Change: units(-1), Reason: store.Sale}); err != nil {
				t.Fatal(err)
			}
		}
		f.join(t, limit)
		if f.quantity(t, a) != units(8) || f.quantity(t, b) != units(8) {
			t.Errorf("A %s, B %s; want 8 and 8", f.quantity(t, a), f.quantity(t, b))
		}
	})
}

func TestFork_merges_what_was_made_on_both_sides(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		f := fork(t, s)
		var ours, theirs store.ID
		for shop, item := range map[*storetest.Shop]*store.ID{f.ours: &ours, f.theirs: &theirs} {
			p := shop.AddProduct("NEW", func(p *store.Product) { p.Barcodes = []string{shop.Dir} })
			r := shop.Must(&store.EditLot{Edit: func(l *store.Lot) { l.ProductID, l.PackageTag = p, "1A4" }})
			r = shop.Must(&store.OpenItem{Product: p, Location: s.Location, Room: store.Vault, Lot: r.Facts[0].Of.(*store.Lot).ID, Opening: units(5)})
			*item = r.Facts[0].Of.(*store.Item).ID
			shop.Adjust(*item, -1, store.Sale)
		}
		f.theirs.Must(&store.Reserve{Item: theirs, Quantity: units(2), Seconds: 9000})
		p, _ := f.theirs.ProductBySKU("NEW")
		f.theirs.Must(&store.EditProduct{ID: p.ID, Edit: func(p *store.Product) { p.Name = "Theirs" }})
		f.theirs.OpenItem(p.ID, store.SalesFloor, 7)
		f.join(t, limit)
		if len(f.ours.Products()) != 1 || len(f.ours.Lots()) != 1 || f.ours.Stats().Items != 2 {
			t.Fatalf("%d products, %d lots, %d items", len(f.ours.Products()), len(f.ours.Lots()), f.ours.Stats().Items)
		}
		i, _ := f.ours.Item(ours)
		if i.Quantity != units(8) || i.Reserved != units(2) || i.Product.Name != "Product NEW" {
			t.Errorf("%+v of %q", i, i.Product.Name)
		}
		if _, ok := f.ours.Item(theirs); ok {
			t.Error("both rows of one place are here")
		}
	})
}

func TestFork_keeps_versions_that_changed_here(t *testing.T) {
	s := storetest.Open(t)
	a, b := s.Stocked("A", 3), s.Stocked("B", 0)
	f := fork(t, s)
	i, _ := s.Item(a)
	j, _ := s.Item(b)
	rename := func(shop *storetest.Shop, id store.ID, name string) {
		shop.Must(&store.EditProduct{ID: id, Edit: func(p *store.Product) { p.Name = name }})
	}
	two := units(2)
	rename(f.ours, i.Product.ID, "Ours")
	rename(f.theirs, i.Product.ID, "Theirs")
	rename(f.theirs, j.Product.ID, "Theirs 1")
	rename(f.theirs, j.Product.ID, "Theirs 2")
	f.theirs.Must(&store.EditProduct{ID: j.Product.ID, Edit: func(p *store.Product) { p.SKU = "C" }})
	f.ours.Must(&store.EditItem{ID: a, Threshold: &two})
	f.theirs.Must(&store.EditItem{ID: a})
	f.ours.Must(&store.EditLocation{ID: s.Location, Edit: func(l *store.Location) { l.Name = "Our street" }})
	f.theirs.Must(&store.EditLocation{ID: s.Location, Edit: func(l *store.Location) { l.Name = "Their street" }})
	f.join(t, 2)
	p, _ := f.ours.Product(i.Product.ID)
	q, _ := f.ours.Product(j.Product.ID)
	l, _ := f.ours.Ledger.Location(s.Location)
	if p.Name != "Ours" || q.Name != "Theirs 2" || q.SKU != "C" || l.Name != "Our street" {
		t.Errorf("%q, %q %q, %q", p.Name, q.Name, q.SKU, l.Name)
	}
	if i, _ := f.ours.Item(a); i.Threshold == nil || *i.Threshold != two {
		t.Error("the threshold that was set here is gone")
	}
}

func TestFork_does_not_give_a_sku_to_two_products(t *testing.T) {
	s := storetest.Open(t)
	a := s.AddProduct("A")
	f := fork(t, s)
	f.theirs.Must(&store.EditProduct{ID: a, Edit: func(p *store.Product) { p.SKU = "X" }})
	x := f.ours.AddProduct("X")
	f.join(t, 1000)
	p, _ := f.ours.ProductBySKU("X")
	if q, _ := f.ours.ProductBySKU("A"); p.ID != x || q == nil || q.ID != a {
		t.Errorf("X is %v, A is %v", p, q)
	}
}

func TestFork_books_below_zero_and_says_so(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 5)
	f := fork(t, s)
	f.ours.Adjust(a, -4, store.Sale)
	f.theirs.Adjust(a, -3, store.Sale)
	f.theirs.Adjust(a, 6, store.Return)
	before := f.ours.Head().Seq
	f.join(t, 1)
	var flagged []store.Flag
	for _, e := range entries(t, f.ours, before) {
		if e.Movement != nil {
			flagged = append(flagged, e.Movement.Flags&store.FlagNegative)
		}
	}
	n, body := events(t, f.ours, store.EventDiscrepancy)
	if f.quantity(t, a) != units(4) || len(flagged) != 2 || flagged[0] == 0 || flagged[1] != 0 || n != 1 || body["inventory_id"] != a.String() {
		t.Errorf("%s left, flags %v, %d discrepancies %v", f.quantity(t, a), flagged, n, body)
	}
}

func TestFork_takes_what_moves_out_of_the_archive(t *testing.T) {
	s := storetest.Open(t)
	a, b := s.Stocked("A", 0), s.Stocked("B", 3)
	f := fork(t, s)
	f.ours.Must(&store.EditItem{ID: a, Archive: true})
	f.theirs.Adjust(a, 2, store.Return)
	f.theirs.Adjust(b, -3, store.Sale)
	f.theirs.Must(&store.EditItem{ID: b, Archive: true})
	f.ours.Adjust(b, 1, store.Return)
	f.join(t, 1)
	for id, want := range map[store.ID]store.Quantity{a: units(2), b: units(1)} {
		if i, _ := f.ours.Item(id); i.ArchivedAt != 0 || i.Quantity != want {
			t.Errorf("%+v", i)
		}
	}
}

func TestFork_reverses_a_movement_once(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a := s.Stocked("A", 10)
		sale := s.Adjust(a, -1, store.Sale).Facts[0].Entry.Position
		move := s.Must(&store.Adjust{Item: a, Change: units(-2), Reason: store.Transfer, ToRoom: store.Vault}).Facts[1].Entry.Position
		f := fork(t, s)
		f.both(func() store.Command { return &store.Reverse{Movement: sale} })
		f.both(func() store.Command { return &store.Reverse{Movement: move} })
		later := f.theirs.Adjust(a, -4, store.Sale).Facts[0].Entry.Position
		f.theirs.Adjust(a, -1, store.Sale)
		f.theirs.Must(&store.Reverse{Movement: later})
		f.join(t, limit)
		if q := f.quantity(t, a); q != units(9) {
			t.Errorf("%s are left, want 9", q)
		}
		for _, e := range entries(t, f.ours, f.branch) {
			if e.Again == later {
				if code := f.ours.Refused(&store.Reverse{Movement: e.Position}); code != store.CodeAlreadyReversed {
					t.Errorf("what was reversed is reversed again: %s", code)
				}
			}
		}
	})
}

func TestFork_gives_no_units_back_twice(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a := s.Stocked("A", 10)
		reserve := func(shop *storetest.Shop, n int64) store.ID {
			return shop.Must(&store.Reserve{Item: a, Quantity: units(n), Seconds: 9000}).Facts[0].Of.(*store.Reservation).ID
		}
		released, used, kept := reserve(s, 2), reserve(s, 3), reserve(s, 1)
		f := fork(t, s)
		f.ours.Must(&store.EndReservation{ID: released})
		f.theirs.Must(&store.EndReservation{ID: released, Sell: true})
		f.ours.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, Reservation: used})
		f.theirs.Must(&store.EndReservation{ID: used})
		f.theirs.Must(&store.ExtendReservation{ID: kept, Seconds: 12_000})
		made := reserve(f.theirs, 2)
		f.theirs.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, Reservation: made})
		f.join(t, limit)
		i, _ := f.ours.Item(a)
		if i.Quantity != units(6) || i.Reserved != units(2) {
			t.Errorf("%s, %s reserved; want 6 and 2", i.Quantity, i.Reserved)
		}
		left := map[store.ID]store.Quantity{}
		for _, r := range f.ours.Reservations() {
			left[r.ID] = r.Quantity
		}
		if len(left) != 2 || left[kept] != units(1) || left[made] != units(1) {
			t.Errorf("reservations %v", left)
		}
	})
}

func TestFork_erases_notes_that_were_erased(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	noted := s.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Theft, Notes: "before"}).Facts[0].Entry.Position
	f := fork(t, s)
	f.theirs.Must(&store.EraseNotes{Entry: noted})
	later := f.theirs.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Theft, Notes: "after"}).Facts[0].Entry.Position
	f.ours.Must(branchAt(t, f.ours, 1, f.branch))
	goOn(t, f.ours, f.theirs, 1) // the text came before it was erased
	f.theirs.Must(&store.EraseNotes{Entry: later})
	goOn(t, f.ours, f.theirs, 1)
	for _, e := range entries(t, f.ours, 0) {
		if e.Notes != nil {
			t.Errorf("entry %s still says %q", e.Position, e.Notes.Body)
		}
	}
	whole(t, f.ours)
}

func TestFork_does_not_believe_notes_that_were_not_hashed(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	f := fork(t, s)
	f.theirs.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Theft, Notes: "true"})
	rows := copies(t, f.theirs, f.branch)
	rows[0].Notes.Body = "false"
	f.ours.Must(branchAt(t, f.ours, 1, f.branch))
	f.ours.Must(&store.Reappend{Rows: rows})
	for _, e := range entries(t, f.ours, f.branch) {
		if e.Notes != nil {
			t.Errorf("entry %s says %q", e.Position, e.Notes.Body)
		}
	}
	whole(t, f.ours)
}

func TestFork_of_a_fork_keeps_every_fact_once(t *testing.T) {
	s := furnished(t)
	f := fork(t, s)
	busy(t, f.theirs)
	item := f.ours.Stocked("OURS", 20)
	f.ours.Adjust(item, -2, store.Sale)
	f.join(t, 3)
	// A copy of ours goes on too, and is the one that central gets to know.
	g := fork(t, f.ours)
	g.theirs.Adjust(item, -3, store.Sale)
	last := g.theirs.Adjust(item, -1, store.Sale).Facts[0].Entry.Position
	g.theirs.Must(&store.Reverse{Movement: last})
	g.ours.Adjust(item, -4, store.Sale)
	g.join(t, 2)
	if g.ours.Head().Epoch != 3 || g.quantity(t, item) != units(20-2-3-4) {
		t.Fatalf("epoch %d, %s left", g.ours.Head().Epoch, g.quantity(t, item))
	}
}

// TestFork_takes_back_none_of_its_own_facts lets the first copy adopt what the
// second made of its facts; both have reversed one of them.
func TestFork_takes_back_none_of_its_own_facts(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a := s.Stocked("A", 50)
		f := fork(t, s)
		hold := f.theirs.Must(&store.Reserve{Item: a, Quantity: units(3), Seconds: 9000}).Facts[0].Of.(*store.Reservation).ID
		f.theirs.Must(&store.EndReservation{ID: hold})
		sale := f.theirs.Adjust(a, -4, store.Sale).Facts[0].Entry.Position
		f.theirs.Must(&store.BulkAdjust{Lines: []*store.Adjust{
			{Item: a, Change: units(-1), Reason: store.Sale}, {Item: a, Change: units(-1), Reason: store.Sale},
		}})
		f.theirs.Must(&store.IssueToken{Name: "till", Role: store.RoleTerminal, Hash: [32]byte{1}})
		p, _ := f.theirs.ProductBySKU("A")
		f.ours.OpenItem(p.ID, store.Vault, 5)
		vault := f.theirs.OpenItem(p.ID, store.Vault, 5)
		f.theirs.Adjust(vault, -1, store.Sale)
		f.join(t, limit)
		for _, e := range entries(t, f.ours, f.branch) {
			if e.Again == sale {
				f.ours.Must(&store.Reverse{Movement: e.Position})
			}
		}
		f.theirs.Must(&store.Reverse{Movement: sale})
		back := &forked{ours: f.theirs, theirs: f.ours, branch: f.branch}
		back.join(t, limit)
		for name, shop := range map[string]*storetest.Shop{"first": back.ours, "second": f.ours} {
			vaults, _ := shop.Items(store.ItemFilter{Rooms: []store.Room{store.Vault}}, 0, 9)
			if len(vaults) != 1 || vaults[0].Quantity != units(9) {
				t.Errorf("the vault of the %s has %s, want 9", name, vaults[0].Quantity)
			}
			i, _ := shop.Item(a)
			tokens, _ := events(t, shop, store.EventTokenCreated)
			if i.Quantity != units(48) || i.Reserved != 0 || tokens != 1 {
				t.Errorf("the %s has %s, %s reserved, %d tokens; want 48, 0, 1", name, i.Quantity, i.Reserved, tokens)
			}
		}
	})
}

// TestFork_knows_its_own_facts_after_they_came_again_twice sends facts through
// two other copies.
func TestFork_knows_its_own_facts_after_they_came_again_twice(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 50)
	f := fork(t, s)
	third := restored(t, s)
	f.theirs.Adjust(a, -4, store.Sale)
	f.theirs.Adjust(a, -4, store.Sale)
	p, _ := s.ProductBySKU("A")
	f.ours.OpenItem(p.ID, store.Vault, 5)
	vault := f.theirs.OpenItem(p.ID, store.Vault, 5)
	f.theirs.Adjust(vault, -1, store.Sale)
	f.join(t, 1000)
	g := &forked{ours: third, theirs: f.ours, branch: f.branch}
	g.join(t, 1000)
	back := &forked{ours: f.theirs, theirs: third, branch: f.branch}
	back.join(t, 1000)
	if q, v := back.quantity(t, a), back.quantity(t, vault); q != units(42) || v != units(9) {
		t.Errorf("%s and %s in the vault are left, want 42 and 9", q, v)
	}
}

// TestFork_understands_what_refers_to_a_fact_that_was_here_already has both
// sides reverse what they both know by the same name.
func TestFork_understands_what_refers_to_a_fact_that_was_here_already(t *testing.T) {
	eachLimit(t, func(t *testing.T, limit int) {
		s := storetest.Open(t)
		a := s.Stocked("A", 10)
		f := fork(t, s)
		for n, shop := range []*storetest.Shop{f.ours, f.theirs} {
			shop.Adjust(a, int64(-n-1), store.Sale)
			sale := shop.Must(&store.Adjust{Item: a, Change: units(-3), Reason: store.Sale, ExternalID: "pos-9"}).Facts[0].Entry.Position
			shop.Adjust(a, -1, store.Sale)
			shop.Must(&store.Reverse{Movement: sale})
		}
		f.join(t, limit)
		if q := f.quantity(t, a); q != units(10-1-2-1-1) {
			t.Errorf("%s are left, want 5", q)
		}
	})
}

// TestFork_answers_a_retry_of_which_a_line_was_here_already retries a bulk of
// theirs, one line of which ours knows by its name.
func TestFork_answers_a_retry_of_which_a_line_was_here_already(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 10)
	f := fork(t, s)
	bulk := func() store.Command {
		return &store.BulkAdjust{Lines: []*store.Adjust{
			{Item: a, Change: units(-1), Reason: store.Sale, ExternalID: "pos-1"}, {Item: a, Change: units(-2), Reason: store.Sale},
		}}
	}
	known := func() store.Command {
		return &store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, ExternalID: "pos-2"}
	}
	f.ours.Must(&store.Adjust{Item: a, Change: units(-1), Reason: store.Sale, ExternalID: "pos-1"})
	f.ours.Must(known())
	if _, err := f.theirs.Do(t.Context(), keyed("known", "b"), known()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.theirs.Do(t.Context(), keyed("k", "b"), bulk()); err != nil {
		t.Fatal(err)
	}
	f.join(t, 1000)
	r, err := f.ours.Do(t.Context(), keyed("k", "b"), bulk())
	if err != nil || !r.Replayed || len(r.Lines) != 2 || r.Lines[0].Err == nil || r.Lines[0].Fact != -1 || r.Lines[1].Err != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if m := r.Facts[r.Lines[1].Fact].Entry.Movement; m == nil || m.Change != units(-2) || f.quantity(t, a) != units(6) {
		t.Errorf("%+v, %s left", m, f.quantity(t, a))
	}
	if _, err := f.ours.Do(t.Context(), keyed("known", "b"), known()); store.CodeOf(err) != store.CodeInvalid {
		t.Errorf("a retry of what was booked under its name: %v", err)
	}
}

// scans counts how often the ledger is read through.
type scans struct {
	store.Journal
	n int
}

// Scan counts.
func (s *scans) Scan(ctx context.Context, after, upTo int64, fn func(*store.Stored) error) error {
	s.n++
	return s.Journal.Scan(ctx, after, upTo, fn)
}

// TestFork_reads_its_own_facts_once brings back a tail page by page: everybody
// waits while the writer reads.
func TestFork_reads_its_own_facts_once(t *testing.T) {
	s := storetest.Open(t)
	a := s.Stocked("A", 100)
	f := fork(t, s)
	counted := &scans{}
	f.ours.Wrap = func(j store.Journal) store.Journal {
		counted.Journal = j
		return counted
	}
	f.ours.Reopen()
	for range 20 {
		f.ours.Adjust(a, -1, store.Sale)
		f.theirs.Adjust(a, -1, store.Sale)
	}
	f.ours.Must(branchAt(t, f.ours, 1, f.branch))
	rows := copies(t, f.theirs, f.branch)
	counted.n = 0
	for len(rows) > 0 {
		f.ours.Must(&store.Reappend{Rows: rows[:2]})
		rows = rows[2:]
	}
	if counted.n != 1 {
		t.Errorf("the ledger was read %d times for 10 pages", counted.n)
	}
	if q := f.quantity(t, a); q != units(60) {
		t.Errorf("%s are left, want 60", q)
	}
}
