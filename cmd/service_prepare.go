package cmd

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
)

// prepared is a data directory that is ready for the service.
type prepared struct {
	DataDir string `json:"data_dir"`
	// Token is the first admin token, "" when there is nothing to show.
	Token string `json:"token"`
	err   error
}

func (s *serviceOptions) prepareCommand() *cobra.Command {
	c := s.command("prepare", "Make the ledger of the service, as its account", func(ctx context.Context) error {
		if err := s.loadService(nil); err != nil {
			return err
		}
		p, err := s.prepare(ctx)
		if err != nil {
			return err
		}
		return s.json(p)
	}, exitInUse, exitDamaged, exitNoAccess, exitFull, exitForeign, exitNewer)
	c.Hidden = true
	return c
}

// prepare makes a ledger where there is none and lets somebody in.
func (s *serviceOptions) prepare(ctx context.Context) (*prepared, error) {
	a, err := openApp(ctx, s.rootOptions, newLogger(s.stderr, s.config.Log, slog.LevelWarn), false)
	if err != nil {
		return nil, err
	}
	secret, err := a.firstToken(ctx, s.config.AdminToken)
	if err := errors.Join(err, a.close()); err != nil {
		return nil, err
	}
	return &prepared{DataDir: a.dir, Token: secret}, nil
}
