package cmd

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTwoBackupsAtOnceDoNotDisturbEachOther(t *testing.T) {
	dir, place := t.TempDir(), t.TempDir()
	stocked(t, dir)
	other, err := takeBench(place)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(other.dir, databaseName)
	write(t, copied, "half of it")
	b := backedUp(t, dir, place)
	if _, err := os.Stat(b.File); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(copied); err != nil || string(data) != "half of it" {
		t.Errorf("the work of the other one is %q, %v", data, err)
	}
	if err := other.close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(place); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}

func TestWhatABrokenOffBackupLeftIsClearedAway(t *testing.T) {
	dir, place := t.TempDir(), t.TempDir()
	stocked(t, dir)
	killed, mine := filepath.Join(place, benchPrefix+"1"), filepath.Join(place, "mine.part")
	for _, d := range []string{killed, mine} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(d, databaseName), "half of it")
	}
	backedUp(t, dir, filepath.Join(place, "x.backup"))
	if _, err := os.Stat(killed); err == nil {
		t.Error("the work of the one that was killed is still there")
	}
	if _, err := os.Stat(filepath.Join(mine, databaseName)); err != nil {
		t.Errorf("what is somebody's own: %v", err)
	}
}
