package store

// Goods are what a sender says of a product, so that the receiver can make it
// when there is none with the SKU.
type Goods struct {
	Name        string   `json:"name"`
	Category    string   `json:"category,omitempty"`
	Subcategory string   `json:"subcategory,omitempty"`
	Brand       string   `json:"brand,omitempty"`
	Strain      string   `json:"strain,omitempty"`
	Unit        Unit     `json:"unit,omitempty"`
	Size        string   `json:"size,omitempty"`
	Barcodes    []string `json:"barcodes,omitempty"`
	UnitPrice   Money    `json:"unit_price"`
	UnitCost    Money    `json:"unit_cost"`
}

// goodsOf is what a store says of its product to another.
func goodsOf(p *Product) *Goods {
	return &Goods{
		Name: p.Name, Category: p.Category, Subcategory: p.Subcategory, Brand: p.Brand, Strain: p.Strain,
		Unit: p.Unit, Size: p.Size, Barcodes: p.Barcodes, UnitPrice: p.UnitPrice, UnitCost: p.UnitCost,
	}
}

// fill gives a new product what is said of it.
func (g *Goods) fill(sku string, p *Product) {
	p.SKU, p.Name, p.Category, p.Subcategory, p.Brand, p.Strain = sku, g.Name, g.Category, g.Subcategory, g.Brand, g.Strain
	p.Unit, p.Size, p.Barcodes, p.UnitPrice, p.UnitCost = g.Unit, g.Size, g.Barcodes, g.UnitPrice, g.UnitCost
}

// productOf finds the product of a line, or makes it. One that was archived
// comes back: there is stock of it again.
func (t *tx) productOf(l *TransferLine, goods *Goods) (*Product, error) {
	id := l.Product
	if id.IsZero() {
		id, _ = t.s.skus.get(skuKey(l.SKU))
	}
	p, ok := t.s.products.get(id)
	switch {
	case !ok && goods == nil:
		return nil, refuse(CodeNotFound, "There is no product with SKU %s; give at least its name and one is made.", l.SKU).at("/sku")
	case !ok:
		return t.editProduct(ID{}, 0, func(p *Product) { goods.fill(l.SKU, p) })
	case l.Unit != "" && l.Unit != p.Unit:
		return nil, refuse(CodeUnitMismatch, "The sender counts %s in %s, this store in %s.", l.SKU, l.Unit, p.Unit).at("/sku")
	case p.ArchivedAt != 0:
		return t.editProduct(id, 0, func(p *Product) { p.ArchivedAt = 0 })
	}
	return p, nil
}

// lotOf finds the lot of a line, or makes it; nil for none.
func (t *tx) lotOf(p *Product, l *TransferLine) (*Lot, error) {
	if l.PackageTag == "" && l.BatchNumber == "" {
		return nil, nil
	}
	id, ok := t.s.tags.get(lotKey(p.ID, l.PackageTag, l.BatchNumber))
	if !ok {
		return t.editLot(ID{}, 0, func(lot *Lot) {
			lot.ProductID, lot.PackageTag, lot.BatchNumber, lot.ExpiresOn = p.ID, l.PackageTag, l.BatchNumber, l.ExpiresOn
		})
	}
	lot, _ := t.s.lots.get(id)
	if lot.ProductID != p.ID {
		return nil, refuse(CodeInvalid, "Package %s is of another product here.", l.PackageTag).at("/package_tag")
	}
	if lot.ArchivedAt == 0 {
		return lot, nil
	}
	return t.editLot(id, 0, func(lot *Lot) { lot.ArchivedAt = 0 })
}

// row finds or opens the row that the goods of a line go into.
func (r *receiving) row(l *TransferLine, c *ReceiveLine) (*Item, error) {
	if c.Room == 0 {
		return nil, refuse(CodeInvalid, "room_type is required: sales_floor, vault, quarantine or secret_menu.").at("/room_type")
	}
	product, err := r.t.productOf(l, c.Goods)
	if err != nil {
		return nil, err
	}
	l.Product = product.ID
	p := place{product: product.ID, location: r.location.ID, room: c.Room}
	lot, err := r.t.lotOf(product, l)
	if err != nil {
		return nil, err
	}
	if lot != nil {
		p.lot = lot.ID
	}
	item, err := r.t.rowAt(p)
	if err != nil {
		return nil, err
	}
	if err := item.checkOpen(); err != nil {
		return nil, err.at("/package_tag")
	}
	return item, nil
}

// rowAt finds or opens the row of a place.
func (t *tx) rowAt(p place) (*Item, error) {
	if id, ok := t.s.find(p); ok {
		item, _ := t.s.items.get(id)
		return t.reopen(item)
	}
	item := &Item{Room: p.room}
	item.Product, _ = t.s.products.get(p.product)
	item.Location, _ = t.s.locations.get(p.location)
	item.Lot, _ = t.s.lots.get(p.lot)
	return t.open(item)
}

// reopen brings back a row that was archived: there is stock in it again.
func (t *tx) reopen(item *Item) (*Item, error) {
	if item.ArchivedAt == 0 {
		return item, nil
	}
	d := item.document()
	d.ArchivedAt = 0
	of, err := t.document(DocItem, item.ID, d)
	if err != nil {
		return nil, err
	}
	return of.(*Item), nil
}
