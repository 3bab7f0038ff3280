package pos

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
)

// The codes of failures of talking to a point of sale.
const (
	// CodeUnreachable: no connection, or it broke.
	CodeUnreachable = "unreachable"
	// CodeTimeout: no whole answer in time.
	CodeTimeout = "timeout"
	// CodeTLS: the other side could not prove who it is.
	CodeTLS = "tls"
	// CodeUnauthorized: the key is not accepted, or may not do this.
	CodeUnauthorized = "unauthorized"
	// CodeRateLimited: it was asked too often.
	CodeRateLimited = "rate_limited"
	// CodeServer: it has a fault of its own.
	CodeServer = "server_error"
	// CodeRefused: it will not have the request.
	CodeRefused = "refused"
	// CodeNotPOS: what answered is no such point of sale, or nothing that can
	// be read: a page of HTML, an empty answer, too much.
	CodeNotPOS = "not_pos"
	// CodeClock: its clock and the store's are too far apart.
	CodeClock = "clock_skew"
)

const (
	// defaultTimeout bounds one request.
	defaultTimeout = 30 * time.Second
	// MaxAnswer bounds one answer, in bytes, unless the configuration of the
	// client says otherwise.
	MaxAnswer = 16 << 20
)

// ClientConfig says how a point of sale is reached.
type ClientConfig struct {
	// POS is what it is called in sentences, such as Square.
	POS string
	// Base is the address that paths are below.
	Base *url.URL
	// CAFile is a PEM file of authorities to trust instead of the system's.
	CAFile string
	// PerSecond and Burst bound how often it is asked; 0 for no bound.
	PerSecond float64
	Burst     int
	// Timeout bounds a request, 0 for the default.
	Timeout time.Duration
	// MaxAnswer bounds an answer in bytes, 0 for the default.
	MaxAnswer int64
	// Authorize puts the key on a request.
	Authorize func(*http.Request)
	// Version is the program's.
	Version string
	Clock   store.Clock
	Log     *slog.Logger
}

// Client asks a point of sale over HTTP, and says of every failure what it
// means. It is safe for concurrent use.
type Client struct {
	cfg   ClientConfig
	http  *http.Client
	limit *rate.Limiter
	// skew is how far its clock is ahead, nil while it showed none.
	skew atomic.Pointer[time.Duration]
}

// NewClient makes a client. It fails when the file of authorities cannot be
// used.
func NewClient(cfg ClientConfig) (*Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 4
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", cfg.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxAnswer == 0 {
		cfg.MaxAnswer = MaxAnswer
	}
	c := &Client{cfg: cfg, limit: rate.NewLimiter(rate.Inf, 1)}
	if cfg.PerSecond > 0 {
		c.limit = rate.NewLimiter(rate.Limit(cfg.PerSecond), max(1, cfg.Burst))
	}
	c.http = &http.Client{
		Transport: transport,
		// A key is for one address alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Request is one question to a point of sale.
type Request struct {
	Call
	Header http.Header
	// Writes tells that it changes something there: when the answer gets lost
	// it cannot be told whether it did.
	Writes bool
	// Accept tells which statuses besides 2xx are answers to read; nil for none.
	Accept func(status int) bool
}

// Do sends a request and reads its answer. Errors are *syncer.Failure, or
// that of ctx.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := c.build(traced, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(ctx, err, r.Writes && sent.Load())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxAnswer+1))
	if err != nil {
		return nil, c.failed(ctx, err, r.Writes)
	}
	c.notice(resp)
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, pos: c.cfg.POS, writes: r.Writes}
	if int64(len(body)) > c.cfg.MaxAnswer {
		return nil, a.unreadable("It is larger than any answer to this can be.")
	}
	if a.Status >= 200 && a.Status <= 299 || r.Accept != nil && r.Accept(a.Status) {
		return a, nil
	}
	return nil, a.refused()
}

// wait keeps to the rate.
func (c *Client) wait(ctx context.Context) error {
	for {
		r := c.limit.ReserveN(c.cfg.Clock.Wall(), 1)
		delay := r.DelayFrom(c.cfg.Clock.Wall())
		if delay <= 0 {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			r.Cancel()
			return ctx.Err()
		case <-c.cfg.Clock.After(delay):
			return ctx.Err()
		}
	}
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	u := c.cfg.Base.JoinPath(r.Path)
	u.RawQuery = r.Query
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, &syncer.Failure{Class: syncer.Alarm, Code: CodeRefused, Detail: "A request could not be made up.", Err: err}
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "shelfd/"+c.cfg.Version)
	req.Header.Set("Accept", "application/json")
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.cfg.Authorize != nil {
		c.cfg.Authorize(req)
	}
	return req, nil
}

// notice remembers how far apart the clocks are.
func (c *Client) notice(resp *http.Response) {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		skew := at.Sub(c.cfg.Clock.Wall())
		c.skew.Store(&skew)
	}
}

// Time is the clock of the point of sale as its last answer showed it; 0 when
// none did.
func (c *Client) Time() store.Instant {
	if skew := c.skew.Load(); skew != nil {
		return store.InstantOf(c.cfg.Clock.Wall().Add(*skew))
	}
	return 0
}

// failed says why there is no whole answer. sent tells that a change may have
// been made.
func (c *Client) failed(ctx context.Context, err error, sent bool) error {
	if ctx.Err() != nil && !sent {
		return ctx.Err()
	}
	f := &syncer.Failure{Class: syncer.Retry, Code: CodeUnreachable, Detail: c.cfg.POS + " cannot be reached.", Unknown: sent, Err: withoutURL(err)}
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Code, f.Detail = CodeTimeout, c.cfg.POS+" did not answer in time."
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &record):
		f.Code, f.Unknown = CodeTLS, false
		f.Detail = "The other side could not prove that it is " + c.cfg.POS + ": its certificate is not trusted."
	}
	return f
}

// withoutURL leaves the address out, which may hold a secret.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
