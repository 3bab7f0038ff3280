package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// mayWrite tells whether this account may write to a file; of a directory,
// only whether it is there. Locks are another handle's and stay.
func mayWrite(path string) error {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// isFull tells whether a disk, or what this account may use of it, is full.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// isReadOnlyDisk tells whether a disk takes no writes at all.
func isReadOnlyDisk(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

// isHeld tells whether a lock is another process's.
func isHeld(err error) bool { return errors.Is(err, windows.ERROR_LOCK_VIOLATION) }
