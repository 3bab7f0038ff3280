// Package cmd is the command line and the composition of shelfd: it reads the
// configuration, opens the ledger, puts the API on a listener and turns errors
// into exit codes. It refuses to hold any rule of the ledger or of the API:
// every command but serve, service, verify, doctor, backup, restore, upgrade and
// config is a client of the API, whether a server runs or not. Those below central
// speak to its database instead.
package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

// Program is what the linker and the system give the process. Version and
// Commit may be empty; see version.go.
type Program struct {
	Version, Commit string
	Args, Env       []string
	Stdin           io.Reader
	Stdout, Stderr  io.Writer
}

// Execute runs a command line and gives the exit code; docs/exit-codes.md lists
// them. The first Ctrl-C or SIGTERM ends it in order, the second at once.
func Execute(p Program) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A reader such as head that goes away must not end us before the ledger
	// is closed: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	// From then on the system does with a signal what it does by default.
	context.AfterFunc(ctx, stop)
	return execute(ctx, newRootOptions(p), p.Args)
}

func execute(ctx context.Context, o *rootOptions, args []string) int {
	root := newRootCommand(o)
	root.SetArgs(args)
	called, err := root.ExecuteContextC(ctx)
	if err != nil && !o.running {
		err = withExit(exitUsage, usageError(called, err))
	}
	if errors.Is(err, syscall.EPIPE) {
		err = nil // whoever read the output has enough of it
	}
	if ctx.Err() != nil && exitCode(err) == exitFailure {
		err = withExit(exitInterrupted, err)
	}
	o.report(err)
	return exitCode(err)
}

// rootOptions is what every command has: the global flags and the process.
type rootOptions struct {
	configPath, dataDir, output string

	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	version        string
	build          buildInfo
	clock          store.Clock

	// config is set by load; origins are the places of what is not default.
	config  Config
	origins map[string]origin
	// running tells that a command began: errors before that are wrong usage.
	running bool
	// patience is how long to wait for a data directory that is in use.
	patience time.Duration
	// syncing lets a command that finds no server sync by itself meanwhile.
	syncing bool
	// system tells that the default places are those of the service of this
	// machine, and not of the account.
	system bool
	// existing lets no new ledger be made.
	existing bool
	// lowered tells that this process gave up root's rights for those of the
	// account that owns the data.
	lowered bool
	// journal replaces the disk in tests.
	journal func(store.Journal) store.Journal
}

func newRootOptions(p Program) *rootOptions {
	build := buildOf(p)
	return &rootOptions{
		stdin: p.Stdin, stdout: p.Stdout, stderr: p.Stderr, env: p.Env,
		version: build.Version, build: build, clock: store.SystemClock(), patience: 3 * time.Second,
	}
}

// load reads the configuration; flags are those of the command itself.
func (o *rootOptions) load(flags ...flagValue) (err error) {
	if o.dataDir != "" {
		flags = append(flags, flagValue{Flag: "--data-dir", Key: "data_dir", Value: o.dataDir})
	}
	read := loadConfig
	if o.system {
		read = loadSystemConfig
	}
	o.config, o.origins, err = read(o.configPath, o.env, flags...)
	// It is shown in logs and on pages, which are read somewhere else.
	if whole, e := filepath.Abs(string(o.config.DataDir)); e == nil && err == nil && o.config.DataDir != "" {
		o.config.DataDir = Path(whole)
	}
	return err
}

// asJSON tells whether output is for machines.
func (o *rootOptions) asJSON() bool { return o.output == "json" }

// json writes v to standard output, for -o json.
func (o *rootOptions) json(v any) error { return writeJSON(o.stdout, v) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The groups in which help lists commands.
const (
	groupServer = "server"
	groupStock  = "stock"
	groupUpkeep = "upkeep"
	groupAdmin  = "admin"
)

func newRootCommand(o *rootOptions) *cobra.Command {
	root := &cobra.Command{
		Use:   "shelfd",
		Short: "Stock of a shop: an inventory API on a ledger that is never rewritten",
		Long: `shelfd keeps the stock of a shop in an append-only ledger and serves it over REST.

The other commands talk to the running server of the same data directory. When
none runs, they open the directory themselves.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return o.checkOutput(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(o.stdin)
	root.SetOut(o.stdout)
	root.SetErr(o.stderr)
	flags := root.PersistentFlags()
	flags.StringVar(&o.configPath, "config", "", "the configuration `file`")
	flags.StringVar(&o.dataDir, "data-dir", "", "the `directory` of the ledger")
	flags.StringVarP(&o.output, "output", "o", "text", "what to write: text or json")
	addCommands(root, o)
	markRunning(root, o)
	passExitStatus(root)
	return root
}

func addCommands(root *cobra.Command, o *rootOptions) {
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{groupServer, "Server:", []*cobra.Command{newServeCommand(o), newServiceCommand(o), newCentralCommand(o)}},
		{groupStock, "Stock:", stockCommands(o)},
		{groupUpkeep, "Upkeep:", []*cobra.Command{
			newBackupCommand(o), newRestoreCommand(o), newUpgradeCommand(o), newUpgradeCopyCommand(o), newVerifyCommand(o), newDoctorCommand(o),
		}},
		{groupAdmin, "Administration:", []*cobra.Command{
			newSyncCommand(o), newPOSCommand(o), newReconcileCommand(o), newWebhookCommand(o), newAdoptCommand(o), newTokenCommand(o),
			newConfigCommand(o), newVersionCommand(o),
		}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID(groupAdmin)
	root.SetCompletionCommandGroupID(groupAdmin)
	root.AddCommand(newExitCodesTopic())
}

// markRunning lets every command say that it began, which parts wrong usage
// from failure.
func markRunning(c *cobra.Command, o *rootOptions) {
	if run := c.RunE; run != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			o.running = true
			return run(cmd, args)
		}
	}
	for _, sub := range c.Commands() {
		markRunning(sub, o)
	}
}

// passExitStatus gives commands without a long help the exit status of the one
// above.
func passExitStatus(c *cobra.Command) {
	_, status, found := strings.Cut(c.Long, exitHeading)
	for _, sub := range c.Commands() {
		if sub.Long == "" && found {
			sub.Long = sub.Short + "." + exitHeading + status
		}
		passExitStatus(sub)
	}
}

// newParent makes a command that only holds others. Without it, cobra answers
// an unknown one with help and success.
func newParent(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(commands...)
	return c
}

// moreOutputs annotates a command with the forms that its -o takes besides
// text and json, with spaces between.
const moreOutputs = "more outputs"

func (o *rootOptions) checkOutput(c *cobra.Command) error {
	forms := append([]string{"text", "json"}, strings.Fields(c.Annotations[moreOutputs])...)
	if slices.Contains(forms, o.output) {
		return nil
	}
	asked, last := o.output, len(forms)-1
	o.output = "text"
	return fmt.Errorf("-o %s: must be %s or %s", asked, strings.Join(forms[:last], ", "), forms[last])
}
