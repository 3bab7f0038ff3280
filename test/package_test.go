//go:build slow && linux

package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// TestPackagesAreTheSameEachTime packs a program twice, the second time where
// and as whom nothing is the same.
func TestPackagesAreTheSameEachTime(t *testing.T) {
	for _, system := range []string{"linux", "windows"} {
		t.Run(system, func(t *testing.T) {
			first, again := packed(t, system, "1.0.0"), t.TempDir()
			t.Setenv("TZ", "Asia/Tokyo")
			t.Setenv("TMPDIR", t.TempDir())
			pack(t, system, "1.0.0", built(t, system, "1.0.0"), again)
			made, err := os.ReadDir(first)
			if err != nil || len(made) < 2 {
				t.Fatalf("%d packages, %v", len(made), err)
			}
			for _, e := range made {
				a, errA := os.ReadFile(filepath.Join(first, e.Name()))
				b, errB := os.ReadFile(filepath.Join(again, e.Name()))
				if errA != nil || errB != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs: %v %v", e.Name(), errA, errB)
				}
			}
		})
	}
}

// TestPackagesHoldWhatIsNeeded lists them with the tools of their systems.
func TestPackagesHoldWhatIsNeeded(t *testing.T) {
	const linux, windows = "shelfd-1.0.0-linux-amd64", "shelfd-1.0.0-windows-amd64"
	for _, c := range []struct {
		system, file string
		list         []string
		want         []string
	}{
		{"linux", linux + ".tar.gz", []string{"tar", "-tzf"}, []string{linux + "/shelfd\n", "/install.sh\n", "/README.md\n", "/config.example.yaml\n", "/docs/cli.md\n", "/LICENSE\n"}},
		{"linux", linux + ".rpm", []string{"rpm", "-qlp"}, []string{"/usr/bin/shelfd\n", "/usr/share/shelfd/config.example.yaml\n", "/usr/share/zsh/site-functions/_shelfd\n"}},
		{"linux", linux + ".rpm", []string{"rpm", "-qp", "--scripts"}, []string{"postinstall scriptlet", "service install", "preuninstall scriptlet", "service uninstall"}},
		{"linux", linux + ".rpm", []string{"rpm", "-qp", "--requires"}, []string{"/usr/sbin/useradd"}},
		{"windows", windows + ".zip", []string{"unzip", "-l"}, []string{windows + "/shelfd.exe\n", "/install.ps1\n", "/README.md\n"}},
		{"windows", windows + ".msi", []string{"msiinfo", "export", "", "InstallExecuteSequence"}, []string{"RemoveService\tREMOVE=\"ALL\"\t1900\r\n", "MakeService\tNOT REMOVE AND NOT NOSERVICE\t4001\r\n"}},
		{"windows", windows + ".msi", []string{"msiextract", "-l"}, []string{"shelfd/shelfd.exe\n", "shelfd/README.md\n"}},
	} {
		t.Run(strings.Join(c.list, " ")+" "+c.file, func(t *testing.T) {
			tool, err := exec.LookPath(c.list[0])
			if err != nil {
				t.Skip(err)
			}
			args := slices.Clone(c.list[1:])
			file := filepath.Join(packed(t, c.system, "1.0.0"), c.file)
			if n := slices.Index(args, ""); n >= 0 {
				args[n] = file
			} else {
				args = append(args, file)
			}
			said, err := exec.Command(tool, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			for _, want := range c.want {
				if !strings.Contains(string(said), want) {
					t.Errorf("it has no %q:\n%s", want, said)
				}
			}
		})
	}
}
