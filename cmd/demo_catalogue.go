package cmd

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// demoLine is a family of made-up products. Brands, strains and flavours are
// inventions; "Blue Dream 1/8" is the example of the API's description.
type demoLine struct {
	category, subcategory, brand, code string
	// pattern makes a product's name of one of names.
	pattern string
	names   []string
	unit    store.Unit
	size    string
	// price and cost are in cents.
	price, cost int64
	// demand is how often it sells, against the other lines.
	demand int
	// shelf is how many units a full shelf holds, pack how many come in a case.
	shelf, pack int64
	lots        bool
	strains     bool // names are strains
	secret      bool // sold from the secret menu
}

var demoLines = []demoLine{
	{"Flower", "Eighths", "Meadow House", "EIGHTH", "%s 1/8", demoNames("Blue Dream, Cobalt Fog, Sunday Porch, Marble Peach, Velvet Static, Orchard Ghost, Night Ferry, Copper Rain, Plum Harbor, Silver Tangle"), "each", "3.5 g", 4500, 2500, 10, 48, 48, false, true, false},
	{"Flower", "Eighths", "Brass Lantern", "BLE", "%s 1/8", demoNames("Quiet Thunder, Apricot Signal, Frosted Atlas, Green Postcard, Honey Lattice, Pine Telegraph"), "each", "3.5 g", 5200, 2900, 7, 30, 24, false, true, false},
	{"Flower", "Quarters", "Meadow House", "QTR", "%s 1/4", demoNames("Blue Dream, Cobalt Fog, Sunday Porch, Night Ferry, Plum Harbor"), "each", "7 g", 7800, 4400, 5, 20, 16, false, true, false},
	{"Flower", "Ounces", "Fernwick", "OZ", "%s 1 oz", demoNames("Copper Rain, Winter Plaza, Maple Circuit, Lemon Ledger"), "each", "28 g", 16000, 9200, 3, 12, 8, false, true, false},
	{"Flower", "Loose", "Ninth Orchard", "GRAM", "%s, loose", demoNames("Velvet Static, Orchard Ghost, Marble Peach, Velour Mango, Winter Plaza, Honey Lattice"), "g", "1 g", 1100, 560, 8, 168, 448, true, true, false},
	{"Flower", "Shake", "Ninth Orchard", "SHAKE", "%s Shake", demoNames("House Blend, Evening Blend"), "g", "1 g", 400, 180, 4, 168, 448, true, false, false},
	{"Pre-Rolls", "Singles", "Tin Sparrow", "PR1", "%s Pre-Roll 1 g", demoNames("Blue Dream, Cobalt Fog, Night Ferry, Copper Rain, Quiet Thunder, Lemon Ledger, Velour Mango, Winter Plaza, Green Postcard, Maple Circuit"), "each", "1 g", 900, 420, 11, 50, 50, false, true, false},
	{"Pre-Rolls", "Packs", "Tin Sparrow", "PR5", "%s Pre-Roll 5-Pack", demoNames("Blue Dream, Sunday Porch, Plum Harbor, Frosted Atlas, Pine Telegraph, Silver Tangle"), "each", "2.5 g", 3200, 1600, 6, 24, 20, false, true, false},
	{"Pre-Rolls", "Infused", "Saltmarsh Labs", "IPR", "%s Infused Pre-Roll", demoNames("Apricot Signal, Marble Peach, Velvet Static, Night Ferry"), "each", "1.2 g", 1800, 900, 5, 24, 24, false, true, false},
	{"Vaporizers", "Cartridges", "Pocket Comet", "CART05", "%s Cartridge 0.5 g", demoNames("Blue Dream, Plum Harbor, Honey Lattice, Lemon Ledger, Sunday Porch, Copper Rain, Velour Mango, Green Postcard"), "each", "0.5 g", 3200, 1700, 8, 30, 25, false, true, false},
	{"Vaporizers", "Cartridges", "Pocket Comet", "CART1", "%s Cartridge 1 g", demoNames("Cobalt Fog, Night Ferry, Pine Telegraph, Apricot Signal, Winter Plaza"), "each", "1 g", 5400, 2900, 6, 24, 20, false, true, false},
	{"Vaporizers", "Disposables", "Pocket Comet", "DISP", "%s All-in-One", demoNames("Marble Peach, Frosted Atlas, Orchard Ghost, Maple Circuit, Silver Tangle"), "each", "0.5 g", 3800, 2000, 5, 20, 20, false, true, false},
	{"Edibles", "Gummies", "Kettlewren", "GUM", "%s Gummies 10-Pack", demoNames("Citrus, Blackberry, Sour Melon, Mango Chili, Peach Tea, Wild Cherry, Green Apple, Elderflower"), "each", "100 mg", 2200, 1100, 9, 40, 40, true, false, false},
	{"Edibles", "Chocolate", "Kettlewren", "CHOC", "%s Bar", demoNames("Dark Sea Salt, Milk Hazelnut, Espresso, Orange Zest"), "each", "100 mg", 2400, 1200, 5, 24, 24, true, false, false},
	{"Edibles", "Baked", "Kettlewren", "BAKE", "%s", demoNames("Oat Raisin Cookie, Brown Butter Brownie, Almond Shortbread"), "each", "10 mg", 700, 320, 5, 24, 24, false, false, false},
	{"Edibles", "Mints", "Quiet Otter", "MINT", "%s Mints", demoNames("Peppermint, Wintergreen, Lavender"), "each", "100 mg", 1600, 800, 4, 20, 20, false, false, false},
	{"Concentrates", "Live Resin", "Saltmarsh Labs", "LR", "%s Live Resin", demoNames("Velvet Static, Cobalt Fog, Copper Rain, Green Postcard, Honey Lattice"), "each", "1 g", 4400, 2300, 5, 18, 18, true, true, false},
	{"Concentrates", "Rosin", "Saltmarsh Labs", "ROS", "%s Cold Rosin", demoNames("Orchard Ghost, Quiet Thunder, Lemon Ledger, Velour Mango"), "each", "1 g", 6200, 3500, 4, 14, 12, true, true, false},
	{"Concentrates", "Badder", "Saltmarsh Labs", "BAD", "%s Badder", demoNames("Plum Harbor, Sunday Porch, Maple Circuit, Winter Plaza"), "each", "1 g", 3600, 1800, 5, 18, 18, true, true, false},
	{"Concentrates", "Hash", "Fernwick", "HASH", "%s Hash", demoNames("Temple Road, Old Town"), "g", "1 g", 2400, 1200, 2, 56, 112, true, false, false},
	{"Tinctures", "", "Quiet Otter", "TINC", "%s Tincture", demoNames("Balance 1:1, Day 3:1, Night 1:3, Plain, Ginger, Citrus"), "each", "30 ml", 4000, 2100, 3, 14, 12, false, false, false},
	{"Topicals", "", "Fernwick", "TOP", "%s", demoNames("Arnica Balm, Cedar Balm, Muscle Cream, Cooling Gel, Bath Soak, Hand Salve"), "each", "60 ml", 2800, 1300, 3, 14, 12, false, false, false},
	{"Beverages", "Seltzers", "Kettlewren", "SELTZ", "%s Seltzer", demoNames("Grapefruit, Lime, Black Cherry, Yuzu, Cucumber, Blood Orange"), "each", "355 ml", 700, 310, 6, 36, 24, false, false, false},
	{"Beverages", "Teas", "Kettlewren", "TEA", "%s Iced Tea", demoNames("Peach, Hibiscus, Mint"), "each", "355 ml", 600, 270, 4, 36, 24, false, false, false},
	{"Accessories", "Papers", "Long Table Goods", "ACC", "%s", demoNames("Rolling Papers, King Size Papers, Paper Cones, Filter Tips, Hemp Wick"), "each", "", 350, 120, 7, 60, 50, false, false, false},
	{"Accessories", "Tools", "Long Table Goods", "TOOL", "%s", demoNames("Two-Part Grinder, Rolling Tray, Pocket Battery, Stash Jar, Carry Pouch, Lighter Sleeve"), "each", "", 1800, 800, 3, 16, 12, false, false, false},
	{"Accessories", "Glass", "Long Table Goods", "GLASS", "%s", demoNames("Hand Pipe, Water Pipe, Bubbler, Chillum"), "each", "", 4500, 2000, 2, 10, 6, false, false, false},
	{"Flower", "Reserve", "Velvet Anvil", "RSV", "%s Reserve 1/8", demoNames("Midnight Almanac, Glass Meridian, Ember Waltz, Saffron Echo"), "each", "3.5 g", 6800, 3900, 2, 12, 12, false, true, true},
	{"Concentrates", "Reserve", "Velvet Anvil", "RSC", "%s Reserve Rosin", demoNames("Midnight Almanac, Ember Waltz"), "each", "1 g", 8800, 5200, 1, 8, 8, false, true, true},
}

func demoNames(list string) []string { return strings.Split(list, ", ") }

// demoProduct is a product of a line.
type demoProduct struct {
	*demoLine
	id     store.ID
	number int // in the catalogue, from 0
	of     store.Product
}

// demoProducts makes the catalogue. The first product of a line has exactly
// the line's price and cost.
func demoProducts(random *rand.Rand) []*demoProduct {
	var all []*demoProduct
	for i := range demoLines {
		line := &demoLines[i]
		for j, name := range line.names {
			p := &demoProduct{demoLine: line, number: len(all)}
			step := int64(0)
			if j > 0 {
				step = random.Int64N(7) - 3
			}
			p.of = line.product(j, name, step)
			p.of.Barcodes = []string{demoBarcode(p.number)}
			all = append(all, p)
		}
	}
	return all
}

// product makes the product of a name, dearer by so many steps of a fiftieth.
func (l *demoLine) product(i int, name string, step int64) store.Product {
	p := store.Product{
		SKU: fmt.Sprintf("%s-%s-%03d", demoInitials(name), l.code, i+1), Name: fmt.Sprintf(l.pattern, name),
		Category: l.category, Subcategory: l.subcategory, Brand: l.brand, Unit: l.unit, Size: l.size,
		UnitPrice: demoCents(l.price + l.price*step/50/50*50), UnitCost: demoCents(l.cost + l.cost*step/50/5*5),
		ExternalID: fmt.Sprintf("demo-%s-%d", strings.ToLower(l.code), i+1),
	}
	if l.strains {
		p.Strain = name
	}
	threshold := demoUnits(max(2, l.shelf/5))
	if name == "Blue Dream" && l.code == "EIGHTH" {
		threshold = demoUnits(10)
	}
	p.Threshold = &threshold
	return p
}

func demoCents(n int64) store.Money { return store.Money(n * 100) }

func demoUnits(n int64) store.Quantity { return store.Quantity(n * 10_000) }

func demoInitials(name string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(name) {
		b.WriteString(strings.ToUpper(word[:1]))
	}
	return b.String()
}

// demoBarcode is an EAN-13 from the range 20–29, which GS1 leaves to shops
// for numbers of their own.
func demoBarcode(n int) string {
	digits := fmt.Sprintf("2900417%05d", n+1)
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}
