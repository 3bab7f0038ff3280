package dutchie

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// specFile is Dutchie's own document, which is not ours to give away: it lies
// beside the checkout.
var specFile = filepath.Join("..", "..", "..", "..", "shared", "specs", "dutchie.openapi.json")

// spec holds requests and answers against Dutchie's document.
type spec struct{ router routers.Router }

var readSpec = sync.OnceValues(func() (*spec, error) {
	// Without Validate: the document breaks rules of its own elsewhere.
	doc, err := openapi3.NewLoader().LoadFromFile(specFile)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	return &spec{router}, err
})

func loadSpec(t testing.TB) *spec {
	t.Helper()
	if _, err := os.Stat(specFile); os.IsNotExist(err) {
		t.Skipf("%s is not here: without it nothing says what Dutchie takes and gives", specFile)
	}
	s, err := readSpec()
	if err != nil {
		t.Fatalf("%s: %v", specFile, err)
	}
	return s
}

// request says what of a request is not as documented. The input is for its
// answer, nil when there is no such operation.
func (s *spec) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := s.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	again := r.Clone(context.Background())
	again.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
			AuthenticationFunc: authenticated,
		},
	}
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return in, fmt.Errorf("the parameter %q is not documented", name)
		}
	}
	return in, openapi3filter.ValidateRequest(context.Background(), in)
}

// authenticated wants HTTP Basic, with any key.
func authenticated(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if key, _, ok := in.RequestValidationInput.Request.BasicAuth(); !ok || key == "" {
		return in.NewError(nil)
	}
	return nil
}

// answer says what of an answer is not as documented.
func (s *spec) answer(in *openapi3filter.RequestValidationInput, status int, h http.Header, body []byte) error {
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: h, Options: in.Options}
	out.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return err
	}
	if len(body) > 0 && len(in.Route.Operation.Responses.Status(status).Value.Content) == 0 {
		return fmt.Errorf("status %d has a body where none is documented", status)
	}
	return nil
}

func TestSpec_refuses_what_dutchie_would(t *testing.T) {
	s := loadSpec(t)
	for _, c := range []struct{ name, method, target, body string }{
		{"an unknown path", "GET", "/inventory/adjust", ""},
		{"a method that is not there", "PUT", "/reporting/inventory", ""},
		{"an unknown parameter", "GET", "/reporting/inventory?includeItems=true", ""},
		{"a date that is none", "GET", "/reporting/transactions?FromLastModifiedDateUTC=yesterday", ""},
		{"a flag that is none", "GET", "/reporting/inventory?includeAllocated=2", ""},
		{"a draft without a date", "POST", "/inventory/receiveinventory", `{"items":[]}`},
		{"a draft with an unknown field", "POST", "/inventory/receiveinventory", `{"deliveredOn":"2026-01-01T00:00:00Z","draft":true}`},
		{"an item without a product", "POST", "/inventory/receiveinventory", `{"deliveredOn":"2026-01-01T00:00:00Z","items":[{"quantity":1}]}`},
		{"a quantity that is a text", "POST", "/inventory/receiveinventory", `{"deliveredOn":"2026-01-01T00:00:00Z","items":[{"productId":1,"quantity":"1"}]}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://dutchie.test"+c.target, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.SetBasicAuth("key", "")
		if _, err := s.request(r, []byte(c.body)); err == nil {
			t.Errorf("%s goes through", c.name)
		}
	}
}

func TestSpec_refuses_answers_that_dutchie_would_not_give(t *testing.T) {
	s := loadSpec(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://dutchie.test/reporting/inventory", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.request(r, nil); err == nil {
		t.Error("a request without a key goes through")
	}
	r.SetBasicAuth("key", "")
	in, err := s.request(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if err := s.answer(in, 200, h, []byte(`[{"productId":1,"packageId":null}]`)); err != nil {
		t.Errorf("a good answer is refused: %v", err)
	}
	for _, bad := range []string{`{}`, `[{"productId":"1"}]`, `[{"productId":null}]`, `[{"room":"Vault"}]`, `[{"lastModifiedDateUtc":"today"}]`} {
		if s.answer(in, 200, h, []byte(bad)) == nil {
			t.Errorf("%s goes through", bad)
		}
	}
	if s.answer(in, 418, h, nil) == nil || s.answer(in, 401, h, []byte(`"no"`)) == nil {
		t.Error("a status or a body goes through that is not documented")
	}
}
