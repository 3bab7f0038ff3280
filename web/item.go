package web

import (
	"encoding/binary"
	"net/http"

	"github.com/shelfd/shelfd/store"
)

// getItem answers one row.
func (s *Server) getItem(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	item, err := x.item()
	if err != nil {
		return err
	}
	return x.sendItem(item)
}

// sendItem answers one row, unless the client has it already.
func (x *exchange) sendItem(item *store.Item) error {
	if x.etag(item.Version()) {
		x.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	w := newWriter().open()
	w.item(item, x.look())
	return x.send(http.StatusOK, w.close())
}

// item finds the item in the path, if the one who asks may see it.
func (x *exchange) item() (*store.Item, error) {
	id, err := x.pathID("inventory item")
	if err != nil {
		return nil, err
	}
	item, ok := x.ledger.Item(id)
	if !ok {
		return nil, notFound("inventory item", id)
	}
	return item, x.mayTouch(item.Location.ID)
}

func notFound(noun string, id store.ID) error {
	return &store.Error{Code: store.CodeNotFound, Message: "There is no " + noun + " " + id.String() + "."}
}

// item writes the members of a row. What a product says is written once for
// each version of it and copied from then on.
func (w *writer) item(i *store.Item, as look) {
	names, rest := fragments(i.Product)
	w.key("id").id(i.ID)
	w.b = append(append(w.b, ','), names...)
	w.b = i.Location.ID.Append(append(w.b, `,"location_id":"`...))
	w.b = append(append(w.b, `","room_type":"`...), i.Room.String()...)
	w.b = i.Quantity.Append(append(w.b, `","quantity":`...))
	w.b = i.Reserved.Append(append(w.b, `,"reserved_quantity":`...))
	w.b = i.Available().Append(append(w.b, `,"available_quantity":`...))
	if as.hideCost {
		w.b = append(w.b, `,"unit_cost":null`...)
	} else {
		w.b = i.Product.UnitCost.Append(append(w.b, `,"unit_cost":`...))
	}
	w.b = i.Product.UnitPrice.Append(append(w.b, `,"unit_price":`...))
	w.key("last_sync").time(as.lastSync(i))
	w.b = append(w.b, `,"location_name":`...)
	w.b = append(store.AppendString(w.b, i.Location.Name), ',')
	w.b = append(w.b, rest...)
	w.key("lot").lotOf(i.Lot)
	w.key("low_stock_threshold").threshold(i.ThresholdShown()).key("low_stock").bool(i.Low)
	w.key("version").int(i.Version()).key("updated_at").time(i.UpdatedAt)
	w.b = append(append(append(w.b, `,"currency":"`...), i.Location.Currency...), '"')
}

// fragments gives the members of a row that only its product decides, in the
// two runs in which they stand in a row.
func fragments(p *store.Product) (names, rest []byte) {
	memo := p.Memo.Get(func() []byte {
		w := &writer{b: []byte{0, 0}}
		w.b = append(w.b, `"product_id":`...)
		w.id(p.ID).key("product_name").text(p.Name).key("sku").text(p.SKU)
		binary.BigEndian.PutUint16(w.b, uint16(len(w.b)))
		w.b = append(w.b, `"category":`...)
		w.orNull(p.Category).key("subcategory").orNull(p.Subcategory).key("brand").orNull(p.Brand).
			key("strain").orNull(p.Strain).key("size").orNull(p.Size).key("unit").text(string(p.Unit))
		return append(make([]byte, 0, len(w.b)), w.b...)
	})
	cut := binary.BigEndian.Uint16(memo)
	return memo[2:cut], memo[cut:]
}

// lotOf writes the lot of a row, null when it has none.
func (w *writer) lotOf(l *store.Lot) {
	if l == nil {
		w.null()
		return
	}
	w.open().key("id").id(l.ID).key("package_tag").orNull(l.PackageTag).key("batch_number").orNull(l.BatchNumber).
		key("expires_at").orNull(l.ExpiresOn).key("status").text(string(l.Status)).close()
}
