package central

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationLock is the advisory lock of whoever brings the schema up: several
// copies may start at once.
const migrationLock = 0x7368656c6664 // "shelfd"

const historyTable = `CREATE TABLE IF NOT EXISTS schema_history (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  program    text NOT NULL,
  applied_at bigint NOT NULL
)`

// oldestServer is the oldest PostgreSQL that central works with.
const oldestServer = 150_000

// migrate runs the steps that the database has not had yet, all or none.
func (c *Central) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // in order: the numbers have a fixed width
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		var server, have int
		// However long another copy takes, it is waited for.
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = 0"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&server); err != nil {
			return err
		}
		if server < oldestServer {
			return fmt.Errorf("PostgreSQL is version %d; %d or newer is needed", server, oldestServer)
		}
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, historyTable); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_history").Scan(&have); err != nil {
			return err
		}
		if newest := len(names); have > newest {
			return fmt.Errorf("the schema is version %d, of a newer program; this one knows %d", have, newest)
		}
		for _, name := range names[have:] {
			if err := c.step(ctx, tx, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

// step runs one file, named NNNN_name.sql.
func (c *Central) step(ctx context.Context, tx pgx.Tx, file string) error {
	text, err := fs.ReadFile(migrationFiles, file)
	if err != nil {
		return err
	}
	number, name, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	// Without arguments, so that several statements may come at once.
	if _, err := tx.Conn().PgConn().Exec(ctx, string(text)).ReadAll(); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO schema_history (version, name, program, applied_at) VALUES ($1, $2, $3, $4)",
		version, name, c.cfg.Version, int64(c.now()))
	return err
}
