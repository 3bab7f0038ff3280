package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/syncer/pos"
)

// answer is an answer as expressions see it.
type answer struct {
	value   any
	headers map[string]any
	body    []byte
}

// ask sends one request and reads the answer, signed; it logs in before, and
// once more when the login is no longer accepted. Errors are *syncer.Failure,
// or that of ctx.
func (c *connector) ask(ctx context.Context, r *request, fail *expr, with vars, writes bool) (*answer, error) {
	req, err := r.build(ctx, with)
	if err != nil {
		return nil, c.broken(err, false)
	}
	return c.send(ctx, req, r, fail, with, writes)
}

// send sends a request that is made up.
func (c *connector) send(ctx context.Context, req pos.Request, r *request, fail *expr, with vars, writes bool) (*answer, error) {
	req.Writes = writes
	for again := false; ; again = true {
		signed, token, err := c.session.sign(ctx, req)
		if err != nil {
			return nil, err
		}
		a, err := c.exchange(ctx, signed, r.empty)
		if err == nil {
			err = c.failed(ctx, a, fail, with, writes)
		}
		if err == nil {
			return a, nil
		}
		if again || !c.session.expired(err, token) {
			return nil, c.session.scrub(err)
		}
	}
}

// exchange sends a request as it is and reads the answer.
func (c *connector) exchange(ctx context.Context, req pos.Request, empty bool) (*answer, error) {
	got, err := c.client.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	a := &answer{headers: headerValues(got.Header), body: got.Body}
	if (empty || got.Status == http.StatusNoContent) && len(bytes.TrimSpace(got.Body)) == 0 {
		return a, nil
	}
	var v exactValue
	if err := got.Decode(&v); err != nil {
		return nil, err
	}
	a.value = v.value
	return a, nil
}

// exactValue is any JSON with numbers as they are written.
type exactValue struct{ value any }

// UnmarshalJSON keeps numbers as text.
func (v *exactValue) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(&v.value)
}

// headerValues are the headers of an answer by their small names.
func headerValues(h http.Header) map[string]any {
	values := make(map[string]any, len(h))
	for name := range h {
		values[strings.ToLower(name)] = h.Get(name)
	}
	return values
}
