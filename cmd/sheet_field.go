package cmd

import "strings"

// sheetRow is one row of a shop's file: a product, and perhaps its stock.
// Empty means that the file says nothing. Numbers are canonical decimals with
// at most four places, such as 12.5; days are YYYY-MM-DD.
type sheetRow struct {
	Line              int    `json:"line"`
	SKU               string `json:"sku"`
	SKUMade           bool   `json:"sku_made"` // the file has none
	Name              string `json:"name"`
	Brand             string `json:"brand,omitempty"`
	Category          string `json:"category,omitempty"`
	Subcategory       string `json:"subcategory,omitempty"`
	Strain            string `json:"strain,omitempty"`
	Unit              string `json:"unit"` // each, g, mg, oz or ml; never empty
	Size              string `json:"size,omitempty"`
	UnitPrice         string `json:"unit_price,omitempty"`
	UnitCost          string `json:"unit_cost,omitempty"`
	Quantity          string `json:"quantity,omitempty"`
	LowStockThreshold string `json:"low_stock_threshold,omitempty"`
	Barcode           string `json:"barcode,omitempty"`
	Lot               string `json:"lot,omitempty"`
	ExpiresAt         string `json:"expires_at,omitempty"`
	ExternalID        string `json:"external_id,omitempty"`
}

// sheetKind says how the cells of a field are read.
type sheetKind int

const (
	sheetWords  sheetKind = iota // text for people
	sheetSize                    // text, or a number and its unit
	sheetCode                    // text for machines: no lost digits
	sheetUnit                    // a unit of measure
	sheetAmount                  // a number
	sheetMoney                   // a number, perhaps with a currency sign
	sheetDay                     // a day
)

// sheetField is a field that a column can be mapped to.
type sheetField struct {
	name  string
	kind  sheetKind
	limit int // characters of a text
	// own says that each row has its own value, so that a cell merged over
	// rows is no value of all of them.
	own   bool
	words []string // usual headers as sheetKey makes them, best first
	of    func(*sheetRow) *string
}

// joins tells whether several columns can make the field.
func (f *sheetField) joins() bool { return f.kind == sheetWords || f.kind == sheetSize }

// sheetFields lists the fields of --map, in the order of the manual.
var sheetFields = []sheetField{
	{
		name: "sku", kind: sheetCode, limit: 100, own: true, of: func(r *sheetRow) *string { return &r.SKU },
		words: []string{"sku", "variantsku", "productsku", "itemsku", "skucode", "skunumber"},
	},
	{
		name: "name", kind: sheetWords, limit: 300, of: func(r *sheetRow) *string { return &r.Name },
		words: []string{"name", "productname", "product", "itemname", "item", "producttitle", "title"},
	},
	{
		name: "brand", kind: sheetWords, limit: 100, of: func(r *sheetRow) *string { return &r.Brand },
		words: []string{"brand", "brandname", "manufacturer"},
	},
	{
		name: "category", kind: sheetWords, limit: 100, of: func(r *sheetRow) *string { return &r.Category },
		words: []string{"category", "categoryname", "productcategory", "mastercategory", "producttype"},
	},
	{
		name: "subcategory", kind: sheetWords, limit: 100, of: func(r *sheetRow) *string { return &r.Subcategory },
		words: []string{"subcategory", "subcategoryname", "productsubcategory"},
	},
	{
		name: "strain", kind: sheetWords, limit: 100, of: func(r *sheetRow) *string { return &r.Strain },
		words: []string{"strain", "strainname"},
	},
	{
		name: "unit", kind: sheetUnit, of: func(r *sheetRow) *string { return &r.Unit },
		words: []string{"unit", "uom", "unitofmeasure", "stockunit"},
	},
	{
		name: "size", kind: sheetSize, limit: 100, of: func(r *sheetRow) *string { return &r.Size },
		words: []string{"size", "packagesize", "unitsize", "netweight", "option", "variant"},
	},
	{
		name: "unit_price", kind: sheetMoney, of: func(r *sheetRow) *string { return &r.UnitPrice },
		words: []string{"unitprice", "price", "retailprice", "retail", "sellingprice", "msrp"},
	},
	{
		name: "unit_cost", kind: sheetMoney, of: func(r *sheetRow) *string { return &r.UnitCost },
		words: []string{"unitcost", "cost", "costprice", "wholesalecost", "wholesaleprice", "purchaseprice"},
	},
	{
		name: "quantity", kind: sheetAmount, own: true, of: func(r *sheetRow) *string { return &r.Quantity },
		words: []string{"quantity", "qty", "onhand", "quantityonhand", "qtyonhand", "stockonhand", "availableqty", "availablequantity", "qtyavailable", "quantityavailable", "available", "stock", "instock", "currentstock"},
	},
	{
		name: "low_stock_threshold", kind: sheetAmount, of: func(r *sheetRow) *string { return &r.LowStockThreshold },
		words: []string{"lowstockthreshold", "lowstock", "reorderpoint", "reorderlevel", "parlevel", "par", "minstock", "minimumstock"},
	},
	{
		name: "barcode", kind: sheetCode, limit: 100, own: true, of: func(r *sheetRow) *string { return &r.Barcode },
		words: []string{"barcode", "upc", "upccode", "ean", "gtin"},
	},
	{
		name: "lot", kind: sheetCode, limit: 100, of: func(r *sheetRow) *string { return &r.Lot },
		words: []string{"lot", "lotnumber", "lotno", "batch", "batchnumber", "batchno", "packagetag", "packageid", "metrctag"},
	},
	{
		name: "expires_at", kind: sheetDay, of: func(r *sheetRow) *string { return &r.ExpiresAt },
		words: []string{"expiresat", "expireson", "expires", "expirationdate", "expirydate", "expiration", "expiry", "bestby", "bestbefore", "useby"},
	},
	{
		name: "external_id", kind: sheetCode, limit: 200, own: true, of: func(r *sheetRow) *string { return &r.ExternalID },
		words: []string{"externalid", "variantid", "productvariantid", "productid", "itemid", "id"},
	},
}

func sheetFieldNamed(name string) *sheetField {
	for i := range sheetFields {
		if sheetFields[i].name == name {
			return &sheetFields[i]
		}
	}
	return nil
}

func sheetFieldNames() string {
	var names []string
	for i := range sheetFields {
		names = append(names, sheetFields[i].name)
	}
	return strings.Join(names, ", ")
}
