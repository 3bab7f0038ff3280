//go:build slow && linux

package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// builds has each program and its packages once, however many tests ask.
var builds = struct {
	sync.Mutex
	done map[string]string
}{done: map[string]string{}}

// built gives shelfd of a version for a system, as a release is built.
func built(t *testing.T, system, version string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	key := system + " " + version
	if path, ok := builds.done[key]; ok {
		return path
	}
	path := filepath.Join(filepath.Dir(binary), system+"-"+version)
	build := exec.Command("go", "build", "-C", "..", "-buildvcs=false", "-trimpath", "-tags", "nomsgpack",
		"-ldflags", "-s -w -X main.version="+version, "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for %s: %v\n%s", system, err, out)
	}
	builds.done[key] = path
	return path
}

// packed gives the folder with what install/package makes of a version.
func packed(t *testing.T, system, version string) string {
	t.Helper()
	program := built(t, system, version)
	builds.Lock()
	defer builds.Unlock()
	dir := program + ".packages"
	if _, ok := builds.done[dir]; !ok {
		pack(t, system, version, program, dir)
		builds.done[dir] = dir
	}
	return dir
}

// pack runs install/package. A tool that it lacks skips the test.
func pack(t *testing.T, system, version, program, dir string) {
	t.Helper()
	tools := []string{"../bin/nfpm-*"}
	if system == "windows" {
		tools = nil
		for _, tool := range []string{"wixl", "msibuild", "msiinfo", "zip"} {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("%s is not installed; on Debian: apt-get install wixl msitools zip", tool)
			}
		}
	}
	env := append(os.Environ(), "SHELFD="+binary, "SOURCE_DATE_EPOCH=1700000000")
	for _, tool := range tools {
		found, err := filepath.Glob(tool)
		if err != nil || len(found) == 0 {
			t.Fatal("there is no bin/nfpm. Run this in the project's root: make test-slow")
		}
		path, err := filepath.Abs(found[len(found)-1])
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, "NFPM="+path)
	}
	cmd := exec.Command("../install/package", system, "amd64", program, version, dir)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("packing for %s: %v\n%s", system, err, out)
	}
}
