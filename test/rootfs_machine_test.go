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

const (
	// inside is where a machine's root is, in its own mount namespace.
	inside = "/run/machine/root"
	// turn is more than any one thing takes that a machine is told to do.
	turn = 90 * time.Second
	// powerOffSignal is SIGRTMIN+4, on which systemd turns the machine off.
	powerOffSignal = syscall.Signal(34 + 4)
)

// machine is a Debian with a systemd, a network and a disk of its own, as a
// container over .tools/rootfs, which itself is never written to. Its first
// process holds the disk; when that ends, with the test at the latest and
// however the test ends, the kernel ends all else of it.
type machine struct {
	t      *testing.T
	holder *exec.Cmd
	groups string // the name of its control groups
	boot   *exec.Cmd
	booted chan struct{} // closed when the container has ended
	log    *output
	init   int // the container's first process, as seen from here; 0: off
	client *http.Client
}

// holderScript puts a layer in memory over the rootfs, so that each test finds
// a new machine, and keeps it until nobody holds the other end of its input.
const holderScript = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/machine/upper /run/machine/work ` + inside + `
mount -t overlay -o "lowerdir=$1,upperdir=/run/machine/upper,workdir=/run/machine/work" overlay ` + inside + `
echo ready
exec cat`

// newMachine makes a machine that is switched off.
func newMachine(t *testing.T) *machine {
	t.Helper()
	rootfs, err := filepath.Abs("../.tools/rootfs")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		t.Skip("a machine with its own systemd can only be made by root")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("a machine with its own systemd is made from Debian's packages, and this system has no apt-get")
	}
	if _, err := os.Stat(rootfs); err != nil {
		t.Fatal("there is no .tools/rootfs. Run this in the project's root: make .tools/rootfs")
	}
	m := &machine{t: t, log: new(output), holder: exec.Command("bash", "-c", holderScript, "holder", rootfs)}
	m.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	m.holder.Stderr = m.log
	if _, err := m.holder.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	said, err := m.holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.holder.Start(); err != nil {
		t.Fatal(err)
	}
	m.groups = fmt.Sprint("shelfd-test-", m.holder.Process.Pid)
	t.Cleanup(m.scrap)
	if n, err := said.Read(make([]byte, len("ready"))); err != nil {
		t.Fatalf("the machine's disk was not made: %d %v\n%s", n, err, m.log)
	}
	m.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: m.dial, MaxIdleConnsPerHost: 128}}
	return m
}

// scrap ends everything of the machine and removes its control groups.
func (m *machine) scrap() {
	_ = m.holder.Process.Kill()
	if m.boot != nil {
		<-m.booted
	}
	_ = m.holder.Wait()
	for _, tree := range []string{"systemd", "unified", ""} {
		removeGroups(filepath.Join("/sys/fs/cgroup", tree, m.groups))
	}
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

// file is a path of the machine as seen from here, on or off.
func (m *machine) file(path string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root%s", m.holder.Process.Pid, inside), path)
}

// put copies a file of this system into the machine.
func (m *machine) put(from, to string, mode os.FileMode) {
	m.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write(to, string(text), mode)
}

// write makes a file in the machine. A program that runs from it goes on with
// the old one.
func (m *machine) write(to, text string, mode os.FileMode) {
	m.t.Helper()
	part := m.file(to + ".part")
	err := os.MkdirAll(filepath.Dir(part), 0o755)
	if err == nil {
		err = os.WriteFile(part, []byte(text), mode)
	}
	if err == nil {
		err = os.Chmod(part, mode)
	}
	if err == nil {
		err = os.Rename(part, m.file(to))
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// bootScript starts the container: in control groups of the machine's own, and
// without a word to this system's service manager, if it has one.
const bootScript = `for tree in systemd unified; do
	[ -d /sys/fs/cgroup/$tree ] || continue
	mkdir -p "/sys/fs/cgroup/$tree/$1" && echo 0 >"/sys/fs/cgroup/$tree/$1/cgroup.procs"
done
exec systemd-nspawn -q -D ` + inside + ` --keep-unit --register=no --private-network --console=pipe -b`

// switchOn boots the machine and waits until everything in it is started.
func (m *machine) switchOn() {
	m.t.Helper()
	m.boot = exec.Command("nsenter", "-t", fmt.Sprint(m.holder.Process.Pid), "-m", "-p", "bash", "-c", bootScript, "boot", m.groups)
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
	m.until("it boots", func() bool {
		select {
		case <-ended:
			m.t.Fatalf("the machine did not boot:\n%s", m.log)
		default:
		}
		if m.init = firstOf(m.boot.Process.Pid); m.init == 0 {
			return false
		}
		_, state := m.run("systemctl", "is-system-running")
		return strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded")
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
	m.init, m.boot = 0, nil
	m.client.CloseIdleConnections()
}

// until asks again and again until something is so.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(turn); time.Now().Before(deadline); <-tick.C {
		if is() {
			return
		}
	}
	m.t.Fatalf("waited in vain until %s:\n%s", what, m.log)
}

// run runs a command as root in the machine and gives its exit code and all
// that it said.
func (m *machine) run(args ...string) (code int, said string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), turn)
	defer cancel()
	all := []string{
		"-t", fmt.Sprint(m.init), "-m", "-u", "-i", "-n", "-p", "-C", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive",
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(all, args...)...)
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
