package web

import (
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// listTransfers answers transfers, newest first.
func (s *Server) listTransfers(x *exchange) error {
	q := &x.query
	f := store.TransferFilter{
		Direction: store.Direction(q.oneOf("direction", texts(store.Directions)...)),
		Status:    store.TransferStatus(q.oneOf("status", texts(store.TransferStatuses)...)),
		Location:  q.id("location_id"), Number: q.text("number"), Before: q.before(), Visible: x.who.location,
	}
	limit := int(q.int("limit", 1, maxLimit, defaultLimit))
	if err := q.done(); err != nil {
		return err
	}
	f.Limit = limit + 1
	list := s.ledger.Transfers(f)
	more := len(list) > limit
	list = list[:min(limit, len(list))]
	w := newWriter().open().key("data").list()
	for _, d := range list {
		w.transfer(d).close()
	}
	w.end().key("next_cursor")
	if more {
		w.id(list[limit-1].ID)
	} else {
		w.null()
	}
	return x.send(http.StatusOK, w.close())
}

func texts[T ~string](words []T) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = string(word)
	}
	return list
}

// getTransfer answers one transfer and who brought it to where it is.
func (s *Server) getTransfer(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	d, err := x.transfer()
	if err != nil {
		return err
	}
	if x.etag(d.Version) {
		x.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	const newest = 50
	history, err := s.ledger.TransferHistory(x.Request.Context(), d.ID, newest)
	if err != nil {
		return err
	}
	w := newWriter().transfer(d).key("history").list()
	for _, f := range history {
		w.transferVersion(f)
	}
	return x.send(http.StatusOK, w.end().close())
}

// transfer finds the transfer in the path, if the one who asks may see it.
func (x *exchange) transfer() (*store.TransferDocument, error) {
	id, err := x.pathID("transfer")
	if err != nil {
		return nil, err
	}
	d, ok := x.ledger.Transfer(id)
	if !ok {
		return nil, notFound("transfer", id)
	}
	if own := d.Own(); len(own) > 0 && !x.who.location.IsZero() && !slices.Contains(own, x.who.location) {
		return nil, forbidden("This token is bound to another location.")
	}
	return d, nil
}

// listTransferMovements answers the movements of a transfer, oldest first.
func (s *Server) listTransferMovements(x *exchange) error {
	after, limit := x.query.cursor(), int(x.query.int("limit", 1, maxLimit, defaultLimit))
	if err := x.query.done(); err != nil {
		return err
	}
	d, err := x.transfer()
	if err != nil {
		return err
	}
	list, next, err := s.ledger.TransferMovements(x.Request.Context(), d.ID, after, limit)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for _, f := range list {
		w.movement(f, x.hidesCost())
	}
	w.end().nextCursor(next)
	return x.send(http.StatusOK, w.close())
}

// transfer writes a transfer and leaves the object open.
func (w *writer) transfer(d *store.TransferDocument) *writer {
	w.open().key("id").id(d.ID).key("number").text(d.Number).key("direction").text(string(d.Direction)).
		key("status").text(string(d.Status)).key("blind").bool(d.Blind).key("shipment_id").id(d.Shipment).
		key("from").party(d.From).key("to").party(d.To).key("reference").orNull(d.Reference).key("lines").list()
	for n := range d.Lines {
		l := &d.Lines[n]
		w.open().key("line").int(int64(n + 1)).key("sku").text(l.SKU).key("unit").text(string(l.Unit)).
			key("product_id").id(l.Product).key("inventory_id").id(l.Item).key("package_tag").orNull(l.PackageTag).
			key("batch_number").orNull(l.BatchNumber).key("expires_at").orNull(l.ExpiresOn).
			key("shipped").quantity(l.Shipped).key("received").quantity(l.Received).key("refused").quantity(l.Refused).
			key("lost").quantity(l.Lost).key("returned").quantity(l.Returned).key("extra").quantity(l.Extra).
			key("in_transit").quantity(d.InTransit(n)).key("returning").quantity(l.Returning()).close()
	}
	return w.end().key("shipped_at").time(d.ShippedAt).key("canceled_at").time(d.CanceledAt).
		key("closed_at").time(d.ClosedAt).key("version").int(d.Version)
}

func (w *writer) party(p store.Party) *writer {
	return w.open().key("store_id").id(p.Store).key("name").orNull(p.Name).key("location_id").id(p.Location).
		key("licence_number").orNull(p.Licence).close()
}

// transferVersion writes who made a version of a transfer, and when.
func (w *writer) transferVersion(f store.Fact) {
	e := f.Entry
	w.open().key("version").int(e.Seq).key("status").text(string(f.Of.(*store.TransferDocument).Status)).
		key("recorded_at").time(e.RecordedAt).key("occurred_at").time(e.OccurredAt).key("actor").text(e.Actor).
		key("terminal").orNull(e.Terminal).key("source").text(e.Source).key("notes")
	if e.Notes == nil {
		w.null()
	} else {
		w.text(e.Notes.Body)
	}
	w.close()
}

// sendTransfer answers the transfer that a command made or changed, and the
// movements that it booked.
func (x *exchange) sendTransfer(status int, receipt store.Receipt) error {
	d, _ := receipt.Of.(*store.TransferDocument)
	for _, f := range receipt.Facts {
		if of, ok := f.Of.(*store.TransferDocument); ok {
			d = of
		}
	}
	x.etag(d.Version)
	w := newWriter().transfer(d).key("movements").list()
	for _, f := range receipt.Movements() {
		w.movement(f, x.hidesCost())
	}
	w.end().close()
	if status == http.StatusCreated {
		return x.created("/api/v1/inventory/transfers/"+d.ID.String(), w)
	}
	return x.send(status, w)
}
