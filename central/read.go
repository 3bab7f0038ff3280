package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// pair names a thing of one store: ids of two stores may be the same.
type pair struct{ store, id store.ID }

// where is the condition of a query over stock, which it calls s.
type where struct {
	parts []string
	args  []any
}

// add joins a condition on; each %s in it is the number of the argument.
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.parts = append(w.parts, strings.ReplaceAll(condition, "%s", fmt.Sprintf("$%d", len(w.args))))
}

// among joins on that a column is one of some values, unless there are none.
func among[T any](w *where, column string, values []T) {
	if len(values) > 0 {
		w.add(column+" = ANY(%s)", values)
	}
}

// pairs joins on that a thing of a row is among those found.
func (w *where) pairs(column string, found []pair) {
	stores, ids := make([]store.ID, 0, len(found)), make([]store.ID, 0, len(found))
	for _, p := range found {
		stores, ids = append(stores, p.store), append(ids, p.id)
	}
	w.args = append(w.args, uids(stores), uids(ids))
	n := len(w.args)
	w.parts = append(w.parts, fmt.Sprintf("(s.store, s.%s) IN (SELECT * FROM unnest($%d::uuid[], $%d::uuid[]))", column, n-1, n))
}

func (w *where) text() string { return " WHERE " + strings.Join(w.parts, " AND ") }

// lower gives texts in lower case.
func lower(texts []string) []string {
	list := make([]string, 0, len(texts))
	for _, t := range texts {
		list = append(list, clean(strings.ToLower(t)))
	}
	return list
}

// conditions says in SQL what a filter chooses, as store.Ledger.Items does: of
// the rows that are not archived.
func (c *Central) conditions(ctx context.Context, q querier, f *store.FleetFilter) (*where, error) {
	w := &where{parts: []string{"s.archived_at = 0"}}
	among(w, "s.store", uids(f.Stores))
	among(w, "s.location", uids(f.Locations))
	among(w, "s.product", uids(f.Products))
	among(w, "s.category_key", lower(f.Categories))
	among(w, "s.sku_key", lower(f.SKUs))
	rooms := make([]int16, 0, len(f.Rooms))
	for _, r := range f.Rooms {
		rooms = append(rooms, int16(r))
	}
	among(w, "s.room", rooms)
	if f.LowStock {
		w.parts = append(w.parts, "s.low")
	}
	if f.UpdatedAfter != 0 {
		w.add("s.updated_at > %s", int64(f.UpdatedAfter))
	}
	for word := range strings.FieldsSeq(clean(strings.ToLower(f.Text))) {
		w.add("strpos(s.search, %s) > 0", word)
	}
	return w, c.documented(ctx, q, f, w)
}

// documented adds what only the documents of a row can tell: a few of them,
// which are looked up first.
func (c *Central) documented(ctx context.Context, q querier, f *store.FleetFilter, w *where) error {
	if len(f.Barcodes) > 0 {
		found, err := named(ctx, q, store.DocProduct, f.Stores, f.Barcodes, func(p *store.Product) bool {
			return slices.ContainsFunc(f.Barcodes, func(b string) bool { return slices.Contains(p.Barcodes, b) })
		})
		if err != nil {
			return err
		}
		w.pairs("product", found)
	}
	if len(f.Lots) > 0 {
		found, err := named(ctx, q, store.DocLot, f.Stores, f.Lots, func(l *store.Lot) bool {
			return slices.ContainsFunc(f.Lots, l.Named)
		})
		if err != nil {
			return err
		}
		w.pairs("lot", found)
	}
	return nil
}

// named finds the documents of a type that go by a name, or an id, and are
// wanted.
func named[T any](ctx context.Context, q querier, of store.DocumentType, stores []store.ID, names []string, wanted func(*T) bool) (found []pair, err error) {
	w := &where{}
	w.add("s.type = %s", string(of))
	among(w, "s.store", uids(stores))
	var ids []store.ID
	for _, name := range names {
		if id, ok := store.ParseID(name); ok {
			ids = append(ids, id)
		}
	}
	w.add("(EXISTS (SELECT FROM unnest(%s::text[]) n WHERE strpos(s.search, n) > 0)", lower(names))
	w.args = append(w.args, uids(ids))
	w.parts[len(w.parts)-1] += fmt.Sprintf(" OR s.id = ANY($%d))", len(w.args))
	var broken error
	err = eachDocument(ctx, q, w, func(id store.ID, d store.DocumentRecord) {
		doc := new(T)
		if err := json.Unmarshal(d.Body, doc); err != nil {
			broken = err
		} else if wanted(doc) {
			found = append(found, pair{id, d.ID})
		}
	})
	return found, errors.Join(err, broken)
}
