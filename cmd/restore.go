package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

type restoreOptions struct {
	*rootOptions
	replace, drill bool
	acceptKey      string
}

func newRestoreCommand(o *rootOptions) *cobra.Command {
	r := &restoreOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the ledger", Args: cobra.ExactArgs(1),
		Long: `Verifies a backup from its first entry to its signed head and puts it into the data
directory, where no server may run. Over a ledger that is there it needs --replace,
and moves that one into a folder beside; nothing is deleted. The restored ledger goes
on in a new epoch: what central has beyond the backup comes back at the next contact,
each fact once.

With --drill nothing is touched: the backup is restored to a temporary directory,
verified, compared with the ledger in use, beside a running server, and removed.` +
			exitStatus(exitNotFound, exitRefused, exitInUse, exitDamaged, exitNoAccess, exitFull, exitForeign, exitNewer),
		Example: `  shelfd restore /media/usb/main-street.backup
  shelfd restore /media/usb/main-street.backup --replace
  shelfd restore /media/usb/main-street.backup --drill`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.load(); err != nil {
				return err
			}
			if r.drill {
				return r.runDrill(cmd.Context(), args[0])
			}
			return r.run(cmd.Context(), args[0])
		},
	}
	f := c.Flags()
	f.BoolVar(&r.replace, "replace", false, "move a ledger that is there into a folder beside")
	f.BoolVar(&r.drill, "drill", false, "restore to a temporary directory, compare, and remove it")
	f.StringVar(&r.acceptKey, "accept-key", "", "accept a backup signed with the key of this `fingerprint`")
	c.MarkFlagsMutuallyExclusive("replace", "drill")
	return c
}

// restoreReport is what restore says with -o json.
type restoreReport struct {
	File  string `json:"file"`
	Store string `json:"store"`
	// Seq and Epoch are the newest entry of the backup, which was made at
	// MadeAt; NewEpoch is that in which the ledger goes on.
	Epoch    int64  `json:"epoch"`
	Seq      int64  `json:"seq"`
	MadeAt   string `json:"made_at"`
	NewEpoch int64  `json:"new_epoch"`
	// Key is the fingerprint of the key that signed it; Proven tells that it is
	// the one in this data directory, or was accepted by its fingerprint.
	Key    string `json:"key"`
	Proven bool   `json:"key_proven"`
	// Aside is where the ledger before is, "" for none; Beyond how many entries
	// it has that the backup does not, -1 when that cannot be told.
	Aside  string `json:"replaced,omitempty"`
	Beyond int64  `json:"entries_after_backup"`
	// Live is what a drill found: prefix, no_ledger or other_store.
	Live string `json:"live,omitempty"`
}

// run restores a backup into the data directory.
func (r *restoreOptions) run(ctx context.Context, path string) (err error) {
	s, err := r.open(path)
	if err != nil {
		return err
	}
	defer s.file.close()
	// What root made there, the service could not finish after a power cut.
	if err := becomeOwner(s.dir); err != nil {
		return err
	}
	hold, err := sqlite.TakeHold(s.dir)
	if err != nil {
		return holdError(s.dir, err)
	}
	defer func() { err = errors.Join(err, hold.Close()) }()
	old, err := lookAtLive(ctx, s.dir, r.version)
	if err != nil {
		return err
	}
	defer old.close()
	if err := s.refuse(old, r.replace); err != nil {
		return err
	}
	if err := s.stage(ctx, filepath.Join(s.dir, sqlite.StagingName), old); err != nil {
		return errors.Join(err, os.RemoveAll(filepath.Join(s.dir, sqlite.StagingName)))
	}
	old.close()
	aside := s.asideName()
	if err := hold.Replace(aside, old.belongings(s.file.manifest.Store)); err != nil {
		return err
	}
	if old.exists {
		s.report.Aside = filepath.Join(s.dir, aside)
	}
	return r.show(s)
}

// open reads what a backup says of itself.
func (r *restoreOptions) open(path string) (*restoring, error) {
	file, err := openBackup(path)
	if err != nil {
		return nil, backupError(path, err)
	}
	m := &file.manifest
	return &restoring{
		options: r, dir: string(r.config.DataDir), now: store.InstantOf(r.clock.Wall()), path: path, file: file,
		report: restoreReport{File: path, Store: m.Store.String(), Epoch: m.Epoch, Seq: m.Seq, MadeAt: m.MadeAt, Key: fingerprint(m.Key), Beyond: -1},
	}, nil
}

// backupError says why a file cannot be restored.
func backupError(path string, err error) error {
	switch {
	case errors.Is(err, errNewerBackup):
		return withExit(exitNewer, fmt.Errorf("%s was written by a newer shelfd; restore it with that version or a newer one", path))
	case errors.Is(err, errNotBackup):
		return withExit(exitForeign, fmt.Errorf("%s is not a backup that shelfd wrote; name a file that shelfd backup made", path))
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return fileError(path, err)
	}
	return withExit(exitDamaged, fmt.Errorf("%s cannot be restored: %w; nothing was changed, take another backup", path, err))
}

func holdError(dir string, err error) error {
	said, ok := errors.AsType[*store.Error](err)
	if errors.Is(err, sqlite.ErrLocked) && ok {
		return withExit(exitInUse, fmt.Errorf("%s; stop that first, then restore", said.Message))
	}
	if ok {
		return err
	}
	return fileError(dir, err)
}

func (r *restoreOptions) show(s *restoring) error {
	if r.asJSON() {
		return r.json(s.report)
	}
	v := s.report
	_, err := fmt.Fprintf(r.stdout, "Restored: the ledger up to entry %d-%d, as backed up at %s. It goes on in epoch %d.\n  key %s, %s\n",
		v.Epoch, v.Seq, v.MadeAt, v.NewEpoch, v.Key, s.keyText())
	if err == nil && v.Aside != "" {
		_, err = fmt.Fprintf(r.stdout, "  the ledger before is in %s%s\n", v.Aside, s.beyondText())
	}
	if err == nil {
		_, err = fmt.Fprintln(r.stdout, s.nextText())
	}
	return err
}
