package store

import (
	"encoding/json"
	"slices"
	"strings"
)

// productFields copies the fields that a product command may have, by their
// names in the API.
var productFields = map[string]func(p, from *Product){
	"sku":                 func(p, from *Product) { p.SKU = from.SKU },
	"name":                func(p, from *Product) { p.Name = from.Name },
	"category":            func(p, from *Product) { p.Category = from.Category },
	"subcategory":         func(p, from *Product) { p.Subcategory = from.Subcategory },
	"brand":               func(p, from *Product) { p.Brand = from.Brand },
	"strain":              func(p, from *Product) { p.Strain = from.Strain },
	"unit":                func(p, from *Product) { p.Unit = from.Unit },
	"size":                func(p, from *Product) { p.Size = from.Size },
	"barcodes":            func(p, from *Product) { p.Barcodes = from.Barcodes },
	"unit_price":          func(p, from *Product) { p.UnitPrice = from.UnitPrice },
	"unit_cost":           func(p, from *Product) { p.UnitCost = from.UnitCost },
	"low_stock_threshold": func(p, from *Product) { p.Threshold = from.Threshold },
	"location_thresholds": func(p, from *Product) { p.Thresholds = from.Thresholds },
	"external_id":         func(p, from *Product) { p.ExternalID = from.ExternalID },
}

// obeyProduct makes the product of a SKU, or gives it the fields that are
// there; null empties one.
func obeyProduct(t *tx, body json.RawMessage) error {
	if err := t.ownedByCentral(t.rules.CatalogueOwner, "Products"); err != nil {
		return err
	}
	from := new(Product)
	given, err := readCommand(body, from)
	if err != nil {
		return err
	}
	for name := range given {
		if productFields[name] == nil {
			return refuse(CodeInvalid, "A product has no field %q.", clip(name, 64))
		}
		if strings.HasSuffix(name, "_threshold") || strings.HasSuffix(name, "_thresholds") {
			if err := t.ownedByCentral(t.rules.ThresholdOwner, "Low-stock thresholds"); err != nil {
				return err
			}
		}
	}
	id, _ := t.s.skus.get(skuKey(strings.TrimSpace(from.SKU)))
	_, err = t.editProduct(id, 0, func(p *Product) {
		for name := range given {
			productFields[name](p, from)
		}
	})
	return err
}

// obeyThreshold sets the low-stock threshold of a product, or of a product at
// a location; null takes it away.
func obeyThreshold(t *tx, body json.RawMessage) error {
	if err := t.ownedByCentral(t.rules.ThresholdOwner, "Low-stock thresholds"); err != nil {
		return err
	}
	var c struct {
		SKU       string    `json:"sku"`
		Location  ID        `json:"location_id"`
		Threshold *Quantity `json:"threshold"`
	}
	given, err := readCommand(body, &c, "sku", "location_id", "threshold")
	if err != nil {
		return err
	}
	if given["threshold"] == nil {
		return refuse(CodeInvalid, "threshold is required; null takes it away.").at("/threshold")
	}
	return t.editBySKU(c.SKU, func(p *Product) {
		if c.Location.IsZero() {
			p.Threshold = c.Threshold
			return
		}
		p.Thresholds = slices.DeleteFunc(p.Thresholds, func(own LocationThreshold) bool { return own.LocationID == c.Location })
		if c.Threshold != nil {
			p.Thresholds = append(p.Thresholds, LocationThreshold{c.Location, *c.Threshold})
		}
	})
}

// obeyArchive takes a product without stock out of lists and searches.
func obeyArchive(t *tx, body json.RawMessage) error {
	if err := t.ownedByCentral(t.rules.CatalogueOwner, "Products"); err != nil {
		return err
	}
	var c struct {
		SKU string `json:"sku"`
	}
	if _, err := readCommand(body, &c, "sku"); err != nil {
		return err
	}
	return t.editBySKU(c.SKU, func(p *Product) {
		if p.ArchivedAt == 0 {
			p.ArchivedAt = t.now
		}
	})
}

// editBySKU edits the product of a SKU, which must be there.
func (t *tx) editBySKU(sku string, edit func(*Product)) error {
	id, ok := t.s.skus.get(skuKey(strings.TrimSpace(sku)))
	if !ok {
		return refuse(CodeNotFound, "There is no product with SKU %q.", clip(sku, 100)).at("/sku")
	}
	_, err := t.editProduct(id, 0, edit)
	return err
}

// ownedByCentral refuses what central does not own.
func (t *tx) ownedByCentral(owner, what string) error {
	if owner == OwnerStore {
		return refuse(CodeNotOwner, "%s are owned by the store, by its configuration.", what)
	}
	return nil
}

// readCommand reads a command's body and tells which fields it has; with
// names, no others are allowed.
func readCommand(body json.RawMessage, into any, names ...string) (given map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, refuse(CodeInvalid, "The command's body is no JSON object.")
	}
	for name := range given {
		if len(names) > 0 && !slices.Contains(names, name) {
			return nil, refuse(CodeInvalid, "There is no field %q.", clip(name, 64))
		}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, refuse(CodeInvalid, "The command's body cannot be read: %v", err)
	}
	return given, nil
}
