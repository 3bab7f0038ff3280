package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// linkTill gives the till something of every kind.
func linkTill(t *testing.T) (a *api, path string) {
	a, product := openCounter(t)
	a.sync.counter.rows = append(a.sync.counter.rows,
		store.LinkRow{Kind: store.LinkReason, Ours: "DAMAGE", Name: "Damaged goods"},
		store.LinkRow{Kind: store.LinkProduct, Ours: "two", Name: "Product TWO", SKU: "TWO"},
		store.LinkRow{Kind: store.LinkRoom, Ours: "vault", Name: "Vault", Link: &store.Link{How: "manual"}},
		store.LinkRow{Kind: store.LinkLot, Ours: "lot", Name: "Product ONE", Tag: "1A40"},
	)
	return a, "/api/v1/pos/till/links/product/" + product
}

func TestLinksAreListedByKind(t *testing.T) {
	a, _ := linkTill(t)
	for path, want := range map[string]string{
		"":                                      "ONE TWO lot vault DAMAGE",
		"?kind=product":                         "ONE TWO",
		"?kind=lot":                             "lot",
		"?linked=true":                          "ONE vault",
		"?linked=false":                         "TWO lot DAMAGE",
		"?linked=false&kind=product":            "TWO",
		"?limit=2&page=2":                       "lot vault",
		"?limit=2&page=9":                       "",
		"?kind=reason&linked=true&page=1":       "",
		"?kind=room&linked=true&limit=1&page=1": "vault",
	} {
		r := a.get("viewer", "/pos/till/links"+path).is(200)
		got := strings.Fields(r.texts("data", "ours"))
		for i := range got {
			if sku := r.text(fmt.Sprintf("data.%d.sku", i)); sku != "" {
				got[i] = sku
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s lists %v, want %s", path, got, want)
		}
	}
	r := a.get("sync", "/pos/till/links?limit=1").is(200)
	r.has("pagination.total", "5", "data.0.kind", "product", "data.0.name", "Product ONE", "data.0.package_tag", "",
		"data.0.link.theirs", "W62U", "data.0.link.name", "One", "data.0.link.how", "sku", "data.0.link.linked_at", "2026-01-27T10:30:00Z")
	if !strings.Contains(r.header.Get("Link"), "</api/v1/pos/till/links?limit=1&page=2>; rel=\"next\"") {
		t.Errorf("Link: %s", r.header.Get("Link"))
	}
	a.get("viewer", "/pos/till/links?kind=room").is(200).has("data.0.link.theirs", "", "data.0.link.how", "manual")
}

func TestALinkIsMadeByHandAndTakenAway(t *testing.T) {
	a, path := linkTill(t)
	put := func(query, body string) *answer { return a.call("manager", "PUT", path+query, body) }
	put("?dry_run=true", `{"theirs":"X1"}`).is(200).has("link.theirs", "X1")
	a.get("viewer", "/pos/till/links?kind=product").is(200).has("data.0.link.theirs", "W62U")
	put("", `{"theirs":" X1 ","name":" Dream "}`).is(200).has("kind", "product", "link.theirs", "X1", "link.name", "Dream", "link.how", "manual")
	put("", `{"theirs":""}`).is(200).has("link.theirs", "", "link.name", "")
	a.call("manager", "DELETE", path+"?dry_run=true", "").is(204)
	a.get("viewer", "/pos/till/links?kind=product").is(200).has("data.0.link.how", "manual")
	a.call("manager", "DELETE", path, "").is(204)
	a.get("viewer", "/pos/till/links?kind=product").is(200).has("data.0.link", "")
}

func TestALinkThatCannotBeIsRefused(t *testing.T) {
	a, path := linkTill(t)
	for body, want := range map[string]string{
		``:                    "/theirs",
		`{}`:                  "/theirs",
		`{"theirs":null}`:     "/theirs",
		`{"name":"x"}`:        "/theirs",
		`{"theirs":"  "}`:     "/theirs",
		`{"theirs":"a\tb"}`:   "/theirs",
		`{"theirs":"\u202e"}`: "",
		`{"theirs":"` + strings.Repeat("ü", 201) + `","name":"` + strings.Repeat("ü", 301) + `"}`: "/theirs /name",
		`{"theirs":"x","name":"\u0007"}`: "/name",
	} {
		r := a.call("manager", "PUT", path, body)
		if want == "" {
			r.is(200)
		} else if got := r.refused(422, store.CodeInvalid).texts("errors", "pointer"); got != want {
			t.Errorf("%.80s: %s is wrong, not %s", body, got, want)
		}
	}
	a.call("manager", "PUT", path, `{"theirs":"`+strings.Repeat("ü", 200)+`"}`).is(200)
	for _, nowhere := range []string{
		"/pos/till/links/colour/x", "/pos/till/links/product/none", "/pos/till/links/room/attic", "/pos/nobody/links/product/none",
	} {
		a.call("manager", "PUT", "/api/v1"+nowhere, `{"theirs":"x"}`).refused(404, store.CodeNotFound)
		a.call("manager", "DELETE", "/api/v1"+nowhere, "").refused(404, store.CodeNotFound)
	}
}
