package httpapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/httpapi"
)

// FuzzDescription gives any bytes as a description: they are refused with a
// place for each fault, or make a connector.
func FuzzDescription(f *testing.F) {
	files, _ := filepath.Glob("../../../install/pos/*.yaml")
	for _, file := range append(files, "testdata/faults.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{small, loginYAML, absoluteYAML, deltaYAML, "a: &x {b: *x}", "? {a: b}\n: c", "- - -", "name: |\n\n  x\nurl: >2\n   y", "\xef\xbb\xbf# x\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := httpapi.New(pos.Settings{File: "f", Description: text, URL: "http://127.0.0.1:1", User: "u", Key: "k"}, deps())
		if faults, ok := errors.AsType[*httpapi.DescriptionError](err); ok {
			for _, fault := range faults.Faults {
				if fault.Line < 0 || fault.Column < 0 || fault.Message == "" {
					t.Errorf("%+v", fault)
				}
			}
		}
		if err == nil {
			c.Capabilities()
		}
	})
}

// FuzzAnswer gives any bytes as an answer to everything.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		`{"items":[{"id":1,"on_hand":"3.5","sku":null}],"next":1}`, `{"results":[{"ok":true},{"ok":false,"code":1}]}`, `{"results":[{"ok":true},{"ok":true}]}`,
		`{"lines":[{"sale":1,"line":1e2,"id":{},"units":-1,"at":17}]}`, `[{"code":1,"note":"x"}]`, `<html>`, ``, `{"name":1,"time":1e300}`, `{"a":`, `"\ud800"`, `{"next":{"next":[]}}`,
	} {
		f.Add([]byte(text))
	}
	var answer atomic.Pointer[[]byte]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*answer.Load()) }))
	f.Cleanup(server.Close)
	c := newConnector(f, absoluteYAML, pos.Settings{URL: server.URL, Key: simKey}, store.SystemClock())
	f.Fuzz(func(t *testing.T, text []byte) {
		answer.Store(&text)
		asks := map[string]func() error{
			"check":   func() error { _, err := c.Check(t.Context()); return err },
			"rooms":   func() error { _, err := c.(pos.RoomReader).ReadRooms(t.Context()); return err },
			"reasons": func() error { _, err := c.(pos.ReasonReader).ReadReasons(t.Context()); return err },
			"stock": func() error {
				return c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil })
			},
			"catalogue": func() error {
				return c.(pos.CatalogueReader).ReadCatalogue(t.Context(), 1, func([]pos.Product) error { return nil })
			},
			"sales": func() error {
				return c.(pos.SaleReader).ReadSales(t.Context(), 0, 1, func([]pos.Sale) error { return nil })
			},
			"write": func() error {
				outcomes, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "k", Changes: []pos.Change{change("1", "1", 1, 1), change("2", "2", 1, 1)}})
				if err == nil && len(outcomes) != 2 {
					t.Errorf("%d outcomes", len(outcomes))
				}
				if failed, ok := errors.AsType[*syncer.Failure](err); ok && !failed.Unknown {
					t.Errorf("sent, and not unknown: %v", err)
				}
				return err
			},
		}
		for name, ask := range asks {
			if err := ask(); err != nil {
				if _, ok := errors.AsType[*syncer.Failure](err); !ok {
					t.Errorf("%s: %v is no failure", name, err)
				}
			}
		}
	})
}
