package central

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// request is one question to central.
type request struct {
	method, path string
	query        url.Values
	// header and body are of a batch; message is sent as JSON.
	header  func(http.Header)
	body    []byte
	message any
	// ledger is whose health is told, nil for none.
	ledger syncer.Ledger
	// patience is how long the answer may take beyond the timeout.
	patience time.Duration
}

// ask sends a request and hands the answer to read. Errors are
// *syncer.Failure, or that of ctx.
func (c *Client) ask(ctx context.Context, r *request, read func(*http.Response) error) error {
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout+r.patience)
	defer cancel()
	req, err := c.build(limited, r)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return failed(ctx, nil, err)
	}
	defer resp.Body.Close()
	if err := read(resp); err != nil {
		return failed(ctx, resp, err)
	}
	// What is left of the body is nothing; read to its end the connection can
	// be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, 1)
	return nil
}

// exchange asks with a message and reads one.
func (c *Client) exchange(ctx context.Context, r *request, into any) error {
	return c.ask(ctx, r, func(resp *http.Response) error { return wire.ReadAnswer(resp, into, wire.MaxMessage) })
}

func (c *Client) build(ctx context.Context, r *request) (*http.Request, error) {
	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	header := http.Header{"User-Agent": {"shelfd/" + c.cfg.Version}}
	if r.message != nil {
		body, err := json.Marshal(r.message)
		if err != nil {
			return nil, err
		}
		r.body = body
		header.Set("Content-Type", wire.TypeJSON)
		header.Set(wire.HeaderDigest, wire.Digest(body))
	}
	if r.header != nil {
		r.header(header)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if c.cfg.Key != "" {
		header.Set("Authorization", "Bearer "+c.cfg.Key)
	}
	health := c.health(r.ledger)
	health.Header(header)
	req.Header = header
	return req, nil
}

// health is what the store says about itself.
func (c *Client) health(l syncer.Ledger) wire.Health {
	v := wire.Health{Version: c.cfg.Version, Time: wire.Time(store.InstantOf(c.deps.Clock.Wall()))}
	if l != nil {
		head := l.Head()
		v.Head = store.Position{Epoch: head.Epoch, Seq: head.Seq}
		v.LowStock = int64(l.Stats().LowStock)
	}
	return v
}
