package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store/sqlite"
)

func newDoctorCommand(o *rootOptions) *cobra.Command {
	d := &doctor{rootOptions: o}
	var bundle string
	c := &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong and say what to do", Args: cobra.NoArgs,
		Long: `Looks at everything that shelfd needs: configuration, data directory, disk,
database, clock, backup, destinations, webhooks, address, service. It works with
a running server, with none, and with data that cannot be opened, and it changes
nothing.

With --bundle it writes a file for support as well. There is no secret in it, no
price, no note and no customer; its manifest.txt says what is in it.` + exitStatus(exitUnwell),
		Example: `  shelfd doctor
  shelfd doctor --offline
  shelfd doctor --bundle support.zip`,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), bundle) },
	}
	c.Flags().BoolVar(&d.offline, "offline", false, "ask nobody over the network")
	c.Flags().StringVar(&bundle, "bundle", "", "write a `file` for support (zip)")
	return c
}

// doctor looks at one installation. What one check finds others use: the fields
// below are set by the first ones.
type doctor struct {
	*rootOptions
	offline bool

	// fault is what is wrong with the configuration.
	fault error
	dir   string
	// noDirectory tells that something else is where the data should be.
	noDirectory bool
	// ledger is open for reading, nil when it cannot be.
	ledger *sqlite.DB
	// server is the one that runs on this directory, nil for none.
	server *client
	// enrolled is where central is, as far as the store is enrolled.
	enrolled enrolment
}

// networkPatience bounds all that is asked over the network.
const networkPatience = 5 * time.Second

func (d *doctor) run(ctx context.Context, bundle string) (err error) {
	d.examine(ctx)
	defer func() { err = errors.Join(err, d.close()) }()
	r := d.report(ctx)
	if bundle != "" {
		if err := d.writeBundle(ctx, bundle, r); err != nil {
			return err
		}
	}
	return d.show(r)
}

// examine opens what there is to look at.
func (d *doctor) examine(ctx context.Context) {
	var flags []flagValue
	if d.dataDir != "" {
		flags = append(flags, flagValue{Flag: "--data-dir", Key: "data_dir", Value: d.dataDir})
	}
	d.config, d.origins, d.fault = loadAnyway(d.configPath, d.env, flags...)
	if d.dir = string(d.config.DataDir); d.dir != "" {
		if whole, err := filepath.Abs(d.dir); err == nil {
			d.dir = whole
		}
		d.server = connectServer(ctx, d.dir)
	}
}

func (d *doctor) close() error {
	var errs []error
	if d.ledger != nil {
		errs = append(errs, d.ledger.Close())
	}
	if d.server != nil {
		errs = append(errs, d.server.Close())
	}
	return errors.Join(errs...)
}

// report makes every check: those of this machine one after another, since
// later ones need earlier ones, those over the network all at once.
func (d *doctor) report(ctx context.Context) doctorReport {
	r := doctorReport{Version: d.version, DataDir: d.dir, At: d.clock.Wall().UTC()}
	r.add(d.checkVersion(), d.checkConfiguration())
	if d.dir != "" {
		r.add(d.checkDirectory()...)
		r.add(d.checkDisk()...)
	}
	if d.dir != "" && !d.noDirectory {
		r.add(d.checkLedger(ctx)...)
		r.add(d.checkBackup())
	}
	r.add(d.checkClock(ctx)...)
	r.add(d.checkWebhooks(ctx)...)
	ctx, cancel := context.WithTimeout(ctx, networkPatience)
	defer cancel()
	r.add(inParallel(ctx, append([]check{d.checkPort, d.checkServer, d.checkService}, d.destinationChecks(ctx)...))...)
	r.judge()
	return r
}

// check is one question to the network or to the system's service manager.
type check func(context.Context) []finding

// inParallel makes checks at once and gives what they found in their order.
func inParallel(ctx context.Context, checks []check) (all []finding) {
	found := make([][]finding, len(checks))
	var group sync.WaitGroup
	for i, c := range checks {
		group.Go(func() { found[i] = c(ctx) })
	}
	group.Wait()
	for _, list := range found {
		all = append(all, list...)
	}
	return all
}

func (d *doctor) checkVersion() finding {
	return good("version", "version", "shelfd %s (commit %s), SQLite %s, %s", d.build.Version, d.build.Commit, d.build.SQLite, d.build.System)
}

func (d *doctor) checkConfiguration() finding {
	path, _ := configPath(d.configPath, d.env)
	if _, err := os.Stat(path); err != nil {
		path = "there is no file; defaults hold"
	}
	if d.fault == nil {
		return good("configuration", "configuration", "it can be used (%s)", path)
	}
	faults := joined(d.fault)
	text := faults[0].Error()
	if n := len(faults); n > 1 {
		text = fmt.Sprintf("%s; and %d more", text, n-1)
	}
	return bad("configuration", "configuration.invalid", "shelfd config check names every fault with its place; mend them, and start again", "%s", text)
}

// bundleError says what kept a bundle from being written.
func bundleError(path string, err error) error {
	return withExit(exitNoAccess, fmt.Errorf("%s cannot be written: %w", path, err))
}
