package web

import (
	_ "embed"
	"net/http"
)

// openAPI is the contract of the REST API, OpenAPI 3.1 in YAML: what
// /openapi.yaml serves, /docs explains and the tests hold every answer against.
//
//go:embed openapi.yaml
var openAPI []byte

// ownContract answers with the contract of a store's own API.
var ownContract = contractHandler(func() []byte { return openAPI })

// contractHandler answers with a contract.
func contractHandler(contract func() []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(contract())
	})
}
