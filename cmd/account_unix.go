//go:build unix

package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// isAdmin tells whether this process may change the services of the machine.
func isAdmin() bool { return isRoot() }

// howAdmin says how to come by the rights for that.
const howAdmin = "the rights of root: put sudo before the command"

// accountIDs gives the numbers of the account of the service.
func accountIDs() (uid, gid int, err error) {
	a, err := user.Lookup(serviceAccount)
	if err != nil {
		return 0, 0, err
	}
	uid, err = strconv.Atoi(a.Uid)
	if err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(a.Gid)
	return uid, gid, err
}

// makeAccount makes the account of the service when there is none.
func makeAccount(ctx context.Context) error {
	if _, _, err := accountIDs(); err == nil {
		return nil
	}
	if err := addAccount(ctx); err != nil {
		return err
	}
	_, _, err := accountIDs()
	return err
}

// runTool runs a program of the system; the error holds what it said.
func runTool(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// own gives a directory to the account of the service: all of it when it was
// root's, else nothing but its mode changes, so that root follows no links that
// others made.
func own(dir string) error {
	uid, gid, err := accountIDs()
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	owner, _, ok := ownerOf(dir)
	if !ok || owner != 0 && owner != uid {
		return fmt.Errorf("it belongs to account %d", owner)
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "lost+found" {
			return fs.SkipDir // the file system's own
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 {
			return nil
		}
		return os.Lchown(path, uid, gid)
	})
}

// reachable refuses a program, or a data directory, that the account of the
// service could not get at.
func (s *serviceOptions) reachable(program string) error {
	if isHidden(program) {
		return withExit(exitNoAccess, fmt.Errorf("a service cannot start %s from there; copy it to /usr/local/bin and run that", program))
	}
	if dir := string(s.config.DataDir); isHidden(dir + "/") {
		return withExit(exitNoAccess, fmt.Errorf("a service cannot keep its data in %s; name a directory below /srv or /var with --data-dir", dir))
	}
	for dir := filepath.Dir(program); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return withExit(exitNoAccess, err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return withExit(exitNoAccess, fmt.Errorf("the service's account may not enter %s to start %s; copy it to /usr/local/bin and run that", dir, program))
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// isHidden tells whether a service of systemd does not see a path: the homes of
// people, and the directories that everyone may write to.
func isHidden(path string) bool {
	return platform() == onSystemd && slices.ContainsFunc([]string{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"},
		func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// becomeService lets a process of root go on as the account that owns the data,
// or as that of the service when they are not there.
func becomeService(dir string) error {
	if !isRoot() {
		return nil
	}
	if _, _, ok := ownerOf(dir); ok {
		return becomeOwner(dir)
	}
	if uid, gid, err := accountIDs(); err == nil {
		return become(uid, gid)
	}
	return nil
}

// prepareAsService prepares the data directory as the account of the service, in
// a process of its own, because root's rights are needed afterwards.
func (s *serviceOptions) prepareAsService(ctx context.Context, u *unit) (*prepared, error) {
	if s.user {
		return s.prepare(ctx)
	}
	uid, gid, err := accountIDs()
	if err != nil {
		return nil, err
	}
	args := []string{"service", "prepare", "-o", "json", "--data-dir", string(s.config.DataDir)}
	if path, named := namedConfig(s.configPath, s.env); named {
		args = append(args, "--config", path)
	}
	c := exec.CommandContext(ctx, u.Program, args...)
	c.Dir, c.Env = "/", s.env
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false}}
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return nil, childError(err, said.String())
	}
	p := new(prepared)
	return p, json.Unmarshal(out, p)
}

// childError gives what a shelfd that was started said, with its exit code.
func childError(err error, said string) error {
	var f failure
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return withExit(exitNoAccess, err)
	}
	if i := strings.LastIndex(said, "\n{"); i >= 0 {
		said = said[i+1:] // after what it logged
	}
	if e := json.Unmarshal([]byte(said), &f); e != nil || f.Detail == "" {
		return withExit(exit.ExitCode(), errors.New(strings.TrimSpace(said)))
	}
	text := f.Detail
	for _, d := range f.Errors {
		if d.Detail != text {
			text += "\n  " + d.Detail
		}
	}
	if f.ExitCode == exitConfig {
		text = "for the account " + serviceAccount + ": " + text
	}
	return withExit(f.ExitCode, errors.New(text))
}
