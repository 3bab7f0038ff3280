package web

import (
	"fmt"
	"strings"
)

// curl gives a command that asks for a path, for a shell that has $SHELFD and
// $TOKEN.
func curl(op docsOperation, path string) string {
	lines := []string{fmt.Sprintf(`curl "$SHELFD%s"`, path)}
	if op.Method != "GET" {
		lines[0] = strings.Replace(lines[0], "curl", "curl -X "+op.Method, 1)
	}
	if op.Roles != "" {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	if op.Method != "GET" {
		lines = append(lines, `-H "Idempotency-Key: $(uuidgen)"`)
	}
	if op.Body != nil && len(op.Body.Examples) > 0 {
		quoted := strings.ReplaceAll(op.Body.Examples[0].Text, "'", `'\''`)
		lines = append(lines, "-d '"+quoted+"'")
	}
	return strings.Join(lines, " \\\n  ")
}

// query gives the query string of the parameters that have an example.
func (s spec) query(parameters []*node) string {
	var pairs []string
	for _, p := range parameters {
		real, _ := s.resolve(p)
		if e := real.at("example"); e != nil && real.str("in") == "query" {
			pairs = append(pairs, real.str("name")+"="+strings.Join(e.texts(), ","))
		}
	}
	if pairs == nil {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

// idExamples are the ids that the contract's examples use, by collection.
var idExamples = map[string]string{
	"inventory": "inv-uuid", "products": "prod-uuid", "locations": "loc-uuid", "lots": "lot-uuid",
	"movements": "1-8842", "reservations": "res-uuid", "runs": "run-uuid", "tokens": "token-uuid",
	"webhooks": "hook-uuid",
}

// filled puts the examples of its parameters into a path, and an id.
func (s spec) filled(path string, parameters []*node) string {
	for _, p := range parameters {
		real, _ := s.resolve(p)
		if name := real.str("name"); real.str("in") == "path" && name != "id" && real.at("example") != nil {
			path = strings.Replace(path, "{"+name+"}", real.str("example"), 1)
		}
	}
	return pathExample(path)
}

// pathExample puts an id into a path.
func pathExample(path string) string {
	before, after, ok := strings.Cut(path, "/{id}")
	if !ok {
		return path
	}
	return before + "/" + idExamples[before[strings.LastIndexByte(before, '/')+1:]] + after
}
