package web

import (
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// listItemMovements answers the movements of one row, newest first.
func (s *Server) listItemMovements(x *exchange) error {
	t := x.trail()
	if err := x.query.done(); err != nil {
		return err
	}
	item, err := x.item()
	if err != nil {
		return err
	}
	return x.sendTrail(t, item)
}

// listMovements answers the movements of all rows, newest first.
func (s *Server) listMovements(x *exchange) error {
	t := x.trail()
	t.product = x.query.id("product_id")
	if id := x.query.id("location_id"); !id.IsZero() {
		t.locations = []store.ID{id}
	}
	id := x.query.id("inventory_id")
	if err := x.query.done(); err != nil {
		return err
	}
	x.bind(&t.locations)
	if id.IsZero() {
		return x.sendTrail(t, nil)
	}
	item, ok := s.ledger.Item(id)
	if !ok {
		return x.send(http.StatusOK, newWriter().open().key("data").list().end().key("next_cursor").null().close())
	}
	return x.sendTrail(t, item)
}

// id reads one id; absent is the zero ID. One that cannot be ours is one that
// nothing has.
func (q *query) id(name string) store.ID {
	v := q.text(name)
	if v == "" {
		if len(q.values[name]) > 0 {
			q.wrong(name, "is empty")
		}
		return store.ID{}
	}
	if id, ok := store.ParseID(v); ok {
		return id
	}
	return nothing
}

// sendTrail answers the movements of a row, or of all when it is nil.
func (x *exchange) sendTrail(t *trail, item *store.Item) error {
	if err := t.find(x.Request.Context(), x.s.ledger, item); err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for _, f := range t.found {
		w.movement(f, x.hidesCost())
	}
	w.end().nextCursor(t.next)
	return x.send(http.StatusOK, w.close())
}

// getMovement answers one movement by its position.
func (s *Server) getMovement(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	f, err := x.movement()
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, newWriter().movement(f, x.hidesCost()))
}

// movement finds the movement in the path, if the one who asks may see it.
func (x *exchange) movement() (f store.Fact, err error) {
	none := &store.Error{Code: store.CodeNotFound, Message: fmt.Sprintf("There is no movement %.60s.", x.Param("id"))}
	p, ok := store.ParsePosition(x.Param("id"))
	if !ok {
		return f, none
	}
	stored, err := x.s.ledger.Journal().FindEntry(x.Request.Context(), p.Seq)
	if store.CodeOf(err) == store.CodeNotFound {
		return f, none
	}
	if err != nil {
		return f, err
	}
	f, ok, err = movementOf(x.s.ledger, stored)
	if err != nil {
		return f, err
	}
	if !ok || f.Entry.Position != p {
		return f, none
	}
	return f, x.mayTouch(f.After.Location.ID)
}

// reverseMovement books the opposite of a movement.
func (s *Server) reverseMovement(x *exchange) error {
	cmd := &store.Reverse{}
	err := x.decode(func(b *body, name string) bool {
		if name != "notes" {
			return false
		}
		b.text(&cmd.Notes)
		return true
	})
	if err == nil {
		err = x.query.done()
	}
	if err != nil {
		return err
	}
	f, err := x.movement()
	if err == nil {
		err = x.mayTouchTransfer(f.Entry.Movement.Transfer)
	}
	if err != nil {
		return err
	}
	cmd.Movement = f.Entry.Position
	receipt, err := x.do(cmd)
	if err != nil {
		return x.withCurrent(f.After.ID, err)
	}
	return x.sendReversed(f.Entry.Position, receipt.Movements())
}

// mayTouchTransfer refuses a transfer with a leg outside the token's location:
// reversing it would change stock there.
func (x *exchange) mayTouchTransfer(id store.ID) error {
	if id.IsZero() || x.who.location.IsZero() {
		return nil
	}
	j := x.s.ledger.Journal()
	seqs, err := j.ListTransfer(x.Request.Context(), id)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		stored, err := j.FindEntry(x.Request.Context(), seq)
		if err != nil {
			return err
		}
		f, ok, err := movementOf(x.s.ledger, stored)
		if err == nil && ok {
			err = x.mayTouch(f.After.Location.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sendReversed answers the movement that reverses the one asked for, and all
// legs.
func (x *exchange) sendReversed(asked store.Position, moved []store.Fact) error {
	own := moved[0]
	for _, f := range moved {
		if f.Entry.Movement.Reverses == asked {
			own = f
		}
	}
	w := newWriter().open().key("movement").movement(own, x.hidesCost()).key("movements").list()
	for _, f := range moved {
		w.movement(f, x.hidesCost())
	}
	return x.created("/api/v1/movements/"+own.Entry.Position.String(), w.end().close())
}

// eraseNotes takes the free text from a movement.
func (s *Server) eraseNotes(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	f, err := x.movement()
	if err != nil {
		return err
	}
	if _, err := x.do(&store.EraseNotes{Entry: f.Entry.Position}); err != nil {
		return err
	}
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// noBody refuses any field in the body and any unknown parameter.
func (x *exchange) noBody() error {
	if err := x.decode(func(*body, string) bool { return false }); err != nil {
		return err
	}
	return x.query.done()
}
