package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

type exportOptions struct {
	*rootOptions
	file, format     string
	sqlite           string
	force            bool
	locations, rooms []string
	categories       []string
	reasons          []string
	from, to         string
	past             pastOptions
}

func newExportCommand(o *rootOptions) *cobra.Command {
	e := &exportOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "export", Short: "Write stock, movements or a snapshot to a file", Args: cobra.NoArgs,
		Long: `Writes stock, movements or a snapshot as CSV, NDJSON, JSON, XLSX or text, to
standard output or to a file, which appears under its name only when it is whole.

With --sqlite it writes a copy of everything as plain tables instead, to be asked
with SQL: products, locations, lots, inventory and movements. docs/export.md
describes the columns.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitNoAccess, exitFull),
		Example: `  shelfd export stock -f stock.xlsx --room sales_floor
  shelfd export movements --from 2026-01-01 --to 2026-01-31 -f january.csv
  shelfd export --sqlite shop.db`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.sqlite == "" {
				return cmd.Help()
			}
			return e.copySQLite(cmd.Context())
		},
	}
	c.Flags().StringVar(&e.sqlite, "sqlite", "", "write a copy with plain tables to this `file`")
	c.Flags().BoolVar(&e.force, "force", false, "replace the file of --sqlite")
	for _, sub := range []*cobra.Command{e.stockCommand(), e.snapshotCommand(), e.movementsCommand()} {
		f := sub.Flags()
		f.StringVarP(&e.file, "file", "f", "", "the `file` to write; its ending says the format (default standard output)")
		f.StringVar(&e.format, "format", "", "the `format`: "+strings.Join(tableFormats, ", ")+" (default csv)")
		f.StringSliceVar(&e.locations, "location", nil, "only these `locations`, by id or name")
		f.StringSliceVar(&e.rooms, "room", nil, "only these `room types`")
		f.StringSliceVar(&e.categories, "category", nil, "only products of these `categories`")
		c.AddCommand(sub)
	}
	return c
}

func (e *exportOptions) stockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stock", Short: "Write all rows of stock as they are now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context(), stockColumns, e.readStock) },
	}
}

func (e *exportOptions) snapshotCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "snapshot", Short: "Write all rows of stock as they were at a moment", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context(), stockColumns, e.readStock) },
	}
	e.past.flags(c)
	return c
}

func (e *exportOptions) movementsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "movements", Short: "Write movements, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.run(cmd.Context(), movementColumns, e.readMovements)
		},
	}
	c.Flags().StringVar(&e.from, "from", "", "only what was recorded from this `day` or moment on")
	c.Flags().StringVar(&e.to, "to", "", "only what was recorded until the end of this `day`, or before this moment")
	c.Flags().StringSliceVar(&e.reasons, "reason", nil, "only these `reason codes`")
	return c
}

// run reads rows and writes them as a table.
func (e *exportOptions) run(ctx context.Context, columns []string, read func(context.Context, *client, rowFunc) error) (err error) {
	if e.format, err = e.formatOf(); err != nil {
		return err
	}
	for _, room := range e.rooms {
		if _, ok := store.ParseRoom(room); !ok {
			return withExit(exitUsage, fmt.Errorf("--room %s: must be sales_floor, vault, quarantine or secret_menu", room))
		}
	}
	c, err := connectExisting(ctx, e.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if e.file == "" {
		_, err = e.write(ctx, c, e.stdout, columns, read)
		return err
	}
	if err := e.spareData(e.file); err != nil {
		return err
	}
	var rows int
	err = writeWhole(e.file, func(w *exportFile) (err error) {
		rows, err = e.write(ctx, c, w, columns, read)
		return err
	})
	if err != nil {
		return e.ownFileError(e.file, err)
	}
	return e.told(rows)
}

// told says what was written to a file.
func (e *exportOptions) told(rows int) error {
	if e.asJSON() {
		return e.json(map[string]any{"file": e.file, "format": e.format, "rows": rows})
	}
	_, err := fmt.Fprintf(e.stdout, "%d rows are in %s.\n", rows, e.file)
	return err
}

// exportEndings are the file name endings that name a format.
var exportEndings = map[string]string{".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".xlsx": "xlsx", ".txt": "text"}

// formatOf is the format asked for: that of the flag, of the file's ending, of
// -o, else CSV.
func (e *exportOptions) formatOf() (string, error) {
	ending := strings.ToLower(filepath.Ext(e.file))
	named, known := exportEndings[ending]
	format := "csv"
	switch {
	case e.format != "":
		format = e.format
	case known:
		format = named
	case e.file != "":
		return "", withExit(exitUsage, fmt.Errorf("%s does not end like a format; say which with --format", e.file))
	case e.asJSON():
		format = "json"
	}
	if !slices.Contains(tableFormats, format) {
		return "", withExit(exitUsage, fmt.Errorf("--format %s: must be one of %s", format, strings.Join(tableFormats, ", ")))
	}
	if format == "xlsx" && e.file == "" && isTerminal(e.stdout) {
		return "", withExit(exitUsage, errors.New("a workbook is not for a terminal; name a file with -f"))
	}
	return format, nil
}

// places gives the ids of the locations asked for, none for all.
func (e *exportOptions) places(ctx context.Context, c *client) ([]string, error) {
	var ids []string
	for _, name := range e.locations {
		id, err := locationNamed(ctx, c, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// keeps tells whether a row is of the rooms and categories asked for.
func (e *exportOptions) keeps(room, category string) bool {
	if len(e.rooms) > 0 && !slices.Contains(e.rooms, room) {
		return false
	}
	return len(e.categories) == 0 || slices.ContainsFunc(e.categories, func(c string) bool { return strings.EqualFold(c, category) })
}

// pastQuery asks for the moment and the locations asked for.
func (e *exportOptions) pastQuery(ctx context.Context, c *client) (url.Values, error) {
	query := e.past.query()
	ids, err := e.places(ctx, c)
	if len(ids) > 0 {
		query.Set("location_id", strings.Join(ids, ","))
	}
	return query, err
}

// readStock reads the rows of stock at the moment asked for.
func (e *exportOptions) readStock(ctx context.Context, c *client, row rowFunc) error {
	query, err := e.pastQuery(ctx, c)
	if err != nil {
		return err
	}
	_, err = readSnapshot(ctx, c, query, func(r apiRow) error {
		if !e.keeps(r.text("room_type"), r.text("category")) {
			return nil
		}
		return row(r)
	})
	return err
}

// pastOptions say which past a snapshot is of.
type pastOptions struct{ date, at, seq string }

func (p *pastOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&p.date, "date", "", "the end of this `day`, in each location's time zone")
	c.Flags().StringVar(&p.at, "at", "", "this `moment`, such as 2026-01-27T18:30:00Z")
	c.Flags().StringVar(&p.seq, "seq", "", "right after this `position` of the ledger")
	c.MarkFlagsMutuallyExclusive("date", "at", "seq")
}

func (p *pastOptions) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"date": p.date, "at": p.at, "seq": p.seq} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}
