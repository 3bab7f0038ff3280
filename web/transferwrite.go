package web

import (
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// shipTransfer sends goods off, or moves them within the shop.
func (s *Server) shipTransfer(x *exchange) error {
	c, err := x.decodeShipment()
	if err = x.complete(err, nil); err != nil {
		return err
	}
	for i := range c.lines {
		for _, id := range []store.ID{c.lines[i].Item, c.lines[i].ToItem} {
			if item, ok := s.ledger.Item(id); ok {
				if err := x.mayTouch(item.Location.ID); err != nil {
					return err
				}
			}
		}
	}
	receipt, err := x.do(c.command())
	if err != nil {
		return err
	}
	return x.sendTransfer(http.StatusCreated, receipt)
}

// receiveTransfer books what became of the goods of a transfer.
func (s *Server) receiveTransfer(x *exchange) error {
	cmd, err := x.decodeReceipt(false)
	if err = x.complete(err, nil); err != nil {
		return err
	}
	d, err := x.transfer()
	if err == nil {
		err = x.mayReceive(cmd, d)
	}
	if err != nil {
		return err
	}
	cmd.ID, cmd.Version = d.ID, x.ifMatch()
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	return x.sendTransfer(http.StatusOK, receipt)
}

// receiveByNumber books what came under a manifest number, whether or not
// anything is known of it.
func (s *Server) receiveByNumber(x *exchange) error {
	cmd, err := x.decodeReceipt(true)
	if err = x.complete(err, nil); err != nil {
		return err
	}
	if cmd.Location.IsZero() {
		cmd.Location = x.who.location
	}
	if err := x.mayTouch(cmd.Location); err != nil {
		return err
	}
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	return x.sendTransfer(http.StatusOK, receipt)
}

// mayReceive refuses a token that is bound to a location to take goods in at,
// or back to, another.
func (x *exchange) mayReceive(cmd *store.ReceiveTransfer, d *store.TransferDocument) error {
	if x.who.location.IsZero() {
		return nil
	}
	if d.Direction == store.DirectionIn && d.To.Location.IsZero() && cmd.Location.IsZero() {
		cmd.Location = x.who.location
	}
	if !cmd.Location.IsZero() {
		return x.mayTouch(cmd.Location)
	}
	for i := range cmd.Lines {
		at := d.To.Location
		if d.Direction == store.DirectionOut || cmd.Lines[i].Returned != 0 {
			at = d.From.Location
		}
		if err := x.mayTouch(at); err != nil {
			return err
		}
	}
	return nil
}

// cancelTransfer takes back what is in transit.
func (s *Server) cancelTransfer(x *exchange) error {
	notes, err := x.notes()
	if err != nil {
		return err
	}
	d, err := x.transfer()
	if err == nil && d.Direction != store.DirectionIn {
		err = x.mayTouch(d.From.Location)
	}
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.CancelTransfer{ID: d.ID, Version: x.ifMatch(), Notes: notes})
	if err != nil {
		return err
	}
	return x.sendTransfer(http.StatusOK, receipt)
}

// patchTransfer puts the number right of what was received blind.
func (s *Server) patchTransfer(x *exchange) error {
	cmd := &store.RenumberTransfer{Version: x.ifMatch()}
	missing := required{"number"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		if name != "number" {
			return false
		}
		b.text(&cmd.Number)
		return true
	})
	if err = x.complete(err, missing); err != nil {
		return err
	}
	d, err := x.transfer()
	if err != nil {
		return err
	}
	cmd.ID = d.ID
	receipt, err := x.do(cmd)
	if err != nil {
		return err
	}
	return x.sendTransfer(http.StatusOK, receipt)
}

// eraseTransferNotes takes the free text from a transfer.
func (s *Server) eraseTransferNotes(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	d, err := x.transfer()
	if err != nil {
		return err
	}
	if _, err := x.do(&store.EraseTransferNotes{ID: d.ID}); err != nil {
		return err
	}
	x.Writer.WriteHeader(http.StatusNoContent)
	return nil
}
