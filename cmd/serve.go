package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"

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
data, or else in a temporary one.` + exitStatus(exitRefused, exitInUse, exitDamaged, exitStorage),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	c.Flags().StringVar(&s.listen, "listen", "", "the `address:port` to serve on (default 127.0.0.1:8321)")
	c.Flags().BoolVar(&s.demo, "demo", false, "serve a made-up shop")
	return c
}

// run is the life of a server: everything from the configuration to the
// orderly stop. A stop on request is a success.
func (s *serveOptions) run(ctx context.Context) (err error) {
	if err := s.configure(); err != nil {
		return err
	}
	log := newLogger(s.stderr, s.config.Log, slog.LevelDebug)
	if s.demo {
		cleanup, err := s.setUpDemo(ctx, log)
		if err != nil {
			return openingError(err)
		}
		defer cleanup()
	}
	a, err := openApp(ctx, s.rootOptions, log, s.demo)
	if err != nil {
		return err
	}
	stayLean()
	ln, control, err := s.prepare(ctx, a)
	if err != nil {
		return errors.Join(openingError(err), a.close())
	}
	err = a.run(ctx, ln)
	if e := removeControl(a.dir, control.Token); e != nil {
		log.Warn("the control file could not be removed", "err", e)
	}
	if err == nil {
		log.Info("stopped", "seq", a.ledger.Head().Seq)
	}
	return err
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

// prepare does all that comes before the first request: listener, first token,
// control file, and telling how to get in.
func (s *serveOptions) prepare(ctx context.Context, a *app) (ln net.Listener, c control, err error) {
	if ln, err = listen(ctx, s.config.Listen); err != nil {
		return nil, c, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ln.Close())
		}
	}()
	c = control{URL: "http://" + reachable(ln.Addr()), PID: os.Getpid(), Token: a.secret}
	if s.config.TLS != (TLSConfig{}) {
		if ln, c.Certificate, err = encrypt(ln, s.config.TLS); err != nil {
			return nil, c, err
		}
		c.URL = "https://" + reachable(ln.Addr())
	}
	secret, err := s.letIn(ctx, a)
	if err != nil {
		return nil, c, err
	}
	if err := writeControl(a.dir, c); err != nil {
		return nil, c, fmt.Errorf("the control file cannot be written: %w", err)
	}
	return ln, c, s.announce(a, c.URL, secret)
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

// listen opens the listener; the errors say what to do.
func listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, errAddressInUse):
		return nil, fmt.Errorf("%s is in use by another program; stop that, or choose another port with --listen", address)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s needs more rights than this account has; choose a port from 1024 on with --listen", address)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return ln, nil
}

// errAddressInUse is Windows' WSAEADDRINUSE, which package syscall does not have.
const errAddressInUse = syscall.Errno(10048)

// encrypt puts TLS on a listener and gives the pin of the certificate.
func encrypt(ln net.Listener, c TLSConfig) (net.Listener, string, error) {
	pair, err := tls.LoadX509KeyPair(string(c.Cert), string(c.Key))
	if err != nil {
		return ln, "", withExit(exitConfig, fmt.Errorf("tls: %w", err))
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	return tls.NewListener(ln, config), certificatePin(pair.Certificate[0]), nil
}

// reachable is the address at which this machine reaches a listener.
func reachable(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err == nil && at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
	}
	return a.String()
}

// isEveryAddress tells whether a host to listen on means all addresses.
func isEveryAddress(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
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
