package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/shelfd/shelfd/store"
)

// explain says in a sentence why a data directory cannot be opened and what to
// do about it. What already says that is left alone.
func (d *DB) explain(err error) error {
	if err == nil || isSaid(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	say := func(code store.Code, kind error, format string, args ...any) error {
		return &store.Error{Code: code, Op: "open", Err: errors.Join(kind, err), Message: fmt.Sprintf(format, args...)}
	}
	if notDir := d.checkDirectory(); notDir != nil {
		return notDir
	}
	code := resultOf(err)
	switch {
	case isFull(err), code == lib.SQLITE_FULL, code == lib.SQLITE_IOERR && d.isDiskFull():
		return say(store.CodeStorageFull, nil, "the disk that holds %s is full. Nothing that was saved is lost; make room, then start again", d.dir)
	case code == lib.SQLITE_CORRUPT, isShort(err):
		return say("", ErrDamaged, "%s is damaged, and nothing in it was changed. Keep the whole directory as it is, and restore a backup", d.path)
	}
	if path, why := d.closed(err); path != "" {
		return say("", ErrNoAccess, "%s %s", path, why)
	}
	if code == lib.SQLITE_IOERR {
		return say(store.CodeOutcomeUnknown, nil, "the disk that holds %s failed while the ledger was opened; look at the disk, then start again", d.dir)
	}
	return failed("open", err)
}

// CheckDir says what keeps this account from using a data directory, without
// opening or changing anything in it; nil for one that is not there yet. The
// error wraps ErrNoAccess.
func CheckDir(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return failed("open", err)
	}
	d := &DB{dir: dir, path: filepath.Join(dir, FileName)}
	if err := d.checkDirectory(); err != nil {
		return err
	}
	return d.checkAccess()
}

// isSaid tells whether an error has its sentence. That of a failed upgrade
// leaves its cause to be looked at.
func isSaid(err error) bool {
	if _, damaged := errors.AsType[*store.DamageError](err); damaged || store.CodeOf(err) != "" {
		return true
	}
	for _, kind := range []error{ErrLocked, ErrForeign, ErrNewerSchema, ErrOlderSchema, ErrDemo, ErrLost, ErrDamaged, ErrNoAccess} {
		if errors.Is(err, kind) {
			return true
		}
	}
	e, ok := errors.AsType[*store.Error](err)
	return ok && e.Err == nil
}

// resultOf gives the primary result code of SQLite (sqlite.org/rescode.html), 0
// for none.
func resultOf(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isShort tells of a file that ends within a page.
func isShort(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == lib.SQLITE_IOERR_SHORT_READ
}

// checkDirectory refuses a file that is where the data directory, or one around
// it, should be.
func (d *DB) checkDirectory() error {
	for at := d.dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil && !info.IsDir() {
			return &store.Error{Op: "open", Err: ErrNoAccess, Message: at + " is not a directory; name another for the ledger with data_dir or --data-dir"}
		}
		if err == nil || at == filepath.Dir(at) {
			return nil
		}
	}
}

// littleRoom is less than SQLite needs to begin with, in bytes.
const littleRoom = 256 << 10

func (d *DB) isDiskFull() bool {
	free, err := freeBytes(d.dir)
	return err == nil && free < littleRoom
}

// closed finds what this account may not use, and says why not; what the
// system and SQLite say has no path.
func (d *DB) closed(err error) (path, why string) {
	switch resultOf(err) {
	case lib.SQLITE_PERM, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_AUTH:
	default:
		if !errors.Is(err, fs.ErrPermission) && !isReadOnlyDisk(err) && !errors.Is(err, syscall.EISDIR) {
			return "", ""
		}
	}
	if path, why := d.firstClosed(); why != "" {
		return path, why
	}
	if isReadOnlyDisk(err) {
		return d.dir, onReadOnlyDisk
	}
	return d.dir, "cannot be used by this account; make it the owner of the directory and all that is in it, with the right to read and write"
}

const onReadOnlyDisk = "is on a disk that can only be read; mount it for writing, or name another directory with data_dir or --data-dir"

// firstClosed finds the first of the directory and its files that cannot be
// written.
func (d *DB) firstClosed() (path, why string) {
	for _, at := range []string{d.dir, filepath.Join(d.dir, lockFile), d.path, d.path + "-wal", d.path + "-shm", filepath.Join(d.dir, WitnessFile)} {
		if why := whyClosed(at, at == d.dir); why != "" {
			return at, why
		}
	}
	return "", ""
}

// checkAccess refuses what could be opened and not be written, before anything
// is changed.
func (d *DB) checkAccess() error {
	path, why := d.firstClosed()
	if why == "" {
		return nil
	}
	return &store.Error{Op: "open", Err: ErrNoAccess, Message: path + " " + why}
}

// whyClosed says why a file or directory cannot be written; "" when it can, or
// is not there.
func whyClosed(path string, dir bool) string {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err == nil && !dir && info.IsDir():
		return "is a directory, where a file of the ledger belongs; name another data directory, or take it away"
	case err == nil:
		err = mayWrite(path)
	}
	switch {
	case isReadOnlyDisk(err):
		return onReadOnlyDisk
	case err != nil:
		return "cannot be written by this account; make it the owner, or run shelfd as the account that owns it"
	}
	return ""
}
