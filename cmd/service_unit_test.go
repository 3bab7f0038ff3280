package cmd

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/install"
)

// aUnit is a service with all that is awkward in a command line.
func aUnit() *unit {
	return &unit{
		Program: "/opt/the shop's/shelfd", Account: "shelfd",
		Args: []string{"service", "run", "--config", `/etc/shelfd/a "b" $HOME -- c&d.yaml`, "--data-dir", "/srv/50% off"},
	}
}

// rendered gives the description for a service manager.
func rendered(t *testing.T, u *unit, platform string) string {
	t.Helper()
	text, err := u.render(platform)
	if err != nil || text == "" {
		t.Fatal(text, err)
	}
	return text
}

func TestEveryServiceManagerIsToldTheCommandLineAsItIs(t *testing.T) {
	u := aUnit()
	for _, platform := range []string{onSystemd, onSysv, onOpenRC, onLaunchd} {
		m := lineFormat.FindStringSubmatch(rendered(t, u, platform))
		var words []string
		if len(m) < 2 || json.Unmarshal([]byte(m[1]), &words) != nil || !slices.Equal(words, u.Command()) {
			t.Errorf("%s: it reads %q back", platform, words)
		}
	}
}

// systemdUnit writes a unit that starts a program which is there.
func systemdUnit(t *testing.T, u *unit) string {
	t.Helper()
	text := strings.ReplaceAll(rendered(t, u, onSystemd), systemdWord(u.Program), "/bin/true")
	path := filepath.Join(t.TempDir(), "shelfd.service")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// analyze runs systemd-analyze, where there is one.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return string(out)
}

func TestTheUnitIsTakenBySystemd(t *testing.T) {
	plain := &unit{Program: "/usr/bin/shelfd", Args: []string{"service", "run"}, Account: "nobody"}
	for _, u := range []*unit{aUnit(), plain, {Program: "/usr/bin/shelfd", Args: []string{"service", "run", "--user"}}} {
		if u.Account != "" {
			u.Account = "nobody" // one that is on this machine
		}
		out := analyze(t, "verify", systemdUnit(t, u))
		if out = strings.ReplaceAll(out, "\n", ""); out != "" && !strings.Contains(out, "nobody") {
			t.Errorf("%v: %s", u.Command(), out)
		}
	}
}

func TestTheUnitIsShutOffFromTheMachine(t *testing.T) {
	u := &unit{Program: "/usr/bin/shelfd", Args: []string{"service", "run"}, Account: "shelfd"}
	out := analyze(t, "security", "--offline=true", systemdUnit(t, u))
	m := regexp.MustCompile(`exposure level for shelfd.service: (\d+\.\d+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatal(out)
	}
	if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 2.0 {
		t.Errorf("its exposure is %s; at most 2.0 is allowed: %s", m[1], out)
	}
}

func TestTheUnitDoesNotRestartWhatARestartCannotMend(t *testing.T) {
	text := rendered(t, aUnit(), onSystemd)
	for _, want := range []string{"RestartPreventExitStatus=3\n", "Restart=always\n", "RestartSec=1\n", "StartLimitIntervalSec=0\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	if exitUsage != 2 || exitConfig != 3 {
		t.Error("the codes of wrong usage and of the configuration are others now")
	}
}

func TestTheUnitOfAnAccountNeedsNoRights(t *testing.T) {
	text := rendered(t, &unit{Program: "/usr/bin/shelfd", Args: []string{"service", "run", "--user"}}, onSystemd)
	for _, not := range []string{"User=", "StateDirectory=", "CapabilityBoundingSet=", "multi-user.target", "PrivateUsers="} {
		if strings.Contains(text, not) {
			t.Errorf("it says %s", not)
		}
	}
}

func TestTheScriptOfInitIsAShellScript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shelfd")
	if err := os.WriteFile(path, []byte(rendered(t, aUnit(), onSysv)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestThePropertyListIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(rendered(t, aUnit(), onLaunchd)))
	var texts []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok {
			texts = append(texts, string(text))
		}
	}
	for _, word := range aUnit().Command() {
		if !slices.Contains(texts, word) {
			t.Errorf("%q is not in it", word)
		}
	}
}

func TestOneCannotInstallWhatIsNotThere(t *testing.T) {
	for _, source := range []string{install.SystemdUnit, install.InitScript, install.OpenRCScript, install.LaunchdPlist} {
		if !strings.Contains(source, "shelfd: {{.Line}}") {
			t.Errorf("a description does not keep its command line: %.80s", source)
		}
	}
}
