package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// restoring is one backup on its way to a data directory.
type restoring struct {
	options *restoreOptions
	dir     string
	now     store.Instant
	path    string
	file    *backupFile
	report  restoreReport
}

// asideName names a folder that is not there yet, for the ledger before: two
// restores may be of one second, and a clock may have been set back.
func (s *restoring) asideName() string {
	base := "replaced-" + s.now.Time().Format("20060102T150405Z")
	name := base
	for n := 2; ; n++ {
		if _, err := os.Lstat(filepath.Join(s.dir, name)); err != nil {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}

// refuse tells what stands against restoring over a ledger.
func (s *restoring) refuse(old *live, replace bool) error {
	m := &s.file.manifest
	if m.Demo && !old.meta.Store.IsZero() && !old.meta.Demo {
		return withExit(exitRefused, fmt.Errorf("%s is a backup of demo data, and %s holds real data; name a directory of its own with --data-dir", s.path, s.dir))
	}
	if !old.exists || replace {
		return nil
	}
	what := "a ledger that cannot be read"
	switch {
	case old.isOf(m.Store):
		what = fmt.Sprintf("this store's ledger up to entry %d-%d, and the backup ends at %s", old.meta.Head.Epoch, old.meta.Head.Seq, m.position())
	case !old.meta.Store.IsZero():
		what = fmt.Sprintf("the ledger of another store, %s", old.meta.Store)
	}
	return withExit(exitRefused, fmt.Errorf("%s holds %s; restore over it with --replace, which moves it into a folder beside", s.dir, what))
}

// stage makes the restored ledger ready in a new directory: unpacked, verified,
// in an epoch of its own, bound to this machine and closed.
func (s *restoring) stage(ctx context.Context, to string, old *live) error {
	if err := s.checkRoom(filepath.Dir(to)); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o700)); err != nil {
		return fileError(to, err)
	}
	if err := s.unpack(ctx, filepath.Join(to, sqlite.FileName)); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, sqlite.Options{
		Dir: to, Demo: s.file.manifest.Demo, Version: s.options.version, Now: s.now,
		NewStore: func() store.ID { return store.ID{} },
	})
	if err != nil {
		return openingError(err)
	}
	key, err := s.check(ctx, db)
	if err == nil {
		err = s.carryTokens(ctx, db, old)
	}
	if err == nil {
		err = s.bind(ctx, db)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return s.branch(ctx, db, key, old)
}

// checkRoom refuses to begin on a disk that has no room for the database.
func (s *restoring) checkRoom(dir string) error {
	need := s.file.manifest.Bytes + s.file.manifest.Bytes/4 + backupMargin
	free, err := sqlite.FreeBytes(dir)
	if err != nil {
		return fileError(dir, err)
	}
	if free < need {
		return withExit(exitFull, fmt.Errorf("restoring takes %s in %s, and %s are free; make room. Nothing was changed", megabytes(need), dir, megabytes(free)))
	}
	return nil
}

func (s *restoring) unpack(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fileError(path, err)
	}
	out := &faultyWriter{w: f}
	err = s.file.unpack(ctx, out)
	if e := errors.Join(f.Sync(), f.Close()); out.err != nil || err == nil && e != nil {
		return fileError(filepath.Dir(path), errors.Join(out.err, e))
	}
	if err != nil {
		return orEnded(ctx, backupError(s.path, err))
	}
	return nil
}

// check folds the database from its first entry and holds it to the signed
// head. It gives the key that signs for this store here, nil for none.
func (s *restoring) check(ctx context.Context, db *sqlite.DB) (key *signer, err error) {
	m := &s.file.manifest
	meta, err := db.Meta(ctx)
	if err != nil {
		return nil, openingError(err)
	}
	if meta.Store != m.Store {
		return nil, backupError(s.path, fmt.Errorf("its database is of store %s and not of %s", meta.Store, m.Store))
	}
	if key, err = readSigner(s.dir, m.Store); err != nil {
		// None, or that of another store.
		key = nil
	}
	if err := s.checkSignature(meta.Head, key); err != nil {
		return key, err
	}
	bar := s.options.progress(meta.Seq, "verify")
	defer bar.clear()
	heads := &headCheck{key: key}
	_, err = store.Verify(ctx, db, bar.set, heads.check)
	if _, damaged := errors.AsType[*store.DamageError](err); damaged {
		return key, backupError(s.path, err)
	}
	return key, err
}

func (s *restoring) checkSignature(head store.Head, key *signer) error {
	m, accepted := &s.file.manifest, s.options.acceptKey
	err := m.verifyHead(head, key)
	switch {
	case err != nil && !errors.Is(err, errOtherKey):
		return backupError(s.path, err)
	case accepted != "" && accepted != s.report.Key:
		return withExit(exitRefused, fmt.Errorf("%s was signed with key %s, not with %s; nothing was changed", s.path, s.report.Key, accepted))
	case err != nil && accepted == "":
		return withExit(exitRefused, fmt.Errorf("%s was signed with key %s, which is not the one in %s; when you know that as an earlier key of this store, add --accept-key %s",
			s.path, s.report.Key, filepath.Join(s.dir, keyFile), s.report.Key))
	}
	s.report.Proven = key != nil || accepted != ""
	return nil
}

// carryTokens takes over what became of tokens after the backup, where the
// ledger before goes on from it: one that was revoked stays so, one that was
// issued goes on.
func (s *restoring) carryTokens(ctx context.Context, db *sqlite.DB, old *live) error {
	m := &s.file.manifest
	if !old.isOf(m.Store) || !old.has(ctx, store.Head{Seq: m.Seq, Hash: m.Hash}) {
		return nil
	}
	newer, err := old.db.ListTokens(ctx)
	if err != nil || len(newer) == 0 {
		return nil //nolint:nilerr // What cannot be read of the old one is lost with it.
	}
	if err := db.Append(ctx, &store.Batch{Tokens: newer}); err != nil {
		return openingError(err)
	}
	return nil
}

// bind makes this machine the store's: a person says so by restoring here.
func (s *restoring) bind(ctx context.Context, db *sqlite.DB) error {
	machine, err := s.options.config.machineOf()
	if err != nil {
		machine = ""
	}
	return db.Bind(ctx, machine)
}

// branch lets the ledger go on in a new epoch, and closes it. Where the ledger
// before has all of the backup, the branch is named by its epoch, which is what
// central knows; else by the backup's.
func (s *restoring) branch(ctx context.Context, db *sqlite.DB, key *signer, old *live) error {
	m := &s.file.manifest
	rules, err := s.options.config.rules()
	if err != nil {
		return errors.Join(err, db.Close())
	}
	cfg := store.Config{
		Journal: db, Clock: s.options.clock, NewID: newID, NewSalt: newSalt, Rules: rules,
		Log: newLogger(io.Discard, s.options.config.Log, slog.LevelError),
	}
	if key != nil {
		cfg.Sign = key.Sign
	}
	l, err := store.Open(ctx, cfg)
	if err != nil {
		return openingError(errors.Join(err, db.Close()))
	}
	at := store.Head{Epoch: m.Epoch, Seq: m.Seq, Hash: m.Hash}
	if old.isOf(m.Store) && old.has(ctx, at) {
		s.report.Beyond = old.meta.Head.Seq - m.Seq
		at.Epoch = max(at.Epoch, old.meta.Head.Epoch)
	}
	if m.Seq > 0 {
		_, err = l.Do(ctx, store.SystemRequest(), &store.OpenEpoch{
			Branch: store.Position{Epoch: at.Epoch, Seq: at.Seq}, Hash: at.Hash, Reason: store.EpochRestored,
		})
	}
	s.report.NewEpoch = l.Head().Epoch
	return openingError(errors.Join(err, l.Close()))
}
