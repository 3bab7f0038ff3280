package sqlite

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock locks one byte far behind the end, so that others can read the
// process id: a locked range cannot be read.
func lock(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: 1 << 30})
}
