package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shelfd/shelfd/store"
)

// listLots answers a page of the lots, by expiry.
func (s *Server) listLots(x *exchange) error {
	q := &x.query
	product, words := q.id("product_id"), strings.Fields(strings.ToLower(q.text("q")))
	status := store.LotStatus(q.oneOf("status", string(store.LotActive), string(store.LotHeld), string(store.LotClosed)))
	before, archived, p := q.day("expires_before"), q.flag("archived"), q.page()
	if err := q.done(); err != nil {
		return err
	}
	list := slices.DeleteFunc(s.ledger.Lots(), func(l *store.Lot) bool {
		return (l.ArchivedAt != 0) != archived || (!product.IsZero() && product != l.ProductID) ||
			(status != "" && status != l.Status) || (before != "" && (l.ExpiresOn == "" || l.ExpiresOn >= before)) ||
			!mentions(strings.ToLower(l.PackageTag+"\n"+l.BatchNumber), words)
	})
	slices.SortStableFunc(list, func(a, b *store.Lot) int {
		return strings.Compare(cmp.Or(a.ExpiresOn, "~"), cmp.Or(b.ExpiresOn, "~"))
	})
	w := newWriter().open().key("data").list()
	for _, l := range cut(p, list) {
		w.lot(l)
	}
	w.end()
	x.pagination(w, p, len(list))
	return x.send(http.StatusOK, w.close())
}

// day reads a day in the form YYYY-MM-DD; absent is "".
func (q *query) day(name string) string {
	v := q.text(name)
	if _, err := time.Parse(time.DateOnly, v); v != "" && err != nil {
		q.wrong(name, "is a day in the form 2026-01-27")
	}
	return v
}

func (w *writer) lot(l *store.Lot) *writer {
	return w.open().key("id").id(l.ID).key("product_id").id(l.ProductID).key("package_tag").orNull(l.PackageTag).
		key("batch_number").orNull(l.BatchNumber).key("expires_at").orNull(l.ExpiresOn).key("status").text(string(l.Status)).
		key("external_id").orNull(l.ExternalID).key("archived_at").time(l.ArchivedAt).key("version").int(l.Version).close()
}

func (s *Server) getLot(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	id, err := x.pathID("lot")
	if err != nil {
		return err
	}
	l, ok := s.ledger.Lot(id)
	if !ok {
		return notFound("lot", id)
	}
	return x.sendVersion(l.Version, newWriter().lot(l))
}

// createLot adds a package or batch of a product.
func (s *Server) createLot(x *exchange) error {
	e, err := decodeEdits(x, required{"product_id"}, func(e *edits[store.Lot], b *body, name string) bool {
		if name != "product_id" {
			return lotMember(e, b, name)
		}
		var id store.ID
		b.id(&id)
		e.add(func(l *store.Lot) { l.ProductID = id })
		return true
	})
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.EditLot{Edit: e.apply})
	if err != nil {
		return err
	}
	l := made[*store.Lot](receipt)
	x.etag(l.Version)
	return x.created("/api/v1/lots/"+l.ID.String(), newWriter().lot(l))
}

// patchLot changes the fields that are given.
func (s *Server) patchLot(x *exchange) error {
	e, err := decodeEdits(x, nil, lotMember)
	if err != nil {
		return err
	}
	return x.editLot(e.apply)
}

// archiveLot takes a lot out of lists.
func (s *Server) archiveLot(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	archive := s.archive()
	return x.editLot(func(l *store.Lot) { archive(&l.ArchivedAt) })
}

// editLot changes the lot in the path.
func (x *exchange) editLot(edit func(*store.Lot)) error {
	id, err := x.pathID("lot")
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.EditLot{ID: id, Version: x.ifMatch(), Edit: edit})
	if err != nil {
		return err
	}
	l := made[*store.Lot](receipt)
	return x.sendVersion(l.Version, newWriter().lot(l))
}

var lotTexts = map[string]textField[store.Lot]{
	"status":       {of: func(l *store.Lot) *string { return (*string)(&l.Status) }},
	"package_tag":  {of: func(l *store.Lot) *string { return &l.PackageTag }, clears: true},
	"batch_number": {of: func(l *store.Lot) *string { return &l.BatchNumber }, clears: true},
	"expires_at":   {of: func(l *store.Lot) *string { return &l.ExpiresOn }, clears: true},
	"external_id":  {of: func(l *store.Lot) *string { return &l.ExternalID }, clears: true},
}

// lotMember reads one member of a lot that may change.
func lotMember(e *edits[store.Lot], b *body, name string) bool { return e.text(b, lotTexts, name) }
