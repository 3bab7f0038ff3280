//go:build slow && linux

package test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// deb puts the package of a version into the machine and gives its path there.
func (m *machine) deb(version string) string {
	m.t.Helper()
	name := "shelfd-" + version + "-linux-amd64.deb"
	m.put(filepath.Join(packed(m.t, "linux", version), name), "/root/"+name, 0o644)
	return "/root/" + name
}

func TestTheDebIsInstalledUpgradedRemovedAndPurged(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	first, second := m.deb("1.0.0"), m.deb("1.1.0")

	began := time.Now()
	if said := m.must("dpkg", "-i", first); !strings.Contains(said, "shelfd_") {
		t.Errorf("installing shows no token:\n%s", said)
	}
	m.within("from dpkg -i to the first answer", began, m.answers)
	if s := m.wantService("running", 0); s.Version != "1.0.0" {
		t.Errorf("version %s runs", s.Version)
	}
	m.wantOwner()
	if said := m.must("stat", "-c", "%A %U:%G", "/etc/shelfd", configFile); said != "drwxr-x--- root:shelfd\n-rw-r----- root:shelfd\n" {
		t.Errorf("the settings are open to others:\n%s", said)
	}
	m.must("shelfd", "config", "check")
	s := m.served()
	items := s.stocked(t, 1, 30)

	settings := "# ours\n" + busy
	m.write(configFile, settings, 0o640)
	m.must("dpkg", "-i", second)
	m.until("the new version answers", m.answers)
	if s := m.wantService("running", 0); s.Version != "1.1.0" {
		t.Errorf("after the upgrade version %s runs", s.Version)
	}
	if now, err := os.ReadFile(m.file(configFile)); err != nil || string(now) != settings {
		t.Errorf("the upgrade changed the settings: %v\n%s", err, now)
	}
	m.must("shelfd", "service", "stop")
	m.must("dpkg", "-i", second)
	m.wantService("stopped", 19) // as somebody left it

	m.must("dpkg", "-r", "shelfd")
	if code, said := m.run("sh", "-c", "command -v shelfd || systemctl cat shelfd"); code == 0 {
		t.Errorf("after removing it there is %s", said)
	}
	m.must("dpkg", "-i", first)
	m.until("it answers once more", m.answers)
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("after removing and installing there are %s, not 30", got)
	}

	if said := m.must("dpkg", "-P", "shelfd"); !strings.Contains(said, "stays in "+dataDir) {
		t.Errorf("a purge does not say where the ledger is:\n%s", said)
	}
	if _, err := os.Stat(m.file(dataDir + "/shelfd.db")); err != nil {
		t.Errorf("a purge took the ledger: %v", err)
	}
	if _, err := os.Stat(m.file("/etc/shelfd")); err == nil {
		t.Error("a purge left settings")
	}
	if left := m.must("dpkg-query", "-W"); strings.Contains(left, "shelfd") {
		t.Errorf("dpkg still knows it:\n%s", left)
	}
}

// TestThePackageIsInstalledWhereNothingMayStart is how images are made.
func TestThePackageIsInstalledWhereNothingMayStart(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	m.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
	m.must("dpkg", "-i", m.deb("1.0.0"))
	m.wantService("stopped", 19)
	m.switchOff()
	m.switchOn()
	m.until("it starts with the machine", m.answers)
}

// TestAnUpgradeUnderLoadLosesNothing upgrades and goes back and forth between
// two versions while tills sell.
func TestAnUpgradeUnderLoadLosesNothing(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	versions := []string{m.deb("1.0.0"), m.deb("1.1.0")}
	m.must("dpkg", "-i", versions[0])
	m.write(configFile, busy, 0o644)
	m.must("shelfd", "service", "restart")
	s := m.served()
	items := s.stocked(t, crashItems, crashUnits)
	var current atomic.Pointer[server]
	current.Store(s)
	var stop atomic.Bool
	var group sync.WaitGroup
	tills := make([]*till, 16)
	for n := range tills {
		tills[n] = &till{n: n, current: &current, items: items, booked: map[string]int{}}
		group.Go(func() { tills[n].work(&stop) })
	}
	for n := range 4 {
		version := []string{"1.1.0", "1.0.0"}[n%2]
		m.must("dpkg", "-i", versions[(n+1)%2])
		m.until("version "+version+" answers", func() bool {
			_, answer, err := s.try(http.MethodGet, "/healthz", "", nil)
			return err == nil && strings.Contains(string(answer), version) && m.answers()
		})
	}
	stop.Store(true)
	group.Wait()
	checkTills(t, s, tills)
	m.must("shelfd", "service", "stop")
	m.must("shelfd", "verify")
	m.wantOwner()
}
