package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/shelfd/shelfd/syncer/pos"
)

// build makes a request of its expressions. Errors are *evalError, or that of
// ctx.
func (r *request) build(ctx context.Context, with vars) (req pos.Request, err error) {
	req.Method = r.method
	if req.Path, err = r.buildPath(ctx, with); err != nil {
		return req, err
	}
	query, err := r.query.pairs(ctx, with)
	if err != nil {
		return req, err
	}
	headers, err := r.headers.pairs(ctx, with)
	if err != nil {
		return req, err
	}
	req.Query, req.Header = query.Encode(), http.Header{}
	for name, values := range headers {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Body, err = r.buildBody(ctx, with, req.Header)
	return req, err
}

// buildPath gives the path. A part of it that is empty or made of dots would
// be another path.
func (r *request) buildPath(ctx context.Context, with vars) (string, error) {
	v, err := r.path.one(ctx, nil, with, 0)
	if err != nil {
		return "", err
	}
	path, _ := v.(string)
	for _, part := range strings.Split(strings.TrimSuffix(path[1:], "/"), "/") {
		if part == "." || part == ".." || part == "" && path != "/" {
			return "", r.path.wrong("%q has an empty part, or one that is . or ..", path)
		}
	}
	return path, nil
}

// buildBody gives the body, nil for none.
func (r *request) buildBody(ctx context.Context, with vars, h http.Header) ([]byte, error) {
	switch {
	case r.graphql != "":
		message := map[string]any{"query": r.graphql}
		if r.variables != nil {
			v, err := r.variables.one(ctx, nil, with, sizeOf(with))
			if err != nil {
				return nil, err
			}
			message["variables"] = v
		}
		return gojq.Marshal(message)
	case r.form != nil:
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		form, err := r.form.pairs(ctx, with)
		return []byte(form.Encode()), err
	case r.body != nil:
		v, err := r.body.one(ctx, nil, with, sizeOf(with))
		if err != nil {
			return nil, err
		}
		return gojq.Marshal(v)
	}
	return nil, nil
}

// sizePerChange is what a change counts for where the size of an answer does
// in a budget, in bytes.
const sizePerChange = 2048

// sizeOf is about how much a request is made of, in bytes.
func sizeOf(with vars) int {
	size := 0
	for _, name := range []string{"$changes", "$only", "$items"} {
		list, _ := with[name].([]any)
		size += len(list) * sizePerChange
	}
	return size
}

// pairs works out an expression that gives an object of names and values.
// What is null is left out, and a list is the name several times.
func (e *expr) pairs(ctx context.Context, with vars) (url.Values, error) {
	pairs := url.Values{}
	if e == nil {
		return pairs, nil
	}
	v, err := e.one(ctx, nil, with, sizeOf(with))
	if err != nil || v == nil {
		return pairs, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, e.wrong("it must give an object, not %s", gojq.TypeOf(v))
	}
	for name, v := range object {
		list, many := v.([]any)
		if !many {
			list = []any{v}
		}
		for _, v := range list {
			text, ok := plainText(v)
			if !ok {
				return nil, e.wrong("%s must be a text, number or list of those, not %s", name, gojq.TypeOf(v))
			}
			if v != nil {
				pairs.Add(name, text)
			}
		}
	}
	return pairs, nil
}

// plainText is a value as it stands in an address. ok is false for lists and
// objects.
func plainText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case []any, map[string]any:
		return "", false
	}
	b, err := gojq.Marshal(v)
	return string(b), err == nil
}
