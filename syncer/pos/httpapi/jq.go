package httpapi

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// compiler makes expressions of sources, and names every fault.
type compiler struct {
	*faults
	description *description
	// used are the variables that occur in any expression.
	used map[string]bool
}

// expr compiles jq that may use these variables; nil for no source.
func (c *compiler) expr(s *source, variables ...string) *expr {
	if s == nil {
		return nil
	}
	return c.compile(s, s.text, 0, variables)
}

// path compiles the text of a path, in which \(jq) stands for a value that is
// escaped as part of an address.
func (c *compiler) path(s *source, variables ...string) *expr {
	if s == nil {
		return nil
	}
	switch {
	case !strings.HasPrefix(s.text, "/"):
		c.add(s.at, s.key, "is %q; must begin with /", s.text)
	case strings.Contains(s.text, "${"):
		c.add(s.at, s.key, `has ${…}, which is for auth only; a variable is written \($name) here`)
	case strings.ContainsAny(stripped(s.text), "\"?#\n"):
		c.add(s.at, s.key, `has a ", ?, # or line break; put what comes after ? into query`)
	default:
		return c.compile(s, `@uri "`+s.text+`"`, len(`@uri "`), variables)
	}
	return nil
}

// stripped is a path without what is in \( ).
func stripped(text string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case depth == 0 && strings.HasPrefix(text[i:], `\(`):
			depth, i = 1, i+1
		case depth > 0 && text[i] == '(':
			depth++
		case depth > 0 && text[i] == ')':
			depth--
		case depth == 0:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// compile compiles text, in which the text of s begins at an offset.
func (c *compiler) compile(s *source, text string, offset int, variables []string) *expr {
	query, err := gojq.Parse(text)
	if err != nil {
		c.syntax(s, err, offset)
		return nil
	}
	if faults := c.adapt(query); len(faults) > 0 {
		for _, why := range faults {
			c.add(s.at, s.key, "is not usable: %s", why)
		}
		return nil
	}
	// gojq keeps what it makes of the list.
	variables = slices.Clone(variables)
	code, err := gojq.Compile(query, append(slices.Clone(functions), gojq.WithVariables(variables))...)
	if err != nil {
		c.add(s.at, s.key, "is not usable: %s (variables here: %s)", err, strings.Join(variables, " "))
		return nil
	}
	return &expr{source: *s, file: c.file, vars: variables, code: code}
}

func (c *compiler) syntax(s *source, err error, shift int) {
	at := 0
	if e, ok := errors.AsType[*gojq.ParseError](err); ok {
		at = e.Offset - len(e.Token) - shift
	}
	c.add(s.placeOf(at), s.key, "is not jq: %s in  %s", err, s.line(at))
}

// refused are functions that would make an answer depend on the machine, or
// end more than the expression.
var refused = map[string]string{
	"env": "there is no environment here", "$ENV": "there is no environment here",
	"input": "there is one input only", "inputs": "there is one input only",
	"now": "there is no clock here", "localtime": "there is no time zone here", "strflocaltime": "there is no time zone here",
	"halt": "use error instead", "halt_error": "use error instead",
}

// adapt has jq calculate exactly, and says what has no place here.
func (c *compiler) adapt(query *gojq.Query) (faults []string) {
	walk(reflect.ValueOf(query), func(node any) {
		switch n := node.(type) {
		case *gojq.Func:
			c.used[n.Name] = true
			if why, bad := refused[n.Name]; bad {
				faults = append(faults, n.Name+" is not allowed: "+why)
			}
		case *gojq.Import:
			faults = append(faults, "import and include are not allowed: a description is one file")
		case *gojq.Query:
			if op, inexact := updates[n.Op]; inexact {
				faults = append(faults, op+"= is not exact; write  .x |= . "+op+" 1")
			}
			exactly(n)
		}
	})
	query.FuncDefs = append(exactFunctions(), query.FuncDefs...)
	return faults
}

// walk visits every node of a syntax tree, children first.
func walk(v reflect.Value, visit func(node any)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), visit)
			visit(v.Interface())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			walk(field, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}
