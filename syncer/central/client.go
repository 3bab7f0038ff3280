package central

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Config says where central is.
type Config struct {
	// URL is central's address: https, or http on this machine only.
	URL string
	// Key is what enrolling gave.
	Key string
	// CAFile names the PEM file of the only authorities that may vouch for
	// central; empty for those of the system.
	CAFile string
	// Version is this program's.
	Version string
	// LongPoll is how long a question for commands may wait, at most 55 s; 0
	// asks only when an answer told that there are any.
	LongPoll time.Duration
	// Insecure allows http to another machine, such as within a test network.
	Insecure bool
	// Timeout bounds every other request; 0 for a minute.
	Timeout time.Duration
}

// Deps is what the client needs from outside.
type Deps struct {
	Clock store.Clock
	Log   *slog.Logger
	// Moved tells that the data directory belongs to another machine, Bind
	// makes it this one's. Both nil for a ledger that is bound to none.
	Moved func() bool
	Bind  func(context.Context) error
	// Transport carries the requests; nil for the network.
	Transport http.RoundTripper
}

// Client is one store's end of the protocol. The engine calls its methods one
// at a time, but Listen beside them.
type Client struct {
	cfg  Config
	deps Deps
	base *url.URL
	http *http.Client
	size size

	mu sync.Mutex
	// at is where central stands, by its newest answer.
	at standing
	// newest is the number of the newest command that central told of; news
	// gets a value when it grows.
	newest int64
	news   chan struct{}
}

// standing is where a stream ends, since when central has that, and what it
// shares with an earlier one.
type standing struct {
	head     store.Head
	syncedAt store.Instant
	branch   store.Position
	limits   wire.Limits
}

var (
	_ syncer.Target   = (*Client)(nil)
	_ syncer.Listener = (*Client)(nil)
)

// defaultTimeout is long enough for 256 KiB at 5 KB/s.
const defaultTimeout = time.Minute

// New makes a client; it dials nothing. It refuses an address without TLS that
// is not this machine, and a CAFile that cannot be read.
func New(cfg Config, deps Deps) (*Client, error) {
	base, err := checkURL(cfg.URL, cfg.Insecure)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	cfg.LongPoll = min(cfg.LongPoll, wire.MaxWait*time.Second)
	if deps.Transport == nil {
		if deps.Transport, err = newTransport(cfg.CAFile); err != nil {
			return nil, err
		}
	}
	c := &Client{cfg: cfg, deps: deps, base: base, news: make(chan struct{}, 1)}
	c.http = &http.Client{
		Transport: deps.Transport,
		// Whoever redirects is not central.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func checkURL(address string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of central: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	plain := insecure || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !plain) {
		return nil, fmt.Errorf("the address of central must begin with https:// (http:// on this machine only), not %q", address)
	}
	return u, nil
}

func newTransport(caFile string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 20 * time.Second,
		ForceAttemptHTTP2:   true,
		// Digests are of what travels.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    2,
	}
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("the authorities of central: %w", err)
	}
	t.TLSClientConfig.RootCAs = x509.NewCertPool()
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("the authorities of central: " + caFile + " holds no certificate")
	}
	return t, nil
}

// stood takes note of where central stands, and of commands.
func (c *Client) stood(at standing, commands int64) {
	c.mu.Lock()
	c.at = at
	grown := commands > c.newest
	c.newest = max(c.newest, commands)
	c.mu.Unlock()
	if grown {
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

func (c *Client) standing() standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}
