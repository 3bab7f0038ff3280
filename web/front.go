package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/shelfd/shelfd/store"
)

// front is what a store's server and head office's have in common: everything
// that is done for a request before and after its handler.
type front struct {
	cfg     Config
	clock   store.Clock
	log     *slog.Logger
	guard   guard
	limits  *limiter
	metrics *metrics
	engine  *gin.Engine
	tokens  tokens
	// ledger is the store's own; nil at head office, where every request finds
	// out whose ledger it is about.
	ledger *store.Ledger
	// synced gives when the primary destination had confirmed a row's newest
	// entry, zero when it has not; nil without a destination.
	synced func(*store.Item) store.Instant
	// closed tells that requests are refused for a cause that is in the log once,
	// so that not each of them is.
	closed bool
	// describe and docs serve the contract, as text and as a page.
	describe, docs http.Handler
}

// tokens is where a server finds out who asks.
type tokens interface {
	// find gives the token of a secret, nil when it must not be used now.
	find(ctx context.Context, secret string) (*store.Token, error)
}

// newFront makes everything but the routes.
func newFront(cfg Config, clock store.Clock, log *slog.Logger, from tokens) *front {
	cfg = cfg.withDefaults()
	gin.SetMode(gin.ReleaseMode)
	f := &front{
		cfg: cfg, clock: clock, log: log, tokens: from, engine: gin.New(),
		guard: newGuard(cfg.AllowedHosts), limits: newLimiter(cfg.RequestsPerSecond, cfg.Burst, clock),
		metrics: newMetrics(cfg.Version), describe: ownContract, docs: ownDocs,
	}
	f.engine.HandleMethodNotAllowed = true
	f.engine.RedirectTrailingSlash = false
	return f
}

// Handler is the whole API, for a listener or for calls within the process.
func (f *front) Handler() http.Handler { return f.engine }

// serve answers on a listener until ctx ends; then it takes no more and
// finishes what is under way, for at most 8 seconds.
func (f *front) serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       f.cfg.ReadTimeout,
		WriteTimeout:      f.cfg.WriteTimeout,
		IdleTimeout:       f.cfg.IdleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second)
		defer cancel()
		stopped <- server.Shutdown(within)
	}()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
