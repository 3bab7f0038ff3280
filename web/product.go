package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// listProducts answers a page of the catalogue.
func (s *Server) listProducts(x *exchange) error {
	q := &x.query
	words, sku, barcode := strings.Fields(strings.ToLower(q.text("q"))), q.text("sku"), q.text("barcode")
	categories, external, archived, p := q.list("category"), q.text("external_id"), q.flag("archived"), q.page()
	if err := q.done(); err != nil {
		return err
	}
	wanted := func(p *store.Product) bool {
		return (p.ArchivedAt != 0) == archived && (sku == "" || strings.EqualFold(sku, p.SKU)) &&
			(barcode == "" || slices.Contains(p.Barcodes, barcode)) && (external == "" || external == p.ExternalID) &&
			(len(categories) == 0 || slices.ContainsFunc(categories, func(c string) bool { return strings.EqualFold(c, p.Category) })) &&
			mentions(p.Search, words)
	}
	w := newWriter().open().key("data").list()
	total := 0
	for _, one := range s.ledger.Products() {
		if !wanted(one) {
			continue
		}
		if total >= p.offset() && total < p.offset()+p.limit {
			w.product(one, x.hidesCost())
		}
		total++
	}
	w.end()
	x.pagination(w, p, total)
	return x.send(http.StatusOK, w.close())
}

// mentions tells whether every word is in a text, all in lower case.
func mentions(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

func (w *writer) product(p *store.Product, hideCost bool) *writer {
	w.open().key("id").id(p.ID).key("sku").text(p.SKU).key("name").text(p.Name).key("category").orNull(p.Category).
		key("subcategory").orNull(p.Subcategory).key("brand").orNull(p.Brand).key("strain").orNull(p.Strain).
		key("unit").text(string(p.Unit)).key("size").orNull(p.Size).key("barcodes").list()
	for _, code := range p.Barcodes {
		w.text(code)
	}
	w.end().key("unit_price").money(p.UnitPrice).key("unit_cost")
	if hideCost {
		w.null()
	} else {
		w.money(p.UnitCost)
	}
	w.key("low_stock_threshold").threshold(p.Threshold).key("location_thresholds").list()
	for _, t := range p.Thresholds {
		w.open().key("location_id").id(t.LocationID).key("low_stock_threshold").quantity(t.Threshold).close()
	}
	return w.end().key("external_id").orNull(p.ExternalID).key("archived_at").time(p.ArchivedAt).
		key("version").int(p.Version).close()
}

func (s *Server) getProduct(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	id, err := x.pathID("product")
	if err != nil {
		return err
	}
	p, ok := s.ledger.Product(id)
	if !ok {
		return notFound("product", id)
	}
	return x.sendProduct(p)
}

func (x *exchange) sendProduct(p *store.Product) error {
	return x.sendVersion(p.Version, newWriter().product(p, x.hidesCost()))
}

// createProduct adds a product to the catalogue.
func (s *Server) createProduct(x *exchange) error {
	e, err := decodeEdits(x, required{"sku", "name"}, productMember)
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.EditProduct{Edit: e.apply})
	if err != nil {
		return err
	}
	p := made[*store.Product](receipt)
	x.etag(p.Version)
	return x.created("/api/v1/products/"+p.ID.String(), newWriter().product(p, x.hidesCost()))
}

// patchProduct changes the fields that are given.
func (s *Server) patchProduct(x *exchange) error {
	e, err := decodeEdits(x, nil, productMember)
	if err != nil {
		return err
	}
	return x.editProduct(e.apply)
}

// archiveProduct takes a product out of lists and searches.
func (s *Server) archiveProduct(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	archive := s.archive()
	return x.editProduct(func(p *store.Product) { archive(&p.ArchivedAt) })
}

// editProduct changes the product in the path.
func (x *exchange) editProduct(edit func(*store.Product)) error {
	id, err := x.pathID("product")
	if err != nil {
		return err
	}
	receipt, err := x.do(&store.EditProduct{ID: id, Version: x.ifMatch(), Edit: edit})
	if err != nil {
		return err
	}
	return x.sendProduct(made[*store.Product](receipt))
}

var productTexts = map[string]textField[store.Product]{
	"sku":         {of: func(p *store.Product) *string { return &p.SKU }},
	"name":        {of: func(p *store.Product) *string { return &p.Name }},
	"unit":        {of: func(p *store.Product) *string { return (*string)(&p.Unit) }},
	"category":    {of: func(p *store.Product) *string { return &p.Category }, clears: true},
	"subcategory": {of: func(p *store.Product) *string { return &p.Subcategory }, clears: true},
	"brand":       {of: func(p *store.Product) *string { return &p.Brand }, clears: true},
	"strain":      {of: func(p *store.Product) *string { return &p.Strain }, clears: true},
	"size":        {of: func(p *store.Product) *string { return &p.Size }, clears: true},
	"external_id": {of: func(p *store.Product) *string { return &p.ExternalID }, clears: true},
}

// productMember reads one member of a product.
func productMember(e *edits[store.Product], b *body, name string) bool {
	if e.text(b, productTexts, name) {
		return true
	}
	switch name {
	case "unit_price", "unit_cost":
		var m store.Money
		if b.notNull(name) {
			b.money(&m)
		}
		e.add(func(p *store.Product) {
			*map[string]*store.Money{"unit_price": &p.UnitPrice, "unit_cost": &p.UnitCost}[name] = m
		})
	case "barcodes":
		codes := []string{}
		b.list(maxLimit, func(int) { codes = append(codes, ""); b.text(&codes[len(codes)-1]) })
		e.add(func(p *store.Product) { p.Barcodes = slices.Clone(codes) })
	case "low_stock_threshold":
		var q *store.Quantity
		b.optionalQuantity(&q)
		e.add(func(p *store.Product) { p.Threshold = q })
	case "location_thresholds":
		var list []store.LocationThreshold
		b.list(maxLimit, func(int) { list = append(list, b.locationThreshold()) })
		e.add(func(p *store.Product) { p.Thresholds = list })
	default:
		return false
	}
	return true
}

// locationThreshold reads a threshold at one location.
func (b *body) locationThreshold() (t store.LocationThreshold) {
	missing := required{"location_id", "low_stock_threshold"}
	b.object(func(name string) bool {
		missing.seen(name)
		switch name {
		case "location_id":
			b.id(&t.LocationID)
		case "low_stock_threshold":
			if b.notNull(name) {
				b.quantity(&t.Threshold)
			}
		default:
			return false
		}
		return true
	})
	for _, name := range missing {
		b.add(store.CodeInvalid, name+" is required.")
	}
	return t
}
