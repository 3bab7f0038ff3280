package web

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// openAPIFleet is what head office's contract has of its own. What it has in
// common with a store's is taken from there, word for word.
//
//go:embed openapi_fleet.yaml
var openAPIFleet []byte

// common are the operations of a store's contract that head office has as
// well, in order; everywhere tells that those may be asked of some stores only.
var common = []struct {
	path, method string
	everywhere   bool
}{
	{"/api/v1/inventory", "get", true},
	{"/api/v1/inventory/snapshot", "get", true},
	{"/api/v1/inventory/{id}", "get", false},
	{"/api/v1/inventory/{id}/movements", "get", false},
	{"/api/v1/movements", "get", true},
	{"/api/v1/tokens", "get", false},
	{"/api/v1/tokens", "post", false},
	{"/api/v1/tokens/{id}", "delete", false},
	{"/api/v1/me", "get", false},
	{"/healthz", "get", false},
	{"/readyz", "get", false},
	{"/metrics", "get", false},
	{"/openapi.yaml", "get", false},
	{"/docs", "get", false},
}

var (
	// fleetText is head office's contract, put together when first asked for.
	fleetText = sync.OnceValue(func() []byte { return composeFleet(openAPI, openAPIFleet) })
	// fleetContract and fleetDocs answer with it, as text and as a page.
	fleetContract = contractHandler(fleetText)
	fleetDocs     = docsHandler(fleetText)
)

// block is one key of a YAML mapping and everything below it, as lines.
type block struct {
	key   string
	lines []string
}

// blocksOf cuts lines at the keys that have this indent. Lines before the
// first key belong to none.
func blocksOf(lines []string, indent int) (list []block) {
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		if len(line)-len(text) == indent && text != "" && !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "- ") {
			key, _, _ := strings.Cut(text, ":")
			list = append(list, block{key: key})
		}
		if n := len(list); n > 0 {
			list[n-1].lines = append(list[n-1].lines, line)
		}
	}
	return list
}

// find gives the block of a key, without lines when there is none.
func find(list []block, key string) block {
	if n := slices.IndexFunc(list, func(b block) bool { return b.key == key }); n >= 0 {
		return list[n]
	}
	return block{key: key}
}

// composeFleet makes head office's contract: all of its own, the common
// operations, and the store's components except where it has its own.
func composeFleet(store, fleet []byte) []byte {
	cut := func(text []byte) []block {
		return blocksOf(strings.Split(strings.TrimRight(string(text), "\n"), "\n"), 0)
	}
	theirs, own := cut(store), cut(fleet)
	var out []string
	for _, b := range own {
		switch b.key {
		case "paths":
			out = append(out, b.lines...)
			out = append(out, commonPaths(blocksOf(find(theirs, "paths").lines, 2))...)
		case "components":
			out = append(out, "components:")
			out = append(out, joinComponents(blocksOf(find(theirs, "components").lines, 2), blocksOf(b.lines, 2))...)
		default:
			out = append(out, b.lines...)
		}
	}
	return []byte(strings.Join(out, "\n") + "\n")
}

// commonPaths gives the common operations, path by path.
func commonPaths(paths []block) (out []string) {
	last := ""
	for _, c := range common {
		operations := blocksOf(find(paths, c.path).lines, 4)
		if c.path != last {
			out = append(out, "  "+c.path+":")
			out = append(out, find(operations, "parameters").lines...)
			last = c.path
		}
		for _, line := range find(operations, c.method).lines {
			out = append(out, line)
			if c.everywhere && line == "      parameters:" {
				out = append(out, `        - $ref: "#/components/parameters/StoreIds"`)
			}
		}
	}
	return out
}

// joinComponents gives both sets of components; head office's own replace
// those of the same name.
func joinComponents(theirs, own []block) (out []string) {
	for _, kind := range theirs {
		mine := blocksOf(find(own, kind.key).lines, 4)
		out = append(out, kind.lines[0])
		for _, b := range blocksOf(kind.lines, 4) {
			if len(find(mine, b.key).lines) == 0 {
				out = append(out, b.lines...)
			}
		}
		for _, b := range mine {
			out = append(out, b.lines...)
		}
	}
	return out
}
