package httpapi_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

// TestTheManualIsRight loads the files and parts of files in the manual.
func TestTheManualIsRight(t *testing.T) {
	text, err := os.ReadFile("../../../docs/write-a-connector.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	load := func(text string) error {
		s := pos.Settings{File: "corner.yaml", Description: []byte(text), User: "u", Key: "k", Options: map[string]string{"shop": "1"}}
		if !strings.Contains(text, "required: true") {
			s.Options = nil
		}
		_, err := httpapi.New(s, deps())
		return err
	}
	smallest := blocks[0][1]
	if err := load(smallest); err != nil {
		t.Errorf("the smallest file: %v", err)
	}
	said := regexp.MustCompile(`(?m)^corner\.yaml:.*$`).FindString(string(text))
	if err := load(strings.Replace(smallest, ".on_hand}'", ".on_hand)}'", 1)); err == nil || err.Error() != said {
		t.Errorf("the fault is\n%v\nthe manual says\n%s", err, said)
	}
	for _, block := range blocks[1:] {
		part := block[1]
		switch {
		case strings.HasPrefix(part, "pos:"):
			continue
		case strings.HasPrefix(part, "  request:"):
			part = "stock:\n" + part + "  rows: empty\n"
		case strings.HasPrefix(part, "  rows:"):
			part = "stock:\n  request: {path: /}\n" + part
		case strings.HasPrefix(part, "  outcome:"):
			part = "write:\n  mode: absolute\n  request: {path: /}\n" + part
		}
		if strings.Contains(part, "${options.shop}") {
			part += "options: {shop: {help: The shop.}}\n"
		}
		if err := load(small + "url: http://127.0.0.1:1\n" + part); err != nil {
			t.Errorf("%v in\n%s", err, part)
		}
	}
}
