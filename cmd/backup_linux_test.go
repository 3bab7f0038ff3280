package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk is a file system of a few megabytes of its own.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := t.TempDir()
	var flags uintptr
	if options == "ro" {
		flags, options = unix.MS_RDONLY, "size=1m"
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", flags, options); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	return disk
}

// TestAFullDiskLeavesNoBackup lets the disk fill up while the copy, and then
// the file, is written.
func TestAFullDiskLeavesNoBackup(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	for _, size := range []string{"size=64k", "size=180k"} {
		disk := smallDisk(t, size)
		job := o.backupJob()
		job.free = func(string) (int64, error) { return 1 << 40, nil } // somebody else fills it meanwhile
		_, err := job.make(t.Context(), backupPlace{dir: disk, name: "shop.backup"})
		if exitCode(err) != exitFull || !strings.Contains(err.Error(), "full") {
			t.Errorf("with %s: %v", size, err)
		}
		if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
			t.Errorf("it leaves %v, %v", left, err)
		}
	}
	if code, _, stderr := call(t, dir, "backup", smallDisk(t, "size=1m")); code != exitFull || !strings.Contains(stderr, "make room") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

func TestADiskForReadingTakesNoBackup(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	disk := smallDisk(t, "ro")
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	job := o.backupJob()
	job.free = func(string) (int64, error) { return 1 << 40, nil }
	if _, err := job.make(t.Context(), backupPlace{dir: disk, name: "x"}); exitCode(err) != exitNoAccess || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("it ends with %v", err)
	}
}

func TestRestoringOntoAFullDiskChangesNothing(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	b := backedUp(t, dir)
	disk := smallDisk(t, "size=4m")
	small := filepath.Join(disk, "data")
	if err := os.CopyFS(small, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := whole(t, small)
	if code, _, stderr := call(t, small, "restore", b.File, "--replace"); code != exitFull || !strings.Contains(stderr, "make room") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	if after := whole(t, small); after != before {
		t.Errorf("the ledger was %+v and is %+v", before, after)
	}
}
