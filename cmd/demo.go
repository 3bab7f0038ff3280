package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// demoMaking is where in the data directory a demo is made. Its database
// moves up when it is whole, so that a break leaves nothing half made.
const demoMaking = "demo.making"

// demoDirectory gives the data directory of a demo: the one named, or a new
// temporary one that cleanup removes. One that is named is kept, and used
// again when it holds demo data; a directory with anything else in it is
// refused with exitRefused and left as it is.
func demoDirectory(dataDir string) (dir string, cleanup func(), err error) {
	if dataDir == "" {
		dir, err = os.MkdirTemp("", "shelfd-demo-")
		return dir, func() { _ = os.RemoveAll(dir) }, err
	}
	if _, err := demoThere(context.Background(), dataDir); err != nil {
		return "", nil, err
	}
	return dataDir, func() {}, nil
}

// demoThere tells whether a directory holds demo data already. Anything else
// in it than an unfinished demo is an error.
func demoThere(ctx context.Context, dir string) (bool, error) {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	stranger := ""
	for _, f := range found {
		switch f.Name() {
		case sqlite.FileName:
			return true, demoOnly(ctx, dir)
		case demoMaking, demoLock:
		default:
			stranger = f.Name()
		}
	}
	if stranger != "" {
		return false, withExit(exitRefused, fmt.Errorf("%s is not empty (it holds %s); the demo needs a directory of its own", dir, stranger))
	}
	return false, nil
}

// demoLock is what an opened and emptied data directory keeps.
const demoLock = "shelfd.lock"

// demoOnly refuses a ledger of real data, without opening it for writing.
func demoOnly(ctx context.Context, dir string) error {
	j, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		return err
	}
	m, err := j.Meta(ctx)
	if err = errors.Join(err, j.Close()); err != nil {
		return err
	}
	if !m.Demo {
		err := fmt.Errorf("%s holds real data; the demo needs a directory of its own", dir)
		return withExit(exitRefused, errors.Join(err, sqlite.ErrDemo))
	}
	return nil
}

// makeDemo fills a directory with the made-up shop and the 60 days up to now,
// and does nothing when there is a demo already. The same now gives the same
// quantities. Directories that hold anything else are refused.
func makeDemo(ctx context.Context, dir, version string, now store.Instant, log *slog.Logger) error {
	there, err := demoThere(ctx, dir)
	if there || err != nil {
		return err
	}
	making := filepath.Join(dir, demoMaking)
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	err = fillDemo(ctx, making, version, now, log)
	for _, name := range []string{sqlite.FileName, keyFile} {
		if err == nil {
			err = os.Rename(filepath.Join(making, name), filepath.Join(dir, name))
		}
	}
	return errors.Join(err, os.RemoveAll(making))
}

// fillDemo makes the ledger of the demo, with its key, and closes it.
func fillDemo(ctx context.Context, dir, version string, now store.Instant, log *slog.Logger) error {
	db, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, NewStore: newID, Demo: true, Version: version, Now: now})
	if err != nil {
		return err
	}
	clock := &demoClock{wall: demoStart(now).Time()}
	ledger, err := openDemoLedger(ctx, dir, db, clock, log)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	d := newDemo(ledger, clock, now)
	return errors.Join(d.run(ctx), ledger.Close())
}

func openDemoLedger(ctx context.Context, dir string, db *sqlite.DB, clock store.Clock, log *slog.Logger) (*store.Ledger, error) {
	meta, err := db.Meta(ctx)
	if err != nil {
		return nil, err
	}
	key, _, err := openSigner(dir, meta.Store)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Config{
		Journal: &demoJournal{DB: db}, Clock: clock, NewID: newID, NewSalt: newSalt,
		Rules: store.DefaultRules(), Sign: key.Sign, Log: log,
	})
}
