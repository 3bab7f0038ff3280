package web

import (
	"fmt"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// listItemMovements answers the movements of one row, newest first.
func (s *Server) listItemMovements(x *exchange) error {
	wanted := x.movementFilter()
	wanted.Before = x.query.cursor()
	if err := x.query.done(); err != nil {
		return err
	}
	item, err := x.item()
	if err != nil {
		return err
	}
	wanted.Item = item.ID
	return x.sendMovements(wanted)
}

// listMovements answers the movements of all rows, newest first.
func (s *Server) listMovements(x *exchange) error {
	wanted := x.movementSearch()
	wanted.Before = x.query.cursor()
	if err := x.query.done(); err != nil {
		return err
	}
	return x.sendMovements(wanted)
}

// movementFilter reads the parameters that every history of movements takes,
// but the cursor.
func (x *exchange) movementFilter() store.MovementFilter {
	q := &x.query
	return store.MovementFilter{
		From: q.time("from"), To: q.time("to"), Reasons: q.reasons("reason_code"),
		Limit: int(q.int("limit", 1, maxLimit, defaultLimit)),
	}
}

// movementSearch reads the parameters of a history that is not one row's.
func (x *exchange) movementSearch() store.MovementFilter {
	wanted := x.movementFilter()
	wanted.Product, wanted.Item = x.query.id("product_id"), x.query.id("inventory_id")
	if id := x.query.id("location_id"); !id.IsZero() {
		wanted.Locations = []store.ID{id}
	}
	x.bind(&wanted.Locations)
	return wanted
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

// sendMovements answers the movements that are wanted, newest first.
func (x *exchange) sendMovements(wanted store.MovementFilter) error {
	found, next, err := x.ledger.Movements(x.Request.Context(), wanted)
	if err != nil {
		return err
	}
	w := newWriter().open().key("data").list()
	for _, f := range found {
		w.movement(f, x.hidesCost())
	}
	w.end().nextCursor(next)
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
	f, err = x.ledger.Movement(x.Request.Context(), p)
	if store.CodeOf(err) == store.CodeNotFound {
		return f, none
	}
	if err != nil {
		return f, err
	}
	return f, x.mayTouch(f.After.Location.ID)
}

// reverseMovement books the opposite of a movement.
func (s *Server) reverseMovement(x *exchange) error {
	notes, err := x.notes()
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
	receipt, err := x.do(&store.Reverse{Movement: f.Entry.Position, Notes: notes})
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
	seqs, err := x.ledger.Journal().ListTransfer(x.Request.Context(), id)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		f, err := x.ledger.Movement(x.Request.Context(), store.Position{Seq: seq})
		if store.CodeOf(err) == store.CodeNotFound {
			continue
		}
		if err == nil {
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

// notes reads a body that holds nothing but notes, and refuses any parameter.
func (x *exchange) notes() (notes string, err error) {
	err = x.decode(func(b *body, name string) bool {
		if name != "notes" {
			return false
		}
		b.text(&notes)
		return true
	})
	if err == nil {
		err = x.query.done()
	}
	return notes, err
}

// noBody refuses any field in the body and any unknown parameter.
func (x *exchange) noBody() error {
	if err := x.decode(func(*body, string) bool { return false }); err != nil {
		return err
	}
	return x.query.done()
}
