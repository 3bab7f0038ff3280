package cmd

import (
	"context"
	"errors"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// copyCommand is what upgrade --check runs of another version. Its name, its
// flags and its answer must stay.
const copyCommand = "upgrade-copy"

// upgraded is the answer: what happened to the copy, and how long it took.
type upgraded struct {
	FromSchema int64 `json:"from_schema"`
	ToSchema   int64 `json:"to_schema"`
	UpgradeMS  int64 `json:"upgrade_ms"`
	VerifyMS   int64 `json:"verify_ms"`
	Entries    int64 `json:"entries"`
}

func newUpgradeCopyCommand(o *rootOptions) *cobra.Command {
	var demo bool
	c := &cobra.Command{
		Use: copyCommand, Short: "Upgrade and verify a copy of a ledger", Args: cobra.NoArgs, Hidden: true,
		Long: "Upgrades the ledger in the data directory, a copy, and verifies it." + exitStatus(exitNotFound, exitDamaged, exitFull, exitNewer),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.load(); err != nil {
				return err
			}
			if err := o.needLedger(); err != nil {
				return err
			}
			u, err := o.upgradeCopy(cmd.Context(), demo)
			if err != nil {
				return err
			}
			return o.json(u)
		},
	}
	c.Flags().BoolVar(&demo, "demo", false, "the data are made up")
	return c
}

// upgradeCopy opens the data directory as a start does, and verifies what came
// of it.
func (o *rootOptions) upgradeCopy(ctx context.Context, demo bool) (u upgraded, err error) {
	began := o.clock.Mono()
	db, err := sqlite.Open(ctx, sqlite.Options{
		Dir: string(o.config.DataDir), Demo: demo, Version: o.version, Now: store.InstantOf(o.clock.Wall()), NewStore: newID,
	})
	if err != nil {
		return u, openingError(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	opened := o.clock.Mono()
	report, err := store.Verify(ctx, db, nil, nil)
	if err != nil {
		return u, openingError(err)
	}
	did := db.Upgraded()
	return upgraded{
		FromSchema: did.From, ToSchema: did.To, Entries: report.Entries,
		UpgradeMS: (opened - began).Milliseconds(), VerifyMS: (o.clock.Mono() - opened).Milliseconds(),
	}, nil
}

func systemName() string { return runtime.GOOS + "/" + runtime.GOARCH }
