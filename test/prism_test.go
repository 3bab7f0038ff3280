package test

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
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
