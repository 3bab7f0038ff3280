package square

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// specFile is Square's own description of its API. It is Square's, so it lives
// beside the repository and not in it.
var specFile = filepath.Join("..", "..", "..", "..", "shared", "specs", "square-inventory.openapi.json")

// spec holds requests and answers against Square's description.
type spec struct{ router routers.Router }

var readSpec = sync.OnceValues(func() (*spec, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(specFile)
	if err != nil {
		return nil, err
	}
	// The simulator is somewhere else.
	doc.Servers = nil
	for _, s := range doc.Components.Schemas {
		closeSchema(s.Value)
	}
	router, err := gorillamux.NewRouter(doc)
	return &spec{router}, err
})

// closeSchema forbids fields that Square does not document, which catches
// those that are spelled wrong.
func closeSchema(s *openapi3.Schema) {
	if len(s.Properties) > 0 {
		no := false
		s.AdditionalProperties.Has = &no
	}
}

// loadSpec skips the test where Square's description is missing.
func loadSpec(t testing.TB) *spec {
	t.Helper()
	if _, err := os.Stat(specFile); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("Square's description of its API, %s, is not on this machine", specFile)
	}
	s, err := readSpec()
	if err != nil {
		t.Fatalf("%s: %v", specFile, err)
	}
	return s
}

// checkRequest says what is wrong with a request.
func (s *spec) checkRequest(r *http.Request, body []byte) error {
	in, err := s.input(r, body)
	if err != nil {
		return err
	}
	if r.URL.RawQuery != "" {
		return fmt.Errorf("the query %s is not documented", r.URL.RawQuery)
	}
	return openapi3filter.ValidateRequest(context.Background(), in)
}

// checkAnswer says what is wrong with an answer. Square documents only its
// 200, which has room for errors, so that is what every answer is held
// against.
func (s *spec) checkAnswer(r *http.Request, body []byte) error {
	in, err := s.input(r, nil)
	if err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: http.StatusOK, Options: in.Options,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
	out.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), out)
}

func (s *spec) input(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	again := r.Clone(context.Background())
	again.Body = http.NoBody
	if len(body) > 0 {
		again.Body = readCloser{bytes.NewReader(body)}
	}
	route, params, err := s.router.FindRoute(again)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}, nil
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

func TestTheSpecRefusesBadRequests(t *testing.T) {
	s := loadSpec(t)
	good := `{"idempotency_key":"k","changes":[{"type":"ADJUSTMENT","adjustment":{"from_state":"IN_STOCK","to_state":"SOLD","quantity":"1"}}]}`
	cases := map[string]struct{ path, body, want string }{
		"good":                   {pathCreate, good, ""},
		"without a key":          {pathCreate, strings.Replace(good, `"idempotency_key":"k",`, "", 1), "idempotency_key"},
		"with an empty key":      {pathCreate, strings.Replace(good, `"k"`, `""`, 1), "minimum string length"},
		"with a long key":        {pathCreate, strings.Replace(good, `"k"`, `"`+strings.Repeat("k", 129)+`"`, 1), "maximum string length"},
		"with a state of no one": {pathCreate, strings.Replace(good, "SOLD", "GONE", 1), "not one of the allowed values"},
		"with a number":          {pathCreate, strings.Replace(good, `"1"`, `1`, 1), "must be a string"},
		"with a field of no one": {pathCreate, strings.Replace(good, "quantity", "amount", 1), "unsupported"},
		"with a field of theirs": {pathCreate, strings.Replace(good, `"quantity":"1"`, `"created_at":"2026-01-01T00:00:00Z"`, 1), "readOnly"},
		"with a limit too high":  {pathCounts, `{"limit":1001}`, "1000"},
		"without a body":         {pathChanges, ``, "required"},
		"of nothing known":       {"/v2/inventory/changes", `{}`, "no matching operation"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1"+c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			err := s.checkRequest(r, []byte(c.body))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("said %v; want %q", err, c.want)
			}
		})
	}
}

func TestTheSpecRefusesBadAnswers(t *testing.T) {
	s := loadSpec(t)
	cases := map[string]struct {
		body string
		good bool
	}{
		"nothing":               {`{}`, true},
		"a count":               {`{"counts":[{"catalog_object_id":"V","state":"IN_STOCK","quantity":"1.5"}]}`, true},
		"an error":              {`{"errors":[{"category":"API_ERROR","code":"INTERNAL_SERVER_ERROR"}]}`, true},
		"a quantity as number":  {`{"counts":[{"quantity":1.5}]}`, false},
		"an error without code": {`{"errors":[{"category":"API_ERROR"}]}`, false},
		"a code of no one":      {`{"errors":[{"category":"API_ERROR","code":"TIRED"}]}`, false},
		"a field of no one":     {`{"numbers":[]}`, false},
		"a list":                {`[]`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1"+pathCounts, nil)
			if err := s.checkAnswer(r, []byte(c.body)); (err == nil) != c.good {
				t.Errorf("%s: %v", c.body, err)
			}
		})
	}
}
