//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// listProcesses is a command that shows which shelfd runs.
const listProcesses = "ps -ef | grep shelfd"

// listing is a command that shows who owns a directory and its files.
func listing(dir string) string { return "ls -la " + quoted(dir) }

// quoted writes a text for a shell.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// ownerOf gives the account that owns a file; ok is false when there is none.
func ownerOf(path string) (uid, gid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}

// isAnothers tells whether this process is root over a directory that another
// account owns.
func isAnothers(dir string) bool {
	uid, _, ok := ownerOf(dir)
	return ok && isRoot() && uid != 0
}

// becomeOwner lets a process of root go on, for good, as the account that owns a
// data directory: what root made there the service could not use.
func becomeOwner(dir string) error {
	if !isAnothers(dir) {
		return nil
	}
	uid, gid, _ := ownerOf(dir)
	return become(uid, gid)
}

// become changes the account of the whole process.
func become(uid, gid int) error {
	err := syscall.Setgroups([]int{gid})
	if err == nil {
		err = syscall.Setgid(gid)
	}
	if err == nil {
		err = syscall.Setuid(uid)
	}
	if err != nil {
		return withExit(exitNoAccess, fmt.Errorf("cannot go on as account %d: %w", uid, err))
	}
	return nil
}

// giveTo makes the owner of a data directory the owner of what root wrote
// into it, so that the service can use it. What is not there is passed over.
func giveTo(dir string, paths ...string) error {
	uid, gid, ok := ownerOf(dir)
	if !ok || !isRoot() {
		return nil
	}
	var errs []error
	for _, path := range paths {
		if err := os.Lchown(path, uid, gid); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
