package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// exportFile is a file being written under another name.
type exportFile struct{ *os.File }

// writeWhole writes a file that appears under its name, in place of one that
// is there, only when all of it is on the disk. It is for its owner only.
func writeWhole(path string, write func(*exportFile) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fileError(path, reason(err))
	}
	err = errors.Join(write(&exportFile{f}), f.Sync(), f.Close())
	if err == nil {
		err = moveWhole(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// moveWhole gives a finished file its name, for good.
func moveWhole(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // has no way to sync a directory
		return nil
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
