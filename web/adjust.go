package web

import (
	"errors"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// do sends a command and says in the answer when it had been done before.
func (x *exchange) do(cmd store.Command) (store.Receipt, error) {
	receipt, err := x.ledger.Do(x.Request.Context(), x.request(), cmd)
	x.replayed(receipt.Replayed)
	return receipt, err
}

// replayed tells the client that this was done before.
func (x *exchange) replayed(was bool) {
	if was {
		x.Writer.Header()["Idempotency-Replayed"] = headerTrue
	}
}

var headerTrue = []string{"true"}

// adjustItem books one movement on a row.
func (s *Server) adjustItem(x *exchange) error {
	cmd := &store.Adjust{}
	missing := required{"quantity_change", "reason_code"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		return b.adjustment(cmd, name)
	})
	if err == nil {
		err = missing.err("")
	}
	if err != nil {
		return err
	}
	if err := x.query.done(); err != nil {
		return err
	}
	if cmd.Item, err = x.pathID("inventory item"); err != nil {
		return err
	}
	if cmd.Version = x.ifMatch(); cmd.Offline && (x.key == "" || cmd.OccurredAt == 0) {
		return incompleteOffline("")
	}
	if err := x.mayAdjust(cmd); err != nil {
		return err
	}
	receipt, err := x.do(cmd)
	if err != nil {
		return x.withCurrent(cmd.Item, err)
	}
	return x.sendAdjusted(cmd.Item, receipt)
}

// adjustment reads one member of an adjustment; false when there is no such
// member.
func (b *body) adjustment(a *store.Adjust, name string) bool {
	switch name {
	case "quantity_change":
		b.quantity(&a.Change)
	case "reason_code":
		b.reason(&a.Reason)
	case "notes":
		b.text(&a.Notes)
	case "sub_reason":
		b.text(&a.SubReason)
	case "reference":
		b.text(&a.Reference)
	case "occurred_at":
		b.time(&a.OccurredAt)
	case "offline":
		b.bool(&a.Offline)
	case "expected_quantity":
		b.optionalQuantity(&a.Expected)
	case "reservation_id":
		b.id(&a.Reservation)
	case "to_inventory_id":
		b.id(&a.ToItem)
	case "to_room_type":
		b.room(&a.ToRoom)
	default:
		return false
	}
	return true
}

// incompleteOffline refuses an offline adjustment that cannot be recognised
// when it is sent again.
func incompleteOffline(pointer string) error {
	const text = "offline needs occurred_at and an Idempotency-Key."
	return &store.Error{
		Code: store.CodeInvalid, Message: text,
		Details: []store.Detail{{Pointer: pointer + "/offline", Code: store.CodeInvalid, Detail: text}},
	}
}

// mayAdjust refuses items outside the token's location.
func (x *exchange) mayAdjust(a *store.Adjust) error {
	if x.who.location.IsZero() {
		return nil
	}
	for _, id := range []store.ID{a.Item, a.ToItem} {
		if item, ok := x.ledger.Item(id); ok {
			if err := x.mayTouch(item.Location.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// withCurrent adds the row as it is now to a refusal that a client can act on.
func (x *exchange) withCurrent(id store.ID, err error) error {
	e, ok := errors.AsType[*store.Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case store.CodeInsufficientStock, store.CodeStaleQuantity, store.CodeStaleVersion:
		if item, found := x.ledger.Item(id); found {
			return &problem{err: e, item: item, status: kinds[e.Code].status}
		}
	}
	return err
}

// sendAdjusted answers the row after its movement, and the movement; both
// movements of a transfer.
func (x *exchange) sendAdjusted(id store.ID, receipt store.Receipt) error {
	var own *store.Fact
	moved := receipt.Movements()
	for i := range moved {
		if moved[i].Entry.Movement.Item == id {
			own = &moved[i]
		}
	}
	x.etag(own.After.Version())
	w := newWriter().open()
	w.item(own.After, x.look())
	w.key("movement").movement(*own, x.hidesCost())
	if len(moved) > 1 {
		w.key("movements").list()
		for _, f := range moved {
			w.movement(f, x.hidesCost())
		}
		w.end()
	}
	return x.send(http.StatusOK, w.close())
}

// required is the members that a body must have, struck out as they are seen.
type required []string

func (r *required) seen(name string) {
	for i, n := range *r {
		if n == name {
			*r = append((*r)[:i:i], (*r)[i+1:]...)
			return
		}
	}
}

// err names every member that is missing below a pointer.
func (r required) err(pointer string) error {
	if len(r) == 0 {
		return nil
	}
	e := &store.Error{Code: store.CodeInvalid}
	for _, name := range r {
		e.Details = append(e.Details, store.Detail{
			Pointer: pointer + "/" + name, Code: store.CodeInvalid, Detail: name + " is required.",
		})
	}
	if e.Message = e.Details[0].Detail; len(r) > 1 {
		e.Message = "Required fields are missing."
	}
	return e
}
