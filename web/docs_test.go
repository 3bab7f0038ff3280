package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func getDocs(t *testing.T) (page string, header http.Header) {
	t.Helper()
	server := httptest.NewServer(ownDocs)
	defer server.Close()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/docs", nil)
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return string(readAll(t, resp)), resp.Header
}

func TestDocsExplainEveryOperationCodeAndSchema(t *testing.T) {
	page, _ := getDocs(t)
	c := loadContract(t)
	var anchors []string
	for _, o := range c.operations() {
		anchors = append(anchors, o.OperationID)
	}
	for code := range c.problems() {
		anchors = append(anchors, "problem-"+code)
	}
	for name := range c.doc.Components.Schemas {
		anchors = append(anchors, "schema-"+name)
	}
	for _, anchor := range anchors {
		if n := strings.Count(page, ` id="`+anchor+`"`); n != 1 {
			t.Errorf("the page has %d places named %s", n, anchor)
		}
	}
}

func TestDocsLinksLeadSomewhere(t *testing.T) {
	page, _ := getDocs(t)
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		target, inside := strings.CutPrefix(m[1], "#")
		if inside && !strings.Contains(page, ` id="`+target+`"`) {
			t.Errorf("the link %s leads nowhere", m[1])
		}
		if !inside && m[1] != "/openapi.yaml" {
			t.Errorf("the page needs %s", m[1])
		}
	}
}

func TestDocsNeedNoScriptAndAllowNone(t *testing.T) {
	page, header := getDocs(t)
	for _, no := range []string{"<script", " style=", " onclick=", "@import", "url(", "http://fonts", "https://cdn"} {
		if strings.Contains(page, no) {
			t.Errorf("the page has %q", no)
		}
	}
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	hash := sha256.Sum256([]byte(style))
	policy := header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") {
		t.Errorf("the policy %q does not allow exactly the page's own style", policy)
	}
}

func TestDocsShowExamplesAsWritten(t *testing.T) {
	page, _ := getDocs(t)
	for _, want := range []string{
		`&#34;unit_price&#34;: 45.00`,
		`&#34;quantity_change&#34;: -5`,
		`curl &#34;$SHELFD/api/v1/inventory/snapshot?date=2026-01-27&amp;location_id=loc-uuid&#34;`,
		`curl -X PATCH &#34;$SHELFD/api/v1/inventory/inv-uuid&#34;`,
		`curl -X POST &#34;$SHELFD/api/v1/movements/1-8842/reverse&#34;`,
		`curl -X PUT &#34;$SHELFD/api/v1/pos/till/links/product/prod-uuid&#34;`,
		`curl &#34;$SHELFD/healthz&#34;</code>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestDocsTextsAreEscaped(t *testing.T) {
	if got := inline("`a<b` **is** *not* <i>5 * 3</i> & `**`"); got !=
		"<code>a&lt;b</code> <strong>is</strong> <em>not</em> &lt;i&gt;5 * 3&lt;/i&gt; &amp; <code>**</code>" {
		t.Error(got)
	}
}

func TestDocsRefuseABrokenContract(t *testing.T) {
	for _, broken := range []string{"a: [", "a: &b 1\nc: *b"} {
		if _, err := renderDocs([]byte(broken)); err == nil {
			t.Errorf("%q was accepted", broken)
		}
	}
}
