package web

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// fakeCounter is what a fakeSync has of points of sale. done is what it was
// told to do, besides being asked.
type fakeCounter struct {
	pos        []store.POS
	check      store.POSCheck
	calls      []store.POSCall
	rows       []store.LinkRow
	found      store.MapResult
	reconciled []store.Reconciled
	cases      []store.Case
	// down: none of them can be reached.
	down bool
	// reconcile and filter are what was asked for the last time.
	reconcile store.ReconcileFilter
	filter    store.CaseFilter
	done      []string
}

// open gives it a till with a link of one product.
func (c *fakeCounter) open(location store.ID, product string) {
	c.pos = append(c.pos, store.POS{
		Name: "till", Kind: "square", Title: "Square", LocationID: location, Capabilities: []string{"read_stock", "write_delta"},
		Rate: "10 a second", SaleSource: "pos:till", CatalogueOwner: "store", QuantityOwner: "store", Linked: 1, Unlinked: 2,
		SalesReadTo: store.InstantOf(storetest.Start), SalesOpen: 3, OpenCases: 4,
	})
	c.check = store.POSCheck{At: store.InstantOf(storetest.Start), Identity: "Main Street"}
	c.rows = append(c.rows, store.LinkRow{Kind: store.LinkProduct, Ours: product, Name: "Product ONE", SKU: "ONE", Link: &store.Link{
		Theirs: "W62U", Name: "One", How: "sku", At: store.InstantOf(storetest.Start),
	}})
}

var errDown = &store.Error{Code: store.CodeUnavailable, Message: "Square cannot be reached."}

func (f *fakeSync) POS(context.Context) ([]store.POS, error) { return slices.Clone(f.counter.pos), nil }

func (f *fakeSync) CheckPOS(_ context.Context, name string) (store.POSCheck, error) {
	f.counter.done = append(f.counter.done, "check "+name)
	return f.counter.check, nil
}

func (f *fakeSync) PreviewPOS(_ context.Context, name string, limit int) ([]store.POSCall, error) {
	f.counter.done = append(f.counter.done, fmt.Sprintf("preview %s %d", name, limit))
	if f.counter.down {
		return nil, errDown
	}
	return f.counter.calls, nil
}

func (f *fakeSync) Links(_ context.Context, _ string, kind store.LinkKind) (list []store.LinkRow, err error) {
	for _, r := range f.counter.rows {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list, nil
}

// row finds something of ours.
func (f *fakeSync) row(kind store.LinkKind, ours string) (*store.LinkRow, error) {
	for i := range f.counter.rows {
		if r := &f.counter.rows[i]; r.Kind == kind && r.Ours == ours {
			return r, nil
		}
	}
	return nil, noSuch(string(kind), ours)
}

func (f *fakeSync) PutLink(_ context.Context, r store.Request, l store.Link) (store.LinkRow, error) {
	row, err := f.row(l.Kind, l.Ours)
	if err != nil {
		return store.LinkRow{}, err
	}
	l.How, l.At = "manual", 1
	linked := *row
	linked.Link = &l
	if !r.DryRun {
		*row = linked
	}
	return linked, nil
}

func (f *fakeSync) DeleteLink(_ context.Context, r store.Request, _ string, kind store.LinkKind, ours string) error {
	row, err := f.row(kind, ours)
	if err == nil && !r.DryRun {
		row.Link = nil
	}
	return err
}

func (f *fakeSync) MapPOS(_ context.Context, name string) (store.MapResult, error) {
	f.counter.done = append(f.counter.done, "map "+name)
	if f.counter.down {
		return store.MapResult{}, errDown
	}
	return f.counter.found, nil
}

func (f *fakeSync) ComparePOS(ctx context.Context, name string) ([]store.Case, error) {
	f.counter.done = append(f.counter.done, "compare "+name)
	if f.counter.down {
		return nil, errDown
	}
	return f.Cases(ctx, store.CaseFilter{Destination: name, Open: true})
}

func (f *fakeSync) Reconciliation(_ context.Context, want store.ReconcileFilter) (list []store.Reconciled, err error) {
	f.counter.reconcile = want
	for _, r := range f.counter.reconciled {
		if want.Location.IsZero() || r.Location.ID == want.Location {
			list = append(list, r)
		}
	}
	return list, nil
}

func (f *fakeSync) Cases(_ context.Context, want store.CaseFilter) (list []store.Case, err error) {
	f.counter.filter = want
	for _, c := range slices.Backward(f.counter.cases) {
		if (want.Destination == "" || c.Destination == want.Destination) && (want.Class == "" || c.Class == want.Class) &&
			(want.Location.IsZero() || c.LocationID == want.Location) && (!want.Open || c.ClosedAt == 0) &&
			(want.Before.IsZero() || slices.Compare(c.ID[:], want.Before[:]) < 0) && (want.Limit == 0 || len(list) < want.Limit) {
			list = append(list, c)
		}
	}
	return list, nil
}

// openCounter serves a shop with a till.
func openCounter(t *testing.T) (a *api, product string) {
	a = openAPIServer(t)
	item, _ := a.Item(a.Stocked("ONE", 45))
	product = item.Product.ID.String()
	a.sync.counter.open(a.Location, product)
	return a, product
}
