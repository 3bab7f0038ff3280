package web

import (
	"fmt"
	"testing"

	"github.com/shelfd/shelfd/store"
)

func TestALotIsCreatedHeldAndArchived(t *testing.T) {
	a := openAPIServer(t)
	product := a.AddProduct("ONE")
	body := fmt.Sprintf(`{"product_id":%q,"package_tag":"1A40","batch_number":"B-1","expires_at":"2026-11-30"}`, product)
	r := a.keepsPromises(write{"manager", "POST", "/lots", body, 201})
	r.has("product_id", product.String(), "package_tag", "1A40", "expires_at", "2026-11-30", "status", "active")
	path := "/lots/" + r.text("id")
	a.keepsPromises(write{"manager", "PATCH", path, `{"status":"held","expires_at":null,"batch_number":null}`, 200}).
		has("status", "held", "expires_at", "", "batch_number", "", "package_tag", "1A40")
	a.writesNothing(func() {
		a.patch("manager", path, `{"status":"active"}`, "If-Match: "+r.header.Get("Etag")).refused(412, store.CodeStaleVersion)
		a.patch("manager", path, `{"package_tag":null}`).refused(422, store.CodeInvalid)
		a.patch("manager", path, `{"status":null}`).refused(422, store.CodeInvalid)
		a.patch("manager", path, `{"product_id":"x"}`).refused(400, store.CodeUnknownField)
		a.post("manager", "/lots", body).refused(422, store.CodeInvalid).has("errors.0.pointer", "/package_tag")
	})
	a.keepsPromises(write{"manager", "POST", path + "/archive", "", 200})
	a.get("viewer", path).is(200)
	a.get("viewer", "/lots").has("pagination.total", "0")
	a.get("viewer", "/lots?archived=true").has("pagination.total", "1")
}

func TestALotNamesAllThatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	a.writesNothing(func() {
		r := a.post("manager", "/lots", `{"product_id":"none","status":"lost","expires_at":"2026-02-30"}`).refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/package_tag /status /expires_at /product_id" {
			t.Errorf("wrong: %s", got)
		}
		a.post("manager", "/lots", `{"package_tag":"x"}`).refused(422, store.CodeInvalid).has("errors.0.pointer", "/product_id")
		a.post("manager", "/lots", `{"product_id":"none","package_tag":"x"}`).refused(404, store.CodeNotFound)
		a.get("viewer", "/lots/none").refused(404, store.CodeNotFound)
		a.patch("manager", "/lots/none", `{"status":"held"}`).refused(404, store.CodeNotFound)
	})
}

func TestLotsAreListedByExpiry(t *testing.T) {
	a := openAPIServer(t)
	one, two := a.AddProduct("ONE"), a.AddProduct("TWO")
	for _, l := range []store.Lot{
		{ProductID: one, PackageTag: "never"},
		{ProductID: one, PackageTag: "late", ExpiresOn: "2026-12-01"},
		{ProductID: two, PackageTag: "soon", BatchNumber: "B-7", ExpiresOn: "2026-03-01", Status: store.LotHeld},
	} {
		a.Must(&store.EditLot{Edit: func(v *store.Lot) { l.ID = v.ID; *v = l }})
	}
	for query, want := range map[string]string{
		"": "soon late never", "product_id=" + one.String(): "late never", "status=held": "soon", "q=b-7": "soon", "q=LATE": "late",
		"expires_before=2026-12-01": "soon", "expires_before=2026-12-02": "soon late", "limit=1&page=3": "never", "product_id=none": "",
	} {
		if got := a.get("viewer", "/lots?"+query).is(200).texts("data", "package_tag"); got != want {
			t.Errorf("%s lists %s, not %s", query, got, want)
		}
	}
	if got := a.get("viewer", "/lots?status=lost&expires_before=soon").refused(400, store.CodeInvalid).texts("errors", "pointer"); got != "status expires_before" {
		t.Errorf("wrong: %s", got)
	}
}
