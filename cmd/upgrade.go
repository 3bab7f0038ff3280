package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store/sqlite"
)

func newUpgradeCommand(o *rootOptions) *cobra.Command {
	var check string
	c := &cobra.Command{
		Use: "upgrade --check FILE", Short: "Try a new version of shelfd on a copy of the data", Args: cobra.NoArgs,
		Long: `Lets FILE, the program of another version, upgrade and verify a copy of the ledger,
beside a running server, and says what it would change and how long that takes. The
copy is removed; neither the ledger nor the program that is installed is touched. The
configuration in force is read by FILE too, so what it does not know of it is told.

The upgrade itself is to install FILE and to start it: it copies the ledger before it
changes it.` + exitStatus(exitConfig, exitNotFound, exitRefused, exitDamaged, exitNoAccess, exitFull, exitForeign, exitNewer),
		Example: `  shelfd upgrade --check ./shelfd-new`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.checkUpgrade(cmd.Context(), check) },
	}
	c.Flags().StringVar(&check, "check", "", "the `file` of the new program")
	_ = c.MarkFlagRequired("check") // it is there
	return c
}

// upgradeReport is what upgrade --check says with -o json.
type upgradeReport struct {
	File        string `json:"file"`
	FromVersion string `json:"from_version"`
	ToVersion   string `json:"to_version"`
	upgraded
}

// checkUpgrade tries another program on a copy of the ledger.
func (o *rootOptions) checkUpgrade(ctx context.Context, file string) (err error) {
	if err := o.load(); err != nil {
		return err
	}
	if err := o.needLedger(); err != nil {
		return err
	}
	p, err := o.program(ctx, file)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "shelfd-upgrade-*")
	if err != nil {
		return fileError(os.TempDir(), err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	copied, err := o.copyForUpgrade(ctx, scratch)
	if err != nil {
		return err
	}
	done, err := p.upgrade(ctx, scratch, copied.Demo)
	if err != nil {
		return err
	}
	return o.showUpgrade(upgradeReport{p.path, o.version, p.build.Version, done})
}

// copyForUpgrade copies the ledger to an empty directory with room for it, and
// for the copy that an upgrade makes.
func (o *rootOptions) copyForUpgrade(ctx context.Context, to string) (c sqlite.Copied, err error) {
	dir := string(o.config.DataDir)
	info, err := os.Stat(filepath.Join(dir, sqlite.FileName))
	if err != nil {
		return c, fileError(dir, err)
	}
	need := 3*info.Size() + backupMargin
	if free, err := sqlite.FreeBytes(to); err == nil && free < need {
		return c, withExit(exitFull, fmt.Errorf("trying an upgrade takes up to %s in %s, and %s are free; name another disk in the variable TMPDIR", megabytes(need), filepath.Dir(to), megabytes(free)))
	}
	c, err = sqlite.Copy(ctx, dir, filepath.Join(to, sqlite.FileName))
	return c, copyError(to, err)
}

func (o *rootOptions) showUpgrade(r upgradeReport) error {
	if o.asJSON() {
		return o.json(r)
	}
	change := fmt.Sprintf("the tables stay as they are (schema %d)", r.FromSchema)
	if r.FromSchema != r.ToSchema {
		change = fmt.Sprintf("the tables would change from schema %d to %d, which took %s", r.FromSchema, r.ToSchema, r.took(r.UpgradeMS))
	}
	_, err := fmt.Fprintf(o.stdout, `%s can take over: shelfd %s after %s. Nothing was changed.
  %s
  the copy is whole afterwards: %s entries, verified in %s
To upgrade, install it and start the server again.
`, r.File, r.ToVersion, r.FromVersion, change, thousands(r.Entries), r.took(r.VerifyMS))
	return err
}

func (upgraded) took(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }
