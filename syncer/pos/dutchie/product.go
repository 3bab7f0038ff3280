package dutchie

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// ReadCatalogue gives what changed at since or later. Coupons, which are
// products to Dutchie, are left out.
func (c *Connector) ReadCatalogue(ctx context.Context, since store.Instant, page func([]pos.Product) error) error {
	query := url.Values{}
	if since != 0 {
		// Dutchie gives what changed after a moment, without that itself.
		query.Set("fromLastModifiedDateUTC", date(since.Add(-time.Millisecond)))
	}
	a, err := c.get(ctx, "/reporting/products", query)
	if err != nil {
		return err
	}
	products, err := readProducts(a)
	if err != nil {
		return err
	}
	return hand(products, page)
}

// productRow is a product as Dutchie writes it.
type productRow struct {
	ProductID    int64      `json:"productId"`
	SKU          string     `json:"sku"`
	UPC          string     `json:"upc"`
	ProductName  string     `json:"productName"`
	Category     string     `json:"category"`
	BrandName    string     `json:"brandName"`
	Strain       string     `json:"strain"`
	DefaultUnit  string     `json:"defaultUnit"`
	UnitType     string     `json:"unitType"`
	Price        pos.Number `json:"price"`
	UnitCost     pos.Number `json:"unitCost"`
	IsActive     *bool      `json:"isActive"`
	IsCoupon     bool       `json:"isCoupon"`
	LastModified string     `json:"lastModifiedDateUTC"`
}

func readProducts(a *pos.Answer) ([]pos.Product, error) {
	rows, err := readList(a)
	if err != nil {
		return nil, err
	}
	products := make([]pos.Product, 0, len(rows))
	seen := make(map[int64]bool, len(rows))
	for _, raw := range rows {
		p, r := readProduct(raw)
		if r.IsCoupon {
			continue
		}
		if seen[r.ProductID] {
			p.Problem = cmp.Or(p.Problem, "It is listed twice.")
		}
		seen[r.ProductID] = true
		products = append(products, p)
	}
	return products, nil
}

func readProduct(raw json.RawMessage) (pos.Product, productRow) {
	var r productRow
	problem := readRow(raw, &r)
	p := pos.Product{
		ID: id(r.ProductID), SKU: r.SKU, Name: said(r.ProductName), Category: said(r.Category), Brand: said(r.BrandName),
		Strain: said(r.Strain), Archived: r.IsActive != nil && !*r.IsActive, UpdatedAt: instant(r.LastModified), Problem: problem,
	}
	if upc := said(r.UPC); upc != nil {
		p.Barcodes = []string{*upc}
	}
	if u, ok := unit(cmp.Or(r.DefaultUnit, r.UnitType)); ok {
		p.Unit = &u
	}
	if p.ID == "" {
		p.Problem = cmp.Or(p.Problem, "It has no id.")
	}
	p.Problem = cmp.Or(p.Problem, r.worth(&p))
	return p, r
}

// worth reads price and cost. Dutchie works costs out, to more decimals than
// money has here; such a one is not said, and the row is good without it.
func (r *productRow) worth(p *pos.Product) (problem string) {
	if r.Price.Given() {
		price, problem := r.Price.Money()
		if problem != "" {
			return problem
		}
		p.Price = &price
	}
	if cost, problem := r.UnitCost.Money(); problem == "" {
		p.Cost = &cost
	}
	return ""
}
