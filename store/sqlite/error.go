package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/shelfd/shelfd/store"
)

// What may be wrong with a data directory; compare with errors.Is. The
// store.Error around it says it in a sentence.
var (
	// ErrLocked: another process has the data directory.
	ErrLocked = errors.New("locked by another process")
	// ErrForeign: the database file is not a ledger of shelfd's.
	ErrForeign = errors.New("not a shelfd ledger")
	// ErrNewerSchema: a newer shelfd wrote the database file.
	ErrNewerSchema = errors.New("newer schema")
	// ErrOlderSchema: an older shelfd wrote the database file, which who only
	// reads does not upgrade.
	ErrOlderSchema = errors.New("older schema")
	// ErrNoAccess: this account may not use the directory or a file in it, the
	// disk can only be read, or it is no directory.
	ErrNoAccess = errors.New("no access")
	// ErrDamaged: the database file is not what SQLite wrote.
	ErrDamaged = errors.New("damaged")
	// ErrLost: changes that were acknowledged are not in the database.
	ErrLost = errors.New("acknowledged changes are missing")
	// ErrDemo: made-up data were asked for where real data are, or the reverse.
	ErrDemo = errors.New("demo and real data do not mix")
)

// fault is what an SQLite result code means for a write.
type fault int

const (
	// faultOurs: the statement was wrong or the callback failed; a rollback
	// makes everything good.
	faultOurs fault = iota
	// faultFull: there is no room on the disk.
	faultFull
	// faultDisk: nothing the disk said since can be trusted.
	faultDisk
)

// faultOf judges by primary result code (sqlite.org/rescode.html).
func faultOf(err error) fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return faultOurs
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return faultFull
	case lib.SQLITE_ERROR, lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_MISUSE,
		lib.SQLITE_RANGE, lib.SQLITE_TOOBIG, lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return faultOurs
	}
	return faultDisk
}

// isForeign tells whether a file is no database at all.
func isForeign(err error) bool {
	return resultOf(err) == lib.SQLITE_NOTADB
}

func full(op string, err error) error {
	return &store.Error{
		Code: store.CodeStorageFull, Op: op, Err: err,
		Message: "The disk is full. Nothing was saved; make room and try again.",
	}
}

func unknown(op string, err error) error {
	return &store.Error{
		Code: store.CodeOutcomeUnknown, Op: op, Err: err,
		Message: "The disk failed, so it is not known whether this was saved. Send the same request with the same idempotency key again.",
	}
}

// failed names the operation of a failure that says nothing else; it leaves
// alone what already carries meaning.
func failed(op string, err error) error {
	var said *store.Error
	if err == nil || errors.As(err, &said) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if code := resultOf(err); code == lib.SQLITE_CORRUPT || code == lib.SQLITE_NOTADB {
		return &store.Error{
			Op: "sqlite: " + op, Err: errors.Join(ErrDamaged, err),
			Message: "the database file is damaged. Keep the whole directory as it is, and restore a backup",
		}
	}
	return &store.Error{Op: "sqlite: " + op, Message: "the ledger could not be read or written", Err: err}
}
