package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileReader sets values from one YAML file. It walks the syntax tree against
// the fields of Config, so that it can name every fault, where the library's
// decoder stops at the first.
type fileReader struct {
	*configLoader
	file string
}

// readFile sets what the YAML text in data says. Anchors, tags and merge keys
// are refused: in a file of this size they hide more than they save.
func (l *configLoader) readFile(file string, data []byte) {
	r := fileReader{l, file}
	// The library counts a CR LF after a comment as two lines.
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return
	}
	if len(tree.Docs) > 1 {
		r.fault("", r.place(tree.Docs[1].Body), "is a second document; a configuration file holds one")
		tree.Docs = tree.Docs[:1]
	}
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			r.read("", doc.Body, reflect.ValueOf(&l.config).Elem())
		}
	}
}

func (r fileReader) syntax(err error) {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		p := e.GetToken().Position
		r.fault("", origin{r.file, p.Line, p.Column}, "is not YAML: %s", e.GetMessage())
		return
	}
	r.fault("", origin{Source: r.file}, "is not YAML: %w", err)
}

// read sets v, the value of key, from n.
func (r fileReader) read(key string, n ast.Node, v reflect.Value) {
	r.origins[key] = r.place(n)
	switch {
	case v.Kind() == reflect.Struct:
		r.readMapping(key, n, v)
	case v.Kind() == reflect.Slice:
		r.readList(key, n, v)
	case v.Kind() == reflect.Map:
		r.readMap(key, n, v)
	default:
		r.readScalar(key, n, v)
	}
}

func (r fileReader) readMapping(key string, n ast.Node, v reflect.Value) {
	if _, isNull := n.(*ast.NullNode); isNull {
		return
	}
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		r.fault(key, r.place(n), "must be a mapping of keys to values")
		return
	}
	fields, seen := fieldsOf(v), map[string]bool{}
	for _, entry := range mapping.Values {
		name := entry.Key.GetToken().Value
		field, known := fields[name]
		switch path := joinKey(key, name); {
		case !known:
			r.unknown(path, entry.Key, key, fields)
		case seen[name]:
			r.fault(path, r.place(entry.Key), "is set twice; remove one of the two")
		default:
			r.read(path, entry.Value, field)
		}
		seen[name] = true
	}
}

// fieldsOf gives the fields of a struct by their key.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for field, value := range v.Fields() {
		fields[field.Tag.Get("yaml")] = value
	}
	return fields
}

// unknown reports a key that does not exist, and the one that was meant: a
// neighbour spelled alike, or the same name in another place.
func (r fileReader) unknown(path string, at ast.Node, parent string, fields map[string]reflect.Value) {
	name := at.GetToken().Value
	if meant := nearest(name, maps.Keys(fields)); meant != "" {
		r.fault(path, r.place(at), "is not a key; did you mean %s?", joinKey(parent, meant))
		return
	}
	for other := range keysOf(&r.config) {
		if strings.HasSuffix(other, "."+name) || other == name {
			r.fault(path, r.place(at), "is not a key; did you mean %s?", other)
			return
		}
	}
	r.fault(path, r.place(at), "is not a key; config.example.yaml lists all keys")
}

// readMap sets a map, whose keys are free.
func (r fileReader) readMap(key string, n ast.Node, v reflect.Value) {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		r.fault(key, r.place(n), "must be a mapping of names to values, such as {name: value}; {} is the empty one")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range mapping.Values {
		name := entry.Key.GetToken().Value
		path, value := joinKey(key, name), reflect.New(v.Type().Elem()).Elem()
		if v.MapIndex(reflect.ValueOf(name)).IsValid() {
			r.fault(path, r.place(entry.Key), "is set twice; remove one of the two")
			continue
		}
		r.read(path, entry.Value, value)
		v.SetMapIndex(reflect.ValueOf(name), value)
	}
}

func (r fileReader) readList(key string, n ast.Node, v reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(key, r.place(n), "must be a list, such as [one, two]; [] is the empty list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, n := range list.Values {
		r.read(fmt.Sprintf("%s[%d]", key, i), n, v.Index(i))
	}
}

func (r fileReader) readScalar(key string, n ast.Node, v reflect.Value) {
	var text string
	switch n := n.(type) {
	case *ast.NullNode:
		r.fault(key, r.place(n), `has no value; remove the line for the default, or write "" for none`)
		return
	case *ast.LiteralNode:
		text = strings.TrimSpace(n.Value.Value)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		text = n.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.fault(key, r.place(n), "must be written out; anchors, aliases and tags are not allowed")
		return
	default:
		r.fault(key, r.place(n), "must be one value, not a list or a mapping")
		return
	}
	r.setValue(key, v, text, dirOf(r.file), r.place(n))
}

// place gives the position of a node. The token of a mapping is the colon of
// its first entry, so the key stands for it.
func (r fileReader) place(n ast.Node) origin {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil {
		return origin{Source: r.file}
	}
	p := n.GetToken().Position
	return origin{r.file, p.Line, p.Column}
}
