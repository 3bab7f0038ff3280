package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

// pages reads a history to its end and gives the ids in it.
func (a *api) pages(path string) (ids []string) {
	a.t.Helper()
	cursor := ""
	for range 100 {
		r := a.get("viewer", path+cursor).is(200)
		all, _ := r.at("data").([]any)
		for i := range all {
			ids = append(ids, r.text(fmt.Sprintf("data.%d.id", i)))
		}
		next := r.text("next_cursor")
		if next == "" {
			return ids
		}
		cursor = "&cursor=" + next
	}
	a.t.Fatalf("%s has no end", path)
	return nil
}

// fill makes at least so many ledger entries that are no movements.
func (a *api) fill(entries int64) {
	name := "Product"
	for first := a.Head().Seq; a.Head().Seq < first+entries; {
		cmd := &store.Import{Location: a.Location, Room: store.Vault}
		for n := range store.MaxImportRows {
			cmd.Rows = append(cmd.Rows, store.ImportRow{SKU: fmt.Sprintf("%d-%d", a.Head().Seq, n), Name: &name})
		}
		a.Must(cmd)
	}
}

func TestHistoryIsNewestFirstAndWholeOverPages(t *testing.T) {
	a := openAPIServer(t)
	one, two := a.Stocked("ONE", 100), a.Stocked("TWO", 100)
	var want, wantOne []string
	for i := range 30 {
		item := []store.ID{one, two}[i%2]
		id := a.Adjust(item, -1, store.Sale).Facts[0].Entry.Position.String()
		want = append([]string{id}, want...)
		if item == one {
			wantOne = append([]string{id}, wantOne...)
			a.Must(&store.Reserve{Item: one, Quantity: 1})
		}
	}
	for limit, path := range map[int]string{7: "/movements?limit=7&reason_code=SALE", 30: "/movements?limit=30&reason_code=SALE,THEFT", 200: "/movements?reason_code=SALE"} {
		if got := a.pages(path); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
	for _, path := range []string{
		"/inventory/" + one.String() + "/movements?limit=4&reason_code=SALE",
		"/movements?limit=4&reason_code=SALE&inventory_id=" + one.String(),
		"/movements?limit=15&reason_code=SALE&inventory_id=" + one.String(),
	} {
		if got := a.pages(path); fmt.Sprint(got) != fmt.Sprint(wantOne) {
			t.Errorf("%s: %v, want %v", path, got, wantOne)
		}
	}
}

func TestHistoryLongerThanOneCallReadsGoesOn(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	a.fill(5700) // more than one search looks at
	r := a.get("viewer", "/movements").is(200)
	if r.texts("data", "id") != "" || r.text("next_cursor") == "" {
		t.Errorf("the first stretch is %s", r.body)
	}
	if got := a.pages("/movements?limit=1"); len(got) != 1 {
		t.Errorf("movements: %v", got)
	}
	a.get("viewer", "/inventory/"+item.String()+"/movements").is(200).has("next_cursor", "", "data.0.sub_reason", "opening")
}

func TestHistoryIsBoundByWhenItWasRecorded(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	a.Clock.Advance(time.Hour)
	from := a.Clock.Wall()
	id := a.Adjust(item, -1, store.Sale).Facts[0].Entry.Position.String()
	a.Clock.Advance(time.Hour)
	to := a.Clock.Wall()
	a.Adjust(item, -1, store.Sale)
	between := "from=" + from.Format(time.RFC3339) + "&to=" + to.Format(time.RFC3339)
	for _, path := range []string{"/movements?" + between, "/inventory/" + item.String() + "/movements?" + between} {
		if got := a.pages(path); fmt.Sprint(got) != "["+id+"]" {
			t.Errorf("%s: %v, want %s", path, got, id)
		}
	}
	if got := a.pages("/movements?to=2020-01-01T00:00:00Z"); got != nil {
		t.Errorf("before the first there are %v", got)
	}
}

func TestHistoryOfOneProductOrLocation(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	other := a.AddLocation("Second Street", "America/Chicago")
	a.Stocked("TWO", 10)
	one, _ := a.Item(item)
	for query, want := range map[string]int{
		"product_id=" + one.Product.ID.String(): 1, "location_id=" + a.Location.String(): 2, "location_id=" + other.String(): 0,
		"product_id=none": 0, "location_id=none": 0, "inventory_id=none": 0, "inventory_id=" + one.Product.ID.String(): 0,
		"inventory_id=" + item.String() + "&location_id=" + other.String(): 0,
	} {
		if got := a.pages("/movements?" + query); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

func TestHistoryRefusesWhatItDoesNotKnow(t *testing.T) {
	a := openAPIServer(t)
	for _, query := range []string{
		"reason_code=GIFT", "reason_code=", "limit=0", "limit=201", "limit=x", "cursor=x", "cursor=s-1", "from=yesterday", "to=0001-01-01T00:00:00Z",
		"page=1", "location_id=", "inventory_id=a&inventory_id=b", "inventory_id=%00",
	} {
		a.get("viewer", "/movements?"+query).is(400)
	}
	if got := a.get("viewer", "/movements?reason_code=X&limit=0&nope=1").is(400).texts("errors", "pointer"); got != "reason_code limit nope" {
		t.Errorf("wrong: %s", got)
	}
	a.get("viewer", "/inventory/none/movements").refused(404, store.CodeNotFound)
	a.get("viewer", "/movements?inventory_id="+a.Stocked("ONE", 1).String()+"&cursor=s1").is(200).has("next_cursor", "")
}

// A cursor of another history is no error; it only takes longer.
func TestHistoryTakesACursorFromElsewhere(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	opening := a.get("viewer", "/movements").text("data.0.id")
	a.Adjust(a.Stocked("TWO", 10), -1, store.Sale)
	a.Adjust(item, -1, store.Sale)
	cursor := a.get("viewer", "/movements?limit=2").is(200).text("next_cursor")
	if got := a.pages("/inventory/" + item.String() + "/movements?limit=5&cursor=" + cursor); fmt.Sprint(got) != "["+opening+"]" {
		t.Errorf("got %v, want %s", got, opening)
	}
}

func TestAMovementIsFoundByItsPosition(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	id := a.Adjust(item, -3, store.Sale).Facts[0].Entry.Position
	a.get("viewer", "/movements/"+id.String()).is(200).has("inventory_id", item.String(), "quantity_change", "-3", "notes", "test", "late", "false")
	for _, none := range []string{"x", "1-1", "1-0", "1-999", "9-" + fmt.Sprint(id.Seq), "1-99999999999999999999"} {
		a.get("viewer", "/movements/"+none).refused(404, store.CodeNotFound)
	}
	a.get("viewer", "/movements/"+id.String()+"?fields=id").refused(400, store.CodeUnknownParameter)
}

func TestAMovementIsReversedOnce(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	path := "/movements/" + a.Adjust(item, -3, store.Sale).Facts[0].Entry.Position.String() + "/reverse"
	r := a.keepsPromises(write{"manager", "POST", path, `{"notes":"a slip"}`, 201})
	r.has("movement.quantity_change", "3", "movement.reason_code", "SALE", "movement.quantity_after", "10", "movement.notes", "a slip")
	if want := "/api/v1/movements/" + r.text("movement.id"); r.header.Get("Location") != want {
		t.Errorf("it is at %s", r.header.Get("Location"))
	}
	a.writesNothing(func() {
		a.post("manager", path, "").refused(409, store.CodeAlreadyReversed)
		a.post("manager", "/movements/1-1/reverse", "").refused(404, store.CodeNotFound)
		a.post("manager", path, `{"note":"x"}`).refused(400, store.CodeUnknownField)
		a.post("manager", path, `{"notes":"`+longText+`"}`).refused(422, store.CodeInvalid)
	})
}

func TestReversingALegReversesTheTransfer(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	legs := a.Must(&store.Adjust{Item: item, Change: -4_0000, Reason: store.Transfer, ToRoom: store.Vault})
	into := legs.Facts[1].Entry
	r := a.post("manager", "/movements/"+into.Position.String()+"/reverse", "").is(201)
	r.has("movement.reverses", into.Position.String())
	if got := r.texts("movements", "quantity_after"); got != "10 0" && got != "0 10" {
		t.Errorf("after it there are %s", got)
	}
}

func TestReversingNeedsTheUnits(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 0)
	in := a.Adjust(item, 5, store.Return).Facts[0].Entry.Position
	a.Adjust(item, -4, store.Sale)
	a.writesNothing(func() {
		a.post("manager", "/movements/"+in.String()+"/reverse", "").refused(409, store.CodeInsufficientStock).has("current.quantity", "1")
	})
}

func TestErasedNotesAreGoneAndTheMovementStays(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 10)
	path := "/movements/" + a.Adjust(item, -3, store.Sale).Facts[0].Entry.Position.String()
	a.keepsPromises(write{"admin", "DELETE", path + "/notes", "", 204})
	a.get("viewer", path).is(200).has("notes", "", "quantity_change", "-3")
	a.writesNothing(func() {
		a.call("admin", "DELETE", "/api/v1"+path+"/notes", "").refused(404, store.CodeNotFound)
		a.call("admin", "DELETE", "/api/v1/movements/1-1/notes", "").refused(404, store.CodeNotFound)
	})
}

func TestMovementsHideTheirValueWhereCostsAreHidden(t *testing.T) {
	a := openAPIServer(t, func(c *Config) { c.HideCost = true })
	item := a.Stocked("ONE", 10)
	path := "/inventory/" + item.String() + "/movements"
	a.get("terminal", path).is(200).has("data.0.value_change", "")
	a.get("manager", path).is(200).has("data.0.value_change", "250.00")
}
