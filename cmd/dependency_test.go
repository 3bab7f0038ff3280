package cmd

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

func TestEveryDependencyHasItsReason(t *testing.T) {
	raw, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range file.Require {
		if !r.Indirect {
			direct = append(direct, r.Mod.Path)
		}
	}
	manual, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	modules, _, _ := strings.Cut(string(manual), "\n## In the module `test`\n")
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\|").FindAllStringSubmatch(modules, -1) {
		explained = append(explained, row[1])
	}
	slices.Sort(direct)
	slices.Sort(explained)
	if !slices.Equal(explained, direct) {
		t.Errorf("docs/dependencies.md explains\n%q\ngo.mod requires\n%q", explained, direct)
	}
	if len(direct) > 20 {
		t.Errorf("%d direct dependencies; at most 20 are allowed", len(direct))
	}
}
