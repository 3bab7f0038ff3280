package web

import (
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// listCases answers differences between the ledger and points of sale, newest
// first.
func (s *Server) listCases(x *exchange) error {
	q := &x.query
	f := store.CaseFilter{
		Destination: q.text("destination"), Location: x.oneLocation(), Class: q.caseClass(), Open: q.flag("open"), Before: q.before(),
	}
	limit := int(q.int("limit", 1, maxLimit, defaultLimit))
	if err := q.done(); err != nil {
		return err
	}
	f.Limit = limit + 1
	list, err := s.sync.Cases(x.Request.Context(), f)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for i := range list[:min(limit, len(list))] {
		w.caseInFull(&list[i])
	}
	w.end().key("next_cursor")
	if len(list) > limit {
		w.id(list[limit-1].ID)
	} else {
		w.null()
	}
	return x.send(http.StatusOK, w.close())
}

// caseInFull writes a difference that stands alone, with what it is about.
func (w *writer) caseInFull(c *store.Case) *writer {
	return w.open().caseMembers(c).key("location_id").id(c.LocationID).key("product_id").id(c.ProductID).
		key("lot_id").id(c.LotID).key("product_name").orNull(c.Name).key("sku").orNull(c.SKU).
		key("package_tag").orNull(c.Tag).key("their_product").orNull(c.Place.Product).key("their_lot").orNull(c.Place.Lot).close()
}

// caseMembers writes what a difference is, without what it is about.
func (w *writer) caseMembers(c *store.Case) *writer {
	return w.key("id").id(c.ID).key("destination").text(c.Destination).key("class").text(string(c.Class)).
		key("detail").text(c.Detail).key("room").orNull(c.Place.Room).
		key("shelf_quantity").threshold(c.Shelf).key("their_quantity").threshold(c.Theirs).
		key("opened_at").time(c.OpenedAt).key("checked_at").time(c.CheckedAt).key("closed_at").time(c.ClosedAt)
}
