package web

import (
	"errors"
	"math"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// openItem opens a row of stock.
func (s *Server) openItem(x *exchange) error {
	cmd, sku, err := x.decodeOpening()
	if err == nil {
		err = x.query.done()
	}
	if err == nil {
		err = x.mayTouch(cmd.Location)
	}
	if err != nil {
		return err
	}
	if sku != "" {
		cmd.Product = x.productNamed(sku)
	}
	receipt, err := x.do(cmd)
	if err != nil {
		return x.refusedOpening(cmd, sku, err)
	}
	return x.sendOpened(receipt)
}

// decodeOpening reads the row to open, and the SKU of its product when it is
// named by that.
func (x *exchange) decodeOpening() (cmd *store.OpenItem, sku string, err error) {
	cmd = &store.OpenItem{}
	missing := required{"location_id", "room_type"}
	err = x.decode(func(b *body, name string) bool {
		missing.seen(name)
		switch name {
		case "product_id":
			b.id(&cmd.Product)
		case "sku":
			b.text(&sku)
		case "location_id":
			b.id(&cmd.Location)
		case "room_type":
			b.room(&cmd.Room)
		case "lot_id":
			b.id(&cmd.Lot)
		case "quantity":
			b.quantity(&cmd.Opening)
		case "low_stock_threshold":
			b.optionalQuantity(&cmd.Threshold)
		case "notes":
			b.text(&cmd.Notes)
		default:
			return false
		}
		return true
	})
	if err != nil {
		return nil, "", err
	}
	switch {
	case cmd.Product.IsZero() && strings.TrimSpace(sku) == "":
		missing = append(missing, "product_id")
	case !cmd.Product.IsZero() && sku != "":
		return nil, "", refuseAt("/sku", store.CodeInvalid, "Name the product by product_id or by sku, not by both.")
	}
	return cmd, sku, missing.err("")
}

// refuseAt makes a refusal with one fault, at a field of the body.
func refuseAt(pointer string, code store.Code, text string) *store.Error {
	return &store.Error{Code: code, Message: text, Details: []store.Detail{{Pointer: pointer, Code: code, Detail: text}}}
}

// nothing is an id that nothing has.
var nothing = store.ID{0xff}

// productNamed gives the id of the product with a SKU; one that nothing has
// when there is none, so that the command refuses it with all other faults.
func (x *exchange) productNamed(sku string) store.ID {
	if p, ok := x.ledger.ProductBySKU(strings.TrimSpace(sku)); ok {
		return p.ID
	}
	return nothing
}

// refusedOpening words a refusal in the terms of the request, and names the
// row that is open already.
func (x *exchange) refusedOpening(cmd *store.OpenItem, sku string, err error) error {
	var e *store.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code == store.CodeSameItem {
		return &problem{err: e, item: x.itemAt(cmd), status: kinds[e.Code].status}
	}
	for i, d := range e.Details {
		if d.Pointer == "/product_id" && sku != "" {
			e.Details[i].Pointer, e.Details[i].Detail = "/sku", "There is no product with this SKU."
			if len(e.Details) == 1 {
				e.Message = e.Details[i].Detail
			}
		}
	}
	return e
}

// itemAt finds the row that is open where another was to be; nil when it has
// gone from the lists.
func (x *exchange) itemAt(cmd *store.OpenItem) *store.Item {
	rows, _ := x.ledger.Items(store.ItemFilter{
		Locations: []store.ID{cmd.Location}, Rooms: []store.Room{cmd.Room}, Products: []store.ID{cmd.Product},
	}, 0, math.MaxInt32)
	for _, i := range rows {
		if (i.Lot == nil && cmd.Lot.IsZero()) || (i.Lot != nil && i.Lot.ID == cmd.Lot) {
			return i
		}
	}
	return nil
}

// sendOpened answers the new row, and its opening movement if it has one.
func (x *exchange) sendOpened(receipt store.Receipt) error {
	item := made[*store.Item](receipt)
	moved := receipt.Movements()
	if len(moved) > 0 {
		item = moved[0].After
	}
	x.etag(item.Version())
	w := newWriter().open()
	w.item(item, x.look())
	if len(moved) > 0 {
		w.key("movement").movement(moved[0], x.hidesCost())
	}
	return x.created("/api/v1/inventory/"+item.ID.String(), w.close())
}

// made gives what a command about one thing made, or the version of it that
// was already as asked.
func made[T any](receipt store.Receipt) T {
	if len(receipt.Facts) == 0 {
		return receipt.Of.(T)
	}
	return receipt.Facts[0].Of.(T)
}

// putSettings replaces a row's own settings.
func (s *Server) putSettings(x *exchange) error {
	cmd := &store.EditItem{Version: x.ifMatch()}
	missing := required{"low_stock_threshold"}
	err := x.decode(func(b *body, name string) bool {
		missing.seen(name)
		if name != "low_stock_threshold" {
			return false
		}
		b.optionalQuantity(&cmd.Threshold)
		return true
	})
	if err = x.complete(err, missing); err != nil {
		return err
	}
	item, err := x.item()
	if err != nil {
		return err
	}
	cmd.ID = item.ID
	receipt, err := x.do(cmd)
	if err != nil {
		return x.withCurrent(item.ID, err)
	}
	item = made[*store.Item](receipt)
	x.etag(item.Version())
	w := newWriter().open()
	w.item(item, x.look())
	return x.send(http.StatusOK, w.close())
}
