package web

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// listReservations answers the open reservations, soonest expiry first.
func (s *Server) listReservations(x *exchange) error {
	q := &x.query
	item, product, reference := q.id("inventory_id"), q.id("product_id"), q.text("reference")
	var locations []store.ID
	if id := q.id("location_id"); !id.IsZero() {
		locations = []store.ID{id}
	}
	p := q.page()
	if err := q.done(); err != nil {
		return err
	}
	x.bind(&locations)
	open := slices.DeleteFunc(s.ledger.Reservations(), func(r *store.Reservation) bool {
		of, ok := s.ledger.Item(r.ItemID)
		return !ok || (!item.IsZero() && item != of.ID) || (!product.IsZero() && product != of.Product.ID) ||
			(len(locations) > 0 && !slices.Contains(locations, of.Location.ID)) || (reference != "" && reference != r.Reference)
	})
	slices.SortStableFunc(open, func(a, b *store.Reservation) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
	w := newWriter().open().key("data").list()
	for _, r := range cut(p, open) {
		of, _ := s.ledger.Item(r.ItemID)
		w.reservation(r, of)
	}
	w.end()
	x.pagination(w, p, len(open))
	return x.send(http.StatusOK, w.close())
}

// reservation writes a reservation with where its row is.
func (w *writer) reservation(r *store.Reservation, of *store.Item) *writer {
	return w.open().key("id").id(r.ID).key("inventory_id").id(r.ItemID).key("product_id").id(of.Product.ID).
		key("location_id").id(of.Location.ID).key("room_type").text(of.Room.String()).
		key("status").text(string(r.Status)).key("quantity").quantity(r.Quantity).
		key("requested_quantity").quantity(r.Requested).key("reference").orNull(r.Reference).
		key("actor").text(r.Actor).key("created_at").time(r.CreatedAt).key("expires_at").time(r.ExpiresAt).
		key("updated_at").time(r.UpdatedAt).key("version").int(r.Version).close()
}

// reservation finds the reservation in the path and its row, if the one who
// asks may see them.
func (x *exchange) reservation() (*store.Reservation, *store.Item, error) {
	id, err := x.pathID("reservation")
	if err != nil {
		return nil, nil, err
	}
	r, err := x.ledger.Reservation(x.Request.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	of, ok := x.ledger.Item(r.ItemID)
	if !ok {
		return nil, nil, notFound("reservation", id)
	}
	return r, of, x.mayTouch(of.Location.ID)
}

func (s *Server) getReservation(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	r, of, err := x.reservation()
	if err != nil {
		return err
	}
	return x.sendVersion(r.Version, newWriter().reservation(r, of))
}

// createReservation holds units of a row.
func (s *Server) createReservation(x *exchange) error {
	cmd := &store.Reserve{}
	missing := required{"inventory_id", "quantity"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "inventory_id":
			b.id(&cmd.Item)
		case "quantity":
			b.quantity(&cmd.Quantity)
		case "reference":
			b.text(&cmd.Reference)
		case "ttl_seconds":
			b.seconds(&cmd.Seconds)
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = missing.err("")
	}
	if err == nil {
		err = x.query.done()
	}
	if err == nil {
		err = x.mayAdjust(&store.Adjust{Item: cmd.Item})
	}
	if err != nil {
		return err
	}
	receipt, err := x.do(cmd)
	if err != nil {
		return x.withCurrent(cmd.Item, err)
	}
	r := made[*store.Reservation](receipt)
	x.etag(r.Version)
	return x.created("/api/v1/reservations/"+r.ID.String(), newWriter().reservation(r, receipt.Facts[0].After))
}

// seconds reads how long units are held. Zero is kept apart from absent, which
// means the default.
func (b *body) seconds(to *int64) {
	if b.null() {
		return
	}
	if b.int(to); *to == 0 {
		*to = -1
	}
}

// extendReservation sets a new expiry.
func (s *Server) extendReservation(x *exchange) error {
	cmd := &store.ExtendReservation{Version: x.ifMatch()}
	err := x.decode(func(b *body, name string) bool {
		if name != "ttl_seconds" {
			return false
		}
		b.seconds(&cmd.Seconds)
		return true
	})
	if err == nil && cmd.Seconds == 0 {
		err = required{"ttl_seconds"}.err("")
	}
	if err = x.complete(err, nil); err != nil {
		return err
	}
	r, of, err := x.reservation()
	if err != nil {
		return err
	}
	cmd.ID = r.ID
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	r = made[*store.Reservation](receipt)
	return x.sendVersion(r.Version, newWriter().reservation(r, of))
}

// commitReservation sells the held units.
func (s *Server) commitReservation(x *exchange) error {
	notes, err := x.notes()
	if err != nil {
		return err
	}
	receipt, of, err := x.endReservation(&store.EndReservation{Sell: true, Notes: notes})
	if err != nil {
		return err
	}
	r := made[*store.Reservation](receipt)
	w := newWriter().open().key("reservation").reservation(r, of).
		key("movement").movement(receipt.Movements()[0], x.hidesCost())
	return x.sendVersion(r.Version, w.close())
}

// releaseReservation gives the held units back.
func (s *Server) releaseReservation(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	receipt, of, err := x.endReservation(&store.EndReservation{})
	if err != nil {
		return err
	}
	r := made[*store.Reservation](receipt)
	return x.sendVersion(r.Version, newWriter().reservation(r, of))
}

// endReservation ends the reservation in the path.
func (x *exchange) endReservation(cmd *store.EndReservation) (receipt store.Receipt, of *store.Item, err error) {
	r, of, err := x.reservation()
	if err != nil {
		return receipt, nil, err
	}
	cmd.ID = r.ID
	if receipt, err = x.do(cmd); err != nil {
		err = x.withCurrent(of.ID, err)
	}
	return receipt, of, err
}

// sendVersion answers one thing with its version as ETag; a reader that has
// that version already gets only the news that it is the same.
func (x *exchange) sendVersion(version int64, w *writer) error {
	if x.etag(version) && x.Request.Method == http.MethodGet {
		w.free()
		x.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	return x.send(http.StatusOK, w)
}
