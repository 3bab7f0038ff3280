package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/web"
)

// app is one data directory, opened, with the API on top of it.
type app struct {
	dir     string
	clock   store.Clock
	log     *slog.Logger
	ledger  *store.Ledger
	sync    *syncing
	backups *backups
	web     *web.Server
	// secret is that of the control token, an admin token of this opening.
	secret string
}

// openApp opens the configured data directory, which it makes when it is not
// there; root becomes the account that owns it, for good. The errors end the
// process as openingError says.
func openApp(ctx context.Context, o *rootOptions, log *slog.Logger, demo bool) (*app, error) {
	c := o.config
	o.lowered = o.lowered || isAnothers(string(c.DataDir))
	if err := becomeOwner(string(c.DataDir)); err != nil {
		return nil, err
	}
	machine, err := c.machineOf()
	if err != nil {
		// A shop sells without it; only a copy on another machine is not noticed.
		log.Warn("this machine cannot be told from others; machine_id in the configuration can name it", "err", err)
	}
	db, err := sqlite.Open(ctx, sqlite.Options{
		Dir: string(c.DataDir), NewStore: newID, Demo: demo, Existing: o.existing, Version: o.version,
		Now: store.InstantOf(o.clock.Wall()), Machine: machine,
	})
	if err != nil {
		return nil, openingError(err)
	}
	if u := db.Upgraded(); u.Copy != "" {
		log.Info("the ledger was upgraded", "from_schema", u.From, "to_schema", u.To, "copy_from_before", u.Copy)
	}
	if db.Bare() {
		log.Warn("the ledger was not closed and came without its log; if it was copied while a server ran, it lacks that server's newest changes", "log", sqlite.FileName+"-wal")
	}
	journal := store.Journal(db)
	if o.journal != nil {
		journal = o.journal(db)
	}
	a := &app{dir: string(c.DataDir), clock: o.clock, log: log, secret: newSecret()}
	if a.ledger, err = openLedger(ctx, a, c, journal); err != nil {
		return nil, openingError(errors.Join(err, journal.Close()))
	}
	if err := a.compose(ctx, o, db, machine); err != nil {
		return nil, openingError(errors.Join(err, a.ledger.Close()))
	}
	return a, nil
}

// compose puts the sync engine and the API on the ledger.
func (a *app) compose(ctx context.Context, o *rootOptions, db *sqlite.DB, machine string) (err error) {
	if a.sync, err = newSyncing(ctx, a, o, db, machine); err != nil {
		return err
	}
	if a.backups, err = newBackups(ctx, a, o); err != nil {
		return err
	}
	a.web, err = web.New(webConfig(o.config, o.version, a.secret), web.Deps{
		Ledger: a.ledger, Clock: a.clock, Log: a.log, Sync: a.sync, Backups: a.backups,
	})
	return err
}

func openLedger(ctx context.Context, a *app, c Config, j store.Journal) (*store.Ledger, error) {
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	meta, err := j.Meta(ctx)
	if err != nil {
		return nil, err
	}
	key, made, err := openSigner(a.dir, meta.Store)
	if err != nil {
		return nil, err
	}
	if made && meta.Seq > 0 {
		a.log.Warn("the key of the ledger was missing and is new; heads that were signed before cannot be tested with it", "file", keyFile)
	}
	return store.Open(ctx, store.Config{
		Journal: j, Clock: a.clock, NewID: newID, NewSalt: newSalt, Rules: rules, Sign: key.Sign, Log: a.log,
	})
}

func newID() store.ID { return store.ID(uuid.Must(uuid.NewV7())) }

func newSalt() (salt [16]byte) {
	// It never fails: crypto/rand ends the process instead.
	_, _ = rand.Read(salt[:])
	return salt
}

func webConfig(c Config, version, secret string) web.Config {
	hosts := c.AllowedHosts
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !isEveryAddress(host) {
		hosts = append(hosts[:len(hosts):len(hosts)], host)
	}
	return web.Config{
		Version: version, AllowedHosts: hosts, ControlTokenHash: store.HashToken(secret),
		BodyLimit: int64(c.Limits.Body), ImportBodyLimit: int64(c.Limits.ImportBody),
		RequestsPerSecond: float64(c.Limits.RequestsPerSecond), Burst: c.Limits.Burst,
		ReadTimeout: time.Duration(c.Limits.ReadTimeout), WriteTimeout: time.Duration(c.Limits.WriteTimeout),
		IdleTimeout: time.Duration(c.Limits.IdleTimeout), RequireIdempotencyKey: c.RequireIdempotencyKey,
		HideCost: c.HideCostFromTerminals, LogRequests: c.Log.Requests,
	}
}

// handler is the API without a listener.
func (a *app) handler() http.Handler { return a.web.Handler() }

// close closes the ledger and lets go of the data directory.
func (a *app) close() error { return openingError(a.ledger.Close()) }
