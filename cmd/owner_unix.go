//go:build unix

package cmd

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// giveTo makes the owner of a data directory the owner of what root wrote
// into it, so that the service can use it. What is not there is passed over.
func giveTo(dir string, paths ...string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	var errs []error
	for _, path := range paths {
		if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
