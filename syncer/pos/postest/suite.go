package postest

import (
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// Run holds a connector to the contract: what it is told arrives once, whatever
// happens on the way; what it cannot do is work for a person; what is sold
// there is booked once and not sent back. open makes a simulated point of sale
// with nothing in it; edits change the destination's settings.
func Run(t *testing.T, open func(testing.TB) Sim, edits ...func(*pos.Config)) {
	t.Helper()
	can := open(t).Connector(t, store.SystemClock()).Capabilities()
	always, writing := true, writes(can)
	for _, c := range []struct {
		name string
		// applies: there is something to hold it to.
		applies bool
		test    func(*testing.T, func() *Bench)
	}{
		{"it can do what it says", always, capabilities},
		{"a change arrives, and once", always, arrives},
		{"a run with nothing new changes nothing", always, replay},
		{"a change whose answer is lost arrives once", writing, lost},
		{"one refusal leaves the others be", writing, partial},
		{"a rate limit is kept to", always, limited},
		{"what was sold there is booked once and not sent back", can.ReadSales, echo},
		{"a kill in the middle doubles nothing", writing, killed},
		{"a key that is refused waits for a person", always, refusedKey},
		{"a web page in place of an answer is no answer", always, webPage},
		{"a difference is listed until a check no longer finds it", can.ReadStock, drift},
		{"two products with one SKU are linked to neither", can.ReadStock && !can.Lots, duplicate},
	} {
		if !c.applies {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.test(t, func() *Bench { return Open(t, open(t), edits...) })
		})
	}
}

func capabilities(t *testing.T, open func() *Bench) {
	b := open()
	c := b.Sim.Connector(t, store.SystemClock())
	_, stock := c.(pos.StockReader)
	_, catalogue := c.(pos.CatalogueReader)
	_, sales := c.(pos.SaleReader)
	_, rooms := c.(pos.RoomReader)
	_, reasons := c.(pos.ReasonReader)
	_, writer := c.(pos.Writer)
	for _, v := range []struct {
		name      string
		says, can bool
	}{
		{"read stock", b.Caps.ReadStock, stock},
		{"read catalogue", b.Caps.ReadCatalogue, catalogue},
		{"read sales", b.Caps.ReadSales, sales},
		{"read rooms", b.Caps.ReadRooms, rooms},
		{"read reasons", b.Caps.ReadReasons, reasons},
		{"write", b.Caps.WriteAbsolute || b.Caps.WriteDelta, writer},
	} {
		if v.says && !v.can {
			t.Errorf("it says that it can %s", v.name)
		}
	}
	if b.Caps.WriteAbsolute && b.Caps.WriteDelta || writes(b.Caps) && b.Caps.Most < 1 {
		t.Errorf("the capabilities %+v contradict each other", b.Caps)
	}
	if check := b.Target.Check(t.Context()); check.Code != "" {
		t.Errorf("the check says %s: %s", check.Code, check.Detail)
	}
}

func writes(c pos.Capabilities) bool { return c.WriteAbsolute || c.WriteDelta }

// settled checks what became of a change of product n to so many units: it is
// there, or it is a work item that is done once somebody did it.
func settled(t *testing.T, b *Bench, n int, want int64) {
	t.Helper()
	if writes(b.Caps) {
		b.Agree(n, want)
		if work := b.Work(); len(work) != 0 {
			t.Errorf("there is work to do: %+v", work)
		}
		return
	}
	work := b.Work()
	if !slices.ContainsFunc(work, func(w store.WorkItem) bool { return w.ItemID == b.Items[n] && w.Code == pos.CodeSetQuantity }) {
		t.Fatalf("nobody is told to set product %d: %+v", n, work)
	}
	b.Sim.Set(n, units(want))
	b.Open()
	for _, w := range b.Work() {
		if w.ItemID == b.Items[n] {
			t.Errorf("it was done, and is to do still: %+v", w)
		}
	}
}

func arrives(t *testing.T, open func() *Bench) {
	b := open()
	before := b.Sim.Changed()
	b.Damage(1, 3)
	b.Damage(2, 1)
	b.Sync(store.SyncIncremental)
	if n := b.Sim.Changed() - before; writes(b.Caps) && n != 2 {
		t.Errorf("it was changed %d times, want 2", n)
	}
	settled(t, b, 1, 97)
}

func replay(t *testing.T, open func() *Bench) {
	b := open()
	b.Damage(1, 3)
	b.Sync(store.SyncIncremental)
	before := b.Sim.Changed()
	b.Sync(store.SyncIncremental)
	b.Sync(store.SyncFull)
	if n := b.Sim.Changed() - before; n != 0 {
		t.Errorf("it was changed %d times more", n)
	}
}

func lost(t *testing.T, open func() *Bench) {
	b := open()
	before := b.Sim.Changed()
	b.Sim.LoseAnswer(1)
	b.Damage(1, 3)
	b.Sync(store.SyncIncremental)
	b.Agree(1, 97)
	if n := b.Sim.Changed() - before; n != 1 {
		t.Errorf("it was changed %d times, want 1", n)
	}
}

func partial(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Refuse(2)
	for n := 1; n <= 3; n++ {
		b.Damage(n, int64(n))
	}
	b.Sync(store.SyncIncremental)
	for range 10 {
		// A poisoned entry is tried a few times before it is set aside.
		if s := b.Status(); s.Quarantined > 0 && s.Lag <= 1 {
			break
		}
		b.Sync(store.SyncIncremental)
	}
	b.Agree(1, 99)
	b.Agree(3, 97)
	if s := b.Status(); s.Quarantined != 1 {
		t.Errorf("%d entries are set aside, want 1: %+v", s.Quarantined, s)
	}
}

func limited(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Limit(1)
	b.Damage(1, 3)
	b.Sync(store.SyncIncremental)
	settled(t, b, 1, 97)
}

func echo(t *testing.T, open func() *Bench) {
	b := open()
	before := b.Sim.Changed()
	b.Sim.Sell(1, units(2), "R-1")
	for range 3 {
		b.Pull()
	}
	b.Agree(1, 98)
	b.Sync(store.SyncIncremental)
	b.Sync(store.SyncFull)
	b.Agree(1, 98)
	if n := b.Sim.Changed() - before; n != 0 {
		t.Errorf("it was sent back: %d changes", n)
	}
	if list := b.Open(); len(list) != 0 {
		t.Errorf("there are differences: %+v", list)
	}
}

func killed(t *testing.T, open func() *Bench) {
	b := open()
	before := b.Sim.Changed()
	for n := 1; n <= products; n++ {
		b.Sim.LoseAnswer(1)
		b.Damage(n, int64(n))
		b.Stop()
		b.Start()
	}
	b.Sim.LoseAnswer(0)
	b.Sync(store.SyncIncremental)
	b.Sync(store.SyncIncremental)
	for n := 1; n <= products; n++ {
		b.Agree(n, 100-int64(n))
	}
	if n := b.Sim.Changed() - before; n != products {
		t.Errorf("it was changed %d times, want %d", n, products)
	}
}

func refusedKey(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Unauthorize()
	b.Damage(1, 3)
	b.Sync(store.SyncIncremental)
	if s := b.Status(); s.State != store.DestinationPaused || s.Code != pos.CodeUnauthorized {
		t.Errorf("it is %s with %s, want paused", s.State, s.Code)
	}
	b.Sim.Authorize()
	if err := b.Engine.Resume(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	b.Sync(store.SyncIncremental)
	settled(t, b, 1, 97)
}

func webPage(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Answer(200, "text/html", "<html><body>Sign in to the network</body></html>")
	b.Damage(1, 3)
	b.Sync(store.SyncIncremental)
	settled(t, b, 1, 97)
}

func drift(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Set(1, units(90))
	list := b.Open()
	if len(list) != 1 || list[0].SKU != "SKU-1" || *list[0].Shelf != units(100) || *list[0].Theirs != units(90) {
		t.Fatalf("the differences are %+v", list)
	}
	if again := b.Open(); len(again) != 1 || again[0].ID != list[0].ID {
		t.Errorf("the same difference is another: %+v", again)
	}
	b.Sync(store.SyncFull)
	if writes(b.Caps) && !b.Caps.State {
		b.Agree(1, 100)
	} else {
		settledByHand(t, b)
	}
	if open := b.Open(); len(open) != 0 {
		t.Errorf("it is open still: %+v", open)
	}
}

// settledByHand checks that a difference nobody sets right by itself is work,
// and has it done.
func settledByHand(t *testing.T, b *Bench) {
	t.Helper()
	if !slices.ContainsFunc(b.Work(), func(w store.WorkItem) bool { return w.Code == pos.CodeSetQuantity }) {
		t.Errorf("nobody is told: %+v", b.Work())
	}
	b.Sim.Set(1, units(100))
}

func duplicate(t *testing.T, open func() *Bench) {
	b := open()
	b.Sim.Add(8, "SKU-9", "", units(5))
	b.Sim.Add(9, "SKU-9", "", units(6))
	product := b.AddProduct("SKU-9")
	b.OpenItem(product, store.SalesFloor, 11)
	b.Sync(store.SyncFull)
	if a, c := b.Sim.Stock(8), b.Sim.Stock(9); a != units(5) || c != units(6) {
		t.Errorf("one of them was changed: %s, %s", a, c)
	}
	if !slices.ContainsFunc(b.Open(), func(c store.Case) bool { return c.Class == store.CaseMapping && c.SKU == "SKU-9" }) {
		t.Error("nobody is told that it is linked to neither")
	}
}
