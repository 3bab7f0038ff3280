package storetest

import "os"

// InMemory keeps the files of a package's tests in memory where the system has
// a place for that: what happens to a disk is tried in store/sqlite, and
// thousands of small commits wait for nothing elsewhere. It is for TestMain.
func InMemory() {
	const place = "/dev/shm"
	if os.Getenv("TMPDIR") != "" {
		return
	}
	if probe, err := os.MkdirTemp(place, "shelfd"); err == nil {
		_ = os.Remove(probe)
		_ = os.Setenv("TMPDIR", place)
	}
}
