//go:build slow && linux

package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	// inside is where a layer has its files, in its own mount namespace.
	inside = "/run/layer/root"
	// turn is more than any one thing takes that is waited for.
	turn = 90 * time.Second
)

// layer is a folder as it was made once, over which a test may write as it
// likes, and what runs there. Its first process holds the files; when that
// ends, with the test at the latest and however the test ends, the kernel ends
// all else of it.
type layer struct {
	t      *testing.T
	holder *exec.Cmd
	log    *output
}

// holderScript puts a layer in memory over the folder, and keeps it until
// nobody holds the other end of its input.
const holderScript = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/layer/upper /run/layer/work ` + inside + `
mount -t overlay -o "lowerdir=$1,upperdir=/run/layer/upper,workdir=/run/layer/work" overlay ` + inside + `
echo ready
exec cat`

// newLayer puts a layer over a folder that `make .tools/<name>` makes from
// Debian's packages.
func newLayer(t *testing.T, name string) *layer {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount what this test writes to")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("this runs on Debian's packages, and this system has no apt-get")
	}
	below, err := filepath.Abs(filepath.Join("..", ".tools", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(below); err != nil {
		t.Fatalf("there is no .tools/%s. Run this in the project's root: make .tools/%s", name, name)
	}
	l := &layer{t: t, log: new(output), holder: exec.Command("bash", "-c", holderScript, "holder", below)}
	l.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	l.holder.Stderr = l.log
	if _, err := l.holder.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	said, err := l.holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.holder.Start(); errors.Is(err, syscall.EPERM) {
		t.Skip("this system lets not even root make namespaces")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.holder.Process.Kill()
		_ = l.holder.Wait()
	})
	if _, err := said.Read(make([]byte, len("ready"))); err != nil {
		t.Fatalf("the layer was not made: %v\n%s", err, l.log)
	}
	return l
}

// enter makes a command that runs within the layer: its files, its processes.
func (l *layer) enter(args ...string) *exec.Cmd {
	all := []string{"-t", fmt.Sprint(l.holder.Process.Pid), "-m", "-p", "--"}
	return exec.Command("nsenter", append(all, args...)...)
}

// file is a path of the layer as seen from here.
func (l *layer) file(path string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root%s", l.holder.Process.Pid, inside), path)
}

// put copies a file of this system into the layer.
func (l *layer) put(from, to string, mode os.FileMode) {
	l.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		l.t.Fatal(err)
	}
	l.write(to, string(text), mode)
}

// write makes a file in the layer. A program that runs from it goes on with
// the old one.
func (l *layer) write(to, text string, mode os.FileMode) {
	l.t.Helper()
	part := l.file(to + ".part")
	err := os.MkdirAll(filepath.Dir(part), 0o755)
	if err == nil {
		err = os.WriteFile(part, []byte(text), mode)
	}
	if err == nil {
		err = os.Chmod(part, mode)
	}
	if err == nil {
		err = os.Rename(part, l.file(to))
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// until asks again and again until something is so.
func (l *layer) until(what string, is func() bool) {
	l.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(turn); time.Now().Before(deadline); <-tick.C {
		if is() {
			return
		}
	}
	l.t.Fatalf("waited in vain until %s:\n%s", what, l.log)
}
