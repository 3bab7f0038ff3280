package square

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

// The paths of Square's API that are used.
const (
	pathLocations = "/v2/locations"
	pathCounts    = "/v2/inventory/counts/batch-retrieve"
	pathChanges   = "/v2/inventory/changes/batch-retrieve"
	pathCreate    = "/v2/inventory/changes/batch-create"
)

const (
	// perPage is how many rows a page may have.
	perPage = 1000
	// maxPages bounds one reading: ten million rows.
	maxPages = 10_000
)

// envelope is what every answer of Square may have instead of what was asked
// for.
type envelope struct {
	Errors []fault `json:"errors"`
}

func (e *envelope) faults() []fault { return e.Errors }

// reply is an answer that may be faults.
type reply interface{ faults() []fault }

// query posts a question as JSON and reads the answer into r.
func (c *Connector) query(ctx context.Context, path string, question any, r reply) error {
	body, err := json.Marshal(question)
	if err != nil {
		return &syncer.Failure{Class: syncer.Alarm, Code: pos.CodeRefused, Detail: "A question to Square could not be made up.", Err: err}
	}
	return c.ask(ctx, pos.Request{Call: pos.Call{Method: http.MethodPost, Path: path, Body: body}}, r)
}

// ask sends a request and reads the answer into r. Errors are
// *syncer.Failure, or that of ctx.
func (c *Connector) ask(ctx context.Context, q pos.Request, r reply) error {
	q.Accept = explained
	a, err := c.client.Do(ctx, q)
	if err != nil {
		return err
	}
	return c.read(a, q.Writes, r)
}

// explained tells the statuses that come with errors which say more than they
// do. The others are the client's to classify.
func explained(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status <= 499
}

// read takes an answer for what it says only when it can be Square's.
func (c *Connector) read(a *pos.Answer, writes bool, r reply) error {
	if err := a.Decode(r); err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("{")) {
		return notSquare(writes, "It is not an object.")
	}
	if list := r.faults(); len(list) > 0 {
		return c.refusal(list, writes)
	}
	if a.Status >= 400 {
		return notSquare(writes, "It refuses the request and does not say why.")
	}
	return nil
}

// paged asks for page after page until there is none.
func paged(ask func(cursor string) (next string, err error)) error {
	seen := map[string]bool{}
	for cursor := ""; ; {
		next, err := ask(cursor)
		if err != nil || next == "" {
			return err
		}
		if seen[next] || len(seen) == maxPages {
			return notSquare(false, "Its pages never come to an end.")
		}
		seen[next], cursor = true, next
	}
}
