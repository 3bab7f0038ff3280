package sqlite

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/shelfd/shelfd/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema; see migrations/README.md.
type migration struct {
	version   int64
	name, sql string
}

// migrations lists the steps of a folder of files NNNN_name.sql in order.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		number, rest, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		list = append(list, migration{version: version, name: rest, sql: string(text)})
	}
	slices.SortFunc(list, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	return list, nil
}

// keptCopies is how many copies from before an upgrade stay.
const keptCopies = 3

// Upgrade is what an opening changed of the tables.
type Upgrade struct {
	// From and To are versions of the schema, equal when nothing was changed;
	// From is 0 for a new ledger.
	From, To int64
	// Copy is the file with the ledger as it was, "" when there was none.
	Copy string
}

// Upgraded tells what this opening changed of the tables.
func (d *DB) Upgraded() Upgrade { return d.upgraded }

// upgrade runs the steps that a database has not had yet: all of them, or none.
// It keeps a copy of one that holds data. Codes: storage_full.
func upgrade(c *conn, file string, o Options) (u Upgrade, err error) {
	if u.From, err = c.integer("PRAGMA user_version"); err != nil {
		return u, err
	}
	todo := slices.DeleteFunc(slices.Clone(o.steps), func(m migration) bool { return m.version <= u.From })
	if u.To = u.From; len(todo) == 0 {
		return u, nil
	}
	if u.From > 0 {
		u.Copy = fmt.Sprintf("%s.schema-%d", file, u.From)
		if err := keepCopy(c, file, u.Copy); err != nil {
			return u, err
		}
	}
	if err := migrate(c, todo, o); err != nil {
		return u, err
	}
	u.To = todo[len(todo)-1].version
	return u, pruneCopies(file)
}

// migrate runs steps in one transaction.
func migrate(c *conn, todo []migration, o Options) (err error) {
	if err := c.script("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, m := range todo {
		if err := m.apply(c, o); err != nil {
			_ = c.script("ROLLBACK") // SQLite may have done it already
			return &store.Error{
				Op: "open", Code: fullCode(err), Err: err,
				Message: fmt.Sprintf("upgrade %d_%s of the schema failed and left everything as it was: %v", m.version, m.name, err),
			}
		}
	}
	if err := c.script("COMMIT"); err != nil {
		_ = c.script("ROLLBACK")
		return &store.Error{
			Op: "open", Code: fullCode(err), Err: err,
			Message: fmt.Sprintf("the upgrade of the schema could not be saved (%v); start shelfd again: it finds out what was, and a copy from before is kept", err),
		}
	}
	return nil
}

// fullCode gives storage_full for an error that a full disk made, else "".
func fullCode(err error) store.Code {
	if faultOf(err) == faultFull {
		return store.CodeStorageFull
	}
	return ""
}

func (m migration) apply(c *conn, o Options) error {
	if err := c.script(m.sql); err != nil {
		return err
	}
	if err := c.script(fmt.Sprintf("PRAGMA user_version = %d", m.version)); err != nil {
		return err
	}
	return c.run("INSERT INTO schema_history (version, name, program, applied_at) VALUES (?, ?, ?, ?)",
		m.version, m.name, o.Version, int64(o.Now))
}

// copyMargin is the space that stays free beside a copy, in bytes.
const copyMargin = 16 << 20

// keepCopy copies the database to a file that appears only when it is whole.
func keepCopy(c *conn, file, to string) error {
	size, err := fileBytes(file)
	if err != nil {
		return err
	}
	log, err := fileBytes(file + "-wal")
	if err != nil {
		return err
	}
	if free, err := freeBytes(filepath.Dir(file)); err == nil && free < size+log+copyMargin {
		return &store.Error{
			Code: store.CodeStorageFull, Op: "open",
			Message: fmt.Sprintf("%s has to be copied before its upgrade, which takes %d MB, and %d MB are free; make room, then start again. Nothing was changed",
				file, (size+log+copyMargin)>>20, free>>20),
		}
	}
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := c.run("VACUUM INTO ?", part); err != nil {
		return failedCopy(to, errors.Join(err, os.RemoveAll(part)))
	}
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// pruneCopies removes the oldest copies from before upgrades.
func pruneCopies(file string) error {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return err
	}
	var schemas []int64
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), filepath.Base(file)+".schema-")
		if n, err := strconv.ParseInt(number, 10, 64); ours && err == nil {
			schemas = append(schemas, n)
		}
	}
	slices.Sort(schemas)
	for _, n := range schemas[:max(0, len(schemas)-keptCopies)] {
		if err := os.Remove(fmt.Sprintf("%s.schema-%d", file, n)); err != nil {
			return err
		}
	}
	return nil
}
