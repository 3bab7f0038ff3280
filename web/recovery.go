package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"html/template"
	"net/http"
)

var (
	//go:embed recovery.html.tmpl
	recoveryTemplate string
	//go:embed recovery.css
	recoveryStyle string

	recoveryPage = template.Must(template.New("recovery").Parse(recoveryTemplate))
	// The style sheet is inside the page, allowed by its hash (CSP level 2).
	recoveryPolicy = func() string {
		style := sha256.Sum256([]byte(recoveryStyle))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}()
)

// recovery answers, for a person at a browser, that the data are being opened or
// what keeps them from it. The page loads itself anew, without a script.
func (d *Door) recovery(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	var page bytes.Buffer
	err := recoveryPage.Execute(&page, struct {
		Style   template.CSS
		Version string
		Trouble *Trouble
	}{template.CSS(recoveryStyle), d.cfg.Version, d.state.Load().trouble})
	if err != nil {
		return err
	}
	h := x.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", recoveryPolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", retryDoor)
	x.Status(http.StatusServiceUnavailable)
	_, err = x.Writer.Write(page.Bytes())
	return err
}
