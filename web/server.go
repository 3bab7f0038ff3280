package web

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/shelfd/shelfd/store"
)

// Config is how the API behaves. Zero values take the documented defaults.
type Config struct {
	Version string
	// AllowedHosts are names besides localhost and the address a connection
	// came in on that a request's Host may have.
	AllowedHosts []string
	// BodyLimit and ImportBodyLimit bound request bodies, in bytes.
	BodyLimit, ImportBodyLimit int64
	// RequestsPerSecond and Burst bound what one token may ask.
	RequestsPerSecond float64
	Burst             int
	// ReadTimeout, WriteTimeout and IdleTimeout bound connections.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration
	// RequireIdempotencyKey refuses writes without an Idempotency-Key.
	RequireIdempotencyKey bool
	// HideCost leaves unit_cost out for viewers and terminals.
	HideCost bool
	// LogRequests logs every request, not only the failed ones.
	LogRequests bool
	// ControlTokenHash is SHA-256 of the secret that this machine's CLI uses;
	// zero for none.
	ControlTokenHash [32]byte
}

func (c Config) withDefaults() Config {
	c.BodyLimit = cmp.Or(c.BodyLimit, 4<<20)
	c.ImportBodyLimit = cmp.Or(c.ImportBodyLimit, 8<<20)
	c.RequestsPerSecond = cmp.Or(c.RequestsPerSecond, 1000)
	c.Burst = cmp.Or(c.Burst, 2000)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 30*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 60*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 120*time.Second)
	return c
}

// Deps are what the API serves from.
type Deps struct {
	Ledger *store.Ledger
	Clock  store.Clock
	Log    *slog.Logger
	Sync   Syncer
	// Backups tell how the newest backup went; nil where nobody knows.
	Backups Backups
}

// Server answers the REST API of one store. It holds no state but what serving
// needs.
type Server struct {
	*front
	sync    Syncer
	feed    *feed
	backups Backups
}

// New builds the API. An error means that its own documentation is broken.
func New(cfg Config, d Deps) (*Server, error) {
	s := &Server{front: newFront(cfg, d.Clock, d.Log, ledgerTokens{d.Ledger}), sync: d.Sync, feed: newFeed(d), backups: d.Backups}
	s.ledger = d.Ledger
	if s.sync == nil {
		s.sync = noDestination{d.Ledger}
	}
	s.synced = s.sync.LastSync
	s.metrics.registry.MustRegister(ledgerCollector{d.Ledger}, syncCollector{s.sync, d.Ledger})
	if s.backups == nil {
		s.backups = noBackups{}
	}
	s.metrics.registry.MustRegister(backupCollector{s.backups, d.Ledger})
	return s, s.mount(s.routes(), nowhere)
}

// ledgerTokens finds tokens in the store's own ledger.
type ledgerTokens struct{ ledger *store.Ledger }

func (t ledgerTokens) find(_ context.Context, secret string) (*store.Token, error) {
	token, ok := t.ledger.TokenBySecret(secret)
	if !ok || !t.ledger.Valid(token) {
		return nil, nil
	}
	return token, nil
}
