package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader walks the syntax tree of a file against the fields of description, so
// that it can name every fault, where the library's decoder stops at the first.
type reader struct {
	*faults
	lines []string
}

// read gives what a file says; what is wrong with it is added to f.
func read(f *faults, data []byte) *description {
	// The library counts a CR LF after a comment as two lines.
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &reader{f, strings.Split(string(data), "\n")}
	d := new(description)
	tree, err := parseYAML(data)
	if err != nil {
		r.syntax(err)
		return d
	}
	if len(tree.Docs) > 1 && tree.Docs[1].Body != nil {
		r.add(r.place(tree.Docs[1].Body), "", "is a second document; a description is one")
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		r.add(place{}, "", "is empty")
		return d
	}
	r.value("", tree.Docs[0].Body, reflect.ValueOf(d).Elem())
	return d
}

// parseYAML turns a panic of the library into an error: it is not made for
// any bytes whatever.
func parseYAML(data []byte) (tree *ast.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the parser gave up: %v", v)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

func (r *reader) syntax(err error) {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		p := e.GetToken().Position
		r.add(place{p.Line, p.Column}, "", "is not YAML: %s", e.GetMessage())
		return
	}
	r.add(place{}, "", "is not YAML: %s", err)
}

// value sets v, which is what key stands for, from n.
func (r *reader) value(key string, n ast.Node, v reflect.Value) {
	switch n.(type) {
	case *ast.NullNode:
		r.add(r.place(n), key, "has no value; write one, or leave the key out")
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.add(r.place(n), key, "must be written out; anchors, aliases and tags are not allowed")
		return
	}
	switch text := v.Type() == reflect.TypeFor[source]() || v.Type() == reflect.TypeFor[rateText](); {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(key, n, v.Elem())
	case !text && (v.Kind() == reflect.Struct || v.Kind() == reflect.Map):
		r.mapping(key, n, v)
	default:
		r.scalar(key, n, v)
	}
}

// mapping sets a struct by its fields' keys, or a map.
func (r *reader) mapping(key string, n ast.Node, v reflect.Value) {
	entries, ok := entriesOf(n)
	if !ok {
		r.add(r.place(n), key, "must be a mapping of keys to values")
		return
	}
	var fields []field
	if v.Kind() == reflect.Struct {
		fields = fieldsOf(v)
	} else {
		v.Set(reflect.MakeMap(v.Type()))
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		name := entry.Key.GetToken().Value
		if path := join(key, name); seen[name] {
			r.add(r.place(entry.Key), path, "is set twice; remove one of the two")
		} else {
			r.entry(path, name, entry, v, fields)
		}
		seen[name] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			r.add(r.place(n), join(key, f.name), "is missing")
		}
	}
}

// entry sets one field, or one value of a map.
func (r *reader) entry(path, name string, entry *ast.MappingValueNode, v reflect.Value, fields []field) {
	if v.Kind() == reflect.Map {
		value := reflect.New(v.Type().Elem()).Elem()
		r.value(path, entry.Value, value)
		v.SetMapIndex(reflect.ValueOf(name), value)
		return
	}
	at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if at < 0 {
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
		}
		r.add(r.place(entry.Key), path, "is not a key; here are %s", strings.Join(names, ", "))
		return
	}
	r.value(path, entry.Value, fields[at].value)
}

func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// field is a key of a mapping and what it sets.
type field struct {
	name     string
	required bool
	value    reflect.Value
}

// fieldsOf gives the keys of a struct, those of embedded ones among them.
func fieldsOf(v reflect.Value) (list []field) {
	for f, value := range v.Fields() {
		if f.Anonymous {
			list = append(list, fieldsOf(value)...)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		list = append(list, field{name, rest == "required", value})
	}
	return list
}

// scalar sets one value.
func (r *reader) scalar(key string, n ast.Node, v reflect.Value) {
	s, ok := r.sourceOf(key, n)
	if !ok {
		r.add(r.place(n), key, "must be one value, not a list or a mapping")
		return
	}
	if v.Type() == reflect.TypeFor[source]() {
		v.Set(reflect.ValueOf(s))
		return
	}
	if err := parse(strings.TrimSpace(s.text), v.Addr().Interface()); err != nil {
		r.add(s.at, key, "is %q; %s", s.text, err)
	}
}

// parse reads a text as what into points to.
func parse(text string, into any) (err error) {
	switch into := into.(type) {
	case *string:
		if *into = text; text == "" {
			return errors.New("must not be empty")
		}
	case *bool:
		if *into = text == "true"; text != "true" && text != "false" {
			return errors.New("must be true or false")
		}
	case *int:
		if *into, err = strconv.Atoi(text); err != nil || *into < 1 || *into > 100_000 {
			return errors.New("must be a number from 1 to 100000")
		}
	case *time.Duration:
		if *into, err = time.ParseDuration(text); err != nil || *into <= 0 {
			return errors.New("must be a duration such as 30s, 5m or 24h")
		}
	case *rateText:
		return into.parse(text)
	}
	return nil
}

// place gives the position of a node. The token of a mapping is the colon of
// its first entry, so the key stands for it.
func (r *reader) place(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if n == nil || n.GetToken() == nil {
		return place{}
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
