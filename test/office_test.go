package test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
)

// office is head office: the program as a process of its own, over real
// PostgreSQL, at the same address after every restart.
type office struct {
	t                 *testing.T
	cluster           *centraltest.Cluster
	database, address string

	cmd    *exec.Cmd
	log    *bytes.Buffer
	exited chan struct{}
}

// openOffice starts head office over a database of its own.
func openOffice(t *testing.T, cluster *centraltest.Cluster) *office {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, cluster: cluster, database: cluster.Database(t), address: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o.start()
	t.Cleanup(o.kill)
	return o
}

// start runs the program and waits until it answers, for as long as the
// database takes.
func (o *office) start() {
	o.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !o.tryStart(deadline) {
		if time.Now().After(deadline) {
			o.t.Fatalf("head office did not start:\n%s", o.log)
		}
	}
}

func (o *office) tryStart(deadline time.Time) bool {
	o.log, o.exited = new(bytes.Buffer), make(chan struct{})
	o.cmd = exec.Command(binary, "central", "--database", o.database, "--listen", o.address)
	o.cmd.Stdout, o.cmd.Stderr = o.log, o.log
	if err := o.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	cmd, exited := o.cmd, o.exited
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		select {
		case <-o.exited:
			return false
		case <-tick.C:
		}
		answer, err := http.Get("http://" + o.address + "/readyz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return true
		}
	}
	return false
}

// kill ends the process at once.
func (o *office) kill() {
	_ = o.cmd.Process.Kill()
	<-o.exited
}

// codes makes one-time codes for so many stores.
func (o *office) codes(stores int) []string {
	o.t.Helper()
	c, err := central.Open(o.t.Context(), central.Config{
		Database: o.database, Clock: store.SystemClock(), Log: slog.New(slog.DiscardHandler), Version: "test",
	})
	if err != nil {
		o.t.Fatal(err)
	}
	defer c.Close()
	codes := make([]string, stores)
	for n := range codes {
		if codes[n], err = c.Enrol(o.t.Context(), fmt.Sprintf("Store %03d", n), time.Hour); err != nil {
			o.t.Fatal(err)
		}
	}
	return codes
}

// query reads one row from head office's database.
func (o *office) query(sql string, args []any, into ...any) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.database)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = conn.Close(o.t.Context()) }()
	if err := conn.QueryRow(o.t.Context(), sql, args...).Scan(into...); err != nil {
		o.t.Fatalf("%v in %s", err, sql)
	}
}
