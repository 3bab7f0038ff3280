package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
}

// inspect opens a file for reading only and refuses what is not a ledger that
// this program can use. Codes: none; the errors wrap ErrForeign, ErrNewerSchema
// and ErrDemo.
func inspect(ctx context.Context, path string, newest int64) (l look, err error) {
	if err := checkSQLite(lib.SQLITE_VERSION_NUMBER); err != nil {
		return l, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	c, err := connect(ctx, dsnOf(path, lookPragma))
	if err != nil {
		return l, refuseForeign(path, err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return lookAt(c, path, newest)
}

func lookAt(c *conn, path string, newest int64) (l look, err error) {
	id, err := c.integer("PRAGMA application_id")
	if err != nil {
		return l, refuseForeign(path, err)
	}
	tables, err := c.integer("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return l, refuseForeign(path, err)
	}
	if id == 0 && tables == 0 {
		return l, nil
	}
	if id != applicationID {
		return l, foreign(path, nil)
	}
	l.exists = true
	if l.schema, err = c.integer("PRAGMA user_version"); err != nil {
		return l, failed("open", err)
	}
	m, err := readMeta(c)
	if l.schema > newest {
		return l, newer(path, m["version"])
	}
	l.demo, l.wrote = m["demo"] == "1", m["version"]
	return l, failed("open", err)
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

func refuseForeign(path string, err error) error {
	if isForeign(err) {
		return foreign(path, err)
	}
	return failed("open", err)
}

func foreign(path string, cause error) error {
	return &store.Error{
		Op: "open", Err: errors.Join(ErrForeign, cause),
		Message: path + " is not a ledger of shelfd's; nothing in it was changed",
	}
}

func newer(path, version string) error {
	return &store.Error{
		Op: "open", Err: ErrNewerSchema,
		Message: fmt.Sprintf("%s was written by shelfd %s, which is newer than this one; use that version or newer", path, version),
	}
}
