package metrc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// specs is where METRC's contract is kept, beside the repository.
const specs = "../../../../shared/specs/metrc"

// spec is METRC's contract: the requests of one state's Postman collection,
// and the JSON Schemas of rows.
type spec struct {
	dir       string
	endpoints []endpoint

	mu      sync.Mutex
	schemas map[string]*openapi3.Schema
}

// endpoint is one request of the collection.
type endpoint struct {
	method string
	// segments are those of the path; one in braces stands for any.
	segments []string
	query    []string
	// body is the example, empty for none.
	body string
}

// loadSpec skips the test when the contract is not there.
func loadSpec(t testing.TB, state string) *spec {
	t.Helper()
	path := filepath.Join(specs, "postman-"+state+".json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("METRC's contract is not here: there is no %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var collection folder
	if err := json.Unmarshal(b, &collection); err != nil {
		t.Fatal(err)
	}
	s := &spec{dir: filepath.Join(specs, "schemas"), schemas: make(map[string]*openapi3.Schema)}
	collection.walk(&s.endpoints)
	if len(s.endpoints) < 100 {
		t.Fatalf("%s holds %d requests", path, len(s.endpoints))
	}
	return s
}

// folder is a folder of a collection, or a request in one.
type folder struct {
	Item    []folder
	Request struct {
		Method string
		URL    struct {
			Host, Path []string
			Query      []struct{ Key string }
		}
		Body struct{ Raw string }
	}
}

func (f *folder) walk(list *[]endpoint) {
	for i := range f.Item {
		f.Item[i].walk(list)
	}
	r := &f.Request
	if r.Method == "" || len(r.URL.Host) != 1 {
		return
	}
	base, ok := strings.CutPrefix(r.URL.Host[0], "{{Metrc.api.server}}")
	if !ok {
		return
	}
	e := endpoint{method: r.Method, body: r.Body.Raw}
	e.segments = append(strings.Split(base, "/"), r.URL.Path...)
	for _, q := range r.URL.Query {
		e.query = append(e.query, q.Key)
	}
	*list = append(*list, e)
}

func (e *endpoint) matches(method, path string) bool {
	segments := strings.Split(path, "/")
	return e.method == method && slices.EqualFunc(e.segments, segments, func(want, got string) bool {
		return want == got || strings.HasPrefix(want, "{{") && got != ""
	})
}

// find gives the request that names the most of a path.
func (s *spec) find(method, path string) (found *endpoint) {
	for i := range s.endpoints {
		e := &s.endpoints[i]
		if e.matches(method, path) && (found == nil || strings.Join(e.segments, "/") == path) {
			found = e
		}
	}
	return found
}

// checkRequest holds a request against the collection: its verb, path, query
// and, where there is an example of one, its body.
func (s *spec) checkRequest(method, path, query string, body []byte) error {
	e := s.find(method, path)
	if e == nil {
		return fmt.Errorf("METRC has no %s %s", method, path)
	}
	if strings.Contains(query, "+") {
		return fmt.Errorf("%s has a plus sign in its query %s", path, query)
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	for name, values := range q {
		if !slices.Contains(e.query, name) || len(values) != 1 || values[0] == "" {
			return fmt.Errorf("%s has no place for %s=%q", path, name, values)
		}
	}
	if slices.Contains(e.query, "licenseNumber") && !q.Has("licenseNumber") {
		return fmt.Errorf("%s lacks the license", path)
	}
	return e.checkBody(body)
}

// checkBody holds a body against the example: each row has its fields, with
// values of types that the example has for them.
func (e *endpoint) checkBody(body []byte) error {
	if e.body == "" {
		if len(body) > 0 {
			return fmt.Errorf("%s takes no body", e.segments)
		}
		return nil
	}
	var example, rows []map[string]any
	if err := json.Unmarshal([]byte(e.body), &example); err != nil {
		return fmt.Errorf("the example of %s is none: %w", e.segments, err)
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return fmt.Errorf("the body is no array of rows: %w", err)
	}
	types := make(map[string][]string)
	for _, row := range example {
		for name, v := range row {
			types[name] = append(types[name], fmt.Sprintf("%T", v))
		}
	}
	for n, row := range rows {
		if err := checkRow(types, row); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return nil
}

func checkRow(types map[string][]string, row map[string]any) error {
	for name, v := range row {
		if !slices.Contains(types[name], fmt.Sprintf("%T", v)) {
			return fmt.Errorf("%s cannot be %#v", name, v)
		}
	}
	for name := range types {
		if _, ok := row[name]; !ok {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

// schema reads the JSON Schema of a row.
func (s *spec) schema(name string) (*openapi3.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema := s.schemas[name]; schema != nil {
		return schema, nil
	}
	b, err := os.ReadFile(filepath.Join(s.dir, name+".schema.json"))
	if err != nil {
		return nil, err
	}
	schema := new(openapi3.Schema)
	s.schemas[name] = schema
	return schema, json.Unmarshal(b, schema)
}

// checkObject holds a row of an answer against its schema. A field that the
// schema does not have is refused too.
func checkObject(schema *openapi3.Schema, row any) error {
	b, err := json.Marshal(row)
	if err != nil {
		return err
	}
	var plain map[string]any
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&plain); err != nil {
		return err
	}
	for name := range plain {
		if schema.Properties[name] == nil {
			return fmt.Errorf("there is no field %s", name)
		}
	}
	return schema.VisitJSON(plain)
}

// skeleton makes the smallest row that a schema allows, for a simulator to
// fill in.
func skeleton(schema *openapi3.Schema) map[string]any {
	row := make(map[string]any)
	for name, ref := range schema.Properties {
		switch p := ref.Value; {
		case !slices.Contains(schema.Required, name):
			if p.Type.Includes("null") {
				row[name] = nil
			}
		case p.Type.Is("object"):
			row[name] = skeleton(p)
		case p.Type.Is("array"):
			row[name] = []any{}
		case p.Type.Is("boolean"):
			row[name] = false
		case p.Type.Is("string"):
			row[name] = map[string]string{"date": "2026-01-02", "date-time": "2026-01-02T03:04:05+00:00"}[p.Format]
		default:
			row[name] = 1
		}
	}
	return row
}

func TestTheCheckerRefusesABadRequest(t *testing.T) {
	t.Parallel()
	const license = "licenseNumber=C10-1"
	row := `{"Label":"1A4","Quantity":2,"UnitOfMeasure":"Each","AdjustmentReason":"Waste","AdjustmentDate":"2026-01-27","ReasonNote":null}`
	for _, state := range []string{"ca", "co", "or"} {
		s := loadSpec(t, state)
		if err := s.checkRequest("PUT", "/packages/v2/adjust", license, []byte("["+row+"]")); err != nil {
			t.Errorf("%s: a good request is refused: %v", state, err)
		}
		for name, bad := range map[string]struct{ method, path, query, body string }{
			"verb":           {"POST", "/packages/v2/active", license, ""},
			"path":           {"GET", "/packages/v2/active/", license, ""},
			"version":        {"GET", "/packages/v3/active", license, ""},
			"no license":     {"GET", "/packages/v2/active", "pageNumber=1", ""},
			"query":          {"GET", "/packages/v2/active", license + "&page=1", ""},
			"plus sign":      {"GET", "/packages/v2/active", license + "&lastModifiedStart=2026-01-27T00:00:00+00:00", ""},
			"body of a read": {"GET", "/packages/v2/active", license, "[]"},
			"no rows":        {"PUT", "/packages/v2/adjust", license, "{}"},
			"text":           {"PUT", "/packages/v2/adjust", license, "[" + strings.Replace(row, "2,", `"2",`, 1) + "]"},
			"missing field":  {"PUT", "/packages/v2/adjust", license, `[{"Label":"1A4"}]`},
			"other field":    {"PUT", "/packages/v2/adjust", license, "[" + strings.Replace(row, "{", `{"Delta":1,`, 1) + "]"},
		} {
			if s.checkRequest(bad.method, bad.path, bad.query, []byte(bad.body)) == nil {
				t.Errorf("%s: a bad %s is not refused", state, name)
			}
		}
	}
}

func TestTheCheckerRefusesABadRow(t *testing.T) {
	t.Parallel()
	schema, err := loadSpec(t, "ca").schema("Packages/PackagesPackage")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkObject(schema, skeleton(schema)); err != nil {
		t.Fatalf("the smallest row is refused: %v", err)
	}
	for name, spoil := range map[string]func(row map[string]any){
		"type":          func(row map[string]any) { row["Quantity"] = "12" },
		"null":          func(row map[string]any) { row["Label"] = nil },
		"time":          func(row map[string]any) { row["LastModified"] = "yesterday" },
		"missing field": func(row map[string]any) { delete(row, "IsOnHold") },
		"other field":   func(row map[string]any) { row["Amount"] = 1 },
		"part":          func(row map[string]any) { row["Item"].(map[string]any)["Id"] = 1.5 },
	} {
		row := skeleton(schema)
		spoil(row)
		if checkObject(schema, row) == nil {
			t.Errorf("a row with a bad %s is not refused", name)
		}
	}
}
