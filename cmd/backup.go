package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

func newBackupCommand(o *rootOptions) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "backup FILE", Short: "Write a backup of the ledger, beside a running server or without one", Args: cobra.ExactArgs(1),
		Long: `Writes the whole ledger, as of one moment, into one compressed file with its signed
head. A server may run and sell meanwhile. The copy is verified from its first entry
and the file is read again before it gets its name. When FILE is a directory, the
backup gets a name there that says what it is.

The keys in the data directory (ledger.key, seal.key) and the enrolment at central
are not in it. Keep copies of the keys apart from the backups; docs/backup.md says why.` +
			exitStatus(exitNotFound, exitRefused, exitDamaged, exitNoAccess, exitFull),
		Example: `  shelfd backup /media/usb
  shelfd backup /mnt/nas/main-street.backup --force`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.backup(cmd.Context(), args[0], force) },
	}
	c.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return c
}

// backupReport is what backup says with -o json.
type backupReport struct {
	File          string `json:"file"`
	Bytes         int64  `json:"bytes"`
	DatabaseBytes int64  `json:"database_bytes"`
	Store         string `json:"store"`
	Epoch         int64  `json:"epoch"`
	Seq           int64  `json:"seq"`
	Hash          string `json:"hash"`
	// Key is the fingerprint of the key that the head was signed with.
	Key    string `json:"key"`
	MadeAt string `json:"made_at"`
}

func (o *rootOptions) backup(ctx context.Context, path string, force bool) error {
	if err := o.load(); err != nil {
		return err
	}
	if err := o.needLedger(); err != nil {
		return err
	}
	to, err := placeOf(path, force)
	if err != nil {
		return err
	}
	if err := o.spareData(filepath.Join(to.dir, cmp.Or(to.name, "backup"))); err != nil {
		return err
	}
	job := o.backupJob()
	var bar *meter
	job.progress = func(done, of int64) {
		if bar == nil {
			bar = o.progress(of, "verify")
		}
		bar.set(done)
	}
	report, err := job.make(ctx, to)
	bar.clear()
	if err != nil {
		return err
	}
	// Who may not write there leaves no note; the backup is as good.
	_ = writeBackupStatus(job.dir, backupStatus{
		At: job.now, File: report.File, Bytes: report.Bytes, Epoch: report.Epoch, Seq: report.Seq, TriedAt: job.now,
	})
	return o.showBackup(report)
}

func (o *rootOptions) backupJob() *backupJob {
	return &backupJob{
		dir: string(o.config.DataDir), version: o.version, now: store.InstantOf(o.clock.Wall()),
		free: sqlite.FreeBytes, progress: func(int64, int64) {},
	}
}

// placeOf says where a backup goes that somebody named.
func placeOf(path string, force bool) (to backupPlace, err error) {
	if path == "" { // as of a variable that is not set
		return to, withExit(exitUsage, errors.New("FILE is empty; name a file or a directory for the backup"))
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return to, err
	}
	info, err := os.Stat(full)
	switch {
	case err == nil && info.IsDir():
		return backupPlace{dir: full, force: force}, nil
	case err == nil && !force:
		return to, errBackupExists(full)
	case err == nil && !info.Mode().IsRegular():
		return to, withExit(exitRefused, fmt.Errorf("%s is no file that could be replaced", full))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return to, fileError(full, err)
	case os.IsPathSeparator(path[max(0, len(path)-1):][0]):
		return to, withExit(exitNotFound, fmt.Errorf("the directory %s does not exist", full))
	}
	if _, err := os.Stat(filepath.Dir(full)); err != nil {
		return to, fileError(filepath.Dir(full), err)
	}
	return backupPlace{dir: filepath.Dir(full), name: filepath.Base(full), force: force}, nil
}

func (o *rootOptions) showBackup(r backupReport) error {
	if o.asJSON() {
		return o.json(r)
	}
	_, err := fmt.Fprintf(o.stdout, `Backed up: %s (%s)
  the ledger up to entry %d-%d, verified and signed; the file was read again
  key %s
`, r.File, megabytes(r.Bytes), r.Epoch, r.Seq, r.Key)
	return err
}

// scheduledName is the name of a backup whose name is left to us: of which
// store, when it was made, and of which entry.
func scheduledName(m *manifest, made store.Instant) string {
	return backupPrefix(m.Store) + made.Time().Format("20060102T150405Z") + "-" + m.position() + backupSuffix
}

const backupSuffix = ".backup"

// backupPrefix begins the names of a store's backups.
func backupPrefix(id store.ID) string { return "shelfd-" + id.String() + "-" }

// isBackupName tells whether a file got its name from scheduledName for this
// store.
func isBackupName(name string, id store.ID) bool {
	rest, ours := strings.CutPrefix(name, backupPrefix(id))
	rest, ends := strings.CutSuffix(rest, backupSuffix)
	at, position, both := strings.Cut(rest, "-")
	_, ok := store.ParsePosition(position)
	ok = ok || position == "1-0" // a ledger without entries
	return ours && ends && both && ok && len(at) == len("20060102T150405Z")
}

// compareBackups orders the names of one store's backups by how far the ledger
// was, and only then by the clock, which may have been wrong.
func compareBackups(x, y string) int {
	p, q := positionIn(x), positionIn(y)
	return cmp.Or(cmp.Compare(p.Epoch, q.Epoch), cmp.Compare(p.Seq, q.Seq), strings.Compare(x, y))
}

func positionIn(name string) store.Position {
	parts := strings.Split(strings.TrimSuffix(name, backupSuffix), "-")
	p, _ := store.ParsePosition(strings.Join(parts[max(0, len(parts)-2):], "-"))
	return p
}
