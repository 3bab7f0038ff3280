package centraltest

import (
	"context"
	"io"
	"os/exec"
)

// script ends the cluster when its standard input closes, which happens when
// the test process is gone, and removes what it left. Its argument is the
// cluster's directory.
const script = `read line
kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")" 2>/dev/null
for try in 1 2 3; do rm -rf "$1" && break; sleep 1; done`

// guard is the process that outlives the test.
type guard struct {
	pipe io.Closer
	cmd  *exec.Cmd
}

func startGuard(dir string, a account) (*guard, error) {
	cmd := exec.CommandContext(context.Background(), "sh", "-c", script, "sh", dir)
	a.runs(cmd)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &guard{pipe, cmd}, cmd.Start()
}

// Close ends the cluster and waits until nothing is left of it.
func (g *guard) Close() error {
	if err := g.pipe.Close(); err != nil {
		return err
	}
	return g.cmd.Wait()
}
