package centraltest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// server is one run of the postgres program.
type server struct {
	cmd *exec.Cmd
	// ended is closed when the program has.
	ended chan struct{}
}

// start runs the program until it takes connections.
func (c *Cluster) start() (*server, error) {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, "postgres"), append([]string{"-D", c.data()}, c.options...)...)
	cmd.Dir = c.Dir
	c.account.runs(cmd)
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd, make(chan struct{})}
	ready := make(chan error, 1)
	go func() {
		ready <- s.follow(said, filepath.Join(c.Dir, "log"))
		_, _ = io.Copy(io.Discard, said)
	}()
	if err := <-ready; err != nil {
		_ = cmd.Wait() // it said why
		return nil, err
	}
	go func() {
		defer close(s.ended)
		_ = cmd.Wait() // it was told to end, or its log says why it did
	}()
	return s, nil
}

// follow reads what the program says until it is ready; an error is what it
// said instead.
func (s *server) follow(said io.Reader, file string) error {
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	var text strings.Builder
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		fmt.Fprintln(io.MultiWriter(&text, log), lines.Text())
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			return nil
		}
	}
	return fmt.Errorf("postgres did not start: %s", text.String())
}

// signal tells the program to end and waits until it has.
func (s *server) signal(how os.Signal) error {
	if s == nil {
		return errors.New("the server is not running")
	}
	if err := s.cmd.Process.Signal(how); err != nil {
		return err
	}
	<-s.ended
	return nil
}
