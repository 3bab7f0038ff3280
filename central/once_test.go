package central_test

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

func TestRequest_is_remembered_for_thirty_days_and_no_longer(t *testing.T) {
	clock := storetest.NewClock(time.Now())
	d := openDesk(t, func(c *central.Config) { c.Clock = clock })
	d.traded(0)
	send := func(n int) bool {
		t.Helper()
		_, replayed, err := d.Send(t.Context(), keyed(n), nil, "product", []byte(`{"sku":"A"}`))
		if err != nil {
			t.Fatal(err)
		}
		return replayed
	}
	send(1)
	clock.Advance(29 * 24 * time.Hour)
	if !send(1) {
		t.Fatal("it was forgotten after 29 days")
	}
	clock.Advance(2 * 24 * time.Hour)
	send(2)
	if n := ask[int](d, "SELECT count(*) FROM idempotency"); n != 1 {
		t.Fatalf("%d keys are kept", n)
	}
	if send(1) {
		t.Fatal("it is remembered after 31 days")
	}
}

func TestRequest_that_got_in_the_way_of_another_may_come_again(t *testing.T) {
	d := openDesk(t)
	d.traded(0)
	for _, statement := range []string{
		"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$",
		"CREATE TRIGGER fail BEFORE INSERT ON command FOR EACH ROW EXECUTE FUNCTION fail()",
	} {
		if _, err := d.db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.Send(t.Context(), keyed(1), nil, "product", []byte(`{}`)); store.CodeOf(err) != store.CodeUnavailable {
		t.Fatal(err)
	}
}

func TestQuestion_may_have_characters_that_PostgreSQL_does_not_accept(t *testing.T) {
	d := openDesk(t)
	shop := storetest.Open(t)
	shop.Stocked("A", 3)
	o := d.enrol(shop)
	o.push()
	for n, odd := range []string{"\x00", "a\xff"} {
		for name, f := range map[string]store.ItemFilter{
			"text": {Text: odd}, "sku": {SKUs: []string{odd}}, "category": {Categories: []string{odd}},
			"barcode": {Barcodes: []string{odd}}, "lot": {Lots: []string{odd}},
		} {
			if _, total, err := d.Items(t.Context(), store.FleetFilter{ItemFilter: f}, 0, 10); err != nil || total != 0 {
				t.Errorf("%s %q: %d, %v", name, odd, total, err)
			}
		}
		if _, err := d.ProductEverywhere(t.Context(), odd); store.CodeOf(err) != store.CodeNotFound {
			t.Error(err)
		}
		if _, _, err := d.IssueToken(t.Context(), storetest.Request, store.Token{Name: odd, Terminal: odd, Role: store.RoleViewer, Hash: [32]byte{byte(n)}}); err != nil {
			t.Error(err)
		}
	}
}
