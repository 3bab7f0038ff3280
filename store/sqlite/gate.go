package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	lib "modernc.org/sqlite/lib"

	"github.com/shelfd/shelfd/store"
)

const (
	// applicationID marks a database file as a ledger of shelfd's: "shlf".
	applicationID = 0x73686c66
	// oldestSQLite is 3.51.3: older ones can lose commits when a write meets
	// a checkpoint (the WAL-reset bug).
	oldestSQLite = 3_051_003
)

// checkSQLite refuses an SQLite that is not safe for a ledger.
func checkSQLite(version int64) error {
	if version >= oldestSQLite {
		return nil
	}
	return &store.Error{Op: "open", Message: fmt.Sprintf("this program was built with SQLite %d.%d.%d, which can lose commits; 3.51.3 is needed",
		version/1_000_000, version/1000%1000, version%1000)}
}

// look tells what is in a database file before anything may write to it.
type look struct {
	// exists is false for no file and for an empty one.
	exists bool
	schema int64
	demo   bool
	wrote  string
	// bare tells of a database that was in use and has no log beside it, where
	// nothing is known of what it lacks.
	bare bool
}

// inspect opens a file for reading only and refuses what is not a ledger that
// this program can use. The witness is what was read before the opening, nil
// for none; those who only read are told of it and let in. Codes: not_found;
// the errors wrap ErrForeign, ErrDamaged, ErrLost and ErrNewerSchema.
func (d *DB) inspect(ctx context.Context, w *witness, o Options) (l look, err error) {
	if err := checkSQLite(lib.SQLITE_VERSION_NUMBER); err != nil {
		return l, err
	}
	log, err := fileBytes(d.path + "-wal")
	if err != nil {
		return l, err
	}
	if size, err := fileBytes(d.path); err != nil || size == 0 {
		return l, errors.Join(err, d.refuseEmpty(w, log, o))
	}
	c, err := connect(ctx, dsnOf(d.path, lookPragma))
	if err != nil {
		return l, d.refuseForeign(w, err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	m, err := d.lookAt(c, w, o.newest(), &l)
	if err != nil || !l.exists {
		return l, err
	}
	l.bare = w == nil && log == 0 && m["clean"] == "0"
	d.lost = w.compare(c, d.path, m["store"])
	if o.ReadOnly && errors.Is(d.lost, ErrLost) {
		return l, nil
	}
	return l, d.lost
}

// inspectBeside is inspect for those who only read. A server that runs may write
// the witness while it is read, so that something is missing counts only when it
// is missing again.
func (d *DB) inspectBeside(ctx context.Context, o Options) (l look, err error) {
	for range 3 {
		// Before the database: a server that runs writes it after.
		w, err := readWitness(d.dir)
		if err != nil {
			return l, err
		}
		if l, err = d.inspect(ctx, w, o); err != nil || d.lost == nil {
			return l, err
		}
	}
	return l, nil
}

// refuseEmpty refuses to make a ledger where one was, or should be: with
// nothing to belong to, SQLite would delete the log.
func (d *DB) refuseEmpty(w *witness, log int64, o Options) error {
	switch {
	case w != nil:
		return w.missing(d.path)
	case log > 0:
		return &store.Error{
			Code: store.CodeNotFound, Op: "open",
			Message: d.path + " is missing, but its log " + FileName + "-wal is there; put it back, or restore a backup. Nothing was changed",
		}
	case o.Existing:
		return d.noLedger()
	}
	return nil
}

func (d *DB) noLedger() error {
	return &store.Error{
		Code: store.CodeNotFound, Op: "open",
		Message: "there is no ledger in " + d.dir + "; is its disk mounted, and is data_dir right?",
	}
}

// lookAt reads what the file says about itself.
func (d *DB) lookAt(c *conn, w *witness, newest int64, l *look) (m map[string]string, err error) {
	id, err := c.integer("PRAGMA application_id")
	if err != nil {
		return nil, d.refuseForeign(w, err)
	}
	tables, err := c.integer("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return nil, d.refuseForeign(w, err)
	}
	if id != applicationID && (id != 0 || tables != 0 || w != nil) {
		return nil, d.foreign(w, nil)
	}
	if id == 0 {
		return nil, nil
	}
	l.exists = true
	if l.schema, err = c.integer("PRAGMA user_version"); err != nil {
		return nil, err
	}
	m, err = readMeta(c)
	if l.schema > newest {
		return m, newer(d.path, m["version"])
	}
	l.demo, l.wrote = m["demo"] == "1", m["version"]
	return m, err
}

// checkDemo keeps made-up data and real data apart.
func (l look) checkDemo(dir string, demo bool) error {
	if !l.exists || l.demo == demo {
		return nil
	}
	message := dir + " holds demo data; choose another directory for real data"
	if demo {
		message = dir + " holds real data; the demo needs a directory of its own"
	}
	return &store.Error{Op: "open", Message: message, Err: ErrDemo}
}

func (d *DB) refuseForeign(w *witness, err error) error {
	if isForeign(err) {
		return d.foreign(w, err)
	}
	return err
}

// foreign refuses a file that is no ledger. Where a ledger is known to have
// been, and where there are only zeros, as a failing disk leaves them, it is a
// damaged one.
func (d *DB) foreign(w *witness, cause error) error {
	if w != nil || isBlank(d.path) {
		return &store.Error{
			Op: "open", Err: errors.Join(ErrDamaged, cause),
			Message: d.path + " is damaged from its first bytes on, and nothing in it was changed. Keep the whole directory as it is, and restore a backup",
		}
	}
	return &store.Error{
		Op: "open", Err: errors.Join(ErrForeign, cause),
		Message: d.path + " is not a ledger of shelfd's; nothing in it was changed. Name the right directory with data_dir or --data-dir",
	}
}

// isBlank tells whether a file that SQLite has refused, and so has no lock on,
// begins with nothing but zeros.
func isBlank(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [headerBytes]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && head == [headerBytes]byte{}
}

// headerBytes is the length of what every SQLite file begins with.
const headerBytes = 100

func newer(path, version string) error {
	return &store.Error{
		Op: "open", Err: ErrNewerSchema,
		Message: fmt.Sprintf("%s was written by shelfd %s, which is newer than this one; use that version or newer", path, version),
	}
}
