package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestNoOutputTakesThePlaceOfTheLedgerOrAKey(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for _, args := range []string{
		"backup DIR", "backup DIR/shelfd.db --force", "backup DIR/seal.key", "backup LINK/ledger.key --force",
		"export --sqlite DIR/shelfd.db --force", "export stock -f DIR/shelfd.db --format csv", "export movements -f LINK/stock.csv",
		"doctor --offline --bundle DIR/support.zip",
	} {
		if runtime.GOOS == "windows" && strings.Contains(args, "LINK") {
			continue
		}
		before := keptFiles(t, dir)
		args = strings.NewReplacer("DIR", dir, "LINK", link).Replace(args)
		code, _, stderr := call(t, dir, strings.Fields(args)...)
		if code != exitRefused || !strings.Contains(stderr, "is in the data directory") {
			t.Errorf("%s ends with %d: %s", args, code, stderr)
		}
		after := keptFiles(t, dir)
		for name, was := range before {
			if !bytes.Equal(after[name], was) {
				t.Errorf("%s changed %s", args, name)
			}
		}
	}
	whole(t, dir)
}

func TestAnExportIntoNoDirectoryNamesTheDirectory(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	none := filepath.Join(t.TempDir(), "none")
	code, _, stderr := call(t, dir, "export", "stock", "-f", filepath.Join(none, "stock.csv"))
	if code != exitNotFound || stderr != "shelfd: "+none+" does not exist\n" {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

func TestABackupByHandMayGoBesideTheScheduledOnes(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	to := filepath.Join(dir, "backups")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	backedUp(t, dir, to)
}

// keptFiles reads the files of a data directory that must not change.
func keptFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"ledger.key", "shelfd.db"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = data
	}
	return all
}
