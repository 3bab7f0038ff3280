//go:build slow

package test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/shelfd/shelfd/central/centraltest"
)

// medusa is real Medusa as a point of sale: a second dialect, of REST, with a
// database of its own. It keeps levels of stock, and no ledger.
type medusa struct {
	t       *testing.T
	address string
	// header opens the admin API: a secret key as the name of HTTP's basic
	// authentication. It does not expire.
	header http.Header
	// location is the id of the shop's stock location.
	location string

	program *program
	// What an order names besides its lines.
	channel, region, profile, shipping string
	// variants and items are the ids of what is sold and of what is stored, by
	// SKU.
	variants, items map[string]string
}

// startMedusa runs Medusa over an empty database and furnishes it so far that
// orders can be placed, paid and handed over. It takes half a minute or more,
// most of it to make the tables.
func startMedusa(t *testing.T) *medusa {
	t.Helper()
	m := &medusa{t: t, address: freeAddress(t), header: http.Header{}, variants: map[string]string{}, items: map[string]string{}}
	host, port, err := net.SplitHostPort(m.address)
	if err != nil {
		t.Fatal(err)
	}
	dir, database := medusaProject(t), centraltest.Start(t)
	run := func(args ...string) *program {
		return startNode(t, dir, []string{"DATABASE_URL=" + database, "MEDUSA_DISABLE_TELEMETRY=1", "NODE_ENV=development"},
			filepath.Join("node_modules", ".bin", "medusa"), args...)
	}
	run("db:migrate").finish(t)
	run("user", "--email", "admin@example.com", "--password", "supersecret").finish(t)
	m.program = run("start", "--host", host, "--port", port)
	m.program.await(t, "http://"+m.address+"/health", http.StatusOK)
	m.login()
	m.furnish()
	return m
}

// medusaProject makes the folder that Medusa wants to run in.
func medusaProject(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"package.json", "medusa-config.js"} {
		raw, err := os.ReadFile(filepath.Join("testdata", "medusa", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(packages(t, "medusa"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// login makes a secret key and keeps it.
func (m *medusa) login() {
	m.t.Helper()
	var session struct{ Token string }
	m.ask(http.MethodPost, "/auth/user/emailpass", map[string]any{"email": "admin@example.com", "password": "supersecret"}, &session)
	m.header.Set("Authorization", "Bearer "+session.Token)
	var made struct {
		APIKey struct{ Token string } `json:"api_key"`
	}
	m.ask(http.MethodPost, "/admin/api-keys", map[string]any{"title": "shelfd", "type": "secret"}, &made)
	r := http.Request{Header: m.header}
	r.SetBasicAuth(made.APIKey.Token, "")
}

// ask sends a request that has to succeed, and decodes the answer.
func (m *medusa) ask(method, path string, body, into any) {
	m.t.Helper()
	r := ask(m.t, method, "http://"+m.address+path, m.header, body)
	if r.status != http.StatusOK {
		m.t.Fatalf("Medusa: %s %s %v: %d %s\n%s", method, path, body, r.status, r.body, m.program.log)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		m.t.Fatalf("Medusa: %s %s: %v in %s", method, path, err, r.body)
	}
}

// identified is what the answers have in common that make or find one thing.
type identified struct{ ID string }

// furnish makes what an order needs: a region, a stock location that the sales
// channel takes from, and a way to get the goods.
func (m *medusa) furnish() {
	m.t.Helper()
	var found struct {
		Channels []identified `json:"sales_channels"`
		Profiles []identified `json:"shipping_profiles"`
		Location identified   `json:"stock_location"`
		Region   identified
	}
	m.ask(http.MethodGet, "/admin/sales-channels", nil, &found)
	m.ask(http.MethodGet, "/admin/shipping-profiles", nil, &found)
	m.ask(http.MethodPost, "/admin/stock-locations", map[string]any{"name": "Shop"}, &found)
	m.ask(http.MethodPost, "/admin/regions", map[string]any{"name": "US", "currency_code": "usd", "countries": []string{"us"}}, &found)
	m.channel, m.profile = found.Channels[0].ID, found.Profiles[0].ID
	m.location, m.region = found.Location.ID, found.Region.ID
	location := "/admin/stock-locations/" + m.location
	m.ask(http.MethodPost, location+"/sales-channels", map[string]any{"add": []string{m.channel}}, nil)
	m.ask(http.MethodPost, location+"/fulfillment-providers", map[string]any{"add": []string{provider}}, nil)
	m.shipping = m.createShipping(location)
}

// provider hands goods over by hand.
const provider = "manual_manual"

func (m *medusa) createShipping(location string) (id string) {
	m.t.Helper()
	var made struct {
		Location struct {
			Sets []identified `json:"fulfillment_sets"`
		} `json:"stock_location"`
		Set struct {
			Zones []identified `json:"service_zones"`
		} `json:"fulfillment_set"`
		Option identified `json:"shipping_option"`
	}
	m.ask(http.MethodPost, location+"/fulfillment-sets?fields=*fulfillment_sets", map[string]any{"name": "Counter", "type": "pickup"}, &made)
	m.ask(http.MethodPost, "/admin/fulfillment-sets/"+made.Location.Sets[0].ID+"/service-zones?fields=*service_zones", map[string]any{
		"name": "US", "geo_zones": []any{map[string]any{"type": "country", "country_code": "us"}},
	}, &made)
	m.ask(http.MethodPost, "/admin/shipping-options", map[string]any{
		"name": "Counter", "service_zone_id": made.Set.Zones[0].ID, "shipping_profile_id": m.profile, "provider_id": provider,
		"type":       map[string]any{"label": "Counter", "description": "Over the counter", "code": "counter"},
		"price_type": "flat", "prices": []any{map[string]any{"currency_code": "usd", "amount": 0}}, "rules": []any{},
	}, &made)
	return made.Option.ID
}

// stocked makes products of one variant each, named as their SKU, at 10.00,
// with so many units in the shop.
func (m *medusa) stocked(units int, skus ...string) {
	m.t.Helper()
	for _, sku := range skus {
		var made struct {
			Product struct{ Variants []identified }
			Items   []identified `json:"inventory_items"`
		}
		m.ask(http.MethodPost, "/admin/products?fields=id,*variants", map[string]any{
			"title": sku, "status": "published", "shipping_profile_id": m.profile, "sales_channels": []any{map[string]any{"id": m.channel}},
			"options": []any{map[string]any{"title": "Size", "values": []string{"one"}}},
			"variants": []any{map[string]any{
				"title": sku, "sku": sku, "manage_inventory": true, "options": map[string]any{"Size": "one"},
				"prices": []any{map[string]any{"currency_code": "usd", "amount": price}},
			}},
		}, &made)
		m.ask(http.MethodGet, "/admin/inventory-items?sku="+sku, nil, &made)
		m.variants[sku], m.items[sku] = made.Product.Variants[0].ID, made.Items[0].ID
		m.ask(http.MethodPost, "/admin/inventory-items/"+m.items[sku]+"/location-levels",
			map[string]any{"location_id": m.location, "stocked_quantity": units}, nil)
	}
}

// price is what a unit of anything costs.
const price = 10

// setStock is an administrator's hand: it says how many units are in the shop.
func (m *medusa) setStock(sku string, units int) {
	m.t.Helper()
	m.ask(http.MethodPost, "/admin/inventory-items/"+m.items[sku]+"/location-levels/"+m.location,
		map[string]any{"stocked_quantity": units}, nil)
}

// stock gives the units in the shop, whether promised to orders or not.
func (m *medusa) stock(sku string) int {
	m.t.Helper()
	var found struct {
		Levels []struct {
			Stocked int `json:"stocked_quantity"`
		} `json:"inventory_levels"`
	}
	m.ask(http.MethodGet, "/admin/inventory-items/"+m.items[sku]+"/location-levels?location_id="+m.location, nil, &found)
	return found.Levels[0].Stocked
}

// sell places an order of units of one SKU, pays for it and hands it over, and
// gives its id. Only then the goods have left the stock.
func (m *medusa) sell(sku string, units int) (order string) {
	m.t.Helper()
	var made struct {
		Order struct {
			ID    string
			Items []identified
		} `json:"draft_order"`
		Payment identified `json:"payment_collection"`
	}
	m.ask(http.MethodPost, "/admin/draft-orders?fields=id,*items", map[string]any{
		"email": "guest@example.com", "region_id": m.region, "sales_channel_id": m.channel,
		"items": []any{map[string]any{"variant_id": m.variants[sku], "quantity": units}},
	}, &made)
	order = made.Order.ID
	m.ask(http.MethodPost, "/admin/draft-orders/"+order+"/convert-to-order?fields=id", nil, nil)
	m.ask(http.MethodPost, "/admin/payment-collections", map[string]any{"order_id": order, "amount": units * price}, &made)
	m.ask(http.MethodPost, "/admin/payment-collections/"+made.Payment.ID+"/mark-as-paid?fields=id", map[string]any{"order_id": order}, nil)
	m.ask(http.MethodPost, "/admin/orders/"+order+"/fulfillments?fields=id", map[string]any{
		"location_id": m.location, "shipping_option_id": m.shipping,
		"items": []any{map[string]any{"id": made.Order.Items[0].ID, "quantity": units}},
	}, nil)
	return order
}

func TestMedusaKeepsItsOwnStock(t *testing.T) {
	m := startMedusa(t)
	m.stocked(40, "A-1", "B-1")
	m.setStock("A-1", 30)
	m.sell("A-1", 3)
	m.sell("A-1", 2)
	for sku, want := range map[string]int{"A-1": 25, "B-1": 40} {
		if units := m.stock(sku); units != want {
			t.Errorf("%d units of %s, want %d", units, sku, want)
		}
	}
}
