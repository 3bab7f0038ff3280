package store

import (
	"errors"
	"fmt"
)

// MaxImportRows is how many rows one import command may have. A file is sent
// in chunks, so that registers never wait long.
const MaxImportRows = 500

// Import sets products and quantities from the rows of a file. It sets and
// never adds, so the same rows twice change nothing. All or nothing unless
// SkipBad. Codes: those of EditProduct, EditLot and OpenItem, lot_closed, of
// every failing row.
type Import struct {
	Location ID
	Room     Room
	Rows     []ImportRow
	SkipBad  bool
}

// ImportRow is one row. Nil fields are not in the file and change nothing.
type ImportRow struct {
	SKU                         string
	Name, Category, Subcategory *string
	Brand, Strain, Unit, Size   *string
	Barcode, ExternalID         *string
	UnitPrice, UnitCost         *Money
	Quantity, LowStockThreshold *Quantity
	Lot, ExpiresOn              string
}

func (c *Import) decide(t *tx) error {
	var p problems
	location, ok := t.s.locations.get(c.Location)
	if !ok || location.ArchivedAt != 0 {
		return refuse(CodeNotFound, "There is no location %s.", c.Location).at("/location_id")
	}
	if c.Room == 0 {
		return refuse(CodeInvalid, "room_type is sales_floor, vault, quarantine or secret_menu.").at("/room_type")
	}
	for i := range c.Rows {
		line, err := c.row(t, location, &c.Rows[i])
		if err != nil {
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Code == "" {
				return err
			}
			line.Err = refusal.at(fmt.Sprintf("/rows/%d", i))
			p.add(line.Err)
		}
		t.receipt.Lines = append(t.receipt.Lines, line)
	}
	if c.SkipBad {
		return nil
	}
	return p.err()
}

// row brings one row's product, lot, item and quantity to what the file says.
// A refused row has written nothing: all checks come first.
func (c *Import) row(t *tx, location *Location, row *ImportRow) (Line, error) {
	line := Line{Fact: -1, Status: "unchanged"}
	first := len(t.receipt.Facts)
	known, isKnown := t.s.skus.get(skuKey(row.SKU))
	if err := c.checkRow(t, row, known); err != nil {
		return line, err
	}
	product, err := t.editProduct(known, 0, row.edit)
	if err != nil {
		return line, err
	}
	lot, err := c.lot(t, product, row)
	if err != nil {
		return line, err
	}
	line.Item, err = c.item(t, product, location, lot)
	if err != nil {
		return line, err
	}
	if row.Quantity != nil && *row.Quantity != line.Item.Quantity {
		sub := SubImport
		if line.Item.Seq == line.Item.Opened {
			sub = SubOpening
		}
		if err := t.setQuantity(line.Item, *row.Quantity, sub, ""); err != nil {
			return line, err
		}
		line.Fact = len(t.receipt.Facts) - 1
		line.Item, _ = t.s.items.get(line.Item.ID)
	}
	switch {
	case !isKnown:
		line.Status = "created"
	case len(t.receipt.Facts) > first:
		line.Status = "updated"
	}
	return line, nil
}

// checkRow names every fault of a row before anything of it is written.
func (c *Import) checkRow(t *tx, row *ImportRow, known ID) error {
	var p problems
	old, next := &Product{}, &Product{ID: known}
	if !known.IsZero() {
		old, _ = t.s.products.get(known)
		*next = old.copy()
	}
	row.edit(next)
	p.add(t.checkProduct(old, next))
	if row.Quantity != nil {
		c.checkQuantity(t, row, next, &p)
	}
	if row.Lot != "" {
		lot := &Lot{ProductID: known, PackageTag: row.Lot, ExpiresOn: row.ExpiresOn}
		lot.check(&p)
		if id, ok := t.s.tags.get(lot.key()); ok {
			if other, _ := t.s.lots.get(id); other.ProductID != known {
				p.add(refuse(CodeInvalid, "Lot %s belongs to another product.", row.Lot).at("/lot"))
			}
		}
	} else if row.ExpiresOn != "" {
		p.add(refuse(CodeInvalid, "An expiry belongs to a lot; this row has none.").at("/expires_at"))
	}
	return p.err()
}

// checkQuantity names what keeps a row's quantity from being set.
func (c *Import) checkQuantity(t *tx, row *ImportRow, product *Product, p *problems) {
	at := place{product: product.ID, location: c.Location, room: c.Room}
	if row.Lot != "" {
		at.lot, _ = t.s.tags.get(lotKey(product.ID, row.Lot, ""))
	}
	item := &Item{}
	if id, ok := t.s.find(at); ok && !product.ID.IsZero() {
		item, _ = t.s.items.get(id)
	} else if at.lot != (ID{}) {
		item.Lot, _ = t.s.lots.get(at.lot)
	}
	_, ok := valueOf(*row.Quantity-item.Quantity, product.UnitCost)
	switch {
	case *row.Quantity < 0 || *row.Quantity > MaxQuantity:
		p.add(refuse(CodeRange, "quantity is between 0 and 1000000000.").at("/quantity"))
	case !ok:
		p.add(refuse(CodeRange, "The value of this stock is out of range.").at("/quantity"))
	case *row.Quantity != item.Quantity:
		if err := item.checkOpen(); err != nil {
			p.add(err.at("/quantity"))
		}
	}
}

// edit gives a product what the row says of it.
func (r *ImportRow) edit(p *Product) {
	p.SKU = r.SKU
	for _, f := range []struct {
		to   *string
		from *string
	}{
		{&p.Name, r.Name},
		{&p.Category, r.Category},
		{&p.Subcategory, r.Subcategory},
		{&p.Brand, r.Brand},
		{&p.Strain, r.Strain},
		{&p.Size, r.Size},
		{&p.ExternalID, r.ExternalID},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if r.Unit != nil {
		p.Unit = Unit(*r.Unit)
	}
	if r.UnitPrice != nil {
		p.UnitPrice = *r.UnitPrice
	}
	if r.UnitCost != nil {
		p.UnitCost = *r.UnitCost
	}
	if r.LowStockThreshold != nil {
		p.Threshold = r.LowStockThreshold
	}
	if r.Barcode != nil && *r.Barcode != "" {
		p.Barcodes = []string{*r.Barcode}
	}
}

// lot finds or makes the row's lot; nil for none.
func (c *Import) lot(t *tx, product *Product, row *ImportRow) (*Lot, error) {
	if row.Lot == "" {
		return nil, nil
	}
	id, _ := t.s.tags.get(lotKey(product.ID, row.Lot, ""))
	return t.editLot(id, 0, func(l *Lot) {
		l.ProductID, l.PackageTag = product.ID, row.Lot
		if row.ExpiresOn != "" {
			l.ExpiresOn = row.ExpiresOn
		}
	})
}

// item finds or opens the row's item.
func (c *Import) item(t *tx, product *Product, location *Location, lot *Lot) (*Item, error) {
	item := &Item{Room: c.Room, Product: product, Location: location, Lot: lot}
	if id, ok := t.s.find(item.place()); ok {
		found, _ := t.s.items.get(id)
		return found, nil
	}
	return t.open(item)
}
