package centraltest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is one PostgreSQL with a data directory of its own.
type Cluster struct {
	// Address is host:port of the server, the same after a restart.
	Address string
	// Dir holds its data and its log.
	Dir string

	bin     string
	account account
	options []string
	guard   *guard
	server  *server
}

func newCluster(durable bool) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin}
	if c.account, err = findAccount(); err != nil {
		return nil, err
	}
	if c.Dir, err = os.MkdirTemp("", "shelfd-postgres-"); err != nil {
		return nil, err
	}
	if err := c.account.own(c.Dir); err != nil {
		return nil, err
	}
	if c.guard, err = startGuard(c.Dir, c.account); err != nil {
		return nil, err
	}
	if err := errors.Join(c.initialize(), c.first(durable)); err != nil {
		return nil, errors.Join(err, c.guard.Close())
	}
	return c, nil
}

func (c *Cluster) initialize() error {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, "initdb"), "-D", c.data(), "-A", "trust", "-U", "postgres",
		"-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir = c.Dir
	c.account.runs(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// first starts the server on a free port. Another process may take the port
// between the look and the start.
func (c *Cluster) first(durable bool) (err error) {
	for range 5 {
		if err = c.pick(durable); err != nil {
			return err
		}
		if c.server, err = c.start(); err == nil {
			return nil
		}
	}
	return err
}

func (c *Cluster) data() string { return filepath.Join(c.Dir, "data") }

// pick chooses a free port and makes the server's options.
func (c *Cluster) pick(durable bool) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.Address = l.Addr().String()
	c.options = []string{"-p", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)}
	sure := strconv.FormatBool(durable)
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=" + c.Dir, "max_connections=200",
		"shared_buffers=256MB", "max_wal_size=4GB",
		"fsync=" + sure, "synchronous_commit=" + sure, "full_page_writes=" + sure,
	} {
		c.options = append(c.options, "-c", setting)
	}
	return l.Close()
}

// Start starts the server after a Stop or Kill and waits until it answers.
func (c *Cluster) Start() (err error) {
	// Backends of a killed server hold its memory until they notice.
	for range 200 {
		if c.server, err = c.start(); err == nil {
			return nil
		}
	}
	return err
}

// Stop ends the server in order, and with it all connections.
func (c *Cluster) Stop() error { return c.server.signal(os.Interrupt) }

// Kill ends the server as a crash would: nothing is written any more, and the
// next Start recovers.
func (c *Cluster) Kill() error { return c.server.signal(os.Kill) }

// URL is the address of a database of the cluster.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", c.Address, database)
}

// Database makes an empty database, dropped when the test ends, and gives its
// address.
func (c *Cluster) Database(t testing.TB) (url string) {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text())
	if err := c.admin("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") }) // the server may be stopped
	return c.URL(name)
}

func (c *Cluster) admin(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
