package web

import (
	"html/template"
	"slices"
	"strings"
)

// docsType is a type in words and, for one that is explained elsewhere, the
// name of its schema.
type docsType struct{ Words, Link string }

// docsField is a row of a table of parameters or fields. It has one of Types.
type docsField struct {
	Name, In string
	Types    []docsType
	// Mark says whether it must or may be there.
	Mark string
	Text template.HTML
	// Notes are limits, choices and the default.
	Notes []string
}

// docsSchema explains one named schema, by its fields or, without any, by its
// limits.
type docsSchema struct {
	Name   string
	Text   template.HTML
	Notes  []string
	Fields []docsField
}

const schemaRefs = "#/components/schemas/"

// spec is the contract with its references.
type spec struct {
	root *node
	// sent are the names of the schemas that requests are made of.
	sent map[string]bool
}

// newSpec finds what requests are made of.
func newSpec(root *node) spec {
	s := spec{root, map[string]bool{}}
	for _, path := range root.at("paths").fields {
		for _, operation := range path.fields {
			s.markSent(operation.at("requestBody"))
		}
	}
	return s
}

func (s spec) markSent(n *node) {
	if n == nil {
		return
	}
	if ref := n.str("$ref"); strings.HasPrefix(ref, schemaRefs) && !s.sent[ref[len(schemaRefs):]] {
		s.sent[ref[len(schemaRefs):]] = true
		to, _ := s.resolve(n)
		s.markSent(to)
	}
	for _, part := range n.items {
		s.markSent(part)
	}
	for key, part := range n.fields {
		if key != "examples" {
			s.markSent(part)
		}
	}
}

// resolve follows a reference; name is the last part of it. What stands
// beside the reference is not looked at.
func (s spec) resolve(n *node) (to *node, name string) {
	for ref := n.str("$ref"); ref != ""; ref = n.str("$ref") {
		path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		n, name = s.root.at(path...), path[len(path)-1]
	}
	return n, name
}

// field explains a schema under a name.
func (s spec) field(name string, schema *node) docsField {
	real, _ := s.resolve(schema)
	text := schema.str("description")
	if text == "" {
		text = real.str("description")
	}
	f := docsField{Name: name, Types: s.typesOf(schema), Text: inline(text), Notes: s.choicesOf(real)}
	if schema.at("$ref") == nil {
		f.Notes = append(f.Notes, limitsOf(real)...)
	}
	if d := schema.at("default"); d != nil {
		f.Notes = append(f.Notes, "default "+d.compact())
	}
	return f
}

// choicesOf names the values of a short list of choices.
func (s spec) choicesOf(schema *node) []string {
	if each := schema.at("items"); each != nil {
		schema, _ = s.resolve(each)
	}
	if list := schema.at("enum").texts(); len(list) > 0 && len(list) <= 10 {
		return []string{"one of " + strings.Join(list, ", ")}
	}
	return nil
}

// typesOf gives the types that a value may have.
func (s spec) typesOf(schema *node) []docsType {
	if to, name := s.resolve(schema); name != "" && to != nil {
		return []docsType{{name, name}}
	}
	var types []docsType
	for _, word := range schema.at("type").texts() {
		if each := schema.at("items"); word == "array" && each != nil {
			list := s.typesOf(each)
			list[0].Words = "list of " + list[0].Words
			types = append(types, list...)
			continue
		}
		types = append(types, docsType{Words: word})
	}
	for _, choice := range slices.Concat(items(schema.at("oneOf")), items(schema.at("anyOf"))) {
		if schema.at("type") == nil {
			types = append(types, s.typesOf(choice)...)
		}
	}
	return types
}

func items(n *node) []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// limitWords says how a limit is put in words.
var limitWords = []struct{ key, words string }{
	{"minimum", "at least "},
	{"exclusiveMinimum", "more than "},
	{"maximum", "at most "},
	{"minLength", "at least %n characters"},
	{"maxLength", "at most %n characters"},
	{"minItems", "at least %n entries"},
	{"maxItems", "at most %n entries"},
	{"pattern", "matches "},
}

// limitsOf puts a schema's limits in words.
func limitsOf(schema *node) []string {
	var notes []string
	if format := schema.str("format"); format == "date" || format == "date-time" {
		notes = append(notes, format)
	}
	for _, limit := range limitWords {
		n := schema.str(limit.key)
		switch {
		case n == "", n == "1" && strings.HasPrefix(limit.key, "min") && limit.key != "minimum":
		case strings.Contains(limit.words, "%n"):
			notes = append(notes, strings.ReplaceAll(limit.words, "%n", n))
		default:
			notes = append(notes, limit.words+n)
		}
	}
	return notes
}

// fields lists what an object has, the objects inside it as parent.child.
func (s spec) fields(schema *node, sent bool) []docsField { return s.fieldsBelow("", schema, sent) }

func (s spec) fieldsBelow(prefix string, schema *node, sent bool) []docsField {
	real, name := s.resolve(schema)
	if prefix != "" && name != "" {
		return nil // It has an explanation of its own.
	}
	var list []docsField
	for _, part := range items(real.at("allOf")) {
		list = append(list, s.fields(part, sent)...)
	}
	if prefix != "" {
		for _, choice := range items(real.at("oneOf")) {
			list = append(list, s.fieldsBelow(prefix, choice, sent)...)
		}
	}
	if each := real.at("items"); each != nil {
		return s.fieldsBelow(strings.TrimSuffix(prefix, ".")+"[].", each, sent)
	}
	properties := real.at("properties")
	if properties == nil {
		return list
	}
	for _, key := range properties.keys {
		child := properties.at(key)
		f := s.field(prefix+key, child)
		f.Mark = mark(sent, real.at("required").has(key))
		list = append(append(list, f), s.fieldsBelow(prefix+key+".", child, sent)...)
	}
	return list
}

// mark says of a field of a request that it is required, and of a field of an
// answer that it is not always there.
func mark(sent, required bool) string {
	switch {
	case sent && required:
		return "required"
	case !sent && !required:
		return "not always there"
	}
	return ""
}

// schemas explains every named schema.
func (s spec) schemas() []docsSchema {
	var list []docsSchema
	all := s.root.at("components", "schemas")
	for _, name := range all.keys {
		schema := all.at(name)
		d := docsSchema{Name: name, Text: inline(schema.str("description")), Fields: s.fields(schema, s.sent[name])}
		if len(d.Fields) == 0 {
			d.Notes = append(s.choicesOf(schema), limitsOf(schema)...)
		}
		list = append(list, d)
	}
	return list
}
