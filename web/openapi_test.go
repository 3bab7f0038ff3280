package web

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestContractNamesExactlyTheCodesOfTheStore(t *testing.T) {
	c := loadContract(t)
	listed := map[string]bool{}
	for _, v := range c.doc.Components.Schemas["ProblemCode"].Value.Enum {
		listed[v.(string)] = true
	}
	explained := map[string]bool{}
	for code, p := range c.problems() {
		explained[code] = true
		if p.Title == "" || p.Action == "" || len(p.Status) == 0 {
			t.Errorf("x-problems says too little of %s: %+v", code, p)
		}
	}
	inStore := storeCodes(t)
	if !maps.Equal(listed, inStore) {
		t.Errorf("the enum ProblemCode has %v,\nstore has %v", sortedKeys(listed), sortedKeys(inStore))
	}
	if !maps.Equal(explained, inStore) {
		t.Errorf("x-problems has %v,\nstore has %v", sortedKeys(explained), sortedKeys(inStore))
	}
}

// storeCodes reads the constants of type Code from the store's source.
func storeCodes(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../store/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Code" {
			for _, v := range spec.Values {
				s, _ := strconv.Unquote(v.(*ast.BasicLit).Value)
				codes[s] = true
			}
		}
		return true
	})
	return codes
}

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// operations lists those of a store and of head office.
func operations(t *testing.T) iter.Seq2[string, *openapi3.Operation] {
	return func(yield func(string, *openapi3.Operation) bool) {
		for _, c := range []*contract{loadContract(t), loadFleetContract(t)} {
			for route, o := range c.operations() {
				if !yield(route, o) {
					return
				}
			}
		}
	}
}

func TestContractSaysOfEveryOperationWhoMayUseItAndHowItFails(t *testing.T) {
	for route, o := range operations(t) {
		if o.OperationID == "" || o.Summary == "" || o.Description == "" || len(o.Tags) != 1 {
			t.Errorf("%s lacks an operationId, a summary, a description or its one tag", route)
		}
		roles, ok := rolesOf(o)
		if !ok {
			t.Errorf("%s: x-roles %v are not least roles", route, o.Extensions["x-roles"])
		}
		public := o.Security != nil && len(*o.Security) == 0
		if public != (len(roles) == 0) {
			t.Errorf("%s: x-roles %v do not fit its security", route, roles)
		}
		if public != (o.Responses.Status(401) == nil) {
			t.Errorf("%s: whether there is a 401 does not fit its security", route)
		}
		for _, status := range []int{400, 421, 500} {
			if o.Responses.Status(status) == nil {
				t.Errorf("%s has no %d", route, status)
			}
		}
	}
}

// rolesOf gives the least roles of an operation; ok is false for anything
// that is not one role of the line, sync, or both.
func rolesOf(o *openapi3.Operation) (roles []string, ok bool) {
	list, ok := o.Extensions["x-roles"].([]any)
	for _, r := range list {
		roles = append(roles, r.(string))
	}
	inLine := slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == "sync" })
	known := !slices.ContainsFunc(inLine, func(r string) bool {
		return !slices.Contains([]string{"viewer", "terminal", "manager", "admin"}, r)
	})
	return roles, ok && known && len(inLine) <= 1
}

func TestContractLetsEveryWriteBeTriedAndRepeated(t *testing.T) {
	for route, o := range operations(t) {
		if strings.HasPrefix(route, http.MethodGet) {
			continue
		}
		if o.Parameters.GetByInAndName("query", "dry_run") == nil || o.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			t.Errorf("%s takes no dry_run or no Idempotency-Key", route)
		}
		for _, status := range []int{409, 413, 422, 503, 507} {
			if o.Responses.Status(status) == nil {
				t.Errorf("%s has no %d", route, status)
			}
		}
		if conditional := o.Parameters.GetByInAndName("header", "If-Match") != nil; conditional != (o.Responses.Status(412) != nil) {
			t.Errorf("%s: If-Match and 412 do not go together", route)
		}
	}
}

// Every field of the row that the API document shows is required of a row,
// and the values shown there are acceptable.
func TestContractKeepsTheDocumentedRow(t *testing.T) {
	const path = "../../shared/inventory-api.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the API document is not at %s", path)
	}
	_, rest, _ := strings.Cut(string(text), "Response:")
	var answer struct {
		Data       []map[string]any
		Pagination map[string]any
	}
	if err := json.NewDecoder(strings.NewReader(rest)).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	schemas := loadContract(t).doc.Components.Schemas
	holdFields(t, schemas["InventoryItem"].Value, answer.Data[0])
	holdFields(t, schemas["Pagination"].Value, answer.Pagination)
}

func holdFields(t *testing.T, schema *openapi3.Schema, shown map[string]any) {
	t.Helper()
	for name, value := range shown {
		if !slices.Contains(schema.Required, name) {
			t.Errorf("%s is not required", name)
			continue
		}
		if err := schema.Properties[name].Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s: %v is refused: %v", name, value, err)
		}
	}
}

// The examples are held to the promises that the answers are held to.
func TestContractExamplesKeepItsPromises(t *testing.T) {
	loadContract(t).holdExamples(t, openAPI)
	loadFleetContract(t).holdExamples(t, fleetText())
}

func (c *contract) holdExamples(t *testing.T, text []byte) {
	t.Helper()
	root, err := readNode(text)
	if err != nil {
		t.Fatal(err)
	}
	for route, o := range c.operations() {
		method, path, _ := strings.Cut(route, " ")
		for status, response := range o.Responses.Map() {
			content := root.at("paths", path, strings.ToLower(method), "responses", status, "content", "application/json")
			if content == nil {
				continue
			}
			schema := response.Value.Content.Get("application/json").Schema.Value
			for _, e := range newSpec(root).body("application/json", content).Examples {
				if err := checkDetail(schema, []byte(e.Text)); err != nil {
					t.Errorf("%s → %s, example %q: %v", route, status, e.Title, err)
				}
			}
		}
	}
	for name, response := range c.doc.Components.Responses {
		example := root.at("components", "responses", name, "content", "application/problem+json", "example")
		if err := checkDetail(response.Value.Content.Get("application/problem+json").Schema.Value, []byte(example.compact())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
