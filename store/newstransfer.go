package store

import (
	"context"
)

// transferNews tells that a transfer has just become complete: closed, or
// canceled with nothing on its way any more.
func (l *Ledger) transferNews(ctx context.Context, e *Entry) ([]News, error) {
	of, err := decodeDocument(e)
	if err != nil {
		return nil, err
	}
	d := of.(*TransferDocument)
	if d.Open() {
		return nil, nil
	}
	before, err := l.transferAt(ctx, d.ID, e.Seq-1)
	if err != nil || before != nil && !before.Open() {
		return nil, err
	}
	data, err := l.transferData(ctx, e, d)
	if err != nil {
		return nil, err
	}
	return []News{news(e, NewsTransfer, d.place(), data)}, nil
}

// place is where a transfer is, the zero ID when it is between two locations
// of this store or there is none yet.
func (d *TransferDocument) place() ID {
	if own := d.Own(); len(own) == 1 || len(own) == 2 && own[0] == own[1] {
		return own[0]
	}
	return ID{}
}

// transferAt gives a transfer as it was at seq, nil when it did not exist.
func (l *Ledger) transferAt(ctx context.Context, id ID, seq int64) (*TransferDocument, error) {
	at, err := l.h.FindDocument(ctx, id, seq)
	if err != nil || at == 0 {
		return nil, err
	}
	e, err := readEntry(ctx, l.h, at)
	if err != nil {
		return nil, err
	}
	of, err := decodeDocument(e)
	d, _ := of.(*TransferDocument)
	return d, err
}

func (l *Ledger) transferData(ctx context.Context, e *Entry, d *TransferDocument) ([]byte, error) {
	data := newObject().id("transfer_id", d.ID).text("number", d.Number).text("direction", string(d.Direction)).
		text("status", string(d.Status)).id("shipment_id", d.Shipment).
		raw("from", d.From.object()).raw("to", d.To.object()).text("reference", d.Reference)
	data = append(data.key("lines"), '[')
	for n := range d.Lines {
		if n > 0 {
			data = append(data, ',')
		}
		line, err := l.transferLine(ctx, &d.Lines[n], e.Seq)
		if err != nil {
			return nil, err
		}
		data = append(data, line...)
	}
	return append(data, ']').time("shipped_at", d.ShippedAt).time("canceled_at", d.CanceledAt).
		time("closed_at", d.ClosedAt).origin(e), nil
}

func (p *Party) object() object {
	return newObject().id("store_id", p.Store).text("name", p.Name).id("location_id", p.Location).
		text("licence_number", p.Licence).end()
}

// transferLine gives a line, with its product's name where that is here.
func (l *Ledger) transferLine(ctx context.Context, line *TransferLine, seq int64) (object, error) {
	product, err := l.productAt(ctx, line.Product, seq)
	if err != nil {
		return nil, err
	}
	o := newObject().text("sku", line.SKU).id("product_id", line.Product)
	if product == nil {
		o = o.null("product_name")
	} else {
		o = o.text("product_name", product.Name)
	}
	return o.text("unit", string(line.Unit)).text("package_tag", line.PackageTag).
		text("batch_number", line.BatchNumber).quantity("shipped", line.Shipped).quantity("received", line.Received).
		quantity("refused", line.Refused).quantity("lost", line.Lost).quantity("returned", line.Returned).
		quantity("extra", line.Extra).end(), nil
}
