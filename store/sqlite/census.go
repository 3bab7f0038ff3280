package sqlite

import (
	"context"
	"strings"
)

// Census is what a database is made of, without anything that is in it.
type Census struct {
	// Version is that of the schema, SQL its definitions as the file has them.
	Version int64
	SQL     string
	// Rows counts the rows of each table.
	Rows map[string]int64
	// Pages and Free count pages of PageSize bytes; the free ones are unused.
	Pages, Free, PageSize int64
}

// Census counts what is in the database. It reads every table once.
func (d *DB) Census(ctx context.Context) (n Census, err error) {
	n.Rows = map[string]int64{}
	err = d.read(ctx, "census", func(c *conn) error {
		for pragma, into := range map[string]*int64{
			"user_version": &n.Version, "page_count": &n.Pages, "freelist_count": &n.Free, "page_size": &n.PageSize,
		} {
			if *into, err = c.integer("PRAGMA " + pragma); err != nil {
				return err
			}
		}
		var definitions, tables []string
		err := c.each(func(r row) error {
			if r.text(0) == "table" {
				tables = append(tables, r.text(1))
			}
			definitions = append(definitions, r.text(2)+";\n")
			return nil
		}, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
		n.SQL = strings.Join(definitions, "\n")
		for _, table := range tables {
			if err == nil {
				n.Rows[table], err = c.integer(`SELECT count(*) FROM "` + strings.ReplaceAll(table, `"`, `""`) + `"`)
			}
		}
		return err
	})
	return n, err
}
