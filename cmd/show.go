package cmd

import (
	"context"
	"encoding/json"
)

// show reads one answer of the API and writes it for people, or with -o json as
// it came.
func show[T any](ctx context.Context, o *rootOptions, path string, read func(context.Context, *client) (T, error), write func(T) error) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if o.asJSON() {
		var answer json.RawMessage
		if err := c.get(ctx, path, nil, &answer); err != nil {
			return err
		}
		return o.json(answer)
	}
	v, err := read(ctx, c)
	if err != nil {
		return err
	}
	return write(v)
}
