package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// shelf is where rows of stock are listed from: the store's own ledger, or
// what head office has of every store.
type shelf interface {
	// page gives a part of what a filter chooses, in the order of a sort, and
	// how many there are in all.
	page(ctx context.Context, f store.ItemFilter, sort string, p page) (items []*store.Item, total int, err error)
	// each gives everything that a filter chooses, in list order.
	each(ctx context.Context, f store.ItemFilter, fn func(*store.Item)) error
}

// ownShelf lists the rows of the store's own ledger.
type ownShelf struct{ ledger *store.Ledger }

func (o ownShelf) page(_ context.Context, f store.ItemFilter, sort string, p page) ([]*store.Item, int, error) {
	f.Less = orderOf(sort)
	items, total := o.ledger.Items(f, p.offset(), p.limit)
	return items, total, nil
}

func (o ownShelf) each(_ context.Context, f store.ItemFilter, fn func(*store.Item)) error {
	items, _ := o.ledger.Items(f, 0, math.MaxInt32)
	for _, i := range items {
		fn(i)
	}
	return nil
}

// listItems answers a page of rows.
func (s *Server) listItems(x *exchange) error { return x.sendItems(ownShelf{s.ledger}) }

// sendItems answers a page of the rows of a shelf, or of their sums.
func (x *exchange) sendItems(from shelf) error {
	f := x.itemFilter()
	sort := x.query.oneOf("sort", sorts...)
	p := x.query.page()
	group := x.query.oneOf("group_by", "product", "room", "category")
	fields := x.fields()
	if group != "" && len(fields) > 0 {
		x.query.wrong("fields", "does not go with group_by")
	}
	if err := x.query.done(); err != nil {
		return err
	}
	if group != "" {
		return x.sendGroups(from, group, f, p)
	}
	items, total, err := from.page(x.Request.Context(), f, sort, p)
	if err != nil {
		return err
	}
	if x.wants("text/csv") {
		return x.sendCSV(slices.Values(items), fields)
	}
	return x.sendPage(items, fields, p, total)
}

// sendPage answers rows, whole or only some fields of them.
func (x *exchange) sendPage(items []*store.Item, fields []string, p page, total int) error {
	w := newWriter().open().key("data").list()
	as := x.look()
	for _, i := range items {
		w.open()
		if len(fields) == 0 {
			w.item(i, as)
		} else {
			w.chosen(i, as, fields)
		}
		w.close()
	}
	w.end()
	x.pagination(w, p, total)
	if len(fields) > 0 {
		w.key("fields").list()
		for _, f := range fields {
			w.text(f)
		}
		w.end()
	}
	return x.send(http.StatusOK, w.close())
}

// itemFilter reads the filters of the list.
func (x *exchange) itemFilter() store.ItemFilter {
	q := &x.query
	f := store.ItemFilter{
		Locations: q.ids("location_id"), Rooms: q.rooms("room_type"), Categories: q.list("category"),
		LowStock: q.flag("low_stock"), Text: q.text("q"), SKUs: q.list("sku"), Barcodes: q.list("barcode"),
		Lots: q.list("lot"), Products: q.ids("product_id"), UpdatedAfter: q.time("updated_after"),
	}
	x.bind(&f.Locations)
	return f
}

// bind narrows locations to the one that the token is bound to.
func (x *exchange) bind(locations *[]store.ID) {
	own := x.who.location
	if own.IsZero() {
		return
	}
	if len(*locations) > 0 && !slices.Contains(*locations, own) {
		own = store.ID{0xff}
	}
	*locations = []store.ID{own}
}

var sorts = []string{
	"product_name", "-product_name", "sku", "-sku", "quantity", "-quantity",
	"available_quantity", "-available_quantity", "updated_at", "-updated_at",
}

// orderOf gives the comparison of a sort, nil for the list's own order.
func orderOf(sort string) func(a, b *store.Item) int {
	name, down := strings.CutPrefix(sort, "-")
	var order func(a, b *store.Item) int
	switch name {
	case "sku":
		order = func(a, b *store.Item) int {
			return strings.Compare(strings.ToLower(a.Product.SKU), strings.ToLower(b.Product.SKU))
		}
	case "quantity":
		order = func(a, b *store.Item) int { return cmp.Compare(a.Quantity, b.Quantity) }
	case "available_quantity":
		order = func(a, b *store.Item) int { return cmp.Compare(a.Available(), b.Available()) }
	case "updated_at":
		order = func(a, b *store.Item) int { return cmp.Compare(a.UpdatedAt, b.UpdatedAt) }
	case "product_name":
		if !down {
			return nil
		}
		order = func(a, b *store.Item) int {
			return strings.Compare(strings.ToLower(a.Product.Name), strings.ToLower(b.Product.Name))
		}
	default:
		return nil
	}
	if !down {
		return order
	}
	return func(a, b *store.Item) int { return order(b, a) }
}

// wants tells whether the client prefers a media type to JSON.
func (x *exchange) wants(media string) bool {
	return strings.Contains(x.Request.Header.Get("Accept"), media)
}
