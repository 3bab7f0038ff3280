package central

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Config is what central needs. Zero numbers get defaults.
type Config struct {
	// Database is the address of PostgreSQL 15 or newer, as a URL or as
	// key=value pairs (libpq's connection strings).
	Database string
	Clock    store.Clock
	Log      *slog.Logger
	// Version is this program's, kept with the schema's history.
	Version string

	// MaxConnections bounds the connections to PostgreSQL; 16 by default.
	MaxConnections int
	// InFlight bounds the requests that are worked on at once; what is above
	// is told to come back. 256 by default. Long polls do not count.
	InFlight int
	// Patience is how long a request waits for a connection or for its store's
	// row; 15 seconds by default.
	Patience time.Duration
	// Limits are what stores aim at with their batches.
	Limits wire.Limits
	// CachedItems bounds the items that are kept in memory between batches,
	// about half a kilobyte each; 200,000 by default.
	CachedItems int
}

func (c *Config) defaults() {
	c.MaxConnections = cmp.Or(c.MaxConnections, 16)
	c.InFlight = cmp.Or(c.InFlight, 256)
	c.CachedItems = cmp.Or(c.CachedItems, 200_000)
	c.Patience = cmp.Or(c.Patience, 15*time.Second)
	c.Limits = cmp.Or(c.Limits, wire.DefaultLimits)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Central is head office over one database.
type Central struct {
	cfg   Config
	clock store.Clock
	log   *slog.Logger
	pool  *pgxpool.Pool

	// gate is for stores that showed their key, strangers for everybody else.
	gate      gate
	strangers gate
	turns     turns
	replicas  *replicas
	callers   callers
	contacts  contacts
	mail      *mail
	encoders  encoders
	// parse reads an entry.
	parse   func(canonical []byte) (*store.Entry, error)
	mirrors mirrors

	// life ends with Close, and with it whatever goes on beside requests and
	// after them; beside are those that do so all the time.
	life   context.Context
	stop   context.CancelFunc
	beside sync.WaitGroup
}

// Open connects, brings the schema up to this program's, and folds on where an
// older program could not read what it had stored. ctx bounds opening only.
func Open(ctx context.Context, cfg Config) (*Central, error) {
	cfg.defaults()
	pool, err := connect(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the central database: %w", err)
	}
	c := &Central{
		cfg: cfg, clock: cfg.Clock, log: cfg.Log, pool: pool,
		replicas: newReplicas(cfg.CachedItems), mail: newMail(), parse: store.ParseEntry,
	}
	c.gate.size(cfg.InFlight, bodyTime)
	c.strangers.size(max(1, cfg.MaxConnections/4), strangerTime)
	if err := c.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the central database: %w", err)
	}
	c.life, c.stop = context.WithCancel(context.Background())
	c.beside.Go(func() { c.foldOn(c.life) })
	c.beside.Go(func() { c.listen(c.life) })
	return c, nil
}

// Close lets go of the database. Requests under way fail.
func (c *Central) Close() {
	c.stop()
	c.mail.close()
	c.beside.Wait()
	c.pool.Close()
}

// Drain lets long polls answer at once, and those that come later not wait, so
// that a server that is about to stop has nothing to wait for.
func (c *Central) Drain() { c.mail.close() }

// Ready tells whether the database answers.
func (c *Central) Ready(ctx context.Context) error { return c.pool.Ping(ctx) }

// CheckDatabase tells what is wrong with the address of a database, without
// dialing it.
func CheckDatabase(database string) error {
	_, err := pgxpool.ParseConfig(database)
	return err
}

// connect makes the pool. Its connections give up on locks before the stores
// that wait behind them do.
func connect(ctx context.Context, cfg Config) (*pgxpool.Pool, error) {
	if cfg.Database == "" {
		return nil, errors.New("no database is configured")
	}
	pc, err := pgxpool.ParseConfig(cfg.Database)
	if err != nil {
		return nil, err
	}
	pc.MaxConns = int32(cfg.MaxConnections)
	set := func(name, value string) {
		if pc.ConnConfig.RuntimeParams[name] == "" {
			pc.ConnConfig.RuntimeParams[name] = value
		}
	}
	set("application_name", "shelfd-central")
	set("lock_timeout", milliseconds(cfg.Patience))
	set("idle_in_transaction_session_timeout", "60000")
	return pgxpool.NewWithConfig(ctx, pc)
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// now is the wall clock's moment.
func (c *Central) now() store.Instant { return store.InstantOf(c.clock.Wall()) }
