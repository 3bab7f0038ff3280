//go:build slow && linux

package test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// soon is more than the service may take to be there again; what it takes is
// logged.
const soon = 20 * time.Second

// within waits until something is so and logs how long that took.
func (m *machine) within(what string, began time.Time, is func() bool) {
	m.t.Helper()
	m.until(what, is)
	took := time.Since(began)
	m.t.Logf("%s: %d ms", what, took.Milliseconds())
	if took > soon {
		m.t.Errorf("%s only after %s", what, took)
	}
}

// anew tells whether the service answers as another process than before.
func (m *machine) anew(before int) bool {
	m.t.Helper()
	now := m.service().PID
	return now != 0 && now != before && m.answers()
}

func TestAServiceIsInstalledUsedAndTakenAway(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	m.put(binary, "/usr/local/bin/shelfd", 0o755)
	m.wantService("not installed", 4)

	began := time.Now()
	if said := m.must("shelfd", "service", "install"); !strings.Contains(said, "shelfd_") || !strings.Contains(said, dataDir) {
		t.Errorf("installing shows no token or no directory:\n%s", said)
	}
	m.must("shelfd", "service", "start")
	m.within("from installing to the first answer", began, m.answers)
	s := m.served()
	items := s.stocked(t, 1, 30)
	first := m.wantService("running", 0)

	m.must("shelfd", "service", "restart")
	m.until("it answers after a restart", m.answers)
	if again := m.wantService("running", 0); again.PID == first.PID {
		t.Error("a restart left the same process")
	}
	if said := m.must("shelfd", "service", "install"); strings.Contains(said, "shelfd_") {
		t.Errorf("installing again shows a token:\n%s", said)
	}
	m.must("shelfd", "service", "stop")
	m.wantService("stopped", 19)
	m.must("shelfd", "token", "list")
	m.wantOwner()
	m.must("shelfd", "service", "start")
	m.until("it answers", m.answers)
	m.must("shelfd", "token", "list")
	m.must("shelfd", "service", "logs", "-n", "5")
	m.wantOwner()

	m.must("shelfd", "service", "uninstall")
	m.wantService("not installed", 4)
	m.must("shelfd", "verify")
	m.must("shelfd", "service", "install", "--start")
	m.until("it answers after it was installed again", m.answers)
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("there are %s, not 30", got)
	}
}

func TestOnlyRootChangesTheService(t *testing.T) {
	m, _ := newShop(t)
	for _, verb := range []string{"install", "uninstall", "start", "stop", "restart"} {
		code, said := m.run("su", "nobody", "-s", "/bin/sh", "-c", "shelfd service "+verb)
		if code != 14 || !strings.Contains(said, "sudo") {
			t.Errorf("service %s by somebody ended with %d: %s", verb, code, said)
		}
	}
	if code, said := m.run("su", "nobody", "-s", "/bin/sh", "-c", "ls "+dataDir); code == 0 {
		t.Errorf("somebody reads the data directory: %s", said)
	}
	m.wantService("running", 0)
}

func TestTheServiceIsShutIn(t *testing.T) {
	m, _ := newShop(t)
	said := m.must("systemd-analyze", "security", "--no-pager", "shelfd")
	const words = "Overall exposure level for shelfd.service: "
	_, level, found := strings.Cut(said, words)
	exposure := 10.0
	if _, err := fmt.Sscan(level, &exposure); !found || err != nil || exposure > 2.0 {
		t.Errorf("its exposure is %g: %v\n%s", exposure, err, said)
	}
	t.Logf("exposure %g", exposure)
}

// TestAKilledServiceComesBack kills it as the system does that has no memory
// left, and ends it as Go ends a program that crashed.
func TestAKilledServiceComesBack(t *testing.T) {
	m, s := newShop(t)
	items := s.stocked(t, 1, 30)
	for _, signal := range []string{"KILL", "KILL", "ABRT"} {
		pid := m.service().PID
		m.must("sh", "-c", fmt.Sprint("kill -", signal, " ", pid))
		began := time.Now()
		m.within("from SIG"+signal+" to the next answer", began, func() bool { return m.anew(pid) })
	}
	if got := m.wantService("running", 0); got.Restarts < 3 {
		t.Errorf("it was started again %d times", got.Restarts)
	}
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("there are %s, not 30", got)
	}
}

// TestAHungServiceComesBack shortens the time after which systemd gives it up.
func TestAHungServiceComesBack(t *testing.T) {
	m, _ := newShop(t)
	m.write("/etc/systemd/system/shelfd.service.d/watchdog.conf", "[Service]\nWatchdogSec=3s\n", 0o644)
	m.must("systemctl", "daemon-reload")
	m.must("shelfd", "service", "restart")
	m.until("it answers", m.answers)
	pid := m.service().PID
	m.must("sh", "-c", fmt.Sprint("kill -STOP ", pid))
	m.until("it answers as another process", func() bool { return m.anew(pid) })
}

func TestTheServiceIsThereAfterThePowerWas(t *testing.T) {
	m, s := newShop(t)
	items := s.stocked(t, 1, 30)
	sell := func() {
		s.must(t, http.MethodPatch, "/api/v1/inventory/"+items[0], map[string]any{"quantity_change": -1, "reason_code": "SALE"}, nil)
	}
	for n, end := range []func(){m.switchOff, m.cut, m.cut} {
		sell()
		end()
		began := time.Now()
		m.switchOn()
		m.within("from switching on to the first answer", began, m.answers)
		if got, want := s.quantity(t, items[0]), fmt.Sprint(29-n); got != want {
			t.Errorf("there are %s, not %s", got, want)
		}
	}
	m.must("shelfd", "service", "stop")
	m.must("shelfd", "verify")
	// A service that was stopped by hand starts with the machine all the same.
	m.switchOff()
	m.switchOn()
	m.until("it answers", m.answers)
}

func TestTheServiceSaysWhyItDoesNotRun(t *testing.T) {
	m, _ := newShop(t)
	m.write(configFile, "listen: [\n", 0o644)
	code, said := m.run("shelfd", "service", "restart")
	if code == 0 || !strings.Contains(said, configFile) {
		t.Errorf("restarting with bad settings ended with %d: %s", code, said)
	}
	m.wantService("failed", 20, configFile)
	m.write(configFile, busy, 0o644)
	m.must("shelfd", "service", "start")
	m.until("it answers once its settings are good", m.answers)

	m.must("shelfd", "service", "stop")
	m.must("systemd-run", "--unit", "other", "--setenv", "HOME=/root", "/usr/local/bin/shelfd", "serve", "--data-dir", "/root/other", "--listen", "127.0.0.1:8321")
	m.until("another program has the port", m.answers)
	if code, said := m.run("shelfd", "service", "start"); code == 0 {
		t.Errorf("it starts where another program has the port: %s", said)
	}
	m.until("the service has failed", func() bool { return m.service().State == "failed" })
	m.wantService("failed", 20, "8321")
	m.must("systemctl", "stop", "other")
	m.until("it runs once the port is free", func() bool { return m.service().State == "running" })
}

// TestDataThatCannotBeOpenedAreExplained damages the database, looks at what
// is served then, and puts the good one back.
func TestDataThatCannotBeOpenedAreExplained(t *testing.T) {
	m, s := newShop(t)
	items := s.stocked(t, 1, 30)
	m.must("shelfd", "service", "stop")
	path := m.file(dataDir + "/shelfd.db")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte(nil), good...)
	copy(bad, "this is no database any more, whatever it was before")
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	m.run("shelfd", "service", "start")
	m.until("it says that it failed", func() bool { return m.service().State == "failed" })
	status, page, err := s.try(http.MethodGet, "/", "", nil)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(page), "<html") {
		t.Errorf("the page: %d %v\n%s", status, err, page)
	}
	if status, answer, err := s.try(http.MethodGet, "/api/v1/inventory", "", nil); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(answer), `"unavailable"`) {
		t.Errorf("the API: %d %v\n%s", status, err, answer)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
		t.Errorf("the damaged file was changed: %v", err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	m.until("it goes on with the good file", m.answers)
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("there are %s, not 30", got)
	}
	m.wantService("running", 0)
}
