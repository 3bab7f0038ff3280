//go:build slow && linux

package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpack puts the archive of a version into the machine and unpacks it there.
func (m *machine) unpack(version string) (folder string) {
	m.t.Helper()
	name := "shelfd-" + version + "-linux-amd64"
	m.put(filepath.Join(packed(m.t, "linux", version), name+".tar.gz"), "/root/"+name+".tar.gz", 0o644)
	m.must("tar", "-C", "/root", "-xzf", "/root/"+name+".tar.gz")
	return "/root/" + name
}

func TestTheInstallScriptInstallsUpgradesAndRemoves(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	first, second := m.unpack("1.0.0"), m.unpack("1.1.0")

	m.must("cp", "-r", first, "/srv/shelfd")
	if code, said := m.run("su", "nobody", "-s", "/bin/sh", "-c", "/srv/shelfd/install.sh"); code != 14 || !strings.Contains(said, "sudo") {
		t.Errorf("an install by somebody ended with %d: %s", code, said)
	}
	if code, said := m.run(first+"/install.sh", "--remove"); code != 2 || !strings.Contains(said, "--uninstall") {
		t.Errorf("a wrong option ended with %d: %s", code, said)
	}
	if code, said := m.run(first+"/install.sh", "--uninstall"); code != 4 {
		t.Errorf("removing nothing ended with %d: %s", code, said)
	}
	said := m.must(first + "/install.sh")
	for _, words := range []string{"shelfd_", address, dataDir, configFile} {
		if !strings.Contains(said, words) {
			t.Errorf("it does not say %s:\n%s", words, said)
		}
	}
	s := m.served()
	items := s.stocked(t, 1, 30)
	m.wantOwner()

	settings := "# ours\n" + busy
	m.write(configFile, settings, 0o600)
	m.must(second + "/install.sh")
	m.until("the new version answers", m.answers)
	if s := m.wantService("running", 0); s.Version != "1.1.0" {
		t.Errorf("after the upgrade version %s runs", s.Version)
	}
	if now, err := os.ReadFile(m.file(configFile)); err != nil || string(now) != settings {
		t.Errorf("the upgrade changed the settings: %v\n%s", err, now)
	}

	m.must("shelfd", "service", "stop")
	if said := m.must(second + "/install.sh"); !strings.Contains(said, "left so") {
		t.Errorf("it says nothing of a service that was stopped:\n%s", said)
	}
	m.wantService("stopped", 19)
	m.must(second+"/install.sh", "--uninstall")
	if _, err := os.Stat(m.file("/usr/local/bin/shelfd")); err == nil {
		t.Error("the program is still there")
	}
	m.must(first + "/install.sh")
	m.until("it answers once more", m.answers)
	if got := s.quantity(t, items[0]); got != "30" {
		t.Errorf("there are %s, not 30", got)
	}
}

func TestTheInstallScriptRefusesWhatCannotRun(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	folder := m.unpack("1.0.0")
	m.write(folder+"/shelfd", "this is for another machine", 0o755)
	code, said := m.run(folder + "/install.sh")
	if code != 1 || !strings.Contains(said, "does not run on this machine") {
		t.Errorf("it ended with %d: %s", code, said)
	}
	if _, err := os.Stat(m.file("/usr/local/bin/shelfd")); err == nil {
		t.Error("it installed what cannot run")
	}
	m.must("rm", folder+"/shelfd")
	if code, said := m.run(folder + "/install.sh"); code != 4 {
		t.Errorf("without a program it ended with %d: %s", code, said)
	}
	m.must("dpkg", "-i", m.deb("1.0.0"))
	folder = m.unpack("1.0.0")
	if code, said := m.run(folder + "/install.sh"); code != 5 || !strings.Contains(said, "package") {
		t.Errorf("beside a package it ended with %d: %s", code, said)
	}
}
