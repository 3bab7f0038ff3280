package httpapi

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// source is a text of a description with its place.
type source struct {
	// key is the path of its key, at where its value begins.
	key  string
	at   place
	text string
	// column is that of every line of a text in a block, 0 for another text.
	column int
	// shift is how far the text begins behind at; below 0 when its characters
	// are not those of the file.
	shift int
}

// sourceOf takes the text of a scalar. ok is false for any other node.
func (r *reader) sourceOf(key string, n ast.Node) (s source, ok bool) {
	s = source{key: key, at: r.place(n), shift: -1}
	switch n := n.(type) {
	case *ast.LiteralNode:
		s.text = n.Value.Value
		if n.Start.Value[0] == '|' {
			s.column = r.indent(s.at.line)
		}
	case *ast.StringNode:
		s.text = n.Value
		plain := n.Token.Type == token.StringType && strings.TrimSpace(n.Token.Origin) == n.Value
		if plain {
			s.shift = 0
		} else if n.Token.Type == token.SingleQuoteType && strings.TrimSpace(n.Token.Origin) == "'"+n.Value+"'" {
			s.shift = 1
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s.text, s.shift = n.GetToken().Value, 0
	default:
		return s, false
	}
	return s, true
}

// indent gives the column at which the block below a line begins.
func (r *reader) indent(line int) int {
	for _, text := range r.lines[min(line, len(r.lines)):] {
		if trimmed := strings.TrimLeft(text, " "); trimmed != "" {
			return len(text) - len(trimmed) + 1
		}
	}
	return 0
}

// placeOf gives where in the file a byte of the text is, or where the text
// begins when that cannot be told.
func (s *source) placeOf(offset int) place {
	before := s.text[:max(0, min(offset, len(s.text)))]
	switch line := strings.Count(before, "\n"); {
	case s.column > 0:
		return place{s.at.line + 1 + line, s.column + len(before) - (strings.LastIndexByte(before, '\n') + 1)}
	case s.shift >= 0 && line == 0:
		return place{s.at.line, s.at.column + s.shift + len(before)}
	}
	return s.at
}

// line gives the line of the text that a byte is in.
func (s *source) line(offset int) string {
	offset = max(0, min(offset, len(s.text)))
	begin := strings.LastIndexByte(s.text[:offset], '\n') + 1
	text, _, _ := strings.Cut(s.text[begin:], "\n")
	return strings.TrimSpace(text)
}
