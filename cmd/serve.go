package cmd

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

type serveOptions struct {
	*rootOptions
	listen string
	demo   bool
}

func newServeCommand(o *rootOptions) *cobra.Command {
	s := &serveOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		Long: `Serves the API until it is told to stop with Ctrl-C or SIGTERM.

The first start of a data directory prints an admin token, once. With --demo the
data are made up: in the directory that --data-dir names, which may hold no real
data, or else in a temporary one.` + exitStatus(exitRefused, exitInUse, exitDamaged, exitStorage, exitAddress, exitNoAccess, exitFull, exitForeign, exitNewer),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	c.Flags().StringVar(&s.listen, "listen", "", "the `address:port` to serve on (default 127.0.0.1:8321)")
	c.Flags().BoolVar(&s.demo, "demo", false, "serve a made-up shop")
	return c
}

// run serves until it is told to stop, which is a success, or until the data
// cannot be opened.
func (s *serveOptions) run(ctx context.Context) (err error) {
	if err := s.configure(); err != nil {
		return err
	}
	out := newLogOutput(s.stderr, s.config.Log)
	defer out.close()
	log := newLogger(out, s.config.Log, slog.LevelDebug)
	if s.demo {
		cleanup, err := s.setUpDemo(ctx, log)
		if err != nil {
			return openingError(err)
		}
		defer cleanup()
	}
	h := &host{rootOptions: s.rootOptions, log: log, demo: s.demo, letIn: s.letIn, announce: s.announce}
	return h.run(ctx)
}

func (s *serveOptions) configure() error {
	if s.listen == "" {
		return s.load()
	}
	return s.load(flagValue{Flag: "--listen", Key: "listen", Value: s.listen})
}

// setUpDemo makes the demo in the directory that a flag or variable names, or
// else in a temporary one: the directory in the configuration file is that of
// the real data.
func (s *serveOptions) setUpDemo(ctx context.Context, log *slog.Logger) (cleanup func(), err error) {
	named := string(s.config.DataDir)
	if at := s.origins["data_dir"]; at == (origin{}) || at.Line != 0 {
		named = ""
	}
	dir, cleanup, err := demoDirectory(named)
	if err != nil {
		return nil, err
	}
	if err := makeDemo(ctx, dir, s.version, store.InstantOf(s.clock.Wall()), log); err != nil {
		cleanup()
		return nil, err
	}
	s.config.DataDir = Path(dir)
	return cleanup, nil
}

// letIn gives the secret to print, "" for none. A demo has nothing to protect
// and shows a token at every start.
func (s *serveOptions) letIn(ctx context.Context, a *app) (secret string, err error) {
	secret, err = a.firstToken(ctx, s.config.AdminToken)
	if err != nil || !s.demo || secret != "" {
		return secret, err
	}
	secret = newSecret()
	return secret, a.issueToken(ctx, "Demo", secret)
}

// announce tells a person, or with -o json a program, that the server is ready.
func (s *serveOptions) announce(a *app, url, secret string) error {
	if s.asJSON() {
		return s.json(struct {
			URL     string `json:"url"`
			DataDir string `json:"data_dir"`
			Token   string `json:"token,omitempty"`
		}{url, a.dir, secret})
	}
	_, err := fmt.Fprintf(s.stdout, "shelfd %s serves %s\n  data directory  %s\n  reference       %s/docs\n", s.version, url, a.dir, url)
	if err == nil && secret != "" {
		_, err = fmt.Fprintf(s.stdout, "  admin token     %s\n  Keep the token: it is shown this once. More of them: shelfd token create\n", secret)
	}
	return err
}
