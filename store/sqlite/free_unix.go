//go:build unix

package sqlite

import "golang.org/x/sys/unix"

// freeBytes is what this user may still write to the disk that holds dir.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // not an int64 on every system
}
