package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// furnish makes what an order needs: a country and its zone with a tax of
// nothing, a way to pay and a way to get the goods.
func (v *vendure) furnish() {
	v.t.Helper()
	var data struct {
		StockLocations       struct{ Items []struct{ ID string } }
		CreateCountry        struct{ ID string }
		CreateZone           struct{ ID string }
		CreateTaxCategory    struct{ ID string }
		CreateShippingMethod struct{ ID string }
	}
	v.admin("{stockLocations {items {id}}}", nil, &data)
	v.location = data.StockLocations.Items[0].ID
	v.admin(`mutation {
		createCountry(input: {code: "US", enabled: true, translations: [{languageCode: en, name: "United States"}]}) {id}
		createTaxCategory(input: {name: "Goods", isDefault: true}) {id}
		createPaymentMethod(input: {
			code: "cash", enabled: true, translations: [{languageCode: en, name: "Cash"}]
			handler: {code: "dummy-payment-handler", arguments: [{name: "automaticSettle", value: "true"}]}
		}) {id}
		createShippingMethod(input: {
			code: "counter", translations: [{languageCode: en, name: "Counter", description: ""}]
			fulfillmentHandler: "manual-fulfillment"
			checker: {code: "default-shipping-eligibility-checker", arguments: [{name: "orderMinimum", value: "0"}]}
			calculator: {code: "default-shipping-calculator", arguments: [
				{name: "rate", value: "0"}, {name: "includesTax", value: "auto"}, {name: "taxRate", value: "0"}
			]}
		}) {id}
	}`, nil, &data)
	v.shipping = data.CreateShippingMethod.ID
	v.admin(`mutation($country: ID!) {createZone(input: {name: "US", memberIds: [$country]}) {id}}`,
		map[string]any{"country": data.CreateCountry.ID}, &data)
	// Channel 1 is the default one.
	v.admin(`mutation($zone: ID!, $category: ID!) {
		updateChannel(input: {id: "1", defaultTaxZoneId: $zone, defaultShippingZoneId: $zone}) {...on ErrorResult {errorCode message}}
		createTaxRate(input: {name: "None", enabled: true, value: 0, categoryId: $category, zoneId: $zone}) {id}
	}`, map[string]any{"zone": data.CreateZone.ID, "category": data.CreateTaxCategory.ID}, nil)
}

// addLocation makes another stock location and gives its id.
func (v *vendure) addLocation(name string) (id string) {
	v.t.Helper()
	var data struct{ CreateStockLocation struct{ ID string } }
	v.admin(`mutation($name: String!) {createStockLocation(input: {name: $name}) {id}}`, map[string]any{"name": name}, &data)
	return data.CreateStockLocation.ID
}

// stocked makes products of one variant each, named as their SKU, at 10.00,
// with so many units in the shop.
func (v *vendure) stocked(units int, skus ...string) {
	v.t.Helper()
	for some := range slices.Chunk(skus, 100) {
		v.createVariants(some, v.createProducts(some), units)
	}
}

// createProducts gives their ids in the order of the names.
func (v *vendure) createProducts(names []string) (ids []string) {
	v.t.Helper()
	var mutation strings.Builder
	for n, name := range names {
		fmt.Fprintf(&mutation, "p%d: createProduct(input: {translations: [{languageCode: en, name: %q, slug: %[2]q, description: \"\"}]}) {id}\n", n, name)
	}
	var data map[string]struct{ ID string }
	v.admin("mutation {"+mutation.String()+"}", nil, &data)
	for n := range names {
		ids = append(ids, data[fmt.Sprint("p", n)].ID)
	}
	return ids
}

func (v *vendure) createVariants(skus, products []string, units int) {
	v.t.Helper()
	inputs := make([]map[string]any, len(skus))
	for n, sku := range skus {
		inputs[n] = map[string]any{
			"productId": products[n], "sku": sku, "price": 1000, "trackInventory": "TRUE",
			"stockLevels":  []any{map[string]any{"stockLocationId": v.location, "stockOnHand": units}},
			"translations": []any{map[string]any{"languageCode": "en", "name": sku}},
		}
	}
	var data struct{ CreateProductVariants []struct{ ID, SKU string } }
	v.admin(`mutation($inputs: [CreateProductVariantInput!]!) {createProductVariants(input: $inputs) {id sku}}`,
		map[string]any{"inputs": inputs}, &data)
	for _, variant := range data.CreateProductVariants {
		v.variants[variant.SKU] = variant.ID
	}
}

// setStock is an administrator's hand: it says how many units are in the shop.
func (v *vendure) setStock(sku string, units int) {
	v.t.Helper()
	v.setStockAt(v.location, sku, units)
}

// setStockAt is setStock for another location.
func (v *vendure) setStockAt(location, sku string, units int) {
	v.t.Helper()
	v.admin(`mutation($id: ID!, $location: ID!, $units: Int!) {
		updateProductVariants(input: [{id: $id, stockLevels: [{stockLocationId: $location, stockOnHand: $units}]}]) {id}
	}`, map[string]any{"id": v.variants[sku], "location": location, "units": units}, nil)
}

// stock gives the units on hand in the shop, as the admin API shows them.
func (v *vendure) stock(sku string) int {
	v.t.Helper()
	var data struct {
		ProductVariant struct {
			StockLevels []struct {
				StockLocationID string
				StockOnHand     int
			}
		}
	}
	v.admin("query($id: ID!) {productVariant(id: $id) {stockLevels {stockLocationId stockOnHand}}}", map[string]any{"id": v.variants[sku]}, &data)
	for _, level := range data.ProductVariant.StockLevels {
		if level.StockLocationID == v.location {
			return level.StockOnHand
		}
	}
	return 0
}

// sell sells units of one SKU, as sellAll does.
func (v *vendure) sell(sku string, units int) (order string) {
	v.t.Helper()
	return v.sellAll(map[string]int{sku: units})
}

// sellAll places an order of units by SKU, pays for it and hands it over, and
// gives its code. Only then the goods have left the stock. One order of many
// lines is much faster than many orders.
func (v *vendure) sellAll(units map[string]int) (order string) {
	v.t.Helper()
	var data struct {
		AddPaymentToOrder struct {
			Code  string
			Lines []orderLine
		}
	}
	items := make([]map[string]any, 0, len(units))
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		items = append(items, map[string]any{"productVariantId": v.variants[sku], "quantity": units[sku]})
	}
	v.counter(checkout, map[string]any{"items": items, "shipping": []string{v.shipping}}, nil)
	v.counter(payment, nil, &data)
	v.handOver(data.AddPaymentToOrder.Lines)
	return data.AddPaymentToOrder.Code
}

// checkout is all that a guest does before paying, in one request. It touches no
// stock.
const checkout = `mutation($items: [AddItemInput!]!, $shipping: [ID!]!) {
	addItemsToOrder(inputs: $items) {errorResults {...refusal}}
	setCustomerForOrder(input: {firstName: "A", lastName: "Guest", emailAddress: "guest@example.com"}) {...refusal}
	setOrderShippingAddress(input: {streetLine1: "1 Main Street", countryCode: "US"}) {...refusal}
	setOrderShippingMethod(shippingMethodId: $shipping) {...refusal}
	transitionOrderToState(state: "ArrangingPayment") {...refusal}
}
fragment refusal on ErrorResult {errorCode message}`

// payment promises the goods of the order to the guest.
const payment = `mutation {
	addPaymentToOrder(input: {method: "cash", metadata: {}}) {
		...on Order {code lines {orderLineId: id quantity}} ...on ErrorResult {errorCode message}
	}
}`

type orderLine struct {
	OrderLineID string `json:"orderLineId"`
	Quantity    int    `json:"quantity"`
}

// handOver fulfils the lines of a paid order. The sale is written into the
// ledger as the fulfilment is made.
func (v *vendure) handOver(lines []orderLine) {
	v.t.Helper()
	var data struct{ AddFulfillmentToOrder struct{ ID string } }
	v.admin(`mutation($lines: [OrderLineInput!]!) {
		addFulfillmentToOrder(input: {lines: $lines, handler: {
			code: "manual-fulfillment", arguments: [{name: "method", value: "counter"}, {name: "trackingCode", value: ""}]
		}}) {...on Fulfillment {id} ...on ErrorResult {errorCode message}}
	}`, map[string]any{"lines": lines}, &data)
	v.admin(`mutation($id: ID!) {
		transitionFulfillmentToState(id: $id, state: "Delivered") {...on ErrorResult {errorCode message}}
	}`, map[string]any{"id": data.AddFulfillmentToOrder.ID}, nil)
}

// movement is one row of Vendure's ledger.
type movement struct {
	ID int64
	// Type is ADJUSTMENT, SALE, CANCELLATION or RETURN for what changes the
	// units on hand; ALLOCATION and RELEASE change what is promised to orders.
	Type     string
	Quantity int
	Location string
	// Order is the code of the order that caused it, or empty.
	Order string
	At    time.Time
}

// movements gives the ledger of a SKU at all locations, oldest first. It reads
// the table, since the API cannot tell which order a movement belongs to.
func (v *vendure) movements(sku string) []movement {
	v.t.Helper()
	conn, err := pgx.Connect(v.t.Context(), v.database)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close(v.t.Context()) }()
	rows, err := conn.Query(v.t.Context(), `
		SELECT m.id, m.type::text, m.quantity, m."stockLocationId"::text, coalesce(o.code, ''), m."createdAt"::timestamptz
		FROM stock_movement m
		JOIN product_variant v ON v.id = m."productVariantId"
		LEFT JOIN order_line l ON l.id = m."orderLineId"
		LEFT JOIN "order" o ON o.id = l."orderId"
		WHERE v.sku = $1 ORDER BY m.id`, sku)
	if err != nil {
		v.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[movement])
	if err != nil {
		v.t.Fatal(err)
	}
	return list
}

// onHand adds up what movements did to the units at a location.
func onHand(movements []movement, location string) (units int) {
	for _, m := range movements {
		if m.Location == location && m.Type != "ALLOCATION" && m.Type != "RELEASE" {
			units += m.Quantity
		}
	}
	return units
}

// soldBy adds up the units that each order took.
func soldBy(movements []movement) map[string]int {
	sold := map[string]int{}
	for _, m := range movements {
		if m.Type == "SALE" {
			sold[m.Order] -= m.Quantity
		}
	}
	return sold
}

func TestVendureKeepsItsOwnLedger(t *testing.T) {
	v := startVendure(t)
	v.stocked(40, "A-1", "B-1")
	back := v.addLocation("Back room")
	v.setStockAt(back, "A-1", 5)
	v.setStock("A-1", 30)
	one := v.sell("A-1", 3)
	v.restart()
	both := v.sellAll(map[string]int{"A-1": 2, "B-1": 1})

	for sku, want := range map[string]struct {
		units int
		sold  map[string]int
	}{
		"A-1": {25, map[string]int{one: 3, both: 2}},
		"B-1": {39, map[string]int{both: 1}},
	} {
		have, ledger := v.stock(sku), v.movements(sku)
		if sum := onHand(ledger, v.location); have != want.units || sum != want.units {
			t.Errorf("%s: %d units shown and %d in the ledger, want %d: %+v", sku, have, sum, want.units, ledger)
		}
		if sold := soldBy(ledger); !maps.Equal(sold, want.sold) {
			t.Errorf("%s was sold by %v, want %v", sku, sold, want.sold)
		}
	}
	if units := onHand(v.movements("A-1"), back); units != 5 {
		t.Errorf("%d units in the back room, want 5", units)
	}
}
