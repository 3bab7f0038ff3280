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
	c.BodyLimit = cmpOr(c.BodyLimit, 4<<20)
	c.ImportBodyLimit = cmpOr(c.ImportBodyLimit, 8<<20)
	c.RequestsPerSecond = cmpOr(c.RequestsPerSecond, 1000)
	c.Burst = cmpOr(c.Burst, 2000)
	c.ReadTimeout = cmpOr(c.ReadTimeout, 30*time.Second)
	c.WriteTimeout = cmpOr(c.WriteTimeout, 60*time.Second)
	c.IdleTimeout = cmpOr(c.IdleTimeout, 120*time.Second)
	return c
}

func cmpOr[T comparable](v, otherwise T) T {
	if v == *new(T) {
		return otherwise
	}
	return v
}

// Syncer starts sync runs.
type Syncer interface {
	// Request asks for a run and gives it as it stands.
	Request(ctx context.Context, r store.Request, s SyncRequest) (*store.Run, bool, error)
}

// Deps are what the API serves from.
type Deps struct {
	Ledger *store.Ledger
	Clock  store.Clock
	Log    *slog.Logger
	Sync   Syncer
}

// Server answers the REST API. It holds no state but what serving needs.
type Server struct {
	cfg     Config
	ledger  *store.Ledger
	clock   store.Clock
	log     *slog.Logger
	sync    Syncer
	guard   guard
	limits  *limiter
	metrics *metrics
	engine  *gin.Engine
}

// New builds the API. An error means that its own documentation is broken.
func New(cfg Config, d Deps) (*Server, error) {
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, ledger: d.Ledger, clock: d.Clock, log: d.Log, sync: d.Sync,
		guard: newGuard(cfg.AllowedHosts), limits: newLimiter(cfg.RequestsPerSecond, cfg.Burst, d.Clock),
	}
	if s.sync == nil {
		s.sync = noDestination{d.Ledger}
	}
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.metrics = newMetrics(d.Ledger, cfg.Version)
	return s, errors.Join(s.engine.SetTrustedProxies(nil), s.mount())
}

// Handler is the whole API, for a listener or for calls within the process.
func (s *Server) Handler() http.Handler { return s.engine }

// Serve answers on a listener until ctx ends; then it takes no more and
// finishes what is under way, for at most 8 seconds.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	server := &http.Server{
		Handler:           s.engine,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.cfg.ReadTimeout,
		WriteTimeout:      s.cfg.WriteTimeout,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
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
