package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

const someShop = `sync:
  pos:
    - name: shop
      kind: http
      file: vendure
      location: Main Street
      url: http://127.0.0.1:3000
      user: superadmin
      key: file:shop.key
      sale_source: pos
      rooms: {sales_floor: "1", quarantine: ""}
      reasons: {DAMAGE: Waste}
      reports: [DAMAGE]
      sell_room: vault
      pull_every: 10s
      incremental: "@hourly"
      requests_per_second: 5
    - name: state
      kind: metrc
      user: vendor
      key: person
      options: {state: co, license: 402R-00001}
`

func TestConfigTakesPointsOfSaleApart(t *testing.T) {
	path := writeConfig(t, someShop)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "shop.key"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := loadConfig(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &c.Sync.POS[0]
	if p.Key != "hush" || p.Rooms["sales_floor"] != "1" || p.Reasons["DAMAGE"] != "Waste" || len(c.Sync.POS) != 2 {
		t.Errorf("read %+v", p)
	}
	target, err := p.target(kindOf("http"))
	if err != nil || !target.Books || target.SellRoom != store.Vault || target.Reports[0] != store.Damage {
		t.Errorf("%+v, %v", target, err)
	}
	if room, ok := target.Rooms[store.Quarantine]; !ok || room != "" {
		t.Error("quarantine is not left out")
	}
	rules, err := c.rules()
	if err != nil || rules.SaleSources["main street"] != "pos:shop" {
		t.Errorf("the sources of sales are %v, %v", rules.SaleSources, err)
	}
	var shown bytes.Buffer
	if err := c.Redacted().WriteYAML(&shown); err != nil || strings.Contains(shown.String(), "hush") || strings.Contains(shown.String(), "person") {
		t.Errorf("%v, shows %s", err, shown.String())
	}
}

func TestConfigTellsEveryFaultOfPointsOfSale(t *testing.T) {
	path := writeConfig(t, `sync:
  pos:
    - name: Shop 1
      kind: htp
    - name: central
      kind: square
      options: {location: L1}
      url: http://pos.example
      sale_source: both
      rooms: {attic: "1"}
      reasons: {OOPS: "1"}
      grace: 2d
    - {name: a, kind: dutchie, key: k, sale_source: pos}
    - {name: a, kind: dutchie, key: k, sale_source: pos, rooms: [1]}
`)
	_, _, err := loadConfig(path, nil)
	wantConfigErrors(t, path, err,
		`FILE:3:13: sync.pos[0].name: is "Shop 1"; must be 1 to 40 small letters, digits, _ or -, starting with a letter, and not central`,
		`FILE:4:13: sync.pos[0].kind: is "htp"; allowed are http, square, dutchie, metrc`,
		`FILE:5:13: sync.pos[1].name: is "central"; must be 1 to 40 small letters, digits, _ or -, starting with a letter, and not central`,
		`FILE:7:16: sync.pos[1].options: lacks location_id: Square's id of the location, such as L8GYN5ZGWHXDX. It is in the Seller Dashboard under Locations.`,
		`FILE:7:27: sync.pos[1].options.location: is not an option of square`,
		`FILE:8:12: sync.pos[1].url: would send the key without encryption; use https, or set insecure_lan: true to accept that`,
		`FILE:9:20: sync.pos[1].sale_source: is "both"; allowed are api, pos`,
		`FILE:10:22: sync.pos[1].rooms.attic: is "attic"; allowed are sales_floor, vault, quarantine, secret_menu`,
		`FILE:11:23: sync.pos[1].reasons.OOPS: is "OOPS"; allowed are SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER, AUDIT`,
		`FILE:12:14: sync.pos[1].grace: is 2d; allowed is 0s to 1d`,
		`FILE:14:14: sync.pos[3].name: is "a", which sync.pos[2] has already; each must differ`,
		`FILE:14:53: sync.pos[3].sale_source: is pos, as that of sync.pos[2] for the same location; sales have one source`,
		`FILE:14:65: sync.pos[3].rooms: must be a mapping of names to values, such as {name: value}; {} is the empty one`,
	)
}
