package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/shelfd/shelfd/store"
)

// Size gives the bytes of the database, of its write-ahead log and of what is
// free on its disk. It only asks the file system: see the package comment.
func (d *DB) Size(context.Context) (s store.Size, err error) {
	if s.Database, err = fileBytes(d.path); err != nil {
		return s, failed("size", err)
	}
	if s.WAL, err = fileBytes(d.path + "-wal"); err != nil {
		return s, failed("size", err)
	}
	s.Free, err = freeBytes(d.dir)
	return s, failed("size", err)
}

// FreeBytes is what this account may still write to the disk that holds a
// directory.
func FreeBytes(dir string) (int64, error) { return freeBytes(dir) }

// fileBytes is 0 for a file that is not there.
func fileBytes(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
