package cmd

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// live is the ledger that is in a data directory, as far as it can be read.
type live struct {
	dir    string
	exists bool
	// db is nil when there is none, or when it is too damaged to be asked.
	db   *sqlite.DB
	meta store.Meta
}

// lookAtLive reads beside a server that may run, and changes nothing. A ledger
// that cannot be read is no error: it may be why somebody restores.
func lookAtLive(ctx context.Context, dir, version string) (*live, error) {
	l := &live{dir: dir}
	var err error
	if l.exists, err = sqlite.Exists(dir); err != nil {
		return nil, fileError(dir, err)
	}
	if !l.exists {
		return l, nil
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, ReadOnly: true, Version: version})
	if err != nil {
		return l, nil //nolint:nilerr // see above
	}
	if l.meta, err = db.Meta(ctx); err != nil {
		return l, errors.Join(db.Close(), ctx.Err())
	}
	l.db = db
	return l, nil
}

func (l *live) close() {
	if l.db != nil {
		_ = l.db.Close() // only reading
		l.db = nil
	}
}

// isOf tells whether it is known to be a ledger of a store.
func (l *live) isOf(id store.ID) bool { return l.meta.Store == id && !id.IsZero() }

// has tells whether the ledger has an entry with that hash at that place; each
// begins with nothing.
func (l *live) has(ctx context.Context, at store.Head) bool {
	if l.db == nil || at.Seq == 0 {
		return l.db != nil
	}
	e, err := l.db.FindEntry(ctx, at.Seq)
	return err == nil && e.Hash == at.Hash
}

// belongings are the files of the data directory that belong to another store,
// or to a machine's part in it, and go aside with its ledger.
func (l *live) belongings(id store.ID) []string {
	if !l.exists || l.isOf(id) || l.meta.Store.IsZero() && l.keyIsOf(id) {
		return nil
	}
	return []string{keyFile, sealFile, enrolmentFile, backupFileName, controlFile}
}

// keyIsOf tells, where the ledger does not, whose data directory it is.
func (l *live) keyIsOf(id store.ID) bool {
	_, err := readSigner(l.dir, id)
	return err == nil
}

// path is the file of the ledger.
func (l *live) path() string { return filepath.Join(l.dir, sqlite.FileName) }
