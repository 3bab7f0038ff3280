package web

import (
	"testing"

	"github.com/shelfd/shelfd/store"
)

const newLocation = `{"name":"Second Street","licence_number":"284","timezone":"America/Denver","currency":"USD","allow_negative_stock":true,"external_id":"c-2"}`

func TestALocationIsOpenedChangedAndArchived(t *testing.T) {
	a := openAPIServer(t)
	r := a.keepsPromises(write{"admin", "POST", "/locations", newLocation, 201})
	r.has("name", "Second Street", "licence_number", "284", "timezone", "America/Denver", "currency", "USD", "allow_negative_stock", "true", "external_id", "c-2")
	path := "/locations/" + r.text("id")
	a.keepsPromises(write{"admin", "PATCH", path, `{"licence_number":null,"allow_negative_stock":false,"timezone":"Europe/Berlin"}`, 200}).
		has("licence_number", "", "allow_negative_stock", "false", "timezone", "Europe/Berlin", "name", "Second Street")
	if got := a.get("viewer", "/locations").is(200).texts("data", "name"); got != "Main Street Second Street" {
		t.Errorf("listed: %s", got)
	}
	a.patch("admin", path, `{"name":"x"}`, "If-Match: "+r.header.Get("Etag")).refused(412, store.CodeStaleVersion)
	a.keepsPromises(write{"admin", "POST", path + "/archive", "", 200})
	if got := a.get("viewer", "/locations").texts("data", "name") + "|" + a.get("viewer", "/locations?archived=true").texts("data", "name"); got != "Main Street|Second Street" {
		t.Errorf("listed: %s", got)
	}
	a.get("viewer", path).is(200)
}

func TestALocationNamesAllThatIsWrong(t *testing.T) {
	a := openAPIServer(t)
	a.Stocked("ONE", 1)
	own := "/locations/" + a.Location.String()
	a.writesNothing(func() {
		if got := a.post("admin", "/locations", `{}`).refused(422, store.CodeInvalid).texts("errors", "pointer"); got != "/name /timezone /currency" {
			t.Errorf("missing: %s", got)
		}
		r := a.post("admin", "/locations", `{"name":" ","timezone":"Mars/Base","currency":"usd"}`).refused(422, store.CodeInvalid)
		if got := r.texts("errors", "pointer"); got != "/name /currency /timezone" {
			t.Errorf("wrong: %s", got)
		}
		a.patch("admin", own, `{"currency":null}`).refused(422, store.CodeInvalid)
		a.patch("admin", own, `{"allow_negative_stock":null}`).refused(422, store.CodeInvalid)
		a.patch("admin", own, `{"archived_at":null}`).refused(400, store.CodeUnknownField)
		a.patch("admin", "/locations/none", `{"name":"x"}`).refused(404, store.CodeNotFound)
		a.get("viewer", "/locations/none").refused(404, store.CodeNotFound)
		a.post("admin", own+"/archive", "").refused(422, store.CodeInvalid)
	})
}
