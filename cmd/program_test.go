package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// testOptions is a program with its data and configuration in a directory of
// its own, and nobody to wait for.
func testOptions(t *testing.T, dir string) (o *rootOptions, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	o = newRootOptions(Program{Version: "1.2.3", Commit: "0123abc", Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr})
	o.patience = 0
	o.env = []string{"SHELFD_DATA_DIR=" + dir, "SHELFD_CONFIG=" + emptyConfig(t), machineVariable + "box"}
	return o, stdout, stderr
}

// machineVariable keeps tests from asking which machine they are on.
const machineVariable = "SHELFD_MACHINE_ID="

// moveTo lets a program believe that it is on another machine.
func (o *rootOptions) moveTo(machine string) {
	o.env = slices.DeleteFunc(o.env, func(v string) bool { return strings.HasPrefix(v, machineVariable) })
	o.env = append(o.env, machineVariable+machine)
}

// emptyConfig keeps a test from what is configured on this machine.
func emptyConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// call runs a command line to its end.
func call(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	o, out, errs := testOptions(t, dir)
	code = execute(t.Context(), o, args)
	return code, out.String(), errs.String()
}

// succeed runs a command line that must succeed, and gives its output.
func succeed(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, stdout, stderr := call(t, dir, args...)
	if code != exitOK {
		t.Fatalf("%v ended with %d: %s", args, code, stderr)
	}
	return stdout
}

// served is a server that runs in this process.
type served struct {
	URL     string `json:"url"`
	DataDir string `json:"data_dir"`
	Token   string `json:"token"`

	t      *testing.T
	cancel context.CancelFunc
	ended  chan int
	stderr *bytes.Buffer
}

// startServer runs serve until it says that it is ready. It is stopped when
// the test ends, if not before.
func startServer(t *testing.T, dir string, args ...string) *served {
	t.Helper()
	return startProgram(t, func(*rootOptions) {}, dir, args...)
}

func startProgram(t *testing.T, change func(*rootOptions), dir string, args ...string) *served {
	t.Helper()
	return startCommand(t, change, dir, append([]string{"serve", "-o", "json", "--listen", "127.0.0.1:0"}, args...)...)
}

// startCommand runs a command that serves until it says where.
func startCommand(t *testing.T, change func(*rootOptions), dir string, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o, _, stderr := testOptions(t, dir)
	ready, out := io.Pipe()
	o.stdout = out
	change(o)
	ended := make(chan int, 1)
	s := &served{t: t, cancel: cancel, ended: ended, stderr: stderr}
	go func() {
		code := execute(ctx, o, args)
		_ = out.Close()
		ended <- code
	}()
	t.Cleanup(func() {
		if cancel(); s.ended != nil {
			<-s.ended
		}
	})
	if err := json.NewDecoder(bufio.NewReader(ready)).Decode(s); err != nil {
		code := s.wait()
		t.Fatalf("%s ended with %d: %s", args[0], code, stderr)
	}
	return s
}

// stop ends the server as Ctrl-C would, and gives the exit code.
func (s *served) stop() int {
	s.cancel()
	return s.wait()
}

// wait gives the exit code when the server has ended.
func (s *served) wait() int {
	s.t.Helper()
	ended := s.ended
	s.ended = nil
	select {
	case code := <-ended:
		return code
	case <-time.After(20 * time.Second):
		s.t.Fatal("the server does not end")
		return 0
	}
}

// ask sends a request with a token and gives status and body.
func (s *served) ask(method, path, token, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
