//go:build slow && linux

package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// windows stands in for a Windows machine: Wine, over .tools/wine.
type windows struct {
	*layer
	program string
}

// newWindows has the program as C:\shelfd\shelfd.exe.
func newWindows(t *testing.T) *windows {
	t.Helper()
	w := &windows{layer: newLayer(t, "wine"), program: `C:\shelfd\shelfd.exe`}
	w.put(built(t, "windows", "1.0.0"), "/drive_c/shelfd/shelfd.exe", 0o755)
	// Wine switches itself off, services too, when no program runs in it.
	idle := w.wine("cmd", "/k")
	if _, err := idle.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
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
	// Wine may leave processes of its own behind, which keep a pipe open.
	out, err := os.CreateTemp(w.t.TempDir(), "out")
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	cmd := w.wine(args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	late := false
	select {
	case <-ended:
	case <-time.After(turn):
		late = true
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	said = strings.ReplaceAll(string(text), "\r\n", "\n")
	if late {
		w.t.Fatalf("%q does not end:\n%s", args, said)
	}
	return cmd.ProcessState.ExitCode(), said
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

// TestTheWindowsServiceManagerStartsAndStopsIt makes the service by hand, since
// under Wine a program cannot tell that the service manager started it.
func TestTheWindowsServiceManagerStartsAndStopsIt(t *testing.T) {
	w := newWindows(t)
	const data, settings = `C:\ProgramData\shelfd`, `C:\ProgramData\shelfd\config.yaml`
	w.must(w.program, "service", "prepare", "--data-dir", data)
	w.write("/drive_c/ProgramData/shelfd/config.yaml", "listen: 127.0.0.1:0\n", 0o600)
	w.must("sc", "create", "shelfd", "binPath=", w.program+" service run --force-scm --config "+settings+" --data-dir "+data, "start=", "demand")
	for want := range 2 {
		w.must("net", "start", "shelfd")
		s := w.served("/drive_c/ProgramData/shelfd")
		if said := w.must("sc", "query", "shelfd"); !strings.Contains(said, "RUNNING") {
			t.Errorf("the service manager says\n%s", said)
		}
		s.must(t, http.MethodPost, "/api/v1/products", map[string]any{"sku": fmt.Sprint("SKU-", want), "name": "Preroll"}, nil)
		var list struct{ Data []struct{ SKU string } }
		s.must(t, http.MethodGet, "/api/v1/products", nil, &list)
		if len(list.Data) != want+1 {
			t.Errorf("%d products after %d starts", len(list.Data), want+1)
		}
		w.must("net", "stop", "shelfd")
		w.until("the service is stopped", func() bool { return strings.Contains(w.must("sc", "query", "shelfd"), "STOPPED") })
		if _, err := os.Stat(w.file("/drive_c/ProgramData/shelfd/control.json")); err == nil {
			t.Error("it did not stop in order")
		}
	}
	w.must("sc", "delete", "shelfd")
}

// TestTheMSIInstallsAndRemovesIt has the service made and not started, for the
// same reason.
func TestTheMSIInstallsAndRemovesIt(t *testing.T) {
	w := newWindows(t)
	w.put(filepath.Join(packed(t, "windows", "1.0.0"), "shelfd-1.0.0-windows-amd64.msi"), "/drive_c/shelfd.msi", 0o644)
	const (
		program     = `C:\Program Files\shelfd\shelfd.exe`
		environment = `HKLM\System\CurrentControlSet\Control\Session Manager\Environment`
	)
	for _, options := range [][]string{nil, {"NOSERVICE=1"}} {
		w.must(append([]string{"msiexec", "/i", `C:\shelfd.msi`, "/qn"}, options...)...)
		if said := w.must(program, "version"); !strings.Contains(said, "shelfd 1.0.0") {
			t.Errorf("what was installed says %s", said)
		}
		if said := w.must("reg", "query", environment, "/v", "PATH"); !strings.Contains(said, `C:\Program Files\shelfd\`) {
			t.Errorf("it is not in PATH: %s", said)
		}
		want := 19
		if options != nil {
			want = 4
		}
		if code, said := w.run(program, "service", "status"); code != want {
			t.Errorf("with %q the service is %d: %s", options, code, said)
		}
		w.must("msiexec", "/x", `C:\shelfd.msi`, "/qn")
		if _, err := os.Stat(w.file("/drive_c/Program Files/shelfd/shelfd.exe")); err == nil {
			t.Error("the program is still there")
		}
		if said := w.must("reg", "query", environment, "/v", "PATH"); strings.Contains(said, "shelfd") {
			t.Errorf("it is still in PATH: %s", said)
		}
		if code, said := w.run("sc", "query", "shelfd"); code == 0 && strings.Contains(said, "STATE") {
			t.Errorf("the service is still there: %s", said)
		}
	}
	if _, err := os.Stat(w.file("/drive_c/ProgramData/shelfd/shelfd.db")); err != nil {
		t.Errorf("removing it took the ledger: %v", err)
	}
}
