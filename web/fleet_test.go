package web

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/fleettest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// office is head office's server over a real central, with tokens of every
// role, and the stores that belong to it.
type office struct {
	*fleettest.Office
	client
	server *FleetServer
	clock  *storetest.Clock
	stores []*api
	// held are the paths whose answers were held against the contract.
	held map[string]bool
}

// openOffice serves a head office with so many empty stores.
func openOffice(t testing.TB, stores int) *office {
	t.Helper()
	clock := storetest.NewClock(storetest.Start)
	o := &office{
		Office: fleettest.Open(t, clock), clock: clock, held: map[string]bool{},
		client: client{t: t, contract: loadFleetContract(t), secrets: map[string]string{}},
	}
	cfg := Config{Version: "test", RequestsPerSecond: 1e9, Burst: 1e9}
	var err error
	if o.server, err = NewFleet(cfg, FleetDeps{Fleet: o.Office, Clock: clock, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}); err != nil {
		t.Fatal(err)
	}
	o.handler = o.server.Handler()
	for _, role := range store.Roles {
		o.addToken(string(role), role, store.ID{})
	}
	for n := range stores {
		a := openAPIServer(t)
		o.stores = append(o.stores, a)
		o.Enroll(a.Ledger, fmt.Sprintf("Store %d", n+1))
	}
	return o
}

func (o *office) addToken(name string, role store.Role, location store.ID) {
	o.t.Helper()
	o.secrets[name] = newSecret()
	_, _, err := o.IssueToken(o.t.Context(), store.Request{}, store.Token{
		Name: name, Role: role, Location: location, Hash: store.HashToken(o.secrets[name]),
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// pass lets time pass everywhere.
func (o *office) pass(d time.Duration) {
	o.clock.Advance(d)
	for _, s := range o.stores {
		s.Clock.Advance(d)
	}
}

// sync brings head office up to date, and each store knows it.
func (o *office) sync() {
	o.t.Helper()
	for _, s := range o.stores {
		at := o.Push(s.Ledger)
		s.server.synced = func(*store.Item) store.Instant { return at }
	}
}

// live gives a store a random history: everything that changes what is shown.
func (o *office) live(shop *trade, days int) {
	o.t.Helper()
	for range 3 {
		shop.receive()
	}
	for range days {
		for range 8 {
			shop.act()
			o.pass(time.Duration(shop.r.IntN(200)) * time.Minute)
		}
	}
}

// trade is a store at work.
type trade struct {
	*api
	r             *rand.Rand
	places        []store.ID
	products      []store.ID
	lots          []store.ID
	items         []store.ID
	reserved      []store.ID
	movements     []store.Position
	names, bought int
}

// trades opens every store for business, at two locations each.
func (o *office) trades(r *rand.Rand) (shops []*trade) {
	o.t.Helper()
	for _, s := range o.stores {
		second := s.AddLocation("Second Street", "Pacific/Auckland")
		shops = append(shops, &trade{api: s, r: r, places: []store.ID{s.Location, second}})
	}
	return shops
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

var rooms = []store.Room{store.SalesFloor, store.Vault, store.Quarantine, store.SecretMenu}

// receive opens a row of a new product, with or without a lot.
func (t *trade) receive() {
	t.bought++
	low := store.Quantity(t.r.IntN(20)) * 1_0000
	id := t.AddProduct(fmt.Sprintf("SKU-%c%d", 'a'+rune(t.r.IntN(26)), t.bought), func(p *store.Product) {
		p.Name, p.Category = pick(t.r, []string{"Ökonom", "apple", "Zebra", "apple", "Blue Dream"}), pick(t.r, []string{"Flower", "flower", "Edibles", ""})
		p.Barcodes = []string{fmt.Sprintf("85%04d", t.bought), "85-shared"}
		p.Strain, p.UnitPrice, p.UnitCost = "Haze", store.Money(t.r.IntN(900_000)), store.Money(t.r.IntN(900_000))
		if t.r.IntN(2) == 0 {
			p.Threshold = &low
		}
	})
	t.products = append(t.products, id)
	open := &store.OpenItem{Product: id, Location: pick(t.r, t.places), Room: pick(t.r, rooms), Opening: store.Quantity(t.r.IntN(500_000))}
	if t.r.IntN(2) == 0 {
		lot := t.Must(&store.EditLot{Edit: func(l *store.Lot) {
			l.ProductID, l.PackageTag, l.BatchNumber = id, fmt.Sprintf("TAG-%d", t.bought), "Batch"
		}}).Facts[0].Of.(*store.Lot)
		t.lots = append(t.lots, lot.ID)
		open.Lot = lot.ID
	}
	t.items = append(t.items, t.Must(open).Facts[0].Of.(*store.Item).ID)
}

// act does one thing; what the rules refuse is as good as not done.
func (t *trade) act() {
	item := pick(t.r, t.items)
	units := store.Quantity(1 + t.r.IntN(60_000))
	now, _ := t.Now()
	switch t.r.IntN(13) {
	case 0:
		t.receive()
	case 1, 2, 3:
		t.try(&store.Adjust{Item: item, Change: -units, Reason: store.Sale, Notes: "sold: “" + strings.Repeat("x", t.r.IntN(9)) + "”"})
	case 4:
		ago := time.Duration(t.r.IntN(9000)) * time.Minute
		t.try(&store.Adjust{Item: item, Change: -units, Reason: store.Sale, Offline: true, OccurredAt: now.Add(-ago)})
	case 5:
		t.try(&store.Adjust{Item: item, Change: units, Reason: store.Return, Reference: "R-1"})
	case 6:
		t.try(&store.Adjust{Item: item, Change: -units, Reason: store.Transfer, ToRoom: pick(t.r, rooms)})
	case 7:
		if r := t.try(&store.Reserve{Item: item, Quantity: units, Seconds: 3600}); r != nil {
			t.reserved = append(t.reserved, r.Facts[0].Of.(*store.Reservation).ID)
		}
	case 8:
		if len(t.reserved) > 0 {
			t.try(&store.EndReservation{ID: pick(t.r, t.reserved), Sell: t.r.IntN(2) == 0})
		}
	case 9:
		if len(t.movements) > 0 {
			t.try(&store.EraseNotes{Entry: pick(t.r, t.movements)})
			t.try(&store.Reverse{Movement: pick(t.r, t.movements)})
		}
	case 10:
		t.names++
		t.try(&store.EditProduct{ID: pick(t.r, t.products), Edit: func(p *store.Product) {
			p.Name, p.UnitPrice = fmt.Sprintf("%c new name %d", 'A'+rune(t.r.IntN(50)), t.names), p.UnitPrice+1
		}})
		t.try(&store.EditLocation{ID: pick(t.r, t.places), Edit: func(l *store.Location) { l.Name += "." }})
	case 11:
		t.try(&store.EditItem{ID: item, Threshold: &units, Archive: t.r.IntN(6) == 0})
	case 12:
		t.try(&store.Adjust{Item: item, Change: units - 30_000, Reason: store.Audit, SubReason: "", Notes: "counted"})
	}
}

// try does a command, and gives nil when it is refused.
func (t *trade) try(cmd store.Command) *store.Receipt {
	r, err := t.Do(t.t.Context(), storetest.Request, cmd)
	if err != nil {
		return nil
	}
	for _, f := range r.Movements() {
		t.movements = append(t.movements, f.Entry.Position)
	}
	return &r
}

// same asks store and head office the same; id, when it is not empty, chooses
// the store at head office.
func (o *office) same(s *api, path, id string, headers ...string) *answer {
	o.t.Helper()
	own := s.send("admin", http.MethodGet, "/api/v1"+path, "", headers...)
	there := path
	if id != "" {
		there += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "store_id=" + id
	}
	got := o.send("admin", http.MethodGet, "/api/v1"+there, "", headers...)
	shape, _, _ := strings.Cut(path, "?")
	if shape = fmt.Sprint(shape, got.status, headers); !o.held[shape] {
		o.held[shape] = true
		o.contract.validate(o.t, got.req, &http.Response{StatusCode: got.status, Header: got.header}, got.body)
	}
	if got.status != own.status || plain(got.body, own) != plain(own.body, own) {
		o.t.Errorf("%s\nhead office → %d %.3000s\nthe store → %d %.3000s", there, got.status, got.body, own.status, own.body)
	}
	for _, name := range []string{"Etag", "Content-Type", "Snapshot-Seq", "Snapshot-As-Of", "Snapshot-Digest"} {
		if got.header.Get(name) != own.header.Get(name) {
			o.t.Errorf("%s: %s is %q, at the store %q", there, name, got.header.Get(name), own.header.Get(name))
		}
	}
	return own
}

// plain gives a body without the request's own name, which a problem repeats.
func plain(body []byte, r *answer) string {
	if r.status < 400 {
		return string(body)
	}
	text := string(body)
	if at := strings.Index(text, `"request_id":"`); at >= 0 {
		end := strings.IndexByte(text[at+14:], '"')
		return text[:at] + text[at+14+end:]
	}
	return text
}

// walk asks for page after page, by number or by cursor, and gives how many
// rows there were.
func (o *office) walk(s *api, path, id string) (rows int) {
	o.t.Helper()
	join := "&"
	if !strings.Contains(path, "?") {
		join = "?"
	}
	cursor := ""
	for page := 1; page < 200; page++ {
		next := fmt.Sprintf("%spage=%d", join, page)
		if strings.Contains(path, "movements") {
			next = ""
			if cursor != "" {
				next = join + "cursor=" + url.QueryEscape(cursor)
			}
		}
		r := o.same(s, path+next, id)
		data, _ := r.at("data").([]any)
		rows += len(data)
		cursor = r.text("next_cursor")
		if r.status != 200 || cursor == "" && (len(data) == 0 || strings.Contains(path, "movements")) {
			break
		}
	}
	return rows
}

func TestHeadOfficeAnswersAsTheStore(t *testing.T) {
	for seed := range uint64(storetest.Some(1, 2)) {
		t.Run(fmt.Sprint("history ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			o := openOffice(t, 2)
			shops := o.trades(r)
			for range 2 {
				for _, shop := range shops {
					o.live(shop, 6)
				}
				o.sync()
				o.pass(time.Minute)
				o.compare(r)
			}
		})
	}
}

// A store that was restored leaves its line where it was restored to: what
// head office had beyond is no part of its past any more.
func TestHeadOfficeFollowsAStoreToItsNewEpoch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	o := openOffice(t, 1)
	shop := o.trades(r)[0]
	for _, back := range []int64{0, 30, 10} {
		o.live(shop, 4)
		o.sync()
		o.compare(r)
		head := shop.Head()
		at, err := shop.History().FindEntry(t.Context(), head.Seq-back)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := at.Entry()
		if err != nil {
			t.Fatal(err)
		}
		shop.Must(&store.OpenEpoch{Branch: entry.Position, Hash: at.Hash, Reason: "restored"})
		o.sync()
		o.compare(r)
	}
	o.get("viewer", "/stores").is(http.StatusOK).has("data.0.epoch", "4", "data.0.health", "ok")
}

// A store whose clock is ahead lives in head office's future.
func TestAStoreAheadOfHeadOfficeIsShownAsItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	o := openOffice(t, 1)
	shop := o.trades(r)[0]
	shop.Clock.Advance(30 * time.Hour)
	o.live(shop, 3)
	o.sync()
	id := shop.Meta().Store.String()
	for range 10 {
		o.same(shop.api, "/inventory/snapshot?at="+moment(shop.api, r)+"&known_at="+shop.Head().RecordedAt.String(), id)
	}
	o.same(shop.api, fmt.Sprintf("/inventory/snapshot?seq=%d&known_at=%s", shop.Head().Seq, shop.Head().RecordedAt), id)
	o.walk(shop.api, "/movements?limit=50", id)
}

// compare asks everything about each store.
func (o *office) compare(r *rand.Rand) {
	o.t.Helper()
	for _, s := range o.stores {
		id := s.Meta().Store.String()
		rows, total := 0, s.Stats().Items
		for n, query := range o.queries(s, r) {
			if found := o.walk(s, "/inventory?"+query, id); n > 0 {
				rows += found
			}
		}
		if rows < 5*total {
			o.t.Errorf("all filters together chose %d rows, which is too few to tell anything", rows)
		}
		o.same(s, "/inventory?fields=sku,quantity,last_sync", id)
		for _, by := range []string{"product", "room", "category"} {
			o.walk(s, "/inventory?limit=7&group_by="+by, id)
		}
		items, _ := s.Items(store.ItemFilter{}, 0, 1000)
		for _, i := range items {
			o.same(s, "/inventory/"+i.ID.String(), "")
			o.walk(s, "/inventory/"+i.ID.String()+"/movements?limit=3", "")
		}
		o.snapshots(s, r, id)
		if rows := o.walk(s, "/movements?limit=17", id); rows < 20 {
			o.t.Errorf("there are only %d movements", rows)
		}
		item := pick(r, items)
		from, to := moment(s, r), moment(s, r)
		for _, query := range []string{
			"location_id=" + item.Location.ID.String(), "inventory_id=" + item.ID.String(), "product_id=" + item.Product.ID.String(),
			"reason_code=SALE,RETURN", "from=" + from + "&to=" + to, "from=" + to, "to=" + from, "inventory_id=nothing", "reason_code=GIFT",
		} {
			o.walk(s, "/movements?limit=20&"+query, id)
		}
		// A location, an item and a product lead to their store by themselves.
		o.walk(s, "/movements?limit=9&location_id="+item.Location.ID.String(), "")
		o.walk(s, "/movements?limit=9&inventory_id="+item.ID.String(), "")
		o.walk(s, "/inventory?limit=9&location_id="+item.Location.ID.String(), "")
		o.same(s, "/inventory/snapshot?location_id="+item.Location.ID.String(), "")
	}
}

// queries are lists of every filter and sort.
func (o *office) queries(s *api, r *rand.Rand) []string {
	items, _ := s.Items(store.ItemFilter{}, 0, 1000)
	item := pick(r, items)
	list := []string{
		"", "limit=3", "low_stock=true", "room_type=vault,sales_floor", "category=FLOWER", "category=edibles,flower", "q=apple", "q=NAME%20new",
		"q=batch", "q=%C3%96KONOM", "barcode=85-shared", "barcode=850001,850002", "barcode=85-Shared", "lot=batch", "lot=tag-2", "lot=TAG-1,tag-3",
		"sku=" + strings.ToUpper(item.Product.SKU), "product_id=" + item.Product.ID.String() + ",nothing", "location_id=" + item.Location.ID.String(),
		"location_id=nothing", "updated_after=" + moment(s, r), "room_type=attic", "limit=0", "colour=red",
		"limit=4&low_stock=true&q=a&sort=-quantity&category=flower",
	}
	if item.Lot != nil {
		list = append(list, "lot="+item.Lot.ID.String())
	}
	for _, sort := range sorts {
		list = append(list, "limit=5&sort="+sort)
	}
	return list
}

// moment is some time of a store's life, and a little beyond it.
func moment(s *api, r *rand.Rand) string {
	now, _ := s.Now()
	life := now.Time().Sub(storetest.Start)
	return store.InstantOf(storetest.Start.Add(time.Duration(r.Int64N(int64(life*21/20))) - life/40)).String()
}

func (o *office) snapshots(s *api, r *rand.Rand, id string) {
	o.t.Helper()
	o.same(s, "/inventory/snapshot", id)
	o.same(s, "/inventory/snapshot?limit=5&page=2", id)
	o.same(s, "/inventory/snapshot", id, "Accept: text/csv")
	o.same(s, "/inventory/snapshot", id, "Accept: application/x-ndjson")
	for range 6 {
		day := moment(s, r)[:10]
		o.same(s, "/inventory/snapshot?date="+day, id)
		o.same(s, "/inventory/snapshot?date="+day+"&known_at="+moment(s, r), id)
		o.same(s, "/inventory/snapshot?at="+moment(s, r), id)
		o.same(s, "/inventory/snapshot?at="+moment(s, r)+"&known_at="+moment(s, r), id)
		o.same(s, fmt.Sprintf("/inventory/snapshot?seq=%d", r.Int64N(s.Head().Seq+3)), id)
	}
	o.same(s, "/inventory/snapshot?seq=0", id)
	o.same(s, "/inventory/snapshot?date=2199-01-01", id)
	o.same(s, "/inventory/snapshot?known_at="+moment(s, r), id)
}
