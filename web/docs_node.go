package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// node is a value of a YAML document with its keys in order and its numbers
// as they are written: 25.00 stays 25.00. The methods of a nil node find
// nothing, so paths may be followed without asking at each step.
type node struct {
	keys   []string
	fields map[string]*node
	items  []*node
	// text is a scalar's value, bare how JSON writes it.
	text, bare string
	list       bool
}

// readNode reads the first document of src.
func readNode(src []byte) (*node, error) {
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, err
	}
	return nodeOf(file.Docs[0].Body)
}

func nodeOf(n ast.Node) (*node, error) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return mappingOf(n.Values)
	case *ast.MappingValueNode:
		return mappingOf([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		return sequenceOf(n.Values)
	case *ast.StringNode:
		return stringNode(n.Value), nil
	case *ast.LiteralNode:
		return stringNode(n.Value.Value), nil
	case *ast.NullNode:
		return &node{bare: "null"}, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s := n.GetToken().Value
		return &node{text: s, bare: s}, nil
	}
	return nil, fmt.Errorf("line %d: a %s is not expected here", n.GetToken().Position.Line, n.Type())
}

func stringNode(s string) *node {
	quoted, _ := json.Marshal(s)
	return &node{text: s, bare: string(quoted)}
}

func mappingOf(values []*ast.MappingValueNode) (*node, error) {
	m := &node{fields: map[string]*node{}}
	for _, v := range values {
		value, err := nodeOf(v.Value)
		if err != nil {
			return nil, err
		}
		key := v.Key.GetToken().Value
		m.keys = append(m.keys, key)
		m.fields[key] = value
	}
	return m, nil
}

func sequenceOf(values []ast.Node) (*node, error) {
	s := &node{list: true}
	for _, v := range values {
		item, err := nodeOf(v)
		if err != nil {
			return nil, err
		}
		s.items = append(s.items, item)
	}
	return s, nil
}

// at follows keys down; nil when one is not there.
func (n *node) at(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n = n.fields[key]
	}
	return n
}

// str gives the scalar below keys, "" for none.
func (n *node) str(keys ...string) string {
	if n = n.at(keys...); n == nil {
		return ""
	}
	return n.text
}

// has tells whether a sequence has the scalar.
func (n *node) has(text string) bool {
	if n == nil {
		return false
	}
	for _, item := range n.items {
		if item.text == text {
			return true
		}
	}
	return false
}

// texts gives the scalars of a sequence, or the one scalar.
func (n *node) texts() []string {
	if n == nil {
		return nil
	}
	if !n.list {
		return []string{n.text}
	}
	var list []string
	for _, item := range n.items {
		if item.text != "" {
			list = append(list, item.text)
		}
	}
	return list
}

// compact writes the value as JSON on one line.
func (n *node) compact() string {
	var parts []string
	switch {
	case n.fields != nil:
		for _, key := range n.keys {
			parts = append(parts, stringNode(key).bare+": "+n.fields[key].compact())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n.list:
		for _, item := range n.items {
			parts = append(parts, item.compact())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return n.bare
}

// jsonLine is how wide a line of an example may be before it is broken up.
const jsonLine = 72

// pretty writes the value as JSON; what fits stays on one line.
func (n *node) pretty(indent string) string {
	line := n.compact()
	if len(indent)+len(line) <= jsonLine || n.fields == nil && !n.list {
		return line
	}
	inner := indent + "  "
	var parts []string
	for _, key := range n.keys {
		parts = append(parts, inner+stringNode(key).bare+": "+n.fields[key].pretty(inner))
	}
	for _, item := range n.items {
		parts = append(parts, inner+item.pretty(inner))
	}
	return line[:1] + "\n" + strings.Join(parts, ",\n") + "\n" + indent + line[len(line)-1:]
}
