package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/shelfd/shelfd/store"
)

// errDiskFull is Windows' ERROR_DISK_FULL, which package syscall does not have.
const errDiskFull = syscall.Errno(112)

// isFull tells whether a disk had no room. A quota counts as well.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || store.CodeOf(err) == store.CodeStorageFull ||
		os.PathSeparator == '\\' && errors.Is(err, errDiskFull)
}

// fileError says in a sentence why a file or directory cannot be used, with
// the exit code of that. What has an exit code already is left as it is.
func fileError(path string, err error) error {
	_, done := errors.AsType[*exitError](err)
	switch {
	case err == nil, done:
		return err
	case isFull(err):
		return withExit(exitFull, fmt.Errorf("the disk of %s is full; make room, or choose another disk", path))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return withExit(exitNoAccess, fmt.Errorf("%s cannot be used by this account (%w); use another place, or an account that may, such as with sudo", path, reason(err)))
	case errors.Is(err, fs.ErrNotExist):
		return withExit(exitNotFound, fmt.Errorf("%s does not exist", missing(path, err)))
	case errors.Is(err, syscall.ENOTDIR):
		return withExit(exitNoAccess, fmt.Errorf("%s is not in a directory", path))
	}
	return fmt.Errorf("%s cannot be used: %w", path, err)
}

// ownFileError is fileError for a file of whoever gave the command, which may
// go on as the account that owns the data.
func (o *rootOptions) ownFileError(path string, err error) error {
	if o.lowered && errors.Is(err, fs.ErrPermission) {
		return withExit(exitNoAccess, fmt.Errorf("%s cannot be used by the account that owns %s, as which this goes on while no server runs; start the service first (sudo shelfd service start), or choose a place that this account may use",
			path, o.config.DataDir))
	}
	if errors.Is(err, fs.ErrPermission) || isFull(err) || errors.Is(err, fs.ErrNotExist) {
		return fileError(path, err)
	}
	return err
}

// missing names what is not there: the file, or the directory that it would
// be in.
func missing(path string, err error) string {
	if dir := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(dir); errors.Is(e, fs.ErrNotExist) {
			return dir
		}
	}
	return path
}

// reason gives the system's own word without the path that goes before it.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// copyError is openingError for a copy that is written to dir.
func copyError(dir string, err error) error {
	if isFull(err) {
		return fileError(dir, err)
	}
	return openingError(err)
}

// signingError says why a ledger cannot be signed.
func signingError(dir string, err error) error {
	if errors.Is(err, errNoKey) {
		return withExit(exitNotFound, fmt.Errorf("there is no %s in %s to sign the backup with; start shelfd there once, which makes one", keyFile, dir))
	}
	if errors.Is(err, fs.ErrPermission) {
		return fileError(filepath.Join(dir, keyFile), err)
	}
	return err
}

func errBackupExists(path string) error {
	return withExit(exitRefused, fmt.Errorf("%s is there already; choose another name, or replace it with --force", path))
}

// megabytes writes a size for people.
func megabytes(n int64) string {
	switch {
	case n < 1<<20:
		return thousands((n+1023)>>10) + " KB"
	case n < 10<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	}
	return thousands(n>>20) + " MB"
}
