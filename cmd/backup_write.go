package cmd

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// backupJob makes one backup of a data directory, whether a server has it open
// or not.
type backupJob struct {
	dir     string
	version string
	now     store.Instant
	// free tells how much may be written to the disk of a directory, in bytes.
	free func(dir string) (int64, error)
	// progress is told the entries that were verified, of how many.
	progress func(done, of int64)
}

// backupMargin is what must stay free beside a backup under way, in bytes.
const backupMargin = 16 << 20

// backupWindow bounds the memory of compressing, in bytes: a store box has
// little, and sells meanwhile.
const backupWindow = 2 << 20

// backupPlace is where a backup goes.
type backupPlace struct {
	// dir holds it; name is its name there, "" for one that says what it is.
	dir, name string
	// force replaces a file that is there.
	force bool
}

// make writes a backup that appears under its name only when it is whole, on
// the disk, and read again. The path it got is in the report.
func (j *backupJob) make(ctx context.Context, to backupPlace) (r backupReport, err error) {
	if err := j.checkRoom(to.dir); err != nil {
		return r, err
	}
	bench, err := takeBench(to.dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, bench.close()) }()
	work := bench.dir
	copied, err := sqlite.Copy(ctx, j.dir, filepath.Join(work, databaseName))
	if err != nil {
		return r, copyError(work, err)
	}
	key, err := readSigner(j.dir, copied.Store)
	if err != nil {
		return r, signingError(j.dir, err)
	}
	if err := j.verify(ctx, work, copied, key); err != nil {
		return r, err
	}
	m, err := newManifest(copied, key, j.now)
	if err != nil {
		return r, err
	}
	part := filepath.Join(work, "backup")
	if err := writeBackup(ctx, part, filepath.Join(work, databaseName), &m); err != nil {
		return r, orEnded(ctx, fileError(to.dir, err))
	}
	if err := checkWritten(ctx, part, &m); err != nil {
		return r, orEnded(ctx, withExit(exitFailure, fmt.Errorf("the backup was written and does not read back (%w); the disk of %s is not to be trusted", err, to.dir)))
	}
	return j.place(part, to, &m)
}

// checkRoom refuses to begin on a disk that has no room for the copy and the
// file.
func (j *backupJob) checkRoom(dir string) error {
	var size int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(filepath.Join(j.dir, sqlite.FileName+suffix)); err == nil {
			size += info.Size()
		}
	}
	need := size + size/2 + backupMargin
	free, err := j.free(dir)
	if err != nil {
		return fileError(dir, err)
	}
	if free < need {
		return withExit(exitFull, fmt.Errorf("a backup takes up to %s in %s while it is made, and %s are free; make room, or choose another disk",
			megabytes(need), dir, megabytes(free)))
	}
	return nil
}

// verify folds the copy from its first entry, as verify does.
func (j *backupJob) verify(ctx context.Context, work string, c sqlite.Copied, key *signer) (err error) {
	journal, err := sqlite.Open(ctx, sqlite.Options{Dir: work, ReadOnly: true, Version: j.version})
	if err != nil {
		return openingError(err)
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	heads := &headCheck{key: key}
	found, err := store.Verify(ctx, journal, func(n int64) { j.progress(n, c.Head.Seq) }, heads.check)
	if err != nil {
		return openingError(err)
	}
	if found.Head.Seq != c.Head.Seq || found.Head.Hash != c.Head.Hash {
		return withExit(exitDamaged, fmt.Errorf("the copy ends at %d-%d and its last entry is %d-%d", found.Head.Epoch, found.Head.Seq, c.Head.Epoch, c.Head.Seq))
	}
	return nil
}

// place gives the finished file its name.
func (j *backupJob) place(part string, to backupPlace, m *manifest) (r backupReport, err error) {
	name := cmp.Or(to.name, scheduledName(m, j.now))
	path := filepath.Join(to.dir, name)
	if _, err := os.Lstat(path); err == nil && !to.force {
		return r, errBackupExists(path)
	}
	info, err := os.Stat(part)
	if err != nil {
		return r, fileError(part, err)
	}
	if err := moveWhole(part, path); err != nil {
		return r, fileError(path, err)
	}
	return backupReport{
		File: path, Bytes: info.Size(), DatabaseBytes: m.Bytes, Store: m.Store.String(), Epoch: m.Epoch, Seq: m.Seq,
		Hash: hex.EncodeToString(m.Hash[:]), Key: fingerprint(m.Key), MadeAt: m.MadeAt,
	}, nil
}

// writeBackup packs a database and what is said of it into a new file.
func writeBackup(ctx context.Context, path, database string, m *manifest) (err error) {
	sum, err := hashFile(ctx, database)
	if err != nil {
		return err
	}
	m.SHA256 = sum
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = packBackup(ctx, f, database, m)
	return errors.Join(err, f.Sync(), f.Close())
}

func packBackup(ctx context.Context, w io.Writer, database string, m *manifest) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(backupWindow), zstd.WithEncoderCRC(true))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	in, err := os.Open(database)
	if err != nil {
		return err
	}
	defer in.Close()
	t := tar.NewWriter(z)
	err = packFile(t, manifestName, int64(len(text)), bytes.NewReader(text))
	if err == nil {
		err = packFile(t, databaseName, m.Bytes, untilEnded{ctx, in})
	}
	return errors.Join(err, t.Close(), z.Close())
}

func packFile(t *tar.Writer, name string, size int64, r io.Reader) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := io.Copy(t, r)
	return err
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, untilEnded{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), err
}

// untilEnded reads until a context ends, so that a stop need not wait for a
// large ledger.
type untilEnded struct {
	ctx context.Context
	r   io.Reader
}

// Read reads on.
func (u untilEnded) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// orEnded gives the end of a context rather than what that made fail.
func orEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// checkWritten reads a backup again and holds it to what was packed, whose
// database was verified.
func checkWritten(ctx context.Context, path string, want *manifest) error {
	b, err := openBackup(path)
	if err != nil {
		return err
	}
	defer b.close()
	if b.manifest != *want {
		return errors.New("its manifest is another one")
	}
	return b.unpack(ctx, io.Discard)
}
