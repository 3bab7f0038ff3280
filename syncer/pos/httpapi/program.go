package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// program is a description with everything compiled.
type program struct {
	*description
	file string
	auth auth

	check                     checking
	rooms, reasons, catalogue *reading
	stock, sales              *reading
	// only reads some places, nil when all have to be read; most is how many
	// of them one request takes.
	only  *reading
	most  int
	write *writing
}

// checking proves that the point of sale is there.
type checking struct {
	request          request
	fail, name, time *expr
}

// reading reads a list in pages.
type reading struct {
	request          request
	next, fail, rows *expr
	// list is read first where the request is for some items of it; most is
	// how many go into one.
	list *reading
	most int
}

// request makes requests of one shape.
type request struct {
	method                     string
	path, query, headers, body *expr
	form, variables            *expr
	graphql                    string
	empty                      bool
}

// compile makes a program of a description; what is wrong with it is added to
// f.
func compile(f *faults, d *description) *program {
	c := &compiler{faults: f, description: d, used: map[string]bool{}}
	p := &program{description: d, file: f.file, auth: c.auth()}
	if t := d.Check; t != nil {
		p.check = checking{
			request: c.request(t.Request), fail: c.fail(t.Error),
			name: c.expr(t.Name, "$options", "$headers"), time: c.expr(t.Time, "$options", "$headers"),
		}
	}
	p.rooms, p.reasons = c.reading(d.Rooms), c.reading(d.Reasons)
	p.catalogue = c.reading(d.Catalogue, "$since")
	if d.Stock != nil {
		p.stock = c.reading(&d.Stock.readText)
		p.only, p.most = c.only(d.Stock)
	}
	if d.Sales != nil {
		p.sales = c.reading(&d.Sales.readText, "$from", "$to")
	}
	p.write = c.writing(d.Write)
	p.auth.needs = c.needs()
	return p
}

// request compiles one request; the zero one for none.
func (c *compiler) request(t *requestText, variables ...string) (r request) {
	if t == nil {
		return r
	}
	variables = append([]string{"$options"}, variables...)
	r = request{
		method: c.method(t), empty: t.Empty,
		path: c.path(t.Path, variables...), query: c.expr(t.Query, variables...), headers: c.expr(t.Headers, variables...),
		body: c.expr(t.Body, variables...), form: c.expr(t.Form, variables...), variables: c.expr(t.Variables, variables...),
	}
	if t.GraphQL != nil {
		r.graphql = t.GraphQL.text
	}
	return r
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// method is POST for what has a body and GET for what has none, unless the
// file says another.
func (c *compiler) method(t *requestText) string {
	bodies := slices.DeleteFunc([]*source{t.Body, t.Form, t.GraphQL}, func(s *source) bool { return s == nil })
	if len(bodies) > 1 {
		c.add(bodies[1].at, bodies[1].key, "is a second body; there may be one of body, form and graphql")
	}
	if t.Variables != nil && t.GraphQL == nil {
		c.add(t.Variables.at, t.Variables.key, "is for graphql only")
	}
	switch {
	case t.Method != nil:
		return c.oneOf(t.Method, methods...)
	case len(bodies) > 0:
		return http.MethodPost
	}
	return http.MethodGet
}

// oneOf reads one of these words.
func (c *compiler) oneOf(s *source, words ...string) string {
	if !slices.Contains(words, s.text) {
		c.add(s.at, s.key, "is %q; must be %s", s.text, strings.Join(words, ", "))
	}
	return s.text
}

// fail compiles what tells a failure from an answer: a section's own
// expression, or that of the file.
func (c *compiler) fail(own *source) *expr {
	if own == nil {
		own = c.description.Error
	}
	return c.expr(own, "$options", "$headers")
}

// reading compiles a section that reads, nil for none.
func (c *compiler) reading(t *readText, variables ...string) *reading {
	if t == nil {
		return nil
	}
	r := &reading{most: 1}
	if l := t.List; l != nil {
		r.most = max(r.most, l.Most)
		r.list = c.reading(&readText{Request: l.Request, Next: l.Next, Error: l.Error, Rows: l.Items}, variables...)
		variables = append(slices.Clone(variables), "$items")
	}
	variables = append(slices.Clone(variables), "$page")
	r.request = c.request(t.Request, variables...)
	variables = append([]string{"$options", "$headers"}, variables...)
	r.next, r.rows, r.fail = c.expr(t.Next, variables...), c.expr(t.Rows, variables...), c.fail(t.Error)
	return r
}

// defaultOnly is how many places one request is for.
const defaultOnly = 50

// only compiles how the stock of some places is read. What it leaves out is as
// for all places.
func (c *compiler) only(all *stockText) (r *reading, most int) {
	t := all.Only
	if t == nil {
		return nil, 0
	}
	text := readText{Request: t.Request, Next: t.Next, Error: t.Error, Rows: t.Rows}
	if text.Error == nil {
		text.Error = all.Error
	}
	if text.Rows == nil {
		text.Rows = all.Rows
	}
	if most = t.Most; most == 0 {
		most = defaultOnly
	}
	return c.reading(&text, "$only"), most
}
