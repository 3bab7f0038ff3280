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

// serveOpenAPI answers with the contract.
func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI)
}
