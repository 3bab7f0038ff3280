package cmd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// copyTable is one table of the copy. Its columns are members of the API's
// objects, each with its SQL type; a dot becomes an underscore.
type copyTable struct {
	name    string
	columns []copyColumn
}

type copyColumn struct{ member, kind string }

// copyTables are the tables of the copy. Amounts are REAL, exact when rounded
// to four decimals; times are ISO 8601 in UTC.
var copyTables = []copyTable{
	{"locations", copyColumns("id name licence_number timezone currency allow_negative_stock:INTEGER external_id archived_at")},
	{"products", copyColumns("id sku name category subcategory brand strain unit size barcodes unit_price:REAL unit_cost:REAL low_stock_threshold:REAL external_id archived_at")},
	{"lots", copyColumns("id product_id package_tag batch_number expires_at status external_id archived_at")},
	{"inventory", copyColumns("id product_id location_id room_type lot.id product_name sku category location_name quantity:REAL reserved_quantity:REAL available_quantity:REAL unit unit_price:REAL unit_cost:REAL currency low_stock_threshold:REAL low_stock:INTEGER updated_at")},
	{"movements", copyColumns("id seq:INTEGER inventory_id product_id location_id room_type quantity_change:REAL quantity_after:REAL reserved_after:REAL reason_code sub_reason reference notes value_change:REAL occurred_at recorded_at late:INTEGER clock_ok:INTEGER actor terminal source flags transfer_id reverses reservation_id external_id")},
}

func copyColumns(list string) []copyColumn {
	var all []copyColumn
	for c := range strings.FieldsSeq(list) {
		member, kind, typed := strings.Cut(c, ":")
		if !typed {
			kind = "TEXT"
		}
		all = append(all, copyColumn{member, kind})
	}
	return all
}

// schema is the statement that makes the table.
func (t *copyTable) schema() string {
	var columns []string
	for _, c := range t.columns {
		definition := strings.ReplaceAll(c.member, ".", "_") + " " + c.kind
		if c.member == "id" {
			definition += " PRIMARY KEY"
		}
		columns = append(columns, definition)
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(columns, ", ") + ") STRICT"
}

// insert is the statement that adds a row.
func (t *copyTable) insert() string {
	return "INSERT INTO " + t.name + " VALUES (?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
}

// bind gives a row's values in the types of the columns.
func (t *copyTable) bind(r apiRow) ([]any, error) {
	values := make([]any, len(t.columns))
	for i, c := range t.columns {
		values[i] = r.value(c.member)
		n, isNumber := values[i].(tableNumber)
		if !isNumber {
			continue
		}
		var err error
		if c.kind == "INTEGER" {
			values[i], err = strconv.ParseInt(string(n), 10, 64)
		} else {
			values[i], err = strconv.ParseFloat(string(n), 64)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", c.member, t.name, err)
		}
	}
	return values, nil
}

// copySQLite writes the copy.
func (e *exportOptions) copySQLite(ctx context.Context) (err error) {
	if _, err := os.Lstat(e.sqlite); err == nil && !e.force {
		return withExit(exitRefused, fmt.Errorf("%s is there already; --force replaces it", e.sqlite))
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c, err := connectExisting(ctx, e.rootOptions)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	if err := e.spareData(e.sqlite); err != nil {
		return err
	}
	w := &copyWriter{client: c, rows: map[string]int{}}
	err = writeWhole(e.sqlite, func(f *exportFile) error { return w.write(ctx, f.Name()) })
	if err != nil {
		return e.ownFileError(e.sqlite, err)
	}
	if e.asJSON() {
		return e.json(map[string]any{"file": e.sqlite, "seq": w.seq, "rows": w.rows})
	}
	_, err = fmt.Fprintf(e.stdout, "%s has %d products, %d rows of stock and %d movements, as of position %d of the ledger.\n",
		e.sqlite, w.rows["products"], w.rows["inventory"], w.rows["movements"], w.seq)
	return err
}

// copyWriter fills the tables of a copy, all as of one position.
type copyWriter struct {
	client *client
	seq    int64
	rows   map[string]int
}

// copyDSN is the URI (sqlite.org/uri.html) of the file.
func copyDSN(path string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)"
}

func (w *copyWriter) write(ctx context.Context, path string) (err error) {
	// Nobody sees the file before it is whole, so it needs no journal.
	db, err := sql.Open("sqlite", copyDSN(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range copyTables {
		if err := w.fill(ctx, tx, &copyTables[i]); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"CREATE INDEX movements_by_item ON movements (inventory_id, seq)",
		"CREATE INDEX movements_by_time ON movements (occurred_at)",
		"CREATE TABLE about (seq INTEGER, made_by TEXT) STRICT",
		fmt.Sprintf("INSERT INTO about VALUES (%d, 'shelfd export --sqlite')", w.seq),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (w *copyWriter) fill(ctx context.Context, tx *sql.Tx, t *copyTable) error {
	if _, err := tx.ExecContext(ctx, t.schema()); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, t.insert())
	if err != nil {
		return err
	}
	defer insert.Close()
	return w.copyRows(ctx, t, insert)
}

func (w *copyWriter) copyRows(ctx context.Context, t *copyTable, insert *sql.Stmt) error {
	return w.read(ctx, t.name, func(r apiRow) error {
		values, err := t.bind(r)
		if err != nil {
			return err
		}
		w.rows[t.name]++
		_, err = insert.ExecContext(ctx, values...)
		return err
	})
}

// read gives the rows of a table. Movements after the position of the stock
// are left out, so that the two agree.
func (w *copyWriter) read(ctx context.Context, table string, row rowFunc) error {
	switch table {
	case "inventory":
		envelope, err := readSnapshot(ctx, w.client, nil, row)
		if err != nil {
			return err
		}
		w.seq, err = strconv.ParseInt(fmt.Sprint(envelope["seq"]), 10, 64)
		return err
	case "movements":
		return history(ctx, w.client, nil, func(r apiRow) error {
			if n, err := strconv.ParseInt(fmt.Sprint(r["seq"]), 10, 64); err != nil || n > w.seq {
				return err
			}
			return row(r)
		})
	}
	for _, archived := range []string{"false", "true"} {
		if err := pages(ctx, w.client, "/api/v1/"+table, url.Values{"archived": {archived}}, row); err != nil {
			return err
		}
	}
	return nil
}
