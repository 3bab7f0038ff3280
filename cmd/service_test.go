//go:build linux

package cmd

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kardianos/service"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// here lets the library believe that a service manager runs this machine.
type here struct{ service.System }

// Detect says that it does.
func (here) Detect() bool { return true }

// withSystemd stands a systemd in that says what is in a file, and writes down
// what it is asked to do. Nothing of it leaves the directory of the test.
func withSystemd(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PATH", home+":"+os.Getenv("PATH"))
	for name, script := range map[string]string{
		"systemctl":  "#!/bin/sh\necho \"$*\" >>" + home + "/asked\ncase \"$*\" in *show*) cat " + home + "/says;; esac\n",
		"journalctl": "#!/bin/sh\necho \"$*\" >>" + home + "/asked\ncat " + home + "/journal\n",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(home, "says"), []byte("LoadState=loaded\nActiveState=inactive\nSubState=dead\n"))
	writeFile(t, filepath.Join(home, "journal"), nil)
	before := service.AvailableSystems()
	t.Cleanup(func() { service.ChooseSystem(before...) })
	for _, system := range before {
		if system.String() == onSystemd {
			service.ChooseSystem(here{system})
			return home
		}
	}
	t.Fatal("the library has no systemd")
	return ""
}

func TestAServiceIsInstalledOnceAndKeepsItsData(t *testing.T) {
	home, dir := withSystemd(t), filepath.Join(t.TempDir(), "a shop")
	unitPath := home + "/.config/systemd/user/shelfd.service"
	if code, _, stderr := call(t, dir, "service", "status", "--user"); code != exitNotFound || !strings.Contains(stderr, "service install") {
		t.Errorf("before that its status is %d: %s", code, stderr)
	}
	out := succeed(t, dir, "service", "install", "--user")
	if !strings.Contains(out, store.TokenPrefix) || !strings.Contains(out, dir) {
		t.Errorf("installing says %s", out)
	}
	if asked := read(t, filepath.Join(home, "asked")); !strings.Contains(asked, "enable --user shelfd.service") {
		t.Errorf("systemd was asked %s", asked)
	}
	if text := read(t, unitPath); !strings.Contains(text, `--data-dir "`+dir+`"`) {
		t.Errorf("the unit is %s", text)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory is %v, %v", info, err)
	}
	writeFile(t, unitPath, []byte(strings.ReplaceAll(read(t, unitPath), "WatchdogSec=30", "WatchdogSec=99")))
	again := succeed(t, dir, "service", "install", "--user")
	if strings.Contains(again, store.TokenPrefix) || !strings.Contains(again, "up to date") {
		t.Errorf("installing again says %s", again)
	}
	if !strings.Contains(read(t, unitPath), "WatchdogSec=30\n") {
		t.Error("the unit is still the old one")
	}
	if list := tokensOf(t, dir); len(list) != 1 {
		t.Errorf("there are %d tokens", len(list))
	}
	if out := succeed(t, dir, "service", "uninstall", "--user"); !strings.Contains(out, "Its data stay in "+dir) {
		t.Errorf("removing it says %s", out)
	}
	if _, err := os.Stat(unitPath); !os.IsNotExist(err) {
		t.Errorf("the unit is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Errorf("the ledger is gone: %v", err)
	}
}

func TestAServiceIsNotInstalledOverOthersFiles(t *testing.T) {
	home, dir := withSystemd(t), t.TempDir()
	writeFile(t, filepath.Join(dir, "letter.txt"), []byte("mine"))
	code, _, stderr := call(t, dir, "service", "install", "--user")
	if code != exitForeign || !strings.Contains(stderr, "letter.txt") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	if _, err := os.Stat(home + "/.config/systemd/user/shelfd.service"); !os.IsNotExist(err) {
		t.Errorf("it was installed all the same: %v", err)
	}
}

func TestAServiceThatRunsIsFoundWhereItServes(t *testing.T) {
	home, dir := withSystemd(t), t.TempDir()
	succeed(t, dir, "service", "install", "--user")
	s := startServer(t, dir)
	writeFile(t, filepath.Join(home, "says"), []byte("ActiveState=active\nSubState=running\nMainPID=42\nActiveEnterTimestamp=Sun 2026-11-29 01:06:14 UTC\n"))
	var status serviceStatus
	if err := json.Unmarshal([]byte(succeed(t, dir, "service", "status", "--user", "-o", "json")), &status); err != nil {
		t.Fatal(err)
	}
	want := serviceStatus{State: stateRunning, Since: "2026-11-29T01:06:14Z", URL: s.URL, Version: "1.2.3", DataDir: dir, PID: 42, Manager: onSystemd}
	if status != want {
		t.Errorf("its status is %+v", status)
	}
}

func TestAServiceThatFailedSaysWhy(t *testing.T) {
	home, dir := withSystemd(t), t.TempDir()
	succeed(t, dir, "service", "install", "--user")
	for _, c := range []struct {
		says, journal string
		code          int
		want          string
	}{
		{"ActiveState=inactive\n", "", exitStopped, "stopped"},
		{"ActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=3\n", "shelfd: listen: is not right\n", exitFailed, "listen: is not right"},
		{"ActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=15\n", "", exitFailed, "the disk has not enough space"},
		{"ActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203\n", "", exitFailed, "systemd says exit-code (status 203)"},
		{"ActiveState=failed\nResult=watchdog\nExecMainCode=2\nExecMainStatus=6\n", "", exitFailed, "systemd says watchdog (signal 6)"},
		{"ActiveState=activating\nSubState=auto-restart\nExecMainCode=1\nExecMainStatus=13\n", "shelfd: old\nlevel=INFO msg=serving\n", exitFailed, "the address to serve on cannot be used"},
	} {
		writeFile(t, filepath.Join(home, "says"), []byte(c.says))
		writeFile(t, filepath.Join(home, "journal"), []byte(c.journal))
		code, stdout, stderr := call(t, dir, "service", "status", "--user")
		if code != c.code || !strings.Contains(stdout, c.want) {
			t.Errorf("%s: it ends with %d and says %s%s", c.says, code, stdout, stderr)
		}
	}
}

func TestAServiceThatCannotOpenItsDataCountsAsFailed(t *testing.T) {
	home, dir := withSystemd(t), t.TempDir()
	succeed(t, dir, "service", "install", "--user")
	if err := os.Rename(filepath.Join(dir, sqlite.FileName), filepath.Join(dir, "aside")); err != nil {
		t.Fatal(err)
	}
	s := startRun(t, func(*rootOptions) {}, dir)
	s.until("/readyz", func(_ int, body string) bool { return strings.Contains(body, "ledger_missing") })
	writeFile(t, filepath.Join(home, "says"), []byte("ActiveState=active\n"))
	o, stdout, _ := testOptions(t, dir)
	o.env = append(o.env, "SHELFD_LISTEN="+strings.TrimPrefix(s.URL, "http://"))
	if code := execute(t.Context(), o, []string{"service", "status", "--user"}); code != exitFailed || !strings.Contains(stdout.String(), "There is no ledger in "+dir) {
		t.Errorf("it ends with %d: %s", code, stdout)
	}
}

func TestTheLogOfAServiceComesFromTheJournal(t *testing.T) {
	home, dir := withSystemd(t), t.TempDir()
	succeed(t, dir, "service", "install", "--user")
	writeFile(t, filepath.Join(home, "journal"), []byte("serving\n"))
	if out := succeed(t, dir, "service", "logs", "--user", "-n", "7"); out != "serving\n" {
		t.Errorf("it shows %q", out)
	}
	if asked := read(t, filepath.Join(home, "asked")); !strings.Contains(asked, "--user-unit=shelfd --lines=7") {
		t.Errorf("journalctl was asked %s", asked)
	}
}

func TestLaunchdSaysHowAServiceEnded(t *testing.T) {
	for text, want := range map[string]sighting{
		`{ "PID" = 42; "LastExitStatus" = 0; };`: {active: true, pid: 42},
		`{ "LastExitStatus" = 0; };`:             {said: "launchd says status 0"},
		`{ "LastExitStatus" = 3328; };`:          {failed: true, exit: 13, said: "launchd says status 3328"},
		`{ "LastExitStatus" = 9; };`:             {failed: true, exit: -1, said: "launchd says status 9"},
	} {
		if got := parseLaunchd(text); *got != want {
			t.Errorf("%s is %+v", text, *got)
		}
	}
}

// asProgram is set in a process that is the program itself.
const asProgram = "TEST_AS_PROGRAM"

// TestTheProgramItself is no test: it is the program, for tests that need it in
// a process of its own.
func TestTheProgramItself(t *testing.T) {
	if os.Getenv(asProgram) == "" {
		t.Skip("it is for other tests")
	}
	o := newRootOptions(Program{Version: "1.2.3", Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Environ()})
	os.Exit(execute(t.Context(), o, strings.Fields(os.Getenv(asProgram))))
}

// itself is the program with a command line, in a process of its own.
func itself(t *testing.T, dir, line string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheProgramItself$")
	c.Env = []string{asProgram + "=" + line, "SHELFD_DATA_DIR=" + dir, "SHELFD_CONFIG=" + emptyConfig(t), machineVariable + "box"}
	return c
}

// nobodys is an empty directory of another account than root's.
func nobodys(t *testing.T) string {
	t.Helper()
	if !isRoot() {
		t.Skip("only root can")
	}
	// The directory of a test is below one that only root may enter.
	dir, err := os.MkdirTemp("", "shelfd") //nolint:usetesting // See above.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return dir
}

const nobody = 65534

func TestRootRestoresAsTheAccountOfTheData(t *testing.T) {
	dir, from := nobodys(t), t.TempDir()
	stocked(t, from)
	b := backedUp(t, from) // which only root may read
	// What is left by a power cut must be the account's own to finish, so root
	// does nothing that the account could not.
	for mode, want := range map[fs.FileMode]int{0o500: exitNoAccess, 0o700: exitOK} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		c := itself(t, dir, "restore --replace "+b.File)
		if out, err := c.CombinedOutput(); c.ProcessState.ExitCode() != want {
			t.Errorf("with %v it ends with %v: %s", mode, err, out)
		}
	}
	if _, _, ok := ownerOf(filepath.Join(dir, sqlite.FileName)); !ok {
		t.Fatal("it did not restore")
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if uid, _, _ := ownerOf(path); uid != nobody {
			t.Errorf("%s belongs to account %d", path, uid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatOnlyRootMayUseIsExplainedWhereRootIsGivenUp(t *testing.T) {
	dir, own := nobodys(t), t.TempDir()
	sheet := filepath.Join(own, "menu.csv")
	write(t, sheet, "name,sku,quantity\nFlower,A,5\n")
	if out, err := itself(t, dir, "service prepare").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range []string{
		"import --location Main " + sheet, "export stock -f " + filepath.Join(own, "x.csv"), "export --sqlite " + filepath.Join(own, "x.db"),
	} {
		c := itself(t, dir, line)
		out, _ := c.CombinedOutput()
		if c.ProcessState.ExitCode() != exitNoAccess || !strings.Contains(string(out), "start the service first") {
			t.Errorf("%s ends with %d: %s", line, c.ProcessState.ExitCode(), out)
		}
	}
}

func TestRootLeavesNothingOfItsOwnInAServicesDirectory(t *testing.T) {
	dir := nobodys(t)
	for _, line := range []string{"service prepare", "token list", "token create --name till --role terminal"} {
		if out, err := itself(t, dir, line).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	for _, path := range []string{"shelfd.db", "shelfd.lock", keyFile} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != nobody {
			t.Errorf("%s belongs to account %d", path, s.Uid)
		}
	}
}
