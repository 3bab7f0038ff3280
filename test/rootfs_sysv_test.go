//go:build slow && linux

package test

import (
	"os"
	"strings"
	"testing"
)

// TestAServiceOfSystemVInit installs and uses the service where there is no
// systemd. Nothing starts it again there; what is left of one that was killed
// is told and does not keep a new one from starting.
func TestAServiceOfSystemVInit(t *testing.T) {
	m := newMachine(t)
	m.switchOnBare()
	m.put(binary, "/usr/local/bin/shelfd", 0o755)
	m.wantService("not installed", 4)
	m.must("shelfd", "service", "install")
	m.wantService("stopped", 19)
	m.must("shelfd", "service", "start")
	s := m.served()
	items := s.stocked(t, 1, 30)
	m.wantService("running", 0)
	m.wantOwner()
	if said := m.must("sh", "-c", "stat -c %U /proc/$(cat /run/shelfd.pid)"); said != "shelfd\n" {
		t.Errorf("it runs as %s", said)
	}
	if said := m.must("shelfd", "service", "logs"); !strings.Contains(said, "serving") {
		t.Errorf("its log says nothing of a start:\n%s", said)
	}
	m.must("shelfd", "service", "restart")
	m.until("it answers after a restart", m.answers)

	m.must("sh", "-c", "kill -9 $(cat /run/shelfd.pid)")
	m.until("the service has failed", func() bool { return m.service().State == "failed" })
	m.wantService("failed", 20)
	m.must("shelfd", "service", "start")
	m.until("it answers after it was killed", m.answers)
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("there are %s, not 30", got)
	}

	m.must("shelfd", "service", "stop")
	m.wantService("stopped", 19)
	m.must("shelfd", "service", "start")
	m.must("shelfd", "service", "uninstall")
	m.wantService("not installed", 4)
	if m.answers() {
		t.Error("it goes on without being installed")
	}
	if _, err := os.Stat(m.file(dataDir + "/shelfd.db")); err != nil {
		t.Errorf("the ledger is gone: %v", err)
	}
	if left := m.must("sh", "-c", "ls /etc/init.d /etc/rc*.d"); strings.Contains(left, "shelfd") {
		t.Errorf("scripts are left:\n%s", left)
	}
	m.wantOwner()
}
