package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// fleetOfThree is a head office with three stores that have lived and synced.
func fleetOfThree(t *testing.T) (*office, []*trade, *rand.Rand) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	o := openOffice(t, 3)
	shops := o.trades(r)
	for range 3 {
		for _, shop := range shops {
			o.live(shop, 3)
		}
	}
	o.sync()
	return o, shops, r
}

// all walks through every page of a list at head office and gives one member
// of every row.
func (o *office) all(path, member string) (list []string) {
	o.t.Helper()
	for page := 1; ; page++ {
		r := o.get("viewer", fmt.Sprintf("%s&limit=7&page=%d", path, page)).is(http.StatusOK)
		if total := r.text("pagination.total"); page == 1 && total == "0" {
			o.t.Errorf("%s chose nothing", path)
		}
		ids := strings.Fields(r.texts("data", member))
		if len(ids) == 0 {
			if total := r.text("pagination.total"); total != fmt.Sprint(len(list)) {
				o.t.Errorf("%s gave %d rows, the total is %s", path, len(list), total)
			}
			return list
		}
		list = append(list, ids...)
	}
}

func TestTheListOfAllStoresIsThatOfEachPutInOrder(t *testing.T) {
	o, _, _ := fleetOfThree(t)
	for i, sort := range append([]string{""}, sorts...) {
		for n, filter := range []string{"", "&low_stock=true", "&q=85", "&room_type=vault", "&barcode=85-shared"} {
			if n > 0 && (i+n)%storetest.Some(4, 1) != 0 {
				continue
			}
			var items []*store.Item
			f := store.ItemFilter{LowStock: strings.Contains(filter, "low"), Less: orderOf(sort)}
			if strings.Contains(filter, "vault") {
				f.Rooms = []store.Room{store.Vault}
			}
			for _, s := range o.stores {
				own, _ := s.Items(f, 0, 1000)
				items = append(items, own...)
			}
			slices.SortFunc(items, func(a, b *store.Item) int {
				byName := cmp.Or(strings.Compare(strings.ToLower(a.Product.Name), strings.ToLower(b.Product.Name)), slices.Compare(a.ID[:], b.ID[:]))
				if f.Less == nil {
					return byName
				}
				return cmp.Or(f.Less(a, b), byName)
			})
			var want []string
			for _, i := range items {
				want = append(want, i.ID.String())
			}
			path := "/inventory?" + strings.TrimPrefix(filter, "&")
			if sort != "" {
				path += "&sort=" + sort
			}
			if got := o.all(path, "id"); !slices.Equal(got, want) {
				t.Errorf("%s gives\n%v\nnot\n%v", path, got, want)
			}
		}
	}
}

func TestGroupsOfAllStoresAddUp(t *testing.T) {
	o, _, _ := fleetOfThree(t)
	want := map[string]store.Quantity{}
	for _, s := range o.stores {
		items, _ := s.Items(store.ItemFilter{}, 0, 1000)
		for _, i := range items {
			want[i.Room.String()] += i.Quantity
		}
	}
	r := o.get("viewer", "/inventory?group_by=room").is(http.StatusOK)
	for n := range len(want) {
		at := fmt.Sprintf("data.%d.", n)
		if q := want[r.text(at+"key")]; r.text(at+"quantity") != string(q.Append(nil)) {
			t.Errorf("%s: quantity is %s, not %s", r.text(at+"key"), r.text(at+"quantity"), q.Append(nil))
		}
	}
}

// told is a movement as a store tells it, and when it was recorded.
type told struct {
	store store.ID
	seq   int64
	at    store.Instant
	id    string
}

// movements reads every movement of every store from its own ledger, newest
// first as head office puts them.
func (o *office) movements(wanted func(*store.Entry) bool) (list []told) {
	o.t.Helper()
	for _, s := range o.stores {
		err := s.History().Scan(o.t.Context(), 0, s.Head().Seq, func(row *store.Stored) error {
			e, err := row.Entry()
			if err == nil && e.Kind == store.KindMovement && wanted(e) {
				list = append(list, told{s.Meta().Store, e.Seq, e.RecordedAt, e.Movement.Item.String() + "/" + e.Position.String()})
			}
			return err
		})
		if err != nil {
			o.t.Fatal(err)
		}
	}
	slices.SortFunc(list, func(a, b told) int {
		return -cmp.Or(cmp.Compare(a.at, b.at), slices.Compare(a.store[:], b.store[:]), cmp.Compare(a.seq, b.seq))
	})
	return list
}

// read walks through a history of all stores; between does something before
// each page but the first.
func (o *office) read(query string, between func()) (list []string) {
	o.t.Helper()
	cursor := ""
	for range 1000 {
		path := "/movements?" + query
		if cursor != "" {
			between()
			path += "&cursor=" + url.QueryEscape(cursor)
		}
		r := o.get("viewer", path).is(http.StatusOK)
		items, ids := strings.Fields(r.texts("data", "inventory_id")), strings.Fields(r.texts("data", "id"))
		for n := range items {
			list = append(list, items[n]+"/"+ids[n])
		}
		if cursor = r.text("next_cursor"); cursor == "" {
			return list
		}
	}
	o.t.Fatalf("%s has no end", query)
	return nil
}

func ids(list []told) (ids []string) {
	for _, one := range list {
		ids = append(ids, one.id)
	}
	return ids
}

func TestMovementsOfAllStoresAreMergedNewestFirst(t *testing.T) {
	o, shops, r := fleetOfThree(t)
	nothing := func() {}
	now, _ := o.stores[0].Now()
	middle := now.Add(-36 * time.Hour)
	for query, wanted := range map[string]func(*store.Entry) bool{
		"limit=200":                              func(*store.Entry) bool { return true },
		"limit=1":                                func(*store.Entry) bool { return true },
		"limit=13":                               func(*store.Entry) bool { return true },
		"limit=5&reason_code=SALE,AUDIT":         func(e *store.Entry) bool { return e.Movement.Reason == store.Sale || e.Movement.Reason == store.Audit },
		"limit=9&from=" + middle.String():        func(e *store.Entry) bool { return e.RecordedAt >= middle },
		"limit=9&to=" + middle.String():          func(e *store.Entry) bool { return e.RecordedAt < middle },
		"limit=9&from=2150-01-01T00:00:00Z":      func(*store.Entry) bool { return false },
		"limit=9&product_id=nothing":             func(*store.Entry) bool { return false },
		"limit=9&store_id=nothing":               func(*store.Entry) bool { return false },
		"limit=200&reason_code=THEFT":            func(*store.Entry) bool { return false },
		"limit=9&from=" + o.quiet() + "&limit=9": nil,
	} {
		if wanted == nil {
			o.get("viewer", "/movements?"+query).refused(http.StatusBadRequest, store.CodeInvalid)
			continue
		}
		if got, want := o.read(query, nothing), ids(o.movements(wanted)); !slices.Equal(got, want) {
			t.Errorf("%s gives %d movements\n%v\nnot %d\n%v", query, len(got), got, len(want), want)
		}
	}
	// What comes while somebody reads is newer than all that is left to read.
	want := ids(o.movements(func(*store.Entry) bool { return true }))
	got := o.read("limit=20", func() {
		o.live(pick(r, shops), 1)
		o.sync()
	})
	if !slices.Equal(got, want) {
		t.Errorf("while stores went on: %d movements\n%v\nnot %d\n%v", len(got), got, len(want), want)
	}
	for _, cursor := range []string{"f", "s5", "fnothing", "x", "f" + strings.Repeat("A", 43) + "!"} {
		o.get("viewer", "/movements?cursor="+cursor).refused(http.StatusBadRequest, store.CodeInvalid)
	}
}

// Movements of one moment are told apart by store and seq, wherever a page
// ends between them.
func TestMovementsOfOneMomentAreReadOnce(t *testing.T) {
	o := openOffice(t, 3)
	for _, s := range o.stores {
		item := s.Stocked("A", 9)
		for range 3 {
			s.Adjust(item, -1, store.Sale)
		}
	}
	o.sync()
	want := ids(o.movements(func(*store.Entry) bool { return true }))
	for limit := range 12 {
		if got := o.read(fmt.Sprintf("limit=%d", limit+1), func() {}); !slices.Equal(got, want) {
			t.Errorf("%d at once give\n%v\nnot\n%v", limit+1, got, want)
		}
	}
}

// quiet is some moment.
func (o *office) quiet() string { return store.InstantOf(o.clock.Wall()).String() }

func TestASnapshotOfAllStoresIsThatOfEachJoined(t *testing.T) {
	o, _, r := fleetOfThree(t)
	for range 8 {
		query := "at=" + moment(o.stores[0], r)
		if r.IntN(2) == 0 {
			query = "date=" + moment(o.stores[0], r)[:10]
		}
		got := o.get("viewer", "/inventory/snapshot?"+query)
		rows, items := map[string]bool{}, 0
		digest := sha256.New()
		ordered := slices.SortedFunc(slices.Values(o.stores), func(a, b *api) int {
			return strings.Compare(a.Meta().Store.String(), b.Meta().Store.String())
		})
		for _, s := range ordered {
			own := s.get("viewer", "/inventory/snapshot?"+query)
			if own.status != http.StatusOK {
				got.is(own.status)
				continue
			}
			for row := range strings.Lines(own.dataLines()) {
				rows[strings.TrimSpace(row)] = true
				items++
			}
			fmt.Fprintf(digest, "%s %s\n", s.Meta().Store, own.text("digest"))
		}
		if got.status != http.StatusOK {
			continue
		}
		for row := range strings.Lines(got.dataLines()) {
			if !rows[strings.TrimSpace(row)] {
				t.Errorf("%s has a row that no store has: %s", query, row)
			}
			items--
		}
		if items != 0 {
			t.Errorf("%s lacks %d rows", query, items)
		}
		got.has("digest", "sha256:"+hex.EncodeToString(digest.Sum(nil)), "seq", "")
		if got.header.Get("Snapshot-Seq") != "" {
			t.Errorf("%s has the seq %s", query, got.header.Get("Snapshot-Seq"))
		}
	}
	o.get("viewer", "/inventory/snapshot?seq=5").refused(http.StatusBadRequest, store.CodeInvalid)
	o.get("viewer", "/inventory/snapshot?location_id=nothing").is(http.StatusOK).has("totals.items", "0")
}

// dataLines gives the rows of a snapshot, one a line.
func (r *answer) dataLines() string {
	body := string(r.body)
	from, to := strings.IndexByte(body, '[')+1, strings.Index(body, `],"as_of"`)
	return strings.ReplaceAll(body[from:to], "},\n", "}\n")
}

func TestAProductIsFoundInEveryStoreByItsSKU(t *testing.T) {
	o := openOffice(t, 3)
	for n, s := range o.stores[:2] {
		id := s.AddProduct([]string{"A/b 1", "a/B 1"}[n], func(p *store.Product) { p.UnitPrice = store.Money(n+1) * 1_0000 })
		s.OpenItem(id, store.SalesFloor, 5)
		s.OpenItem(id, store.Vault, int64(10*n))
		s.Stocked("other", 7)
	}
	o.stores[2].Stocked("elsewhere", 1)
	o.sync()
	r := o.get("viewer", "/products/A%2FB%201/stores").is(http.StatusOK)
	r.has("totals.stores", "2", "totals.quantity", "20", "data.0.quantity", "5", "data.1.quantity", "15", "data.1.items", "2",
		"data.0.store_name", "Store 1", "data.1.unit_price", "2.00", "data.1.sku", "a/B 1")
	byID := o.get("viewer", "/products/"+r.text("data.1.product_id")+"/stores").is(http.StatusOK)
	if !bytes.Equal(byID.body, r.body) {
		t.Errorf("by id: %s\nby SKU: %s", byID.body, r.body)
	}
	o.get("viewer", "/products/nothing/stores").refused(http.StatusNotFound, store.CodeNotFound)
}

func TestATokenOfALocationSeesThatLocationOnly(t *testing.T) {
	o, _, _ := fleetOfThree(t)
	s := o.stores[1]
	o.addToken("clerk", store.RoleManager, s.Location)
	s.addToken("clerk", store.RoleManager, s.Location)
	o.sync()
	for _, path := range []string{"/inventory", "/inventory?group_by=room", "/inventory/snapshot", "/movements?limit=200", "/inventory?location_id=nothing"} {
		own, got := s.get("clerk", path).is(http.StatusOK), o.get("clerk", path).is(http.StatusOK)
		if !bytes.Equal(own.body, got.body) {
			t.Errorf("%s: %.500s\nthe store: %.500s", path, got.body, own.body)
		}
	}
	other, _ := o.stores[0].Items(store.ItemFilter{}, 0, 1)
	o.get("clerk", "/inventory/"+other[0].ID.String()).refused(http.StatusForbidden, store.CodeForbidden)
	o.get("clerk", "/inventory/"+other[0].ID.String()+"/movements").refused(http.StatusForbidden, store.CodeForbidden)
	for _, path := range []string{"/stores", "/stores/nothing", "/products/x/stores"} {
		o.get("clerk", path).refused(http.StatusForbidden, store.CodeForbidden)
	}
}
