package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"sync"
)

//go:embed docs_page.html.tmpl
var docsTemplate string

//go:embed docs_page.css
var docsStyle string

// docsHandler gives the handler of /docs: a contract as one page without
// scripts, images or anything from elsewhere. The page is made when it is
// first asked for, so that it costs nothing at start.
func docsHandler(contract func() []byte) http.Handler {
	rendered := sync.OnceValues(func() ([]byte, error) { return renderDocs(contract()) })
	// The style sheet is inside the page, allowed by its hash (CSP level 2).
	style := sha256.Sum256([]byte(docsStyle))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		page, err := rendered()
		if err != nil {
			// Only a broken build: contract and template are embedded.
			panic(fmt.Errorf("docs page: %w", err))
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		_, _ = w.Write(page)
	})
}

// renderDocs makes the page of a contract.
func renderDocs(contract []byte) ([]byte, error) {
	root, err := readNode(contract)
	if err != nil {
		return nil, err
	}
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	page := newSpec(root).page()
	page.Style = template.CSS(docsStyle)
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
