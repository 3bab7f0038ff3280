//go:build unix

package sqlite

import (
	"errors"

	"golang.org/x/sys/unix"
)

// mayWrite tells whether this account may write to a file or directory. It
// opens nothing: closing a database would drop SQLite's locks on it.
func mayWrite(path string) error {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS)
}

// isFull tells whether a disk, or what this account may use of it, is full.
func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// isReadOnlyDisk tells whether a disk takes no writes at all.
func isReadOnlyDisk(err error) bool { return errors.Is(err, unix.EROFS) }

// isHeld tells whether a lock is another process's.
func isHeld(err error) bool { return errors.Is(err, unix.EWOULDBLOCK) }
