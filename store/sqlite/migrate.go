package sqlite

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
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

// upgrade runs the steps that a database has not had yet. It keeps a copy of
// one that holds data.
func upgrade(c *conn, steps []migration, file string, o Options) error {
	have, err := c.integer("PRAGMA user_version")
	if err != nil {
		return err
	}
	todo := slices.DeleteFunc(slices.Clone(steps), func(m migration) bool { return m.version <= have })
	if have > 0 && len(todo) > 0 {
		if err := backup(c, fmt.Sprintf("%s.schema-%d", file, have)); err != nil {
			return err
		}
	}
	for _, m := range todo {
		if err := m.apply(c, o); err != nil {
			return &store.Error{Op: "open", Message: fmt.Sprintf("upgrade %d_%s of the schema failed and left everything as it was", m.version, m.name), Err: err}
		}
	}
	return nil
}

func (m migration) apply(c *conn, o Options) (err error) {
	if err := c.script("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = c.script("ROLLBACK") // SQLite may have done it already
		}
	}()
	if err := c.script(m.sql); err != nil {
		return err
	}
	if err := c.script(fmt.Sprintf("PRAGMA user_version = %d", m.version)); err != nil {
		return err
	}
	if err := c.run("INSERT INTO schema_history (version, name, program, applied_at) VALUES (?, ?, ?, ?)",
		m.version, m.name, o.Version, int64(o.Now)); err != nil {
		return err
	}
	return c.script("COMMIT")
}

// backup copies the database to a file that appears only when it is whole.
func backup(c *conn, to string) error {
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := c.run("VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o600); err != nil {
		return err
	}
	return os.Rename(part, to)
}
