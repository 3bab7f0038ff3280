package store

func (p *Product) code(c *coder) {
	c.id(&p.ID)
	text(c, &p.SKU)
	text(c, &p.Name)
	word(c, &p.Category)
	word(c, &p.Subcategory)
	word(c, &p.Brand)
	word(c, &p.Strain)
	word(c, &p.Unit)
	word(c, &p.Size)
	codes := list(c, pointers(p.Barcodes), fresh[string], func(s *string) { text(c, s) })
	number(c, &p.UnitPrice)
	number(c, &p.UnitCost)
	c.threshold(&p.Threshold)
	own := list(c, pointers(p.Thresholds), fresh[LocationThreshold], func(t *LocationThreshold) {
		c.id(&t.LocationID)
		number(c, &t.Threshold)
	})
	text(c, &p.ExternalID)
	number(c, &p.ArchivedAt)
	number(c, &p.Version)
	if c.writing() {
		return
	}
	for _, code := range codes {
		p.Barcodes = append(p.Barcodes, *code)
	}
	for _, t := range own {
		p.Thresholds = append(p.Thresholds, *t)
	}
	p.index()
}

func (l *Lot) code(c *coder) {
	c.id(&l.ID)
	c.id(&l.ProductID)
	text(c, &l.PackageTag)
	text(c, &l.BatchNumber)
	word(c, &l.ExpiresOn)
	word(c, &l.Status)
	text(c, &l.ExternalID)
	number(c, &l.ArchivedAt)
	number(c, &l.Version)
}

func (i *Item) code(c *coder, s *state) {
	d := itemDocument{}
	if c.writing() {
		d = i.document()
	}
	c.id(&i.ID)
	number(c, &i.No)
	c.id(&d.ProductID)
	c.id(&d.LocationID)
	c.id(&d.LotID)
	number(c, &i.Room)
	number(c, &i.ArchivedAt)
	c.threshold(&i.Threshold)
	number(c, &i.Quantity)
	number(c, &i.Reserved)
	number(c, &i.Value)
	c.bool(&i.lowArmed)
	number(c, &i.Seq)
	number(c, &i.Opened)
	number(c, &i.edited)
	number(c, &i.lit)
	number(c, &i.UpdatedAt)
	number(c, &i.CountedAt)
	if c.writing() {
		return
	}
	i.Product, i.Location, i.Lot = s.products.base[d.ProductID], s.locations.base[d.LocationID], s.lots.base[d.LotID]
	if i.Product == nil || i.Location == nil {
		c.fail(errState)
	}
}
