package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shelfd/shelfd/store"
)

type importOptions struct {
	*rootOptions
	file                               string
	sheet                              sheetOptions
	location, room, timezone, currency string
	dryRun, skipBad                    bool
}

func newImportCommand(o *rootOptions) *cobra.Command {
	i := &importOptions{rootOptions: o}
	c := &cobra.Command{
		Use: "import FILE", Short: "Bring in products and quantities from a CSV or XLSX file", Args: cobra.ExactArgs(1),
		Long: `Creates or updates the products of a file and sets the quantities it has for one
room of one location. It sets and never adds, so the same file twice changes
nothing.

The whole file is checked first; while any row is bad nothing is written, unless
--skip-bad leaves the bad ones out. Columns are recognised by their usual names;
--map says what else they are called. docs/import.md has examples.` +
			exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitPartial, exitNoAccess),
		Example: `  shelfd import menu.csv --location "Main Street" --dry-run
  shelfd import menu.csv --location "Main Street" --map name=Brand+Product --map quantity="Available Qty"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			i.file = args[0]
			return i.run(cmd.Context())
		},
	}
	i.flags(c)
	return c
}

func (i *importOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&i.sheet.Maps, "map", nil, "`field=Column`, repeated; field=A+B joins texts, field=#4 takes the fourth column, field= leaves it out. Fields: "+sheetFieldNames())
	f.StringVar(&i.location, "location", "", "the `location`, by id or name; a new name opens it (default the only one there is)")
	f.StringVar(&i.room, "room", store.SalesFloor.String(), "the `room type`: sales_floor, vault, quarantine or secret_menu")
	f.StringVar(&i.timezone, "timezone", "", "the IANA time `zone` of a location that is opened (default this machine's)")
	f.StringVar(&i.currency, "currency", "USD", "the `currency` of a location that is opened")
	f.BoolVar(&i.dryRun, "dry-run", false, "check everything and write nothing")
	f.BoolVar(&i.skipBad, "skip-bad", false, "leave bad rows out instead of writing nothing")
	f.StringVar(&i.sheet.Sheet, "sheet", "", "the `worksheet` of an XLSX file (default the first that is visible)")
	f.StringVar(&i.sheet.Encoding, "encoding", "", "the `encoding` of a CSV file: utf-8, utf-16 or windows-1252 (default utf-8)")
}

func (i *importOptions) run(ctx context.Context) (err error) {
	room, ok := store.ParseRoom(i.room)
	if !ok {
		return withExit(exitUsage, fmt.Errorf("--room %s: must be sales_floor, vault, quarantine or secret_menu", i.room))
	}
	s, err := openSheet(i.file, i.sheet)
	if errors.Is(err, fs.ErrNotExist) {
		return withExit(exitNotFound, err)
	}
	if err != nil {
		return withExit(exitRefused, fmt.Errorf("%s cannot be imported: %w", i.file, err))
	}
	c, err := connect(ctx, i.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	m := newImporter(i, s, c, room)
	err = m.run(ctx)
	m.bar.clear()
	if _, ours := errors.AsType[*badRowsError](err); err != nil && !ours {
		return i.ownFileError(i.file, err)
	}
	return errors.Join(m.tell(), err)
}

// badRowsError says that bad rows kept an import from being whole.
type badRowsError struct {
	bad, rows int
	// skipped: they were left out; late: they were good when first looked at.
	skipped, late bool
	written       int // before a late one
}

// Error says what became of the other rows.
func (r *badRowsError) Error() string {
	count := fmt.Sprintf("%d of %d rows are bad", r.bad, r.rows)
	switch {
	case r.skipped:
		return count + " and were left out."
	case r.late:
		return fmt.Sprintf("%s, because something changed while the file was imported. %d rows were written; import the file again.", count, r.written)
	}
	return count + "; nothing was written. Put them right, or leave them out with --skip-bad."
}

// tell writes what was done: the problems on standard error, the rest on
// standard output.
func (m *importer) tell() error {
	m.report.Read = m.sheet.Report
	if m.o.asJSON() {
		return m.o.json(m.report)
	}
	for _, p := range m.report.Problems {
		fmt.Fprintln(m.o.stderr, p.Error())
	}
	if !m.report.Written && !m.o.dryRun {
		return nil
	}
	_, err := fmt.Fprintln(m.o.stdout, m.report.String())
	return err
}

// importReport is what an import did, or would do.
type importReport struct {
	File     string      `json:"file"`
	Read     sheetReport `json:"read"`
	Location importPlace `json:"location"`
	Room     store.Room  `json:"room_type"`
	DryRun   bool        `json:"dry_run"`
	// Written says that the rows were booked; else the counts are of what
	// would be.
	Written bool `json:"written"`
	// Rows is how many the file has, Skipped how many of them were bad.
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	// Booked is the sum of all changes of quantities, whatever their units.
	Booked   store.Quantity `json:"quantity_booked"`
	Problems []sheetError   `json:"problems"`
}

// String is the summary for people.
func (r *importReport) String() string {
	var b strings.Builder
	for _, use := range r.Read.Fields {
		fmt.Fprintf(&b, "%s\n", use)
	}
	if len(r.Read.Unused) > 0 {
		fmt.Fprintf(&b, "not used: %s\n", strings.Join(r.Read.Unused, ", "))
	}
	if r.Location.Opened {
		fmt.Fprintf(&b, "%s is a new location, in the time zone %s\n", r.Location.Name, r.Location.TimeZone)
	}
	trial := ""
	if !r.Written {
		trial = " (a trial; nothing was written)"
	}
	fmt.Fprintf(&b, "%s, %s%s: %d rows, %d created, %d updated, %d unchanged, %d bad; quantity %s",
		r.Location.Name, r.Room, trial, r.Rows, r.Created, r.Updated, r.Unchanged, r.Skipped, plus(r.Booked))
	return b.String()
}

func plus(q store.Quantity) string {
	if q < 0 {
		return q.String()
	}
	return "+" + q.String()
}
