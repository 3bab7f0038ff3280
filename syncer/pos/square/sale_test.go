package square

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/pos"
)

// salesOf reads what was sold from a moment on.
func salesOf(t testing.TB, c *Connector, from, to store.Instant) (rows []pos.Sale) {
	t.Helper()
	err := c.ReadSales(t.Context(), from, to, func(page []pos.Sale) error {
		rows = append(rows, page...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSalesAreRead(t *testing.T) {
	s, c, clock := setUp(t)
	from := began
	s.Sell(1, units(2), "R-1")
	clock.Advance(time.Second)
	s.Set(1, units(40))
	s.mu.Lock()
	back := simMove("VARIATION0001", "UNLINKED_RETURN", "IN_STOCK", 5_000)
	back.Adjustment.Refund = "F-1"
	s.book(back, s.now())
	s.mu.Unlock()
	if _, err := c.Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{delta(store.Sale, units(-5))}}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	rows := salesOf(t, c, from, began.Add(time.Minute))
	want := []pos.Sale{
		{ID: "CHANGE00001", Place: store.Place{Product: "VARIATION0001"}, Change: units(-2), Reason: store.Sale, Reference: "R-1", At: began},
		{ID: "CHANGE00003", Place: store.Place{Product: "VARIATION0001"}, Change: 5_000, Reason: store.Return, Reference: "F-1", At: began.Add(time.Second)},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("gives %+v\nwant  %+v", rows, want)
	}
	if rows := salesOf(t, c, from, began.Add(time.Second)); len(rows) != 1 {
		t.Errorf("up to a moment ago there are %+v", rows)
	}
	if rows := salesOf(t, c, began.Add(time.Second), began.Add(time.Second)+1); len(rows) != 1 {
		t.Errorf("of one moment there are %+v", rows)
	}
	if rows := salesOf(t, c, began.Add(2*time.Second), began.Add(time.Minute)); len(rows) != 0 {
		t.Errorf("later there are %+v", rows)
	}
}

// A till that was offline tells of its sales late; they count from then.
func TestASaleThatArrivesLateIsRead(t *testing.T) {
	s, c, clock := setUp(t)
	clock.Advance(3 * time.Hour)
	s.mu.Lock()
	s.book(simMove("VARIATION0001", "IN_STOCK", "SOLD", units(1)), began.Add(time.Hour))
	s.mu.Unlock()
	rows := salesOf(t, c, began.Add(2*time.Hour), began.Add(4*time.Hour))
	if len(rows) != 1 || rows[0].At != began.Add(time.Hour) {
		t.Errorf("%+v", rows)
	}
}

// Square's clock may be ahead: what is asked for up to now has no end.
func TestASaleOfThisVeryMomentIsRead(t *testing.T) {
	s, c, _ := setUp(t)
	s.Sell(1, units(1), "R-1")
	if rows := salesOf(t, c, began.Add(-time.Minute), began); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}

func TestSalesAreReadInPages(t *testing.T) {
	s, c, _ := setUp(t)
	s.pageSize = 10
	for n := range 95 {
		s.Sell(1, units(1), fmt.Sprint(n))
	}
	seen := map[string]bool{}
	for _, r := range salesOf(t, c, began, began+1) {
		seen[r.ID] = true
	}
	if len(seen) != 95 || s.Requests() != 10 {
		t.Errorf("%d sales by %d requests", len(seen), s.Requests())
	}
}

func TestAStoreWhoseClockIsAheadMissesNoSale(t *testing.T) {
	s, _, _ := setUp(t)
	ahead := storetest.NewClock(storetest.Start.Add(time.Hour))
	c := newConnector(t, pos.Settings{URL: s.server.URL}, ahead)
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Sell(1, units(1), "R-1")
	now := began.Add(time.Hour)
	if rows := salesOf(t, c, now, now.Add(time.Minute)); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}

func TestWhatIsASale(t *testing.T) {
	_, c, _ := setUp(t)
	good := func() *row {
		return &row{ID: "A", Product: "V", Location: simLocation, From: "IN_STOCK", To: "SOLD", Quantity: number("1.5"), OccurredAt: "2026-01-27T10:30:00Z"}
	}
	sale := pos.Sale{ID: "A", Place: store.Place{Product: "V"}, Change: -15_000, Reason: store.Sale, At: began}
	with := func(change func(*pos.Sale)) *pos.Sale { s := sale; change(&s); return &s }
	bad := func(problem string) *pos.Sale { return with(func(s *pos.Sale) { s.Problem, s.Change = problem, 0 }) }
	cases := map[string]struct {
		change func(*row)
		want   *pos.Sale
	}{
		"a sale":                {func(*row) {}, &sale},
		"sold online":           {func(a *row) { a.To = "SOLD_ONLINE" }, &sale},
		"sold after reserving":  {func(a *row) { a.From = "RESERVED_FOR_SALE" }, &sale},
		"reserved":              {func(a *row) { a.To = "RESERVED_FOR_SALE" }, nil},
		"thrown away":           {func(a *row) { a.To = "WASTE" }, nil},
		"received":              {func(a *row) { a.From, a.To = "NONE", "IN_STOCK" }, nil},
		"brought back":          {func(a *row) { a.From, a.To = "UNLINKED_RETURN", "IN_STOCK" }, with(func(s *pos.Sale) { s.Change, s.Reason = 15_000, store.Return })},
		"brought back, checked": {func(a *row) { a.From, a.To = "RETURNED_BY_CUSTOMER", "IN_STOCK" }, with(func(s *pos.Sale) { s.Change, s.Reason = 15_000, store.Return })},
		"brought back, kept":    {func(a *row) { a.From, a.To = "SOLD", "RETURNED_BY_CUSTOMER" }, nil},
		"ours":                  {func(a *row) { a.Reference = "shelfd:1-42" }, nil},
		"another program's":     {func(a *row) { a.Reference = "order 7" }, with(func(s *pos.Sale) { s.Reference = "order 7" })},
		"of an order":           {func(a *row) { a.Reference, a.Transaction = "order 7", "T" }, with(func(s *pos.Sale) { s.Reference = "T" })},
		"at another location":   {func(a *row) { a.Location = "LOTHER" }, nil},
		"of a whole item":       {func(a *row) { a.ProductType = "ITEM" }, nil},
		"part of a pack sold":   {func(a *row) { a.To, a.Group = "COMPOSED", group("IN_STOCK", "SOLD") }, &sale},
		"the pack itself":       {func(a *row) { a.From, a.Group = "COMPOSED", group("IN_STOCK", "SOLD") }, nil},
		"part of a pack back":   {func(a *row) { a.From, a.To, a.Group = "DECOMPOSED", "IN_STOCK", group("UNLINKED_RETURN", "IN_STOCK") }, with(func(s *pos.Sale) { s.Change, s.Reason = 15_000, store.Return })},
		"by when it arrived":    {func(a *row) { a.OccurredAt, a.CreatedAt = "", "2026-01-27T10:30:00Z" }, &sale},
		"at no time":            {func(a *row) { a.OccurredAt = "now" }, with(func(s *pos.Sale) { s.At, s.Problem = 0, "It does not say when it was." })},
		"of nothing":            {func(a *row) { a.Product = "" }, with(func(s *pos.Sale) { s.Product, s.Problem = "", "It does not say which change or variation it is." })},
		"of many":               {func(a *row) { a.Quantity = number("many") }, bad(`Its quantity "many" is not a number that fits.`)},
		"of none":               {func(a *row) { a.Quantity = number("0") }, bad("Its quantity 0 is not above zero.")},
		"of less than none":     {func(a *row) { a.Quantity = number("-1") }, with(func(s *pos.Sale) { s.Change, s.Problem = 10_000, "Its quantity -1 is not above zero." })},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			a := good()
			k.change(a)
			got := c.sales([]change{{Type: "ADJUSTMENT", Adjustment: a}})
			var want []pos.Sale
			if k.want != nil {
				want = []pos.Sale{*k.want}
			}
			if !slices.Equal(got, want) {
				t.Errorf("gives %+v\nwant  %+v", got, want)
			}
		})
	}
	if got := c.sales([]change{{Type: "PHYSICAL_COUNT", Count: good()}, {Type: "TRANSFER"}, {}}); got != nil {
		t.Error(got)
	}
	if got := c.sales([]change{{Type: "ADJUSTMENT"}}); len(got) != 1 || got[0].Problem == "" {
		t.Error(got)
	}
}

func number(text string) (n pos.Number) {
	_ = n.UnmarshalJSON([]byte(`"` + text + `"`))
	return n
}

func group(from, to string) *struct {
	From string `json:"from_state"`
	To   string `json:"to_state"`
} {
	return &struct {
		From string `json:"from_state"`
		To   string `json:"to_state"`
	}{from, to}
}
