package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/shelfd/shelfd/store"
)

// explainItem answers why a row's quantity is what it is.
func (s *Server) explainItem(x *exchange) error {
	asOf := x.query.time("as_of")
	if err := x.query.done(); err != nil {
		return err
	}
	item, err := x.item()
	if err != nil {
		return err
	}
	now, _ := s.ledger.Now()
	if asOf > now {
		return &store.Error{Code: store.CodeFutureTime, Message: "as_of is in the future; it is " + now.String() + " here."}
	}
	e, err := s.ledger.Explain(x.Request.Context(), item.ID, asOf)
	if err != nil {
		return err
	}
	w := newWriter().open().key("inventory_id").id(item.ID).key("as_of").time(cmp.Or(asOf, now)).
		key("unit").text(string(item.Product.Unit)).key("quantity").quantity(e.Quantity).
		key("reserved_quantity").quantity(e.Reserved).key("available_quantity").quantity(e.Quantity - e.Reserved).
		key("movements").int(int64(e.Movements)).key("opening").quantity(e.Opening)
	w.sums(e)
	w.lastCount(e.LastCount)
	if err := s.holds(x.Request.Context(), w, e); err != nil {
		w.free()
		return err
	}
	return x.send(http.StatusOK, w.close())
}

// sums writes what each reason adds up to.
func (w *writer) sums(e *store.Explanation) {
	w.key("sums").list()
	for _, r := range store.Reasons {
		if sum, ok := e.ByReason[r]; ok {
			w.open().key("reason_code").text(r.String()).key("quantity_change").quantity(sum).close()
		}
	}
	w.end()
}

func (w *writer) lastCount(e *store.Entry) {
	w.key("last_count")
	if e == nil {
		w.null()
		return
	}
	w.open().key("at").time(e.OccurredAt).key("quantity").quantity(e.Movement.After).
		key("quantity_change").quantity(e.Movement.Change).key("movement_id").position(e.Position).close()
}

// holds writes what each reservation holds, oldest first.
func (s *Server) holds(ctx context.Context, w *writer, e *store.Explanation) error {
	var open []*store.Reservation
	for id := range e.Holds {
		r, err := s.ledger.Reservation(ctx, id)
		if err != nil {
			return err
		}
		open = append(open, r)
	}
	slices.SortFunc(open, func(a, b *store.Reservation) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	w.key("holds").list()
	for _, r := range open {
		w.open().key("reservation_id").id(r.ID).key("quantity").quantity(e.Holds[r.ID]).
			key("reference").orNull(r.Reference).close()
	}
	w.end()
	return nil
}
