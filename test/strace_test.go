package test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a process says, read while it still speaks.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// attach has strace fail the nth sync of a running process with EIO, and
// waits until it is attached to all threads. Where that is forbidden, as in
// some containers, it skips the test.
func attach(t *testing.T, strace string, pid, nth int) *output {
	t.Helper()
	said := new(output)
	cmd := exec.Command(strace, "-f", "-e", "trace=fsync,fdatasync",
		"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", nth), "-p", fmt.Sprint(pid))
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-tick.C {
		switch words := said.String(); {
		case strings.Contains(words, "attached"):
			return said
		case strings.Contains(words, "Operation not permitted"):
			t.Skip("this system lets strace attach to no process: ", words)
		}
	}
	t.Fatalf("strace did not attach: %s", said)
	return nil
}
