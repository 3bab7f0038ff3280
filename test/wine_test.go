//go:build slow && linux

package test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// windows stands in for a Windows machine: Wine, over .tools/wine.
type windows struct {
	*layer
	program string
}

// windowsProgram builds shelfd for Windows.
func windowsProgram(t *testing.T, version string) string {
	t.Helper()
	path := t.TempDir() + "/shelfd.exe"
	build := exec.Command("go", "build", "-C", "..", "-buildvcs=false", "-tags", "nomsgpack",
		"-ldflags", "-s -w -X main.version="+version, "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=windows", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// newWindows has the program as C:\shelfd\shelfd.exe.
func newWindows(t *testing.T) *windows {
	t.Helper()
	w := &windows{layer: newLayer(t, "wine"), program: `C:\shelfd\shelfd.exe`}
	w.put(windowsProgram(t, "1.0.0"), "/drive_c/shelfd/shelfd.exe", 0o755)
	return w
}

// wine makes a command of Windows.
func (w *windows) wine(args ...string) *exec.Cmd {
	cmd := w.enter(append([]string{"env", "WINEPREFIX=" + inside, "WINEDEBUG=-all", "wine"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + w.t.TempDir(), "LANG=C.UTF-8"}
	return cmd
}

// run runs a command of Windows to its end, and gives its exit code and all
// that it said.
func (w *windows) run(args ...string) (code int, said string) {
	w.t.Helper()
	cmd, out := w.wine(args...), new(output)
	cmd.Stdout, cmd.Stderr = out, out
	ended := make(chan struct{})
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(turn):
		w.t.Fatalf("%q does not end:\n%s", args, out)
	}
	return cmd.ProcessState.ExitCode(), strings.ReplaceAll(out.String(), "\r\n", "\n")
}

// must runs a command that has to succeed.
func (w *windows) must(args ...string) (said string) {
	w.t.Helper()
	code, said := w.run(args...)
	if code != 0 {
		w.t.Fatalf("%q ended with %d:\n%s", args, code, said)
	}
	return said
}

// served waits until the server of a data directory answers. The file of one
// that was killed must be gone.
func (w *windows) served(dir string) *server {
	w.t.Helper()
	s := &server{}
	w.until("the server answers", func() bool {
		raw, err := os.ReadFile(w.file(dir + "/control.json"))
		var c control
		if err != nil || json.Unmarshal(raw, &c) != nil {
			return false
		}
		s.url, s.token = c.URL, c.Token
		status, _, err := s.try(http.MethodGet, "/readyz", "", nil)
		return err == nil && status == http.StatusOK
	})
	return s
}

// quantity reads an item's quantity.
func (s *server) quantity(t *testing.T, id string) string {
	t.Helper()
	var item struct{ Quantity json.Number }
	s.must(t, http.MethodGet, "/api/v1/inventory/"+id, nil, &item)
	return item.Quantity.String()
}

func TestTheWindowsProgramServesAShop(t *testing.T) {
	w := newWindows(t)
	serve := func() *exec.Cmd {
		cmd := w.wine(w.program, "serve", "--data-dir", `C:\data`, "--listen", "127.0.0.1:0")
		cmd.Stdout, cmd.Stderr = w.log, w.log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	first := serve()
	s := w.served("/drive_c/data")
	items := s.stocked(t, 2, 50)
	s.must(t, http.MethodPatch, "/api/v1/inventory/"+items[0], map[string]any{"quantity_change": -8, "reason_code": "SALE"}, nil)
	if said := w.must(w.program, "token", "create", "--data-dir", `C:\data`, "--name", "Till 2", "--role", "terminal"); !strings.Contains(said, "shelfd_") {
		t.Errorf("the running server gives no token: %s", said)
	}
	// Nothing of it goes on: Wine itself is switched off.
	_ = w.enter("env", "WINEPREFIX="+inside, "wineserver", "-k").Run()
	_ = first.Wait()
	w.must(w.program, "verify", "--data-dir", `C:\data`)
	if err := os.Remove(w.file("/drive_c/data/control.json")); err != nil {
		t.Fatal(err)
	}
	serve()
	s = w.served("/drive_c/data")
	if got := s.quantity(t, items[0]); got != "42" {
		t.Errorf("after a new start there are %s, not 42", got)
	}
}
