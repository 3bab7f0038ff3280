package httpapi_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

// golden compares with a file, or writes it anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v). Is:\n%s", file, err, got)
	}
}

func deps() pos.Deps {
	return pos.Deps{Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler), Version: "test"}
}

func TestGoldenFaults(t *testing.T) {
	text, err := os.ReadFile("testdata/faults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = httpapi.New(pos.Settings{File: "faults.yaml", Description: text}, deps())
	var faults *httpapi.DescriptionError
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	golden(t, "faults.golden", err.Error()+"\n")
}

func TestFaultsOfNoYAML(t *testing.T) {
	for text, want := range map[string]string{
		"# nothing\n":                "till.yaml: is empty",
		"- a\n":                      "till.yaml:1:1: must be a mapping",
		"name: 'a\n":                 "till.yaml:1:7: is not YAML",
		"name: a\n  title: b\n c\n":  "is not YAML",
		"42":                         "till.yaml:1:1: must be a mapping",
		"name: a\r\n# x\r\nurl:\r\n": "till.yaml:3:6: url has no value",
		strings.Repeat("#", 1<<20+1): "till.yaml: is larger than 1048576 bytes",
	} {
		_, err := httpapi.New(pos.Settings{File: "till.yaml", Description: []byte(text)}, deps())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v", text, err)
		}
	}
	if _, err := httpapi.New(pos.Settings{}, deps()); err == nil {
		t.Error("without a file there was no error")
	}
}

// small is the smallest description; what is more goes behind it.
const small = `
name: till
title: Till
check: {request: {path: /}}
`

func TestSettingsAreChecked(t *testing.T) {
	const text = small + `
url: http://127.0.0.1:1
options:
  shop: {help: The number of the shop., required: true}
  kind: {help: What kind., default: small}
auth: {basic: {}}
`
	good := pos.Settings{File: "till.yaml", Description: []byte(text), User: "u", Key: "k", Options: map[string]string{"shop": "1"}}
	if _, err := httpapi.New(good, deps()); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*pos.Settings){
		"Till needs the option shop: The number of the shop.": func(s *pos.Settings) { s.Options = nil },
		"Till has no option shoop; there are kind, shop":      func(s *pos.Settings) { s.Options = map[string]string{"shop": "1", "shoop": "1"} },
		"Till needs a key":                   func(s *pos.Settings) { s.Key = "" },
		"Till needs a user":                  func(s *pos.Settings) { s.User = "" },
		"the url of Till must be an address": func(s *pos.Settings) { s.URL = "pos.example" },
	} {
		s := good
		change(&s)
		if _, err := httpapi.New(s, deps()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := httpapi.New(pos.Settings{Description: []byte(small)}, deps()); err == nil || err.Error() != "Till needs a url: where it is" {
		t.Errorf("without a url: %v", err)
	}
}

func TestCapabilitiesFollowFromTheSections(t *testing.T) {
	c, err := httpapi.New(pos.Settings{Description: []byte(small + "url: http://127.0.0.1:1\nrate: 120/m\nlots: true\n")}, deps())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Capabilities(), (pos.Capabilities{Lots: true, Rate: "120 requests a minute"}); got != want {
		t.Errorf("of the smallest: %+v", got)
	}
	got := newSim(t).Connector(t, store.SystemClock()).Capabilities()
	want := pos.Capabilities{
		ReadStock: true, ReadCatalogue: true, ReadSales: true, ReadRooms: true, ReadReasons: true,
		WriteAbsolute: true, Rooms: true, Most: 20,
	}
	if got != want {
		t.Errorf("of the absolute one: %+v", got)
	}
	got = newDeltaSim(t).Connector(t, store.SystemClock()).Capabilities()
	want.WriteAbsolute, want.WriteDelta, want.Keys, want.Oldest = false, true, true, 24*60*60*1e9
	if got != want {
		t.Errorf("of the one of changes: %+v", got)
	}
	// What there is no section for is refused and does not panic.
	c = newConnector(t, small, pos.Settings{URL: "http://127.0.0.1:1"}, store.SystemClock())
	if _, err := c.(pos.Writer).Write(t.Context(), pos.Batch{}); err == nil {
		t.Error("there is nothing to write with")
	}
	if err := c.(pos.StockReader).ReadStock(t.Context(), nil, nil); err == nil {
		t.Error("there is no stock to read")
	}
}

// TestReadyMadeFiles holds the files that come with shelfd to the format.
func TestReadyMadeFiles(t *testing.T) {
	files, err := filepath.Glob("../../../install/pos/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := httpapi.New(pos.Settings{File: file, Description: text, URL: "http://127.0.0.1:1", User: "u", Key: "k"}, deps())
		if err != nil {
			t.Error(err)
			continue
		}
		if p := c.Capabilities(); !p.ReadStock || !p.WriteAbsolute {
			t.Errorf("%s: %+v", file, p)
		}
	}
}
