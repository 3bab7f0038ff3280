package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/shelfd/shelfd/store/sqlite"
)

// connect loads the configuration and gives a client of its data directory,
// which is made when it is not there. Whoever holds the directory's lock is the
// server; a control file without it is left over from one that was killed.
// While the lock is held by a process that does not answer, connect waits a
// little: a server may be starting, another command ending. Then the error ends
// the process with exitInUse.
func connect(ctx context.Context, o *rootOptions) (*client, error) {
	if err := o.load(); err != nil {
		return nil, err
	}
	if err := o.refuseStray(); err != nil {
		return nil, err
	}
	if isAnothers(string(o.config.DataDir)) {
		// Opening it would take root's rights away, and a server may be running.
		if c := connectServer(ctx, string(o.config.DataDir)); c != nil {
			return c, nil
		}
	}
	for began := o.clock.Mono(); ; {
		c, err := connectLocal(ctx, o)
		if exitCode(err) != exitInUse {
			return c, err
		}
		if c := connectServer(ctx, string(o.config.DataDir)); c != nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// To ask a server that hangs takes long.
		if o.clock.Mono()-began >= o.patience {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-o.clock.After(connectEvery):
		}
	}
}

const connectEvery = 100 * time.Millisecond

// connectExisting is connect for commands that only read: a directory without
// a ledger is an error that ends the process with exitNotFound, and nothing is
// made.
func connectExisting(ctx context.Context, o *rootOptions) (*client, error) {
	if err := o.load(); err != nil {
		return nil, err
	}
	if err := o.refuseStray(); err != nil {
		return nil, err
	}
	if err := o.needLedger(); err != nil {
		return nil, err
	}
	return connect(ctx, o)
}

// connectSyncing is connectExisting for commands that wait for a destination:
// when no server runs, this process syncs meanwhile.
func connectSyncing(ctx context.Context, o *rootOptions) (*client, error) {
	o.syncing = true
	return connectExisting(ctx, o)
}

// needLedger refuses a data directory that holds no ledger.
func (o *rootOptions) needLedger() error {
	dir := string(o.config.DataDir)
	exists, err := sqlite.Exists(dir)
	if errors.Is(err, fs.ErrPermission) {
		return withExit(exitNoAccess, fmt.Errorf("%s belongs to another account; for the service of this machine put sudo before the command", dir))
	}
	if err == nil && !exists {
		return withExit(exitNotFound, fmt.Errorf("there is no ledger in %s; name its directory with --data-dir, or make one with shelfd serve or shelfd import", dir))
	}
	if closed := sqlite.CheckDir(dir); err != nil && closed != nil {
		err = closed
	}
	return openingError(err)
}

// refuseStray keeps an account that named no directory from making a ledger of its
// own on a machine whose shop is the service's.
func (o *rootOptions) refuseStray() error {
	_, named := o.origins["data_dir"]
	dir := string(o.config.DataDir)
	if named || o.system || isRoot() || dir == systemDir() || hasLedger(dir) {
		return nil
	}
	if _, err := os.Stat(systemDir()); err != nil {
		return nil //nolint:nilerr // There is no service whose shop it could be.
	}
	return withExit(exitNoAccess, fmt.Errorf("the shop of this machine is in %s, and is its service's; put sudo before the command, or name a directory of yours with --data-dir", systemDir()))
}

// connectServer gives a client of the server that wrote the control file; nil
// when that does not answer.
func connectServer(ctx context.Context, dir string) *client {
	c, err := readControl(dir)
	if err != nil || !alive(c.PID) {
		return nil
	}
	transport := networkTransport(c.Certificate)
	server := &client{
		base: c.URL, token: c.Token, http: &http.Client{Transport: transport},
		close: func() error { transport.CloseIdleConnections(); return nil },
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if server.get(ctx, "/api/v1/me", nil, nil) != nil {
		transport.CloseIdleConnections()
		return nil
	}
	return server
}

// connectLocal opens the data directory in this process.
func connectLocal(ctx context.Context, o *rootOptions) (*client, error) {
	log := newLogger(o.stderr, o.config.Log, slog.LevelWarn)
	a, err := openApp(ctx, o, log, false)
	if errors.Is(err, sqlite.ErrDemo) {
		a, err = openApp(ctx, o, log, true)
	}
	if err != nil {
		return nil, err
	}
	stop := func() {}
	if o.syncing {
		stop = a.sync.start(ctx)
	}
	c, wait := a.client()
	c.close = func() error {
		wait()
		stop()
		return a.close()
	}
	return c, nil
}

// client gives a client that calls the API without a listener. wait returns
// when no call is under way any more. The app stays the caller's.
func (a *app) client() (c *client, wait func()) {
	transport := &handlerTransport{handler: a.handler()}
	return &client{
		base: "http://localhost", token: a.secret, http: &http.Client{Transport: transport},
		close: func() error { return nil },
	}, transport.calls.Wait
}
