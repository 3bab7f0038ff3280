package cmd

import (
	"fmt"
	"os"
	"path/filepath"
)

// spareData refuses to write a file for somebody into the data directory, where
// it could take the place of the ledger or of a key. The folder of the scheduled
// backups is for files of that kind.
func (o *rootOptions) spareData(path string) error {
	dir := string(o.config.DataDir)
	at := realPath(filepath.Dir(path))
	if !isBelow(at, dir) || isBelow(at, o.config.Backup.dirIn(dir)) {
		return nil
	}
	return withExit(exitRefused, fmt.Errorf("%s is in the data directory, which is for shelfd's own files; name another place", path))
}

// realPath is a path without links, as far as that can be found out.
func realPath(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if followed, err := filepath.EvalSymlinks(full); err == nil {
		return followed
	}
	return full
}

// isBelow tells whether a path is a directory or somewhere below it, also where
// names differ in case only.
func isBelow(path, dir string) bool {
	want, err := os.Stat(dir)
	if err != nil {
		return false
	}
	for {
		if is, err := os.Stat(path); err == nil && os.SameFile(is, want) {
			return true
		}
		above := filepath.Dir(path)
		if above == path {
			return false
		}
		path = above
	}
}
