package web

import (
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestTheTermsOfAQuantityAddUp(t *testing.T) {
	a := openAPIServer(t)
	item := a.Stocked("ONE", 96)
	path := "/inventory/" + item.String() + "/explain"
	a.Adjust(item, -20, store.Sale)
	a.Adjust(item, 3, store.Return)
	counted := a.Adjust(item, -1, store.Audit).Facts[0].Entry
	a.Clock.Advance(time.Hour)
	then := a.Clock.Wall().Add(-time.Minute).Format(time.RFC3339)
	a.Adjust(item, -8, store.Sale)
	held := a.Must(&store.Reserve{Item: item, Quantity: 5_0000, Reference: "R-1"}).Facts[0].Of.(*store.Reservation)

	r := a.get("viewer", path).is(200)
	r.has("opening", "96", "quantity", "70", "reserved_quantity", "5", "available_quantity", "65", "movements", "5", "unit", "each",
		"last_count.movement_id", counted.Position.String(), "last_count.quantity", "78", "last_count.quantity_change", "-1",
		"holds.0.reservation_id", held.ID.String(), "holds.0.quantity", "5", "holds.0.reference", "R-1")
	if got := r.texts("sums", "reason_code") + " " + r.texts("sums", "quantity_change"); got != "SALE RETURN AUDIT -28 3 -1" {
		t.Errorf("sums: %s", got)
	}
	a.get("viewer", path+"?as_of="+then).is(200).has("quantity", "78", "reserved_quantity", "0", "movements", "4", "as_of", then)
	a.get("viewer", path+"?as_of=2001-01-01T00:00:00Z").is(200).has("quantity", "0", "opening", "0", "last_count", "")
}

func TestExplainingRefusesTheFutureAndTheUnknown(t *testing.T) {
	a := openAPIServer(t)
	path := "/inventory/" + a.Stocked("ONE", 1).String() + "/explain"
	a.get("viewer", path+"?as_of=2030-01-01T00:00:00Z").refused(422, store.CodeFutureTime)
	a.get("viewer", path+"?as_of=now").refused(400, store.CodeInvalid)
	a.get("viewer", path+"?at=now").refused(400, store.CodeUnknownParameter)
	a.get("viewer", "/inventory/none/explain").refused(404, store.CodeNotFound)
}
