package cmd

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"
)

func (s *serviceOptions) runCommand() *cobra.Command {
	c := s.command("run", "Run the server for a service manager", s.runService,
		exitNotFound, exitRefused, exitInUse, exitDamaged, exitStorage, exitAddress, exitNoAccess, exitFull, exitForeign, exitNewer)
	c.Long = `Is what the service manager starts. It answers at its address at once, and when
the data cannot be opened it says there why, and tries again.` +
		exitStatus(exitNotFound, exitRefused, exitInUse, exitDamaged, exitStorage, exitAddress, exitNoAccess, exitFull, exitForeign, exitNewer)
	c.Hidden = true
	c.Flags().StringVar(&s.logFile, "log-file", "", "the `file` for the log, when the configuration names none")
	c.Flags().BoolVar(&s.forceSCM, "force-scm", false, "speak to Windows' service manager in any case")
	return c
}

// runService runs the server under a service manager.
func (s *serviceOptions) runService(ctx context.Context) error {
	return s.underManager(ctx, s.serve)
}

// serve is the server from its configuration to its stop. What ends it is in the
// log, because nobody sees standard error where there is no journal.
func (s *serviceOptions) serve(ctx context.Context) error {
	loaded := s.loadService(nil)
	c := s.config.Log
	if loaded != nil {
		c = defaultConfig().Log
	}
	if c.File == "" {
		c.File = Path(s.logFile)
	}
	err := loaded
	if err == nil {
		err = becomeService(string(s.config.DataDir))
	}
	out := newLogOutput(s.stderr, c)
	defer out.close()
	log := s.alsoToSystem(newLogger(out, c, slog.LevelDebug))
	if err == nil {
		h := &host{rootOptions: s.rootOptions, log: log, stays: true, letIn: s.letNobodyIn(log)}
		err = h.run(ctx)
	}
	if err != nil && c.File != "" {
		log.Error("the service ends", "err", err, "exit_code", exitCode(err))
	}
	return err
}

// letNobodyIn shows no token, because the log would keep it, and says so when
// nobody has one.
func (s *serviceOptions) letNobodyIn(log *slog.Logger) func(context.Context, *app) (string, error) {
	return func(_ context.Context, a *app) (string, error) {
		if !a.hasAdmin() {
			log.Warn("there is no admin token; make one on this machine with shelfd token create", "data_dir", a.dir)
		}
		return "", nil
	}
}
