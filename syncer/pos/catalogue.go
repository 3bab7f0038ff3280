package pos

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shelfd/shelfd/store"
)

const (
	// catalogueStream marks up to when the catalogue was read.
	catalogueStream = "catalogue"
	// catalogueHands is how many products are changed at once: they share the
	// commits of the ledger.
	catalogueHands = 16
)

// pullCatalogue links what the point of sale sells and, where its word counts,
// takes its names and prices; new products are made of what is new there. With
// all it starts over. The lock reading is held.
func (t *Target) pullCatalogue(ctx context.Context, all bool) error {
	r, ok := t.to.(CatalogueReader)
	if !ok || !t.caps.ReadCatalogue {
		return nil
	}
	since, err := t.catalogueRead(ctx, all)
	if err != nil {
		return err
	}
	next := t.theirNow()
	found := newMatches(store.LinkProduct)
	match := sync.OnceValue(func() *matcher { return newMatcher(t.ledger) })
	var rows []Product
	err = r.ReadCatalogue(ctx, since, func(page []Product) error {
		for i := range page {
			p := &page[i]
			if p.Problem != "" || p.ID == "" {
				t.log.Warn("a product of a point of sale cannot be read", "product", p.ID, "sku", p.SKU, "problem", p.Problem)
				continue
			}
			if _, linked := t.links.of(store.LinkProduct, p.ID); !linked {
				if m, ok := match().product(p.ID, p.SKU, nameOfProduct(p), p.Barcodes); ok {
					found.add(m)
				}
			}
			if t.cfg.Catalogue == OwnerPOS {
				rows = append(rows, *p)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := t.link(ctx, found.links(&t.links)...); err != nil {
		return err
	}
	if err := t.takeProducts(ctx, rows); err != nil {
		return err
	}
	return t.mark(ctx, catalogueStream, next.String())
}

// catalogueRead is since when the catalogue is to be read, 0 for all of it.
func (t *Target) catalogueRead(ctx context.Context, all bool) (store.Instant, error) {
	mark, err := t.records.FindMark(ctx, t.cfg.Name, catalogueStream)
	if err != nil || mark.Value == "" || all {
		return 0, err
	}
	since, err := parseInstant(mark.Value)
	return since.Add(-t.cfg.Overlap), err
}

func nameOfProduct(p *Product) string {
	if p.Name != nil {
		return *p.Name
	}
	return p.SKU
}

// takeProducts changes products to what the point of sale says.
func (t *Target) takeProducts(ctx context.Context, rows []Product) error {
	rows = t.claimedOnce(rows)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var taken atomic.Int64
	var hands sync.WaitGroup
	for range catalogueHands {
		hands.Go(func() {
			for i := taken.Add(1) - 1; i < int64(len(rows)) && ctx.Err() == nil; i = taken.Add(1) - 1 {
				if err := t.takeProduct(ctx, &rows[i]); err != nil {
					end(err)
				}
			}
		})
	}
	hands.Wait()
	return context.Cause(ctx)
}

// claimedOnce leaves out what is not linked and has an SKU that another of
// theirs has too.
func (t *Target) claimedOnce(rows []Product) []Product {
	owners := map[string]string{}
	for i := range rows {
		if _, linked := t.links.of(store.LinkProduct, rows[i].ID); !linked {
			note(owners, rows[i].SKU, rows[i].ID)
		}
	}
	return slices.DeleteFunc(rows, func(p Product) bool { return owners[key(p.SKU)] == ambiguous })
}

// takeProduct changes or makes one product. What the ledger's rules refuse,
// such as an SKU that another has, is logged: the link shows that it differs.
func (t *Target) takeProduct(ctx context.Context, p *Product) error {
	id, linked := t.links.idOf(store.LinkProduct, p.ID)
	if !linked && (p.SKU == "" || p.Name == nil || p.Archived) {
		return nil
	}
	if _, taken := t.ledger.ProductBySKU(p.SKU); taken && !linked {
		return nil // two of theirs, or of ours, have the SKU: a person must say which
	}
	receipt, err := t.ledger.Do(ctx, t.request(), &store.EditProduct{ID: id, Edit: p.edit})
	if refusal, ok := errors.AsType[*store.Error](err); ok && refusal.Code != "" && store.CodeOf(err) != store.CodeReadOnly {
		t.log.Warn("a product cannot be changed to what a point of sale says", "sku", p.SKU, "err", err)
		return nil
	}
	if err != nil || linked || len(receipt.Facts) == 0 {
		return err
	}
	made, ok := receipt.Facts[0].Of.(*store.Product)
	if !ok {
		return nil
	}
	return t.link(ctx, store.Link{Kind: store.LinkProduct, Ours: made.ID.String(), Theirs: p.ID, Name: *p.Name, How: howSKU})
}

// edit gives a product what the point of sale says of it.
func (p *Product) edit(to *store.Product) {
	if to.SKU == "" {
		to.SKU = p.SKU
	}
	for _, f := range []struct {
		to   *string
		from *string
	}{{&to.Name, p.Name}, {&to.Category, p.Category}, {&to.Brand, p.Brand}, {&to.Strain, p.Strain}} {
		if f.from != nil && *f.from != "" {
			*f.to = *f.from
		}
	}
	if p.Unit != nil && to.Unit == "" {
		to.Unit = *p.Unit
	}
	if p.Price != nil {
		to.UnitPrice = *p.Price
	}
	if p.Cost != nil {
		to.UnitCost = *p.Cost
	}
	if len(p.Barcodes) > 0 {
		to.Barcodes = p.Barcodes
	}
}

// linkStock links products and packages that the stock names and that are not
// linked yet.
func (t *Target) linkStock(ctx context.Context, there map[store.Place]Stock) error {
	match := sync.OnceValue(func() *matcher { return newMatcher(t.ledger) })
	products, lots := newMatches(store.LinkProduct), newMatches(store.LinkLot)
	for _, s := range there {
		if _, known := t.links.of(store.LinkProduct, s.Product); !known && s.Product != "" {
			if m, ok := match().product(s.Product, s.SKU, s.Name, nil); ok {
				products.add(m)
			}
		}
		if _, known := t.links.of(store.LinkLot, s.Lot); !known && s.Lot != "" {
			if m, ok := match().lot(s.Lot, s.Tag, s.Tag); ok {
				lots.add(m)
			}
		}
	}
	return t.link(ctx, append(products.links(&t.links), lots.links(&t.links)...)...)
}
