package cmd

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/web"
)

const (
	// backupLook is how often the schedule is looked at.
	backupLook = time.Minute
	// The first retry after a failure, and the longest time between two.
	backupRetry, backupRetryMost = 5 * time.Minute, time.Hour
)

// backups makes the scheduled backups of a server. Its goroutine alone makes
// them; LastBackup may be asked by anyone.
type backups struct {
	config  BackupConfig
	dir     string
	version string
	ledger  *store.Ledger
	clock   store.Clock
	log     *slog.Logger
	free    func(dir string) (int64, error)
	// now is the ledger's time, and whether it is trusted.
	now func() (store.Instant, bool)
	// due gives the first time after another that is due; nil for never.
	due func(time.Time) time.Time
	// began is when the ledger did, not the server: where that is off at night,
	// none runs when the first backup is due.
	began time.Time
	// retry is the monotonic time before which a failed one is not tried again,
	// wait the time to the retry after that.
	retry, wait time.Duration

	mu     sync.Mutex
	status backupStatus
}

func newBackups(ctx context.Context, a *app, o *rootOptions) (*backups, error) {
	due, err := syncer.Due(string(o.config.Backup.Schedule), time.Local)
	if err != nil {
		return nil, err
	}
	b := &backups{
		config: o.config.Backup, dir: a.dir, version: o.version, ledger: a.ledger, clock: a.clock, log: a.log,
		free: sqlite.FreeBytes, now: a.ledger.Now, due: due, wait: backupRetry,
	}
	b.began = beginOf(ctx, a.ledger)
	b.look()
	return b, nil
}

// beginOf gives when the first entry of a ledger was recorded; now where that
// cannot be told.
func beginOf(ctx context.Context, l *store.Ledger) time.Time {
	now, _ := l.Now()
	stored, err := l.Journal().FindEntry(ctx, 1)
	if err != nil {
		return now.Time()
	}
	first, err := store.ParseEntry(stored.Bytes)
	if err != nil {
		return now.Time()
	}
	return min(now, first.RecordedAt).Time()
}

// look reads what is known of the newest backup; a person may have made it.
func (b *backups) look() {
	known, err := readBackupStatus(b.dir)
	if err != nil {
		b.log.Warn("what is known of the newest backup cannot be read", "err", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = known
}

// run makes backups when they are due, until ctx ends.
func (b *backups) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.clock.After(backupLook):
		}
		b.look()
		if b.isDue() {
			b.make(ctx)
		}
	}
}

// isDue tells whether a backup is. One that was due while no server ran is due
// at once.
func (b *backups) isDue() bool {
	if b.due == nil || b.clock.Mono() < b.retry || b.ledger.Err() != nil {
		return false
	}
	b.mu.Lock()
	last := b.status.At
	b.mu.Unlock()
	now, _ := b.now()
	since := b.began
	if last > 0 && last <= now {
		since = last.Time()
	}
	next := b.due(since)
	return !next.IsZero() && !now.Time().Before(next)
}

// make makes one backup, then removes what is too old.
func (b *backups) make(ctx context.Context) {
	now, trusted := b.now()
	dir := b.config.dirIn(b.dir)
	job := &backupJob{dir: b.dir, version: b.version, now: now, free: b.spare, progress: func(int64, int64) {}}
	r, err := b.attempt(ctx, job, dir)
	if ctx.Err() != nil {
		return // the server stops; the next one makes it
	}
	b.mu.Lock()
	next := b.status
	b.mu.Unlock()
	next.TriedAt, next.Error = now, ""
	if err != nil {
		next.Error = err.Error()
		b.retry, b.wait = b.clock.Mono()+b.wait, min(2*b.wait, backupRetryMost)
		b.log.Error("the backup failed; it is tried again", "dir", dir, "err", err)
	} else {
		next = backupStatus{At: now, File: r.File, Bytes: r.Bytes, Epoch: r.Epoch, Seq: r.Seq, TriedAt: now}
		b.retry, b.wait = 0, backupRetry
		b.log.Info("backed up", "file", r.File, "bytes", r.Bytes, "seq", r.Seq)
	}
	b.mu.Lock()
	b.status = next
	b.mu.Unlock()
	if e := writeBackupStatus(b.dir, next); e != nil {
		b.log.Warn("how the backup went could not be written down", "err", e)
	}
	if err == nil && trusted {
		b.prune(dir, filepath.Base(r.File))
	}
}

// attempt makes the folder where it is ours. One that somebody named must be
// there: where a disk is not mounted, its folder would be on another.
func (b *backups) attempt(ctx context.Context, job *backupJob, dir string) (r backupReport, err error) {
	if b.config.Dir == "" {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return r, fileError(dir, err)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return r, fileError(dir, err)
	}
	return job.make(ctx, backupPlace{dir: dir})
}

// backupReserve is what a scheduled backup leaves free of a disk, in bytes: the
// ledger needs it more.
const backupReserve = 256 << 20

func (b *backups) spare(dir string) (int64, error) {
	free, err := b.free(dir)
	return max(0, free-backupReserve), err
}

// prune removes the oldest of this store's backups that got their names from
// us, but not the one just made.
func (b *backups) prune(dir, made string) {
	meta, err := b.ledger.Journal().Meta(context.Background())
	if err != nil {
		b.log.Warn("old backups stay", "err", err)
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.log.Warn("old backups stay", "dir", dir, "err", err)
		return
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != made && isBackupName(e.Name(), meta.Store) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(x, y string) int { return compareBackups(y, x) })
	for _, name := range names[min(b.config.Keep-1, len(names)):] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			b.log.Warn("an old backup could not be removed", "err", err)
			continue
		}
		b.log.Info("an old backup was removed", "file", filepath.Join(dir, name))
	}
}

// LastBackup tells how the newest backup went.
func (b *backups) LastBackup() web.BackupStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.status
	return web.BackupStatus{At: s.At, Bytes: s.Bytes, TriedAt: s.TriedAt, Failed: s.Error != "", Scheduled: b.due != nil}
}
