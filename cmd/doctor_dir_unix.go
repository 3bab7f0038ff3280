//go:build unix

package cmd

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// openFiles lists what others than the owner may read: the directory, or files
// that it does not protect.
func openFiles(dir string, info fs.FileInfo) (open []string) {
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	open = append(open, dir)
	for _, name := range privateFiles {
		if f, err := os.Lstat(filepath.Join(dir, name)); err == nil && f.Mode().Perm()&0o077 != 0 {
			open = append(open, name)
		}
	}
	return open
}

// ownership finds files that another account than that of the directory owns,
// as when a command was run by the wrong one.
func ownership(dir string, info fs.FileInfo) (list []finding) {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	for _, name := range privateFiles {
		f, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if of := f.Sys().(*syscall.Stat_t); of.Uid != owner.Uid {
			list = append(list, bad("data directory", "data_dir.owner", "give it back: chown "+accountName(owner.Uid)+" "+filepath.Join(dir, name),
				"%s belongs to %s, and its directory to %s", name, accountName(of.Uid), accountName(owner.Uid)))
		}
	}
	return list
}

func accountName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
