package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// contract holds requests and answers against openapi.yaml.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

// loadContract gives the contract, read once for all tests.
func loadContract(t testing.TB) *contract {
	t.Helper()
	c, err := ownPromises()
	if err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
	return c
}

// loadFleetContract gives head office's, read once for all tests.
func loadFleetContract(t testing.TB) *contract {
	t.Helper()
	c, err := fleetPromises()
	if err != nil {
		t.Fatalf("head office's contract: %v", err)
	}
	return c
}

var (
	ownPromises   = sync.OnceValues(func() (*contract, error) { return readContract(openAPI) })
	fleetPromises = sync.OnceValues(func() (*contract, error) { return readContract(fleetText()) })
)

func readContract(text []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder(mimeNDJSON, openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	return &contract{doc, router}, nil
}

const mimeNDJSON = "application/x-ndjson"

// validate fails the test unless the answer, and for a success the request
// too, is as the contract says. The request needs GetBody when it has a body,
// as http.NewRequest gives it; body is what was read of the answer.
func (c *contract) validate(t testing.TB, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	if err := c.check(req, resp, body); err != nil {
		t.Errorf("%s %s → %d breaks openapi.yaml: %v\nanswer: %.2000s", req.Method, req.URL, resp.StatusCode, err, body)
	}
}

// routes lists every operation as gin writes it, such as
// "GET /api/v1/inventory/:id", sorted.
func (c *contract) routes() []string {
	var list []string
	braces := strings.NewReplacer("{", ":", "}", "")
	for path, item := range c.doc.Paths.Map() {
		for method := range item.Operations() {
			list = append(list, method+" "+braces.Replace(path))
		}
	}
	slices.Sort(list)
	return list
}

// operations lists what routes lists, with everything said about it.
func (c *contract) operations() map[string]*openapi3.Operation {
	all := map[string]*openapi3.Operation{}
	for path, item := range c.doc.Paths.Map() {
		for method, o := range item.Operations() {
			all[method+" "+path] = o
		}
	}
	return all
}

func (c *contract) check(req *http.Request, resp *http.Response, body []byte) error {
	in, err := c.requestInput(req)
	if err != nil {
		return c.checkUnrouted(resp, body)
	}
	var faults []error
	if resp.StatusCode < 400 {
		faults = append(faults, checkRequest(in))
	}
	faults = append(faults, checkAnswer(in, resp, body))
	if resp.StatusCode >= 400 && isJSON(resp) {
		faults = append(faults, c.checkProblem(resp.StatusCode, body))
	}
	return errors.Join(faults...)
}

// requestInput finds the request's operation and a fresh copy of its body.
func (c *contract) requestInput(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	again := req.Clone(context.Background())
	if req.GetBody != nil {
		again.Body, err = req.GetBody()
	} else if req.Body != nil && req.Body != http.NoBody {
		err = errors.New("the request has a body but no GetBody")
	}
	// Bodies are JSON whatever the header says.
	again.Header.Set("Content-Type", "application/json")
	return &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}, err
}

// checkRequest says what a request that was accepted should not have had.
func checkRequest(in *openapi3filter.RequestValidationInput) error {
	for name := range in.Request.URL.Query() {
		if in.Route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("the parameter %q was accepted but is not documented", name)
		}
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		return fmt.Errorf("the request was accepted but is not as documented: %w", err)
	}
	return nil
}

// checkAnswer holds status, headers and body against the operation. Of NDJSON
// each line is a body.
func checkAnswer(in *openapi3filter.RequestValidationInput, resp *http.Response, body []byte) error {
	bodies := [][]byte{body}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), mimeNDJSON) {
		bodies = bytes.SplitAfter(body, []byte("\n"))
		if last := bodies[len(bodies)-1]; len(last) > 0 {
			return errors.New("the last line has no line feed")
		}
		bodies = bodies[:len(bodies)-1]
	}
	var faults []error
	for _, b := range bodies {
		faults = append(faults, checkBody(in, resp, b))
	}
	return errors.Join(faults...)
}

func checkBody(in *openapi3filter.RequestValidationInput, resp *http.Response, body []byte) error {
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: in.Options,
	}
	answer.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		return err
	}
	said := in.Route.Operation.Responses.Status(resp.StatusCode).Value
	if len(said.Content) == 0 && len(body) > 0 {
		return errors.New("there is a body where none is documented")
	}
	media := said.Content.Get(resp.Header.Get("Content-Type"))
	if media == nil || !isJSON(resp) {
		return nil
	}
	return checkDetail(media.Schema.Value, body)
}

// checkUnrouted allows only a problem for what is not in the contract.
func (c *contract) checkUnrouted(resp *http.Response, body []byte) error {
	if resp.StatusCode < 400 {
		return errors.New("the operation is not documented")
	}
	return c.checkProblem(resp.StatusCode, body)
}

// checkProblem holds a problem against the table of codes.
func (c *contract) checkProblem(status int, body []byte) error {
	schema := c.doc.Components.Schemas["Problem"].Value
	if err := checkDetail(schema, body); err != nil {
		return err
	}
	var p struct {
		Type   string `json:"type"`
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return err
	}
	if p.Status != status {
		return fmt.Errorf("the problem says status %d", p.Status)
	}
	if p.Code == "" && status == http.StatusInternalServerError {
		return nil
	}
	if p.Code == "" {
		return errors.New("the problem has no code")
	}
	if want := "/docs#problem-" + p.Code; p.Type != want {
		return fmt.Errorf("the problem's type is %q, not %q", p.Type, want)
	}
	if said := c.problems()[p.Code].Status; !slices.Contains(said, status) {
		return fmt.Errorf("the code %s goes with status %v", p.Code, said)
	}
	return nil
}

// problemEntry is what the contract says of a problem code.
type problemEntry struct {
	Status []int
	Title  string
	Action string
}

// problems is the contract's table of problem codes.
func (c *contract) problems() map[string]problemEntry {
	raw, _ := json.Marshal(c.doc.Components.Schemas["ProblemCode"].Value.Extensions["x-problems"])
	table := map[string]problemEntry{}
	_ = json.Unmarshal(raw, &table)
	return table
}

func isJSON(resp *http.Response) bool {
	return strings.Contains(resp.Header.Get("Content-Type"), "json")
}

// readAll reads and closes the body of an answer.
func readAll(t testing.TB, resp *http.Response) []byte {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
