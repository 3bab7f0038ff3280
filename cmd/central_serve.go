package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/web"
)

// run is the life of head office's server. A stop on request is a success.
func (s *centralOptions) run(ctx context.Context) error {
	if err := s.configure(); err != nil {
		return err
	}
	out := newLogOutput(s.stderr, s.config.Log)
	defer out.close()
	log := newLogger(out, s.config.Log, slog.LevelDebug)
	office, err := s.open(ctx, log)
	if err != nil {
		return err
	}
	defer office.Close()
	handler, err := s.handler(office, log)
	if err != nil {
		return err
	}
	ln, url, err := s.listener(ctx)
	if err != nil {
		return err
	}
	if err := s.announce(url); err != nil {
		return errors.Join(err, ln.Close())
	}
	stayLean()
	err = s.serve(ctx, ln, handler, office, log)
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// handler is the protocol of the stores and the API of head office. Stores
// prove who they are with their key, so the Host of their requests is theirs.
func (s *centralOptions) handler(office *central.Central, log *slog.Logger) (http.Handler, error) {
	c := s.config
	c.Listen = c.Central.Listen
	fleet, err := web.NewFleet(webConfig(c, s.version, newSecret()), web.FleetDeps{Fleet: office, Clock: s.clock, Log: log})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/sync/", office.Handler())
	mux.Handle("/", fleet.Handler())
	return mux, nil
}

func (s *centralOptions) listener(ctx context.Context) (ln net.Listener, url string, err error) {
	if ln, err = listen(ctx, s.config.Central.Listen); err != nil {
		return nil, "", err
	}
	if s.config.TLS == (TLSConfig{}) {
		return ln, "http://" + reachable(ln.Addr()), nil
	}
	encrypted, _, err := encrypt(ln, s.config.TLS)
	if err != nil {
		return nil, "", errors.Join(err, ln.Close())
	}
	return encrypted, "https://" + reachable(ln.Addr()), nil
}

// pollTimeout is more than a store's long poll may take.
const pollTimeout = 75 * time.Second

// serve answers until ctx ends; then it takes no more and finishes what is
// under way, within stopLimit.
func (s *centralOptions) serve(ctx context.Context, ln net.Listener, h http.Handler, office *central.Central, log *slog.Logger) error {
	limits := s.config.Limits
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Duration(limits.ReadTimeout),
		WriteTimeout: max(time.Duration(limits.WriteTimeout), pollTimeout), IdleTimeout: time.Duration(limits.IdleTimeout),
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		office.Drain()
		stopped <- server.Shutdown(within)
	})
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-stopped
}

// announce tells a person, or with -o json a program, that the server is ready.
func (s *centralOptions) announce(url string) error {
	if s.asJSON() {
		return s.json(map[string]string{"url": url})
	}
	_, err := fmt.Fprintf(s.stdout, `shelfd %s serves head office on %s
  reference       %s/docs
  a store         shelfd central enroll NAME
  a person        shelfd central token create --name NAME --role admin
`, s.version, url, url)
	return err
}
