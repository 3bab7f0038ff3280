package store_test

import (
	"os"
	"testing"
)

// TestMain keeps the ledgers of this package's tests in memory where the
// system has a place for that: what happens to a disk is tried in
// store/sqlite, and thousands of small commits wait for nothing here.
func TestMain(m *testing.M) {
	const inMemory = "/dev/shm"
	if info, err := os.Stat(inMemory); err == nil && info.IsDir() && os.Getenv("TMPDIR") == "" {
		if probe, err := os.MkdirTemp(inMemory, "shelfd"); err == nil {
			_ = os.Setenv("TMPDIR", inMemory)
			_ = os.Remove(probe)
		}
	}
	os.Exit(m.Run())
}
