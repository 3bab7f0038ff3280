package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// posRecords is what a ledger remembers for the connector of a point of sale.
type posRecords struct {
	Links  []store.Link
	Levels []store.Level
	Sales  []store.PulledSale
	Marks  []store.Mark
	Cases  []store.Case
}

func (d *DB) posRecords(t *testing.T, destination string) (r posRecords) {
	t.Helper()
	ctx := t.Context()
	var errs [4]error
	r.Links, errs[0] = d.ListLinks(ctx, destination)
	errs[1] = d.ScanLevels(ctx, destination, func(l store.Level) error {
		r.Levels = append(r.Levels, l)
		return nil
	})
	r.Sales, errs[2] = d.ListPulledSales(ctx, destination, false)
	r.Cases, errs[3] = d.ListCases(ctx, store.CaseFilter{Destination: destination})
	for _, stream := range []string{"levels", "sales"} {
		m, err := d.FindMark(ctx, destination, stream)
		if must(t, err); m != (store.Mark{}) {
			r.Marks = append(r.Marks, m)
		}
	}
	must(t, errs[:]...)
	return r
}

func (d *DB) rememberPOS(t *testing.T, destination string, r posRecords) {
	t.Helper()
	ctx := t.Context()
	must(t, d.PutLinks(ctx, r.Links), d.PutLevels(ctx, destination, r.Levels), d.PutPulledSales(ctx, r.Sales), d.PutCases(ctx, r.Cases))
	for _, m := range r.Marks {
		must(t, d.PutMark(ctx, m))
	}
}

// rememberedPOS has something in every field of some record and nothing in
// those of another, where there may be nothing.
func rememberedPOS(destination string) posRecords {
	place := store.Place{Product: "p-1", Lot: "l-1", Room: "floor"}
	shelf, theirs, none := store.Quantity(35000), store.Quantity(-5000), store.Quantity(0)
	return posRecords{
		Links: []store.Link{
			{Destination: destination, Kind: store.LinkProduct, Ours: "p600", Theirs: "p-1", Name: "Blue Dream", How: "sku", At: start},
			{Destination: destination, Kind: store.LinkReason, Ours: "DAMAGE", How: "config", At: start + 1},
			{Destination: destination, Kind: store.LinkRoom, Ours: "sales_floor", Theirs: "5", Name: "Front", How: "manual", At: start + 2},
		},
		Levels: []store.Level{
			{Place: store.Place{Product: "p-0"}, Known: true},
			{Place: place, Seq: 9, Seen: 35000, SeenAt: start, Known: true},
			{Place: store.Place{Product: "p-1", Lot: "l-1", Room: "vault"}, Seq: 8},
			{Place: store.Place{Product: "p-1", Lot: "l-2"}, SeenAt: start},
			{Place: store.Place{Product: "p-2", Room: "floor"}, Seen: -1, SeenAt: start + 3, Known: true},
		},
		Sales: []store.PulledSale{
			{
				Destination: destination, ExternalID: "order-2", Line: 3, Place: place, Change: -35000, Reason: store.Sale, Reference: "R-1",
				At: start - 5, Why: "match", Movement: store.Position{Epoch: 2, Seq: 7}, SeenAt: start,
			},
			{Destination: destination, ExternalID: "order-1", Place: store.Place{Product: "p-9"}, Change: 1, Reason: store.Return, At: start, Why: "unmapped", SeenAt: start + 1},
			{Destination: destination, ExternalID: "order-1", Line: 1, At: start, Why: "refused", Movement: store.Position{Seq: 1}},
		},
		Marks: []store.Mark{
			{Destination: destination, Stream: "levels", Value: "2025-06-15T15:06:40Z"},
			{Destination: destination, Stream: "sales", Value: "cursor-1", At: start},
		},
		Cases: []store.Case{
			{ID: id(33), Destination: destination, Class: store.CaseQuantity, Place: place, Theirs: &none, OpenedAt: start + 5, CheckedAt: start + 6, ClosedAt: start + 7},
			{ID: id(32), Destination: destination, Class: store.CasePackage, LotID: id(3), Tag: "1A4", Shelf: &none, Detail: "?", OpenedAt: start, CheckedAt: start},
			{
				ID: id(31), Destination: destination, Class: store.CaseUnit, Place: place, LocationID: id(1), ProductID: id(2), LotID: id(3),
				SKU: "BD-35", Name: "Blue Dream", Tag: "1A4", Shelf: &shelf, Theirs: &theirs, Detail: "g and each", OpenedAt: start, CheckedAt: start + 1,
			},
		},
	}
}

func TestWhatConnectorsRememberSurvivesARestartAndACrash(t *testing.T) {
	o, crashed := options(t.TempDir()), options(t.TempDir())
	d, want := open(t, o), rememberedPOS("pos")
	d.rememberPOS(t, "pos", want)
	copyLedger(t, o.Dir, crashed.Dir)
	shut(t, d)
	for name, o := range map[string]Options{"a restart": o, "a crash": crashed} {
		d := open(t, o)
		if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
			t.Errorf("after %s\n%+v\nwant\n%+v", name, got, want)
		}
		shut(t, d)
	}
}

func TestEmptyRecordsOfConnectorsReadAsTheyWereWritten(t *testing.T) {
	d := opened(t)
	want := posRecords{
		Links: []store.Link{{Destination: "pos"}}, Levels: []store.Level{{}},
		Sales: []store.PulledSale{{Destination: "pos"}}, Cases: []store.Case{{Destination: "pos"}},
	}
	d.rememberPOS(t, "pos", want)
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	must(t, d.PutMark(t.Context(), store.Mark{Destination: "pos"}))
	if m, err := d.FindMark(t.Context(), "pos", ""); err != nil || m != (store.Mark{Destination: "pos"}) {
		t.Errorf("mark %+v, %v", m, err)
	}
}

func TestWhatNobodyWroteIsEmpty(t *testing.T) {
	d := opened(t)
	d.rememberPOS(t, "other", rememberedPOS("other"))
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, posRecords{}) {
		t.Errorf("%+v", got)
	}
	if levels, err := d.Levels(t.Context(), "pos", []store.Place{{Product: "p-1", Lot: "l-1", Room: "floor"}}); err != nil || len(levels) != 0 {
		t.Errorf("levels %+v, %v", levels, err)
	}
}

func TestTheNewestWordOfAConnectorCounts(t *testing.T) {
	d, want := opened(t), rememberedPOS("pos")
	d.rememberPOS(t, "pos", want)
	want.Links[0].Theirs, want.Links[0].Name, want.Links[0].How = "", "", "manual"
	want.Levels[1].Seen, want.Levels[1].SeenAt, want.Levels[1].Known, want.Levels[1].Seq = 0, 0, false, 3
	want.Levels[2].Seen, want.Levels[2].Known = 7, true
	want.Sales[0].Movement, want.Sales[0].Why, want.Sales[0].Reason = store.Position{}, "unmapped", 0
	want.Sales[1].Movement = store.Position{Epoch: 1, Seq: 2}
	want.Marks[0].Value = "later"
	want.Cases[0].ClosedAt, want.Cases[0].Shelf, want.Cases[0].Theirs = 0, want.Cases[0].Theirs, nil
	want.Cases[2].LocationID, want.Cases[2].ClosedAt = store.ID{}, start+9
	d.rememberPOS(t, "pos", want)
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestAForgottenDestinationTakesTheRecordsOfItsConnectorAlong(t *testing.T) {
	d, kept := opened(t), rememberedPOS("pos")
	for i := range kept.Cases {
		kept.Cases[i].ID[1] = 1
	}
	d.rememberPOS(t, "pos", kept)
	d.rememberPOS(t, "gone", rememberedPOS("gone"))
	must(t, d.DeleteDestination(t.Context(), "gone"))
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, kept) {
		t.Errorf("of the other one is left\n%+v\nwant\n%+v", got, kept)
	}
	if got := d.posRecords(t, "gone"); !reflect.DeepEqual(got, posRecords{}) {
		t.Errorf("of the forgotten one is left %+v", got)
	}
}

func TestRecordsOfConnectorsAreTakenOutOneByOne(t *testing.T) {
	d, want, ctx := opened(t), rememberedPOS("pos"), t.Context()
	d.rememberPOS(t, "pos", want)
	must(t,
		d.DeleteLink(ctx, "pos", store.LinkReason, "DAMAGE"), d.DeleteLink(ctx, "pos", store.LinkLot, "p600"),
		d.DeleteLink(ctx, "pos", store.LinkProduct, "p601"), d.DeleteLink(ctx, "other", store.LinkProduct, "p600"),
		d.DeletePulledSale(ctx, "pos", "order-1", 0), d.DeletePulledSale(ctx, "pos", "order-2", 1),
		d.DeletePulledSale(ctx, "other", "order-2", 3),
	)
	want.Links = append(want.Links[:1], want.Links[2:]...)
	want.Sales = append(want.Sales[:1], want.Sales[2:]...)
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// lines gives what sales are called, in their order.
func lines(list []store.PulledSale) string {
	var names []string
	for _, p := range list {
		names = append(names, fmt.Sprintf("%s/%d", p.ExternalID, p.Line))
	}
	return strings.Join(names, " ")
}

func TestPulledSalesAreListedOldestFirstAndForgottenOnceMatched(t *testing.T) {
	d, ctx := opened(t), t.Context()
	sale := func(external string, line int64, at, seen store.Instant, seq int64) store.PulledSale {
		p := store.PulledSale{Destination: "pos", ExternalID: external, Line: line, At: start + at, SeenAt: start + seen, Reason: store.Sale}
		if seq != 0 {
			p.Movement = store.Position{Epoch: 1, Seq: seq}
		}
		return p
	}
	other := sale("x", 1, 0, 0, 5)
	other.Destination = "other"
	must(t, d.PutPulledSales(ctx, []store.PulledSale{
		sale("c", 2, 1, 1, 0), sale("c", 1, 1, 5, 4), sale("a", 1, 9, 2, 3), sale("b", 10, 0, 3, 2), sale("b", 9, 0, 0, 0), other,
	}))
	listed := func(open bool, want string) {
		t.Helper()
		if list, err := d.ListPulledSales(ctx, "pos", open); err != nil || lines(list) != want {
			t.Errorf("open %t gives %s, %v; want %s", open, lines(list), err, want)
		}
	}
	listed(false, "b/9 b/10 c/1 c/2 a/1")
	listed(true, "b/9 c/2")
	must(t, d.DeletePulledSales(ctx, "pos", start+3))
	listed(false, "b/9 b/10 c/1 c/2")
	must(t, d.DeletePulledSales(ctx, "pos", start+99))
	listed(false, "b/9 c/2")
	listed(true, "b/9 c/2")
	if list, err := d.ListPulledSales(ctx, "other", false); err != nil || lines(list) != "x/1" {
		t.Errorf("of the other one is left %s, %v", lines(list), err)
	}
}

func TestCasesAreListedNewestFirstAndFound(t *testing.T) {
	d := opened(t)
	var all []store.Case
	for n := range int64(8) {
		k := store.Case{
			ID: id(n + 1), Destination: []string{"central", "pos"}[n%2], Class: []store.CaseClass{store.CaseTiming, store.CaseSale}[n/2%2],
			LocationID: id(100 + n/4), OpenedAt: start,
		}
		if n >= 6 {
			k.ClosedAt = start
		}
		all = append(all, k)
	}
	must(t, d.PutCases(t.Context(), all))
	for want, f := range map[string]store.CaseFilter{
		"87654321": {}, "654321": {Open: true}, "8642": {Destination: "pos"}, "642": {Destination: "pos", Open: true},
		"6521": {Class: store.CaseTiming}, "8765": {Location: id(101)}, "87": {Limit: 2}, "43": {Before: id(5), Limit: 2},
		"1": {Before: id(2)}, "": {Destination: "none"},
		"2": {Destination: "pos", Location: id(100), Class: store.CaseTiming, Open: true, Before: id(6), Limit: 9},
	} {
		list, err := d.ListCases(t.Context(), f)
		got := ""
		for _, k := range list {
			got += fmt.Sprint(k.ID[15])
		}
		if err != nil || got != want {
			t.Errorf("%+v gives %s, %v; want %s", f, got, err, want)
		}
	}
}

func TestWhatIsOpenIsFoundByItsIndex(t *testing.T) {
	d := opened(t)
	for index, f := range map[string]store.CaseFilter{
		"reconciliation_case_open (destination=? AND id<?)":                      {Destination: "pos", Open: true, Before: id(9)},
		"reconciliation_case_open (destination=?)":                               {Destination: "pos", Open: true},
		"reconciliation_case_open_anywhere (id<?)":                               {Open: true, Before: id(9)},
		"SCAN reconciliation_case USING INDEX reconciliation_case_open_anywhere": {Open: true},
	} {
		where, args := whereCase(f)
		plan(t, d, selectCases+where+" ORDER BY id DESC LIMIT 9", index, args...)
	}
	plan(t, d, pulledSales+openSales+bySaleTime, "pulled_sale_open", "pos")
	plan(t, d, nextLevels, "(destination=? AND (product,lot,room)>(?,?,?))", "pos", "p", "", "", int64(9))
}

// plan finds how SQLite answers a query (sqlite.org/eqp.html), which must not
// take a sorter.
func plan(t *testing.T, d *DB, query, how string, args ...driver.Value) {
	t.Helper()
	var steps []string
	err := d.read(t.Context(), "test", func(c *conn) error {
		return c.each(func(r row) error {
			steps = append(steps, r.text(3))
			return nil
		}, "EXPLAIN QUERY PLAN "+query, args...)
	})
	if text := strings.Join(steps, "; "); err != nil || !strings.Contains(text, how) || strings.Contains(text, "TEMP B-TREE") {
		t.Errorf("%s\nis answered by %s, %v", query, text, err)
	}
}

// posWrites are all the ways to write for a connector.
func posWrites(d *DB) map[string]func(context.Context) error {
	r := rememberedPOS("pos")
	return map[string]func(context.Context) error{
		"PutLinks":          func(ctx context.Context) error { return d.PutLinks(ctx, r.Links) },
		"DeleteLink":        func(ctx context.Context) error { return d.DeleteLink(ctx, "pos", store.LinkProduct, "p600") },
		"PutLevels":         func(ctx context.Context) error { return d.PutLevels(ctx, "pos", r.Levels) },
		"SeeLevels":         func(ctx context.Context) error { return d.SeeLevels(ctx, "pos", r.Levels[:1]) },
		"PutPulledSales":    func(ctx context.Context) error { return d.PutPulledSales(ctx, r.Sales) },
		"DeletePulledSales": func(ctx context.Context) error { return d.DeletePulledSales(ctx, "pos", start+9) },
		"DeletePulledSale":  func(ctx context.Context) error { return d.DeletePulledSale(ctx, "pos", "order-1", 0) },
		"PutMark": func(ctx context.Context) error {
			return d.PutMark(ctx, store.Mark{Destination: "pos", Stream: "sales"})
		},
		"PutCases": func(ctx context.Context) error { return d.PutCases(ctx, r.Cases) },
	}
}

// posReads are all the ways to read for a connector.
func posReads(d *DB) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"ListLinks": func(ctx context.Context) error { _, err := d.ListLinks(ctx, "pos"); return err },
		"Levels": func(ctx context.Context) error {
			_, err := d.Levels(ctx, "pos", []store.Place{{Product: "p-0"}})
			return err
		},
		"ScanLevels": func(ctx context.Context) error {
			return d.ScanLevels(ctx, "pos", func(store.Level) error { return nil })
		},
		"ListPulledSales": func(ctx context.Context) error { _, err := d.ListPulledSales(ctx, "pos", true); return err },
		"FindMark":        func(ctx context.Context) error { _, err := d.FindMark(ctx, "pos", "sales"); return err },
		"ListCases":       func(ctx context.Context) error { _, err := d.ListCases(ctx, store.CaseFilter{}); return err },
	}
}

func TestWritesForAConnectorAreRefusedWhereNothingMayBeWritten(t *testing.T) {
	o := options(t.TempDir())
	d, want := open(t, o), rememberedPOS("pos")
	d.rememberPOS(t, "pos", want)
	r := open(t, readOnly(o.Dir))
	defer shut(t, r)
	ended, end := context.WithCancel(t.Context())
	end()
	for name, write := range posWrites(r) {
		if err := write(t.Context()); store.CodeOf(err) != store.CodeReadOnly {
			t.Errorf("%s to a read-only ledger: %v", name, err)
		}
	}
	for name, write := range posWrites(d) {
		if err := write(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s for a caller who left: %v", name, err)
		}
	}
	if got := r.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	for name, read := range posReads(d) {
		if err := read(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s for a caller who left: %v", name, err)
		}
		must(t, read(t.Context()))
	}
	shut(t, d)
	for name, read := range posReads(d) {
		if err := read(t.Context()); !errors.Is(err, errClosed) {
			t.Errorf("%s of a closed ledger: %v", name, err)
		}
	}
}

// refuse makes the database refuse rows of a table.
func refuse(t *testing.T, d *DB, table, when string) {
	t.Helper()
	must(t, d.writer.tx("test", func(c *conn) error {
		return c.script(fmt.Sprintf("CREATE TRIGGER refused BEFORE INSERT ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'no'); END", table, when))
	}))
}

func TestCasesAreWrittenAllOrNone(t *testing.T) {
	d, want := opened(t), rememberedPOS("pos")
	d.rememberPOS(t, "pos", want)
	refuse(t, d, "reconciliation_case", "NEW.name = 'bad'")
	changed := rememberedPOS("pos").Cases
	changed[0].Detail, changed[2].Name = "changed", "bad"
	if err := d.PutCases(t.Context(), changed); err == nil {
		t.Error("a case that is refused went well")
	}
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("after a failed write\n%+v\nwant\n%+v", got, want)
	}
	want.Cases[0].Detail = "changed"
	must(t, d.PutCases(t.Context(), want.Cases))
	if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
		t.Errorf("after one that went well\n%+v\nwant\n%+v", got, want)
	}
}
