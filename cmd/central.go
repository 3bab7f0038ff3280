package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/central"
	"github.com/shelfd/shelfd/store"
)

// centralOptions are the flags of central and the commands below it.
type centralOptions struct {
	*rootOptions
	listen, database string
}

func newCentralCommand(o *rootOptions) *cobra.Command {
	s := &centralOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "central", Short: "Run head office's server", Args: cobra.NoArgs,
		Long: `Takes the ledgers of all stores into PostgreSQL and answers for all of them, until
it is told to stop with Ctrl-C or SIGTERM. Any number of copies may serve one
database.

The commands below central work on the database and need no running server.` +
			exitStatus(exitRefused, exitUnreachable),
		Example: `  shelfd central --database postgres://shelfd@localhost/shelfd`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	c.PersistentFlags().StringVar(&s.database, "database", "", "the `address` of PostgreSQL")
	c.Flags().StringVar(&s.listen, "listen", "", "the `address:port` to serve on (default 127.0.0.1:8322)")
	c.AddCommand(newCentralStoresCommand(s), newCentralEnrollCommand(s), newCentralRevokeCommand(s),
		newCentralSendCommand(s), newCentralTokenCommand(s))
	return c
}

func (s *centralOptions) configure() error {
	var flags []flagValue
	if s.listen != "" {
		flags = append(flags, flagValue{Flag: "--listen", Key: "central.listen", Value: s.listen})
	}
	if s.database != "" {
		flags = append(flags, flagValue{Flag: "--database", Key: "central.database", Value: s.database})
	}
	if err := s.load(flags...); err != nil {
		return err
	}
	if s.config.Central.Database == "" {
		return withExit(exitConfig, errors.New("central.database is not set; name the PostgreSQL database there, in SHELFD_CENTRAL_DATABASE or with --database"))
	}
	return nil
}

// open connects to the configured database.
func (s *centralOptions) open(ctx context.Context, log *slog.Logger) (*central.Central, error) {
	c := s.config.Central
	office, err := central.Open(ctx, central.Config{
		Database: string(c.Database), Clock: s.clock, Log: log, Version: s.version,
		MaxConnections: c.MaxConnections, InFlight: c.InFlight,
	})
	return office, withExit(exitUnreachable, err)
}

// with runs fn on the configured database, for a command that ends.
func (s *centralOptions) with(ctx context.Context, fn func(*central.Central) error) error {
	if err := s.configure(); err != nil {
		return err
	}
	office, err := s.open(ctx, newLogger(s.stderr, s.config.Log, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer office.Close()
	return officeError(fn(office))
}

// officeError gives the exit code of what head office refused.
func officeError(err error) error {
	_, coded := errors.AsType[*exitError](err)
	switch code := store.CodeOf(err); {
	case err == nil, coded:
		return err
	case code == store.CodeNotFound:
		return withExit(exitNotFound, err)
	case code != "":
		return withExit(exitRefused, err)
	}
	return err
}

// storeNamed finds a store by id, or by name without regard to letter case.
func storeNamed(ctx context.Context, office *central.Central, text string) (store.FleetStore, error) {
	list, err := office.Stores(ctx)
	if err != nil {
		return store.FleetStore{}, err
	}
	var found []store.FleetStore
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
		if s.ID.String() == text {
			return s, nil
		}
		if strings.EqualFold(s.Name, text) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return store.FleetStore{}, withExit(exitNotFound, fmt.Errorf("there is no store %q; there are: %s", text, strings.Join(names, ", ")))
	}
	return store.FleetStore{}, withExit(exitRefused, fmt.Errorf("%d stores are named %q; say which by its id", len(found), text))
}

// officeRequest is that of a person at the database's own machine.
func officeRequest() store.Request {
	return store.Request{Actor: "cli", Source: "cli", Manager: true}
}
