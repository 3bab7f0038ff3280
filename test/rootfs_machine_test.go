//go:build slow && linux

package test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// powerOffSignal is SIGRTMIN+4, on which systemd turns the machine off.
const powerOffSignal = syscall.Signal(34 + 4)

// machine is a Debian with a systemd, a network and a disk of its own: a
// container over .tools/rootfs.
type machine struct {
	*layer
	groups string // the name of its control groups
	boot   *exec.Cmd
	booted chan struct{} // closed when the container has ended
	init   int           // the container's first process, as seen from here; 0: off
	client *http.Client
}

// newMachine makes a machine that is switched off.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{}
	// Cleaning up goes backwards: when this runs, all its processes have ended.
	t.Cleanup(func() {
		if m.boot == nil {
			return
		}
		<-m.booted
		for _, tree := range []string{"/systemd/", "/unified/", "/"} {
			removeGroups("/sys/fs/cgroup" + tree + m.groups)
		}
	})
	m.layer = newLayer(t, "rootfs")
	m.groups = fmt.Sprint("shelfd-test-", m.holder.Process.Pid)
	m.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: m.dial, MaxIdleConnsPerHost: 128}}
	return m
}

// removeGroups removes empty control groups, the deepest first.
func removeGroups(dir string) {
	below, _ := os.ReadDir(dir)
	for _, e := range below {
		if e.IsDir() {
			removeGroups(filepath.Join(dir, e.Name()))
		}
	}
	_ = os.Remove(dir)
}

// bootScript starts the container: in control groups of the machine's own, and
// without a word to this system's service manager, if it has one.
const bootScript = `for tree in systemd unified; do
	[ -d /sys/fs/cgroup/$tree ] || continue
	mkdir -p "/sys/fs/cgroup/$tree/$1" && echo 0 >"/sys/fs/cgroup/$tree/$1/cgroup.procs"
done
exec systemd-nspawn -q -D ` + inside + ` --keep-unit --register=no --private-network --console=pipe "${@:2}"`

// switchOn boots the machine and waits until everything in it is started.
func (m *machine) switchOn() {
	m.t.Helper()
	m.power("-b")
	m.until("it boots", func() bool {
		_, state := m.run("systemctl", "is-system-running")
		return strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded")
	})
}

// switchOnBare starts the machine without systemd: nothing in it starts, ends or
// supervises a service but the scripts of System V init.
func (m *machine) switchOnBare() {
	m.t.Helper()
	m.power("--as-pid2", "sleep", "infinity")
}

// power starts the container with options, and waits until commands run in it.
func (m *machine) power(options ...string) {
	m.t.Helper()
	m.boot = m.enter(append([]string{"bash", "-c", bootScript, "boot", m.groups}, options...)...)
	m.boot.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	m.boot.Stdout, m.boot.Stderr = m.log, m.log
	if err := m.boot.Start(); err != nil {
		m.t.Fatal(err)
	}
	ended := make(chan struct{})
	m.booted = ended
	go func() {
		_ = m.boot.Wait()
		close(ended)
	}()
	m.until("commands run in the machine", func() bool {
		select {
		case <-ended:
			m.t.Fatalf("the machine did not start:\n%s", m.log)
		default:
		}
		if m.init = firstOf(m.boot.Process.Pid); m.init == 0 {
			return false
		}
		code, _ := m.run("true")
		return code == 0
	})
}

// switchOff turns the machine off in order.
func (m *machine) switchOff() { m.end(powerOffSignal) }

// cut ends every process of the machine at once.
func (m *machine) cut() { m.end(syscall.SIGKILL) }

func (m *machine) end(signal syscall.Signal) {
	m.t.Helper()
	if err := syscall.Kill(m.init, signal); err != nil {
		m.t.Fatal(err)
	}
	select {
	case <-m.booted:
	case <-time.After(turn):
		m.t.Fatalf("the machine does not end:\n%s", m.log)
	}
	m.init = 0
	m.client.CloseIdleConnections()
}

// run runs a command as root in the machine and gives its exit code and all
// that it said.
func (m *machine) run(args ...string) (code int, said string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), turn)
	defer cancel()
	all := []string{
		"-t", fmt.Sprint(m.init), "-m", "-u", "-i", "-n", "-p", "-C", "--", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive",
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(all, args...)...)
	cmd.WaitDelay = time.Second // for what it left behind and still holds the pipe
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		m.t.Fatalf("%q does not end:\n%s", args, out)
	}
	if cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// must runs a command that has to succeed.
func (m *machine) must(args ...string) (said string) {
	m.t.Helper()
	code, said := m.run(args...)
	if code != 0 {
		m.t.Fatalf("%q ended with %d:\n%s", args, code, said)
	}
	return said
}
