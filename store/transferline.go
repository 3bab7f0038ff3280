package store

import (
	"fmt"
	"slices"
	"strings"
)

// find gives the place in the document of the line that is meant. Goods that
// are not on it get a line of their own, if they may.
func (r *receiving) find(c *ReceiveLine) (int, error) {
	if err := c.check(); err != nil {
		return 0, err
	}
	found := r.named(c)
	if c.Line != 0 {
		n := int(c.Line - 1)
		switch {
		case c.Line < 1 || c.Line > int64(len(r.d.Lines)):
			return 0, refuse(CodeNotFound, "The transfer has no line %d.", c.Line).at("/line")
		case !r.d.Lines[n].is(c, false):
			return 0, refuse(CodeInvalid, "Line %d is of other goods: %s.", c.Line, r.d.Lines[n].PackageTag+r.d.Lines[n].SKU).at("/line")
		}
		return n, nil
	}
	switch {
	case len(found) > 1:
		return 0, refuse(CodeInvalid, "Several lines are of %s; name one by line or package_tag.", c.SKU).at("/sku")
	case len(found) == 1:
		return found[0], nil
	case r.d.unannounced():
	case c.Extra == 0 || r.d.Direction == DirectionOut || c.Received+c.Refused+c.Lost+c.Returned != 0:
		return 0, refuse(CodeNotFound, "%s is not on this transfer. Goods that came with it without being on it are given as extra.", c.PackageTag+c.SKU).at("/sku")
	}
	return r.addLine(c)
}

// check names what is wrong with the line whatever it is about, and trims its
// texts.
func (c *ReceiveLine) check() error {
	var p problems
	p.text("/sku", &c.SKU, 0, 100)
	lot := Lot{PackageTag: c.PackageTag, BatchNumber: c.BatchNumber, ExpiresOn: c.ExpiresOn}
	if lot.PackageTag+lot.BatchNumber == "" {
		lot.PackageTag = "none"
	}
	lot.check(&p)
	c.PackageTag, c.BatchNumber = strings.TrimSpace(c.PackageTag), lot.BatchNumber
	if c.Line == 0 && c.SKU == "" && c.PackageTag == "" {
		p.add(refuse(CodeInvalid, "Name the line by line, package_tag or sku.").at("/line"))
	}
	if c.Goods != nil {
		var faults problems
		product := &Product{}
		c.Goods.fill("any", product)
		product.check(&faults)
		if err := faults.refusal(); err != nil {
			p.add(err.at("/product"))
		}
	}
	return p.err()
}

// is tells whether a line may be the one that is meant. All of what is given
// has to be the same; what is not given too, if strict.
func (l *TransferLine) is(c *ReceiveLine, strict bool) bool {
	same := func(asked, have string, strict bool) bool {
		return asked == "" && !strict || strings.EqualFold(asked, have)
	}
	return same(c.SKU, l.SKU, false) && same(c.PackageTag, l.PackageTag, strict) && same(c.BatchNumber, l.BatchNumber, strict)
}

// named lists the lines that a package tag or SKU may mean. When there are
// several of a SKU, those of which nothing is left do not count.
func (r *receiving) named(c *ReceiveLine) []int {
	var all, left []int
	for n := range r.d.Lines {
		l := &r.d.Lines[n]
		if !l.is(c, r.d.unannounced()) {
			continue
		}
		all = append(all, n)
		if c.Returned > 0 && l.Returning() > 0 || c.Returned == 0 && r.d.InTransit(n) > 0 {
			left = append(left, n)
		}
	}
	if len(all) > 1 && len(left) > 0 {
		return left
	}
	return all
}

// addLine adds a line for goods that are not on the document.
func (r *receiving) addLine(c *ReceiveLine) (int, error) {
	l := TransferLine{SKU: c.SKU, PackageTag: c.PackageTag, BatchNumber: c.BatchNumber, ExpiresOn: c.ExpiresOn}
	if l.SKU == "" {
		lot, ok := r.t.lotTagged(l.PackageTag)
		if !ok {
			return 0, refuse(CodeNotFound, "Nothing is known of package %s; give its sku.", l.PackageTag).at("/package_tag")
		}
		product, _ := r.t.s.products.get(lot.ProductID)
		l.Product, l.SKU = product.ID, product.SKU
	}
	product, err := r.t.productOf(&l, c.Goods)
	if err != nil {
		return 0, err
	}
	l.Product, l.SKU, l.Unit = product.ID, product.SKU, product.Unit
	r.d.Lines = append(r.d.Lines, l)
	return len(r.d.Lines) - 1, nil
}

// check names every fault of what is said about line n.
func (r *receiving) check(c *ReceiveLine, n int) error {
	var p problems
	l, d := &r.d.Lines[n], r.d
	blind := d.unannounced()
	amounts := []struct {
		name    string
		q       Quantity
		allowed bool
	}{
		{"received", c.Received, d.Direction != DirectionOut || d.To.External()},
		{"refused", c.Refused, (d.Direction != DirectionOut || d.To.External()) && !blind},
		{"lost", c.Lost, (d.Direction != DirectionOut || d.To.External()) && !blind},
		{"returned", c.Returned, d.Direction != DirectionIn},
		{"extra", c.Extra, d.Direction != DirectionOut && !blind},
	}
	var sum Quantity
	for _, a := range amounts {
		switch {
		case a.q < 0 || a.q > MaxQuantity:
			p.add(refuse(CodeRange, "%s is between 0 and 1000000000.", a.name).at("/" + a.name))
		case a.q > 0 && !a.allowed:
			p.add(refuse(CodeInvalid, "%s", d.notHere(a.name)).at("/" + a.name))
		}
		sum += a.q
	}
	if sum == 0 {
		p.add(refuse(CodeRange, "The line says nothing: give an amount.").at("/received"))
	}
	if settled := c.Received + c.Refused + c.Lost; !blind && settled > d.InTransit(n) && len(p.list) == 0 {
		p.add(d.refuseMore(n, settled))
	}
	if c.Returned > l.Returning() && len(p.list) == 0 {
		p.add(refuse(CodeTransferUnbalanced, "%s given, %s refused by the receiver and not back yet.", c.Returned, l.Returning()).at("/returned"))
	}
	if l.ExpiresOn != "" && l.PackageTag == "" && l.BatchNumber == "" {
		p.add(refuse(CodeInvalid, "An expiry belongs to a lot; this line has none.").at("/expires_at"))
	}
	return p.err()
}

// notHere says who tells of an amount that this side does not.
func (d *TransferDocument) notHere(name string) string {
	switch {
	case d.Direction == DirectionOut:
		return fmt.Sprintf("What is %s the receiver's store says, and it comes from there.", name)
	case name == "returned":
		return "Refused goods are returned at the sender."
	}
	return "Nothing is known of what was shipped; give what came as received."
}

// refuseMore refuses to receive more than there is.
func (d *TransferDocument) refuseMore(n int, q Quantity) *Error {
	if d.CanceledAt != 0 {
		return refuse(CodeTransferUnbalanced, "The sender canceled this transfer at %s; nothing of it is in transit.", d.CanceledAt).at("/received")
	}
	return refuse(CodeTransferUnbalanced, "%s given, %s in transit. Goods beyond what was shipped are given as extra.", q, d.InTransit(n)).at("/received")
}

// lotTagged finds a lot by its package tag.
func (t *tx) lotTagged(tag string) (*Lot, bool) {
	id, ok := t.s.tags.get(lotKey(ID{}, tag, ""))
	if !ok || tag == "" {
		return nil, false
	}
	return t.s.lots.get(id)
}

// sameGoods tells whether two lines may be of the same goods: one product, and
// no lot that differs.
func (l *TransferLine) sameGoods(o *TransferLine) bool {
	same := func(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
	return l.Product == o.Product && !l.Product.IsZero() && same(l.PackageTag, o.PackageTag) && same(l.BatchNumber, o.BatchNumber)
}

// nearest orders the lines that may be of the same goods: those with the same
// package tag first.
func (d *TransferDocument) nearest(l *TransferLine) []int {
	var tagged, others []int
	for n := range d.Lines {
		switch o := &d.Lines[n]; {
		case !l.sameGoods(o):
		case l.PackageTag != "" && strings.EqualFold(l.PackageTag, o.PackageTag):
			tagged = append(tagged, n)
		default:
			others = append(others, n)
		}
	}
	return slices.Concat(tagged, others)
}
