package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const centralUnit = "../install/shelfd-central.service"

// TestTheUnitOfCentralIsTakenBySystemd stands another program in for shelfd,
// which is not installed here.
func TestTheUnitOfCentralIsTakenBySystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	text, err := os.ReadFile(centralUnit)
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "shelfd-central.service")
	stood := strings.ReplaceAll(string(text), "/usr/local/bin/shelfd", "/bin/true")
	if err := os.WriteFile(unit, []byte(stood), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheUnitOfCentralStartsWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(centralUnit)
	if err != nil {
		t.Fatal(err)
	}
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/shelfd (.*)$`).FindSubmatch(text)
	if start == nil {
		t.Fatal("it starts nothing")
	}
	// The file is not here, which is found only when command and flags are right.
	code, _, stderr := call(t, t.TempDir(), strings.Fields(string(start[1]))...)
	if code != exitConfig || !strings.Contains(stderr, "/etc/shelfd/central.yaml") {
		t.Errorf("%s ends with %d: %s", start[1], code, stderr)
	}
	want := fmt.Sprintf("RestartPreventExitStatus=%d %d\n", exitConfig, exitRefused)
	if !strings.Contains(string(text), want) {
		t.Errorf("it does not say %s", want)
	}
}
