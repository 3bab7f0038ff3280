package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// reconcile answers what the shelf, the point of sale and the state say of the
// same goods. As CSV it is all of them unless a page is asked for.
func (s *Server) reconcile(x *exchange) error {
	q := &x.query
	f := store.ReconcileFilter{
		Location: x.oneLocation(), Destination: q.text("destination"), Class: q.caseClass(), All: q.flag("all"), Text: q.text("q"),
	}
	p := q.page()
	if err := q.done(); err != nil {
		return err
	}
	rows, err := s.sync.Reconciliation(x.Request.Context(), f)
	if err != nil {
		return err
	}
	if x.wants("text/csv") {
		if q.values.Has("page") || q.values.Has("limit") {
			rows = cut(p, rows)
		}
		return x.sendReconciledCSV(rows)
	}
	w := newWriter().open().key("data").list()
	page := cut(p, rows)
	for i := range page {
		w.reconciled(&page[i])
	}
	w.end()
	x.pagination(w, p, len(rows))
	return x.send(http.StatusOK, w.close())
}

// oneLocation reads location_id, narrowed to the location that the token is
// bound to; zero for all.
func (x *exchange) oneLocation() store.ID {
	ids := x.query.ids("location_id")
	if len(ids) > 1 {
		x.query.wrong("location_id", "is one location")
	}
	if x.bind(&ids); len(ids) > 0 {
		return ids[0]
	}
	return store.ID{}
}

// caseClass reads the class of differences that is asked for.
func (q *query) caseClass() store.CaseClass {
	words := make([]string, len(store.CaseClasses))
	for i, c := range store.CaseClasses {
		words[i] = string(c)
	}
	return store.CaseClass(q.oneOf("class", words...))
}

// subject is what a reconciled row is about, as far as it is here.
type subject struct {
	product, lot, location store.ID
	unit, place            string
}

func subjectOf(r *store.Reconciled) (of subject) {
	if r.Product != nil {
		of.product, of.unit = r.Product.ID, string(r.Product.Unit)
	}
	if r.Lot != nil {
		of.lot = r.Lot.ID
	}
	if r.Location != nil {
		of.location, of.place = r.Location.ID, r.Location.Name
	}
	return of
}

// reconciled writes one product, or package of it, with what every side says.
func (w *writer) reconciled(r *store.Reconciled) *writer {
	of := subjectOf(r)
	w.open().key("product_id").id(of.product).key("product_name").orNull(r.Name).key("sku").orNull(r.SKU).
		key("location_id").id(of.location).key("location_name").orNull(of.place).key("lot_id").id(of.lot).key("package_tag").orNull(r.Tag).
		key("unit").orNull(of.unit).key("shelf_quantity").threshold(r.Shelf)
	w.key("pos").sides(r, false).key("state").sides(r, true).key("cases").list()
	for i := range r.Cases {
		w.open().caseMembers(&r.Cases[i]).close()
	}
	return w.end().close()
}

// sides writes what the points of sale say, or the state's registers.
func (w *writer) sides(r *store.Reconciled, state bool) *writer {
	w.list()
	for i := range r.Sides {
		side := &r.Sides[i]
		if side.State != state {
			continue
		}
		w.open().key("destination").text(side.Destination).key("quantity").threshold(side.Quantity).
			key("difference").threshold(difference(side.Quantity, r.Shelf)).key("seen_at").time(side.SeenAt).key("reported")
		if side.Reported == 0 {
			w.null()
		} else {
			w.int(side.Reported)
		}
		w.close()
	}
	return w.end()
}

// difference is theirs − ours; nil when a side does not have it.
func difference(theirs, ours *store.Quantity) *store.Quantity {
	if theirs == nil || ours == nil {
		return nil
	}
	d := *theirs - *ours
	return &d
}

// openClasses gives every class of a row's open differences once, and when the
// oldest of them was found.
func openClasses(r *store.Reconciled) (classes []string, since store.Instant) {
	for i := range r.Cases {
		c := &r.Cases[i]
		if c.ClosedAt != 0 {
			continue
		}
		if !slices.Contains(classes, string(c.Class)) {
			classes = append(classes, string(c.Class))
		}
		if since == 0 || c.OpenedAt < since {
			since = c.OpenedAt
		}
	}
	return classes, since
}
