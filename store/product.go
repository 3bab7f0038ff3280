package store

import (
	"encoding/json"
	"slices"
	"strings"
)

// Unit is a unit of measure.
type Unit string

// Units lists the units of measure.
var Units = []Unit{"each", "g", "mg", "oz", "ml"}

// Product is what is sold. A value is one immutable version.
type Product struct {
	ID          ID       `json:"id"`
	SKU         string   `json:"sku"`
	Name        string   `json:"name"`
	Category    string   `json:"category,omitempty"`
	Subcategory string   `json:"subcategory,omitempty"`
	Brand       string   `json:"brand,omitempty"`
	Strain      string   `json:"strain,omitempty"`
	Unit        Unit     `json:"unit"`
	Size        string   `json:"size,omitempty"`
	Barcodes    []string `json:"barcodes,omitempty"`
	UnitPrice   Money    `json:"unit_price"`
	UnitCost    Money    `json:"unit_cost"`
	// Threshold is the low-stock threshold at every location without its own;
	// nil means stock of it is never low.
	Threshold  *Quantity           `json:"low_stock_threshold,omitempty"`
	Thresholds []LocationThreshold `json:"location_thresholds,omitempty"`
	ExternalID string              `json:"external_id,omitempty"`
	ArchivedAt Instant             `json:"archived_at,omitempty"`

	// Version is the seq of the document that made this version.
	Version int64 `json:"-"`
	// Search is the lower-cased text that free search looks in.
	Search   string `json:"-"`
	sortName string
	// Memo is for a presenter to keep what it derives from this version.
	Memo *Memo `json:"-"`
}

// LocationThreshold is a product's low-stock threshold at one location.
type LocationThreshold struct {
	LocationID ID       `json:"location_id"`
	Threshold  Quantity `json:"low_stock_threshold"`
}

// ThresholdAt gives the low-stock threshold that holds at a location; nil
// when there is none.
func (p *Product) ThresholdAt(location ID) *Quantity {
	for i := range p.Thresholds {
		if p.Thresholds[i].LocationID == location {
			return &p.Thresholds[i].Threshold
		}
	}
	return p.Threshold
}

// copy gives a version that shares no list with the one readers may hold.
func (p *Product) copy() Product {
	c := *p
	c.Barcodes, c.Thresholds = slices.Clone(p.Barcodes), slices.Clone(p.Thresholds)
	return c
}

// ParseProduct reads the body of a product's document.
func ParseProduct(r DocumentRecord) (*Product, error) {
	p := &Product{Version: r.Seq}
	err := json.Unmarshal(r.Body, p)
	p.index()
	return p, err
}

// check names every fault of a product and trims its texts.
func (p *Product) check(faults *problems) {
	faults.text("/sku", &p.SKU, 1, 100)
	faults.text("/name", &p.Name, 1, 300)
	faults.text("/category", &p.Category, 0, 100)
	faults.text("/subcategory", &p.Subcategory, 0, 100)
	faults.text("/brand", &p.Brand, 0, 100)
	faults.text("/strain", &p.Strain, 0, 100)
	faults.text("/size", &p.Size, 0, 100)
	faults.text("/external_id", &p.ExternalID, 0, 200)
	if p.Unit == "" {
		p.Unit = Units[0]
	}
	if !slices.Contains(Units, p.Unit) {
		faults.add(refuse(CodeInvalid, "%.20q is not a unit: each, g, mg, oz or ml.", p.Unit).at("/unit"))
	}
	if len(p.Barcodes) > 20 {
		faults.add(refuse(CodeInvalid, "A product has at most 20 barcodes.").at("/barcodes"))
	}
	for i := range p.Barcodes {
		faults.text("/barcodes", &p.Barcodes[i], 1, 100)
	}
	p.checkAmounts(faults)
}

func (p *Product) checkAmounts(faults *problems) {
	if p.UnitPrice < 0 || p.UnitPrice > MaxMoney {
		faults.add(refuse(CodeRange, "unit_price is between 0 and 1000000000.").at("/unit_price"))
	}
	if p.UnitCost < 0 || p.UnitCost > MaxMoney {
		faults.add(refuse(CodeRange, "unit_cost is between 0 and 1000000000.").at("/unit_cost"))
	}
	if p.Threshold != nil {
		checkThreshold(faults, *p.Threshold, "/low_stock_threshold")
	}
	for _, t := range p.Thresholds {
		checkThreshold(faults, t.Threshold, "/location_thresholds")
	}
}

func checkThreshold(faults *problems, q Quantity, pointer string) {
	if q < 0 || q > MaxQuantity {
		faults.add(refuse(CodeRange, "A low-stock threshold is between 0 and 1000000000.").at(pointer))
	}
}

// index makes the derived fields of a version.
func (p *Product) index() {
	p.Memo = new(Memo)
	name := strings.ToLower(p.Name)
	p.Search = strings.ToLower(strings.Join(append([]string{name, p.SKU, p.Brand, p.Strain}, p.Barcodes...), "\n"))
	p.sortName = p.Search[:len(strings.ToLower(name))]
}
