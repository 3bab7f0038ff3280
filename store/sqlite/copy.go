package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
)

// Copied is what is in a copy of a ledger.
type Copied struct {
	Store store.ID
	// Head is the newest entry in the copy; its note is empty.
	Head store.Head
	// Schema is the version of the tables, Version the program that wrote them.
	Schema  int64
	Version string
	// Bytes is the size of the file.
	Bytes int64
	// Demo tells that the data are made up.
	Demo bool
}

// Copy writes the ledger of a data directory, as it is at one moment, to the
// new file to. It reads in one transaction of SQLite's own, so that a server
// may run and write meanwhile, and changes nothing in the directory. The copy
// is as of a ledger that was closed in order; it is on the disk when Copy
// returns. Codes: not_found without a ledger; storage_full. The errors wrap
// ErrForeign, ErrDamaged, ErrLost and ErrNewerSchema.
func Copy(ctx context.Context, dir, to string) (c Copied, err error) {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return c, err
	}
	// SQLite's addresses of files name them from the root.
	if dir, err = filepath.Abs(dir); err != nil {
		return c, err
	}
	if to, err = filepath.Abs(to); err != nil {
		return c, err
	}
	path := filepath.Join(dir, FileName)
	if err := checkWhole(ctx, &DB{dir: dir, path: path}, Options{ReadOnly: true, steps: steps}); err != nil {
		return c, err
	}
	if err := vacuumInto(ctx, path, to); err != nil {
		return c, failedCopy(to, err)
	}
	if err := settle(ctx, to); err != nil {
		return c, failedCopy(to, err)
	}
	return lookInto(ctx, to)
}

// checkWhole refuses what is no ledger, and one that lacks what was acknowledged:
// a copy of it would go over one that has that.
func checkWhole(ctx context.Context, d *DB, o Options) error {
	l, err := d.inspectBeside(ctx, o)
	if err == nil && !l.exists {
		err = &store.Error{Code: store.CodeNotFound, Op: "copy", Message: "There is no ledger in " + d.dir + "."}
	}
	if err != nil {
		return err
	}
	return d.lost
}

// failedCopy says what a copy could not be made for.
func failedCopy(to string, err error) error {
	if faultOf(err) == faultFull {
		return &store.Error{
			Code: store.CodeStorageFull, Op: "copy", Err: err,
			Message: "The disk of " + to + " is full; make room, or choose another disk.",
		}
	}
	return failed("copy", err)
}

func vacuumInto(ctx context.Context, path, to string) (err error) {
	c, err := connect(ctx, dsnOf(path, copyPragma))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	_, err = c.raw.(driver.ExecerContext).ExecContext(ctx, "VACUUM INTO ?", []driver.NamedValue{{Ordinal: 1, Value: to}})
	return err
}

// settle marks a copy, which nobody else has open, as closed in order, and
// brings it to the disk.
func settle(ctx context.Context, path string) (err error) {
	c, err := connect(ctx, dsnOf(path, "&mode=rw&_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	if err := errors.Join(putMeta(c, "clean", "1"), c.close()); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// lookInto says what is in a copy.
func lookInto(ctx context.Context, path string) (out Copied, err error) {
	c, err := connect(ctx, dsnOf(path, lookPragma))
	if err != nil {
		return out, failed("copy", err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	m, err := readMeta(c)
	if err != nil {
		return out, failed("copy", err)
	}
	id, ok := store.ParseID(m["store"])
	if !ok {
		return out, &store.Error{Op: "copy", Message: path + " does not say which store it is of", Err: ErrForeign}
	}
	out = Copied{Store: id, Version: m["version"], Demo: m["demo"] == "1"}
	if out.Schema, err = c.integer("PRAGMA user_version"); err != nil {
		return out, failed("copy", err)
	}
	if out.Head, err = newest(c); err != nil {
		return out, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return out, fmt.Errorf("the copy cannot be read: %w", err)
	}
	out.Bytes = info.Size()
	return out, nil
}
