package test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// packages gives the folder of Node.js packages that `make .tools/<name>`
// installs. The test fails when they are not those that the lock file pins.
func packages(t *testing.T, name string) string {
	t.Helper()
	const lock = "package-lock.json"
	want, err := os.ReadFile(filepath.Join("testdata", name, lock))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs(filepath.Join("..", ".tools", name))
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(dir, lock))
	if err != nil || !bytes.Equal(have, want) {
		t.Fatalf("%s is not installed as test/testdata/%s/%s pins it. Run this in the project's root: make .tools/%s", name, name, lock, name)
	}
	return filepath.Join(dir, "node_modules")
}

// program is a program of Node.js, as a process of its own. It ends with the
// test at the latest, however the test ends.
type program struct {
	cmd    *exec.Cmd
	log    *output
	exited chan struct{}
}

// startNode runs a script in a folder, with additions to the environment.
func startNode(t *testing.T, dir string, env []string, script string, args ...string) *program {
	t.Helper()
	guard, err := filepath.Abs(filepath.Join("testdata", "guard.js"))
	if err != nil {
		t.Fatal(err)
	}
	p := &program{log: new(output), exited: make(chan struct{})}
	p.cmd = exec.Command("node", append([]string{"--require", guard, script}, args...)...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// Nothing is ever written to it: the guard waits for its end.
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// await waits until an address answers with a status.
func (p *program) await(t *testing.T, url string, status int) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); {
		select {
		case <-p.exited:
			t.Fatalf("%s ended:\n%s", p.cmd, p.log)
		case <-tick.C:
		}
		answer, err := client.Get(url)
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == status {
			return
		}
	}
	t.Fatalf("%s did not answer at %s:\n%s", p.cmd, url, p.log)
}

// finish waits until a program that is no server has done its work.
func (p *program) finish(t *testing.T) {
	t.Helper()
	<-p.exited
	if !p.cmd.ProcessState.Success() {
		t.Fatalf("%s: %s\n%s", p.cmd, p.cmd.ProcessState, p.log)
	}
}

// kill ends the process at once.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// freeAddress gives host:port that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// patient asks programs that may take long over one request.
var patient = &http.Client{Timeout: time.Minute}

// reply is what a program answered to one request.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request with a JSON body, nil for none.
func ask(t *testing.T, method, url string, header http.Header, body any) reply {
	t.Helper()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/json")
	resp, err := patient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return reply{resp.StatusCode, resp.Header, answer}
}
