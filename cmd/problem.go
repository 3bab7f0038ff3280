package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// problem is a refusal of the API (RFC 9457) as an error.
type problem struct {
	Type      string          `json:"type,omitempty"`
	Title     string          `json:"title,omitempty"`
	Status    int             `json:"status,omitempty"`
	Detail    string          `json:"detail,omitempty"`
	Code      store.Code      `json:"code,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Errors    []problemDetail `json:"errors,omitempty"`
}

// problemDetail is one thing that is wrong.
type problemDetail struct {
	Pointer string     `json:"pointer"`
	Code    store.Code `json:"code,omitempty"`
	Detail  string     `json:"detail"`
	// At is where a configuration says it.
	At string `json:"at,omitempty"`
}

// Error gives the sentence and all that is wrong, one per line.
func (p *problem) Error() string { return strings.Join(p.sentences(), "\n") }

func (p *problem) sentences() []string {
	head := p.Detail
	if head == "" {
		head = p.Title
	}
	if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
		head += " (request " + p.RequestID + ")"
	}
	lines := []string{head}
	for _, e := range p.Errors {
		if e.Pointer == "" {
			lines = append(lines, e.Detail)
			continue
		}
		lines = append(lines, e.Pointer+": "+e.Detail)
	}
	if len(lines) == 2 && p.Errors[0].Detail == p.Detail {
		return lines[1:]
	}
	return lines
}

// exit gives the exit code of a refusal.
func (p *problem) exit() int {
	switch {
	case p.Code == store.CodeOutcomeUnknown:
		return exitStorage
	case p.Status == http.StatusNotFound:
		return exitNotFound
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusForbidden, p.Status == http.StatusServiceUnavailable:
		return exitUnreachable
	case p.Status < http.StatusInternalServerError:
		return exitRefused
	}
	return exitFailure
}

// problemOf makes the error of an answer that is no success. An answer without
// a problem document did not come from shelfd's API.
func problemOf(answer *http.Response) error {
	p := &problem{Title: http.StatusText(answer.StatusCode)}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.NewDecoder(io.LimitReader(answer.Body, 8<<20)).Decode(p) != nil {
		p.Detail = fmt.Sprintf("the server answered %s", answer.Status)
	}
	p.Status = answer.StatusCode
	return withExit(p.exit(), p)
}
