package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shelfd/shelfd/store/sqlite"
)

// install makes the account, the data directory with a ledger, and the service.
// What is there already stays.
func (s *serviceOptions) install(ctx context.Context) error {
	if err := s.needRights(); err != nil {
		return err
	}
	before, err := s.installedUnit()
	if err != nil && !errors.Is(err, errNotInstalled) {
		return err
	}
	var with []string
	if before != nil {
		with = before.Args
	}
	if err := s.loadService(with); err != nil {
		return err
	}
	u, err := s.newUnit()
	if err != nil {
		return err
	}
	s.warnEnvironment()
	made, err := s.lay(ctx, u)
	if err != nil {
		return err
	}
	if err := s.write(u, before != nil); err != nil {
		return errors.Join(err, s.reportToken(made))
	}
	if err := errors.Join(s.reportInstall(made, before != nil), made.err); err != nil {
		return err
	}
	if s.start {
		return s.startService(ctx)
	}
	return nil
}

// warnEnvironment names variables that hold here and not for the service.
func (s *serviceOptions) warnEnvironment() {
	var names []string
	for _, entry := range s.env {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(takenAlong, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(s.stderr, "shelfd: %s: the service does not see this; write it into its configuration file\n", strings.Join(names, ", "))
	}
}

// takenAlong are the variables that installing looks at itself.
var takenAlong = []string{"SHELFD_CONFIG", "SHELFD_DATA_DIR", "SHELFD_ADMIN_TOKEN", "SHELFD_ADMIN_TOKEN_FILE"}

// lay makes what the service stands on: account, directories, ledger.
func (s *serviceOptions) lay(ctx context.Context, u *unit) (*prepared, error) {
	if !s.user {
		if err := s.reachable(u.Program); err != nil {
			return nil, err
		}
		if err := makeAccount(ctx); err != nil {
			return nil, withExit(exitNoAccess, fmt.Errorf("the account %s cannot be made: %w", serviceAccount, err))
		}
	}
	dir := string(s.config.DataDir)
	if err := ours(dir); err != nil {
		return nil, err
	}
	was := hasLedger(dir)
	if err := s.giveDirectory(dir); err != nil {
		return nil, err
	}
	if s.logFile != "" && filepath.Dir(filepath.Dir(s.logFile)) != dir {
		if err := s.giveDirectory(filepath.Dir(s.logFile)); err != nil {
			return nil, err
		}
	}
	p, err := s.prepareAsService(ctx, u)
	switch code := exitCode(err); {
	case err == nil:
		return p, nil
	case was && code == exitInUse:
		return &prepared{DataDir: dir}, nil
	case was && code != exitConfig && code != exitInterrupted:
		// The service is what keeps the address and says what to do.
		return &prepared{DataDir: dir, err: err}, nil
	}
	return nil, err
}

func hasLedger(dir string) bool {
	exists, err := sqlite.Exists(dir)
	return err == nil && exists
}

// ours refuses a directory that holds something else: all of it is given to the
// service.
func ours(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && (len(entries) == 0 || hasLedger(dir)) {
		return nil
	}
	if err != nil {
		return withExit(exitNoAccess, fmt.Errorf("the data directory cannot be used: %w", err))
	}
	for _, e := range entries {
		// Of a start or an installation that did not get as far as a ledger.
		if !slices.Contains([]string{"config.yaml", "logs", "shelfd.lock", keyFile, "lost+found"}, e.Name()) {
			return withExit(exitForeign, fmt.Errorf("%s holds other things (%s) and no ledger; name an empty directory with --data-dir", dir, e.Name()))
		}
	}
	return nil
}

// giveDirectory makes a directory that only the service may use.
func (s *serviceOptions) giveDirectory(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return withExit(exitNoAccess, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return withExit(exitNoAccess, err)
	}
	if s.user {
		return withExit(exitNoAccess, os.Chmod(dir, 0o700))
	}
	if err := own(dir); err != nil {
		return withExit(exitNoAccess, fmt.Errorf("%s cannot be given to the account %s: %w", dir, serviceAccount, err))
	}
	return nil
}

// write gives the service manager the description, and has the service start
// with the machine. An older description is put back when that fails.
func (s *serviceOptions) write(u *unit, update bool) error {
	if platform() == onWindows {
		return s.writeWindows(u, update)
	}
	svc, err := s.manage(u)
	if err != nil {
		return err
	}
	path, old := s.unitFile(), s.unitFile()+".old"
	if update {
		if err := os.Rename(path, old); err != nil {
			return withExit(exitNoAccess, err)
		}
	}
	if err := svc.Install(); err != nil {
		err = withExit(exitNoAccess, fmt.Errorf("the service cannot be installed: %w", err))
		if update {
			err = errors.Join(err, os.Rename(old, path))
		}
		return err
	}
	if update {
		return os.Remove(old)
	}
	return nil
}

// reportInstall tells what was done and what comes next.
func (s *serviceOptions) reportInstall(p *prepared, update bool) error {
	if s.asJSON() {
		return s.json(map[string]any{"installed": true, "updated": update, "data_dir": p.DataDir, "token": p.Token})
	}
	word := "is installed and starts with the machine"
	if update {
		word = "is brought up to date; its data stay as they are"
	}
	next := "  start it        " + s.asAdmin("shelfd service start") + "\n"
	switch {
	case s.start:
		next = ""
	case update:
		next = "  restart it      " + s.asAdmin("shelfd service restart") + "\n"
	}
	_, err := fmt.Fprintf(s.stdout, "The service %s %s.\n  data directory  %s\n%s", serviceName, word, p.DataDir, next)
	return errors.Join(err, s.reportToken(p))
}

// reportToken shows the first token, also when the service itself could not be
// installed: the ledger is made, and nobody sees it again.
func (s *serviceOptions) reportToken(p *prepared) error {
	if p.Token == "" {
		return nil
	}
	_, err := fmt.Fprintf(s.stdout, "  admin token     %s\n  Keep the token: it is shown this once. More of them: %s\n", p.Token, s.asAdmin("shelfd token create"))
	return err
}
