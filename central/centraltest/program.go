package centraltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldest is the oldest PostgreSQL that central works with.
const oldest = 15

// programs gives the directory of PostgreSQL's programs, and installs them
// where that needs nobody's consent: on Debian, as root.
func programs() (string, error) {
	if dir := installed(); dir != "" {
		return dir, nil
	}
	if _, err := exec.LookPath("apt-get"); err == nil && os.Geteuid() == 0 {
		if err := install(); err != nil {
			return "", err
		}
		if dir := installed(); dir != "" {
			return dir, nil
		}
	}
	return "", fmt.Errorf("PostgreSQL %d or newer is not installed: its initdb and postgres are needed (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql)", oldest)
}

// installed looks in the PATH, then where Debian and others keep each version.
func installed() string {
	var dirs []string
	if found, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(found); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if version(dir) >= oldest {
			return dir
		}
	}
	return ""
}

// version is the major version of the programs in a directory, 0 for none.
func version(dir string) int {
	out, err := exec.CommandContext(context.Background(), filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	// "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return 0
	}
	major, _, _ := strings.Cut(fields[2], ".")
	n, _ := strconv.Atoi(major) // 0 for what is no number
	return n
}

// install waits for its turn: several test binaries may find it missing at once.
func install() error {
	const commands = `export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -q -y --no-install-recommends postgresql`
	lock := filepath.Join(os.TempDir(), "centraltest-apt.lock")
	out, err := exec.CommandContext(context.Background(), "flock", lock, "sh", "-c", commands).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("apt-get install postgresql: %w", err), errors.New(string(out)))
	}
	return nil
}
