package web

import (
	"html/template"
	"slices"
	"strings"
)

// docsPage is the contract as /docs shows it.
type docsPage struct {
	Title, Version, Summary string
	Intro                   []template.HTML
	Groups                  []docsGroup
	Headers                 []docsField
	Failures                []docsAnswer
	Schemas                 []docsSchema
	Problems                []docsProblem
	Style                   template.CSS
}

// docsGroup is the operations with one tag.
type docsGroup struct {
	Name       string
	Text       template.HTML
	Operations []docsOperation
}

// docsOperation is one operation.
type docsOperation struct {
	ID, Method, Path, Summary string
	Roles                     string
	Text                      []template.HTML
	Parameters                []docsField
	Body                      *docsBody
	Curl                      string
	Answers                   []docsAnswer
	// Failures are the statuses of the errors it may answer, which the page
	// explains once for all.
	Failures []string
}

// docsBody is a request's or an answer's body in one media type. Only a
// request's has its fields with it; an answer's are behind the link.
type docsBody struct {
	Media    string
	Types    []docsType
	Required bool
	Fields   []docsField
	Examples []docsExample
}

// docsExample is a body as it may be.
type docsExample struct{ Title, Text string }

// docsAnswer is an answer with one status and the names of its headers.
type docsAnswer struct {
	Status  string
	Text    template.HTML
	Headers []string
	Bodies  []docsBody
}

// docsProblem explains one problem code.
type docsProblem struct {
	Code, Title, Statuses string
	Action                template.HTML
}

// page makes the view of the contract.
func (s spec) page() docsPage {
	info := s.root.at("info")
	p := docsPage{
		Title: info.str("title"), Version: info.str("version"), Summary: info.str("summary"),
		Intro: paragraphs(info.str("description")), Schemas: s.schemas(), Problems: s.problems(),
		Headers: s.headers(),
	}
	failures := s.root.at("components", "responses")
	for _, name := range failures.keys {
		r := failures.at(name)
		status := r.str("content", "application/problem+json", "example", "status")
		p.Failures = append(p.Failures, s.answer(status, r))
	}
	for _, tag := range s.root.at("tags").items {
		g := docsGroup{Name: tag.str("name"), Text: inline(tag.str("description"))}
		g.Operations = s.operations(g.Name)
		p.Groups = append(p.Groups, g)
	}
	return p
}

// operations lists those with a tag, in the order of the contract.
func (s spec) operations(tag string) []docsOperation {
	var list []docsOperation
	paths := s.root.at("paths")
	for _, path := range paths.keys {
		item := paths.at(path)
		for _, method := range item.keys {
			if o := item.at(method); o.at("tags").has(tag) {
				list = append(list, s.operation(path, method, item, o))
			}
		}
	}
	return list
}

func (s spec) operation(path, method string, item, o *node) docsOperation {
	op := docsOperation{
		ID: o.str("operationId"), Method: strings.ToUpper(method), Path: path, Summary: o.str("summary"),
		Roles: strings.Join(o.at("x-roles").texts(), " or "), Text: paragraphs(o.str("description")),
	}
	parameters := slices.Concat(items(item.at("parameters")), items(o.at("parameters")))
	for _, p := range parameters {
		op.Parameters = append(op.Parameters, s.parameter(p))
	}
	if b := o.at("requestBody"); b != nil {
		content := b.at("content", "application/json")
		body := s.body("application/json", content)
		body.Required, body.Fields = b.str("required") == "true", s.fields(content.at("schema"), true)
		op.Body = &body
	}
	responses := o.at("responses")
	for _, status := range responses.keys {
		if responses.at(status).str("$ref") != "" {
			op.Failures = append(op.Failures, status)
		} else {
			op.Answers = append(op.Answers, s.answer(status, responses.at(status)))
		}
	}
	op.Curl = curl(op, s.filled(path, parameters)+s.query(parameters))
	return op
}

func (s spec) parameter(n *node) docsField {
	real, _ := s.resolve(n)
	f := s.field(real.str("name"), real.at("schema"))
	f.In, f.Text = real.str("in"), inline(real.str("description"))
	if real.str("required") == "true" {
		f.Mark = "required"
	}
	return f
}

// body explains a body in one media type.
func (s spec) body(media string, content *node) docsBody {
	b := docsBody{Media: media, Types: s.typesOf(content.at("schema"))}
	if e := content.at("example"); e != nil {
		b.Examples = append(b.Examples, docsExample{Text: e.example()})
	}
	if all := content.at("examples"); all != nil {
		for _, name := range all.keys {
			e := all.at(name)
			b.Examples = append(b.Examples, docsExample{e.str("summary"), e.at("value").example()})
		}
	}
	return b
}

// example writes a text as it is and anything else as JSON.
func (n *node) example() string {
	if n.text != "" {
		return n.text
	}
	return n.pretty("")
}

func (s spec) answer(status string, n *node) docsAnswer {
	real, _ := s.resolve(n)
	a := docsAnswer{Status: status, Text: inline(real.str("description"))}
	if headers := real.at("headers"); headers != nil {
		a.Headers = headers.keys
	}
	if content := real.at("content"); content != nil {
		for _, media := range content.keys {
			a.Bodies = append(a.Bodies, s.body(media, content.at(media)))
		}
	}
	return a
}

// headers explains every header of an answer.
func (s spec) headers() []docsField {
	var list []docsField
	all := s.root.at("components", "headers")
	for _, name := range all.keys {
		f := s.field(name, all.at(name, "schema"))
		f.Text = inline(all.str(name, "description"))
		list = append(list, f)
	}
	return list
}

func (s spec) problems() []docsProblem {
	var list []docsProblem
	table := s.root.at("components", "schemas", "ProblemCode", "x-problems")
	for _, code := range table.keys {
		p := table.at(code)
		list = append(list, docsProblem{
			Code: code, Title: p.str("title"), Action: inline(p.str("action")),
			Statuses: strings.Join(p.at("status").texts(), ", "),
		})
	}
	return list
}
