package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/uuid"
)

// client calls the API: that of the running server, or one within this process
// when none runs. Callers cannot tell which. Its errors carry exit codes:
// *problem for what the API refused, exitUnreachable for the network.
type client struct {
	base  string
	token string
	http  *http.Client
	// close lets go of what is behind; see Close.
	close func() error
}

// get reads one JSON answer into out.
func (c *client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.exchange(ctx, http.MethodGet, path, query, nil, out)
}

// send asks for a change. body is sent as JSON, nil for none; out may be nil.
// Every call has an Idempotency-Key of its own.
func (c *client) send(ctx context.Context, method, path string, query url.Values, body, out any) error {
	return c.exchange(ctx, method, path, query, body, out)
}

// stream reads an answer as it comes, in the form accept. The caller closes it.
func (c *client) stream(ctx context.Context, path string, query url.Values, accept string) (io.ReadCloser, error) {
	answer, err := c.do(ctx, http.MethodGet, path, query, nil, accept)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// Close ends the connection. A data directory that was opened for it is closed
// in order, and an error means that something was not saved.
func (c *client) Close() error { return c.close() }

func (c *client) exchange(ctx context.Context, method, path string, query url.Values, body, out any) error {
	answer, err := c.do(ctx, method, path, query, body, "application/json")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil || answer.StatusCode == http.StatusNoContent {
		_, err = io.Copy(io.Discard, answer.Body)
	} else {
		err = json.NewDecoder(answer.Body).Decode(out)
	}
	if err != nil {
		return withExit(exitUnreachable, fmt.Errorf("the answer to %s %s broke off: %w", method, path, err))
	}
	return nil
}

// do gives a successful answer, whose body the caller closes.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body any, accept string) (*http.Response, error) {
	r, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	answer, err := c.http.Do(r)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, withExit(exitUnreachable, unreachable(c.base, err))
	}
	if answer.StatusCode < http.StatusOK || answer.StatusCode >= http.StatusMultipleChoices {
		defer answer.Body.Close()
		return nil, problemOf(answer)
	}
	return answer, nil
}

func (c *client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, err
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		r.Header.Set("Idempotency-Key", uuid.NewString())
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	return r, nil
}

// unreachable leaves out what the HTTP client says around the cause.
func unreachable(base string, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("the server at %s does not answer: %w", base, err)
}
