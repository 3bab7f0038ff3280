package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// versionPatience is how long a program may take to say what it is.
const versionPatience = 30 * time.Second

// program is another shelfd.
type program struct {
	path, config string
	env          []string
	build        buildInfo
}

// program finds out what a file is, and refuses all but a shelfd for this
// system that is not older than this one.
func (o *rootOptions) program(ctx context.Context, path string) (*program, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return nil, fileError(full, err)
	case !info.Mode().IsRegular():
		return nil, withExit(exitForeign, fmt.Errorf("%s is not a program but %s; name the new shelfd itself", full, fileKind(info.Mode())))
	}
	p := &program{path: full, config: o.configPath, env: o.env}
	ctx, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	out, _, err := p.run(ctx, "version", "-o", "json")
	if err != nil {
		return nil, p.startError(err)
	}
	if json.Unmarshal(out, &p.build) != nil || p.build.Version == "" || p.build.SQLite == "" {
		return nil, p.notOurs()
	}
	theirs, ours := "v"+strings.TrimPrefix(p.build.Version, "v"), "v"+strings.TrimPrefix(o.version, "v")
	if semver.IsValid(theirs) && semver.IsValid(ours) && semver.Compare(theirs, ours) < 0 {
		return nil, withExit(exitRefused, fmt.Errorf("%s is shelfd %s, older than this one, %s; a ledger is never taken back to an older version", full, p.build.Version, o.version))
	}
	return p, nil
}

func fileKind(m fs.FileMode) string {
	if m.IsDir() {
		return "a directory"
	}
	return "a special file"
}

func (p *program) notOurs() error {
	return withExit(exitForeign, fmt.Errorf("%s is not a shelfd: it does not say which version it is; name the new shelfd itself, unpacked", p.path))
}

// startError says why a program did not even say what it is.
func (p *program) startError(err error) error {
	_, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ended, errors.Is(err, context.DeadlineExceeded):
		return p.notOurs()
	case errors.Is(err, fs.ErrPermission):
		return withExit(exitNoAccess, fmt.Errorf("%s may not be run by this account; make it executable (chmod +x), outside of a disk that forbids it", p.path))
	case errors.Is(err, context.Canceled):
		return err
	}
	return withExit(exitForeign, fmt.Errorf("%s does not run on this system (%s): it is no program, or one for another system", p.path, systemName()))
}

// run runs the program to its end.
func (p *program) run(ctx context.Context, args ...string) (stdout, stderr []byte, err error) {
	if p.config != "" {
		args = append(args, "--config", p.config)
	}
	c := exec.CommandContext(ctx, p.path, args...)
	c.Env = p.env
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err = c.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.Bytes(), errs.Bytes(), err
}

// upgrade lets the program upgrade and verify the copy in a directory.
func (p *program) upgrade(ctx context.Context, dir string, demo bool) (u upgraded, err error) {
	args := []string{copyCommand, "--data-dir", dir, "-o", "json"}
	if demo {
		args = append(args, "--demo")
	}
	out, errs, err := p.run(ctx, args...)
	if err == nil {
		if json.Unmarshal(out, &u) != nil {
			return u, p.notOurs()
		}
		return u, nil
	}
	ended, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return u, err
	}
	return u, p.failure(ended.ExitCode(), errs)
}

// failure says what became of the copy, in the program's own words.
func (p *program) failure(code int, stderr []byte) error {
	var said failure
	_ = json.Unmarshal(stderr, &said) // else there are no words of its own
	switch code {
	case exitUsage:
		return withExit(exitRefused, fmt.Errorf("%s is shelfd %s, which cannot be tried on a copy: it is too old for that", p.path, p.build.Version))
	case exitNewer:
		return withExit(exitRefused, fmt.Errorf("%s is shelfd %s, which is too old for this ledger: %s", p.path, p.build.Version, said.Detail))
	case exitConfig, exitDamaged, exitFull:
	default:
		code = exitFailure
	}
	if said.Detail == "" {
		said.Detail = "it ended with code " + fmt.Sprint(code) + " and said nothing"
	}
	for _, e := range said.Errors {
		said.Detail += "; " + e.Detail
	}
	return withExit(code, fmt.Errorf("shelfd %s cannot take over, so do not install it: %s. Nothing was changed", p.build.Version, strings.TrimSuffix(said.Detail, ".")))
}
