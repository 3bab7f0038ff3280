package test

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
	"github.com/shelfd/shelfd/syncer/pos/dutchie"
	"github.com/shelfd/shelfd/syncer/pos/square"
)

// contract gives the path of another system's OpenAPI document. They lie
// beside the repository, since they are not ours to copy; without them the
// test is skipped.
func contract(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "shared", "specs", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the contract is not at %s", path)
	}
	return path
}

// startPrism runs a mock of what an OpenAPI document describes, and gives its
// address. It keeps no state: it answers what the document shows as examples,
// and refuses with 401 or 422 a request that the document does not allow.
func startPrism(t *testing.T, spec string) (url string) {
	t.Helper()
	address := freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p := startNode(t, "", nil, filepath.Join(packages(t, "prism"), ".bin", "prism"),
		"mock", "--host", host, "--port", port, "--errors", spec)
	url = "http://" + address
	p.await(t, url+"/no-path-of-any-contract", http.StatusNotFound)
	return url
}

func TestPrismRefusesWhatTheContractsDoNotAllow(t *testing.T) {
	t.Run("Square wants an idempotency key", func(t *testing.T) {
		url := startPrism(t, contract(t, "square-inventory.openapi.json")) + "/v2/inventory/changes/batch-create"
		change := map[string]any{"changes": []any{map[string]any{"type": "PHYSICAL_COUNT"}}}
		answers(t, http.MethodPost, url, nil, change, http.StatusUnprocessableEntity)
		change["idempotency_key"] = "8fc6a5b0-9fe8-4b46-b46b-2ef95793abbe"
		answers(t, http.MethodPost, url, nil, change, http.StatusOK)
	})
	t.Run("Dutchie wants an API key", func(t *testing.T) {
		url := startPrism(t, contract(t, "dutchie.openapi.json")) + "/inventory"
		answers(t, http.MethodGet, url, nil, nil, http.StatusUnauthorized)
		answers(t, http.MethodGet, url, http.Header{"Authorization": {"Basic a2V5Og=="}}, nil, http.StatusOK)
	})
}

func answers(t *testing.T, method, url string, header http.Header, body any, want int) {
	t.Helper()
	if r := ask(t, method, url, header, body); r.status != want {
		t.Errorf("%s %s: %d, want %d\n%s", method, url, r.status, want, r.body)
	}
}

// TestConnectorsAskWhatTheContractsAllow has our connectors speak to the mocks:
// each request is one that the vendor's own document allows. What a mock
// answers is an example, and not stock.
func TestConnectorsAskWhatTheContractsAllow(t *testing.T) {
	t.Run("Square", func(t *testing.T) {
		c := connector(t, square.Kind, pos.Settings{
			URL: startPrism(t, contract(t, "square-inventory.openapi.json")), Key: "key", Options: map[string]string{"location_id": "18YC4JDH91E1H"},
		})
		_, err := c.(pos.Writer).Write(t.Context(), pos.Batch{Key: "till/1-1-2/abc", Changes: []pos.Change{
			{Place: store.Place{Product: "W62UWFY35CWMYGVWK6TWJDNI"}, Delta: -10_000, Reason: store.Sale, Reference: "1-2", Seq: 2, OccurredAt: now()},
			{Place: store.Place{Product: "W62UWFY35CWMYGVWK6TWJDNI"}, Quantity: 50_000, Absolute: true, Reference: "1-3", Seq: 3, OccurredAt: now()},
		}})
		allowed(t, "write", err)
		reads(t, c)
	})
	t.Run("Dutchie", func(t *testing.T) {
		c := connector(t, *dutchie.Kind, pos.Settings{URL: startPrism(t, contract(t, "dutchie.openapi.json")), Key: "key"})
		reads(t, c)
	})
}

func now() store.Instant { return store.InstantOf(store.SystemClock().Wall()) }

func connector(t *testing.T, kind pos.Kind, s pos.Settings) pos.Connector {
	t.Helper()
	c, err := kind.New(s, pos.Deps{Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reads has a connector read all that it can.
func reads(t *testing.T, c pos.Connector) {
	t.Helper()
	caps := c.Capabilities()
	_, err := c.Check(t.Context())
	allowed(t, "check", err)
	if caps.ReadStock {
		allowed(t, "stock", c.(pos.StockReader).ReadStock(t.Context(), nil, func([]pos.Stock) error { return nil }))
	}
	if caps.ReadCatalogue {
		allowed(t, "catalogue", c.(pos.CatalogueReader).ReadCatalogue(t.Context(), now().Add(-time.Hour), func([]pos.Product) error { return nil }))
	}
	if caps.ReadSales {
		allowed(t, "sales", c.(pos.SaleReader).ReadSales(t.Context(), now().Add(-time.Hour), now(), func([]pos.Sale) error { return nil }))
	}
	if caps.ReadRooms {
		_, err := c.(pos.RoomReader).ReadRooms(t.Context())
		allowed(t, "rooms", err)
	}
}

// allowed checks that a request was not refused. That a mock's example cannot
// be used, such as a page that names itself as the next, is no refusal.
func allowed(t *testing.T, what string, err error) {
	t.Helper()
	f, ok := errors.AsType[*syncer.Failure](err)
	if err != nil && !ok || ok && f.Code != pos.CodeNotPOS {
		t.Errorf("%s: %v", what, err)
	} else if ok {
		t.Logf("%s: the example cannot be used: %v", what, err)
	}
}
