package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/modfile"
	lib "modernc.org/sqlite/lib"

	"github.com/shelfd/shelfd/store"
)

// update tells `make golden` from a test.
var update = os.Getenv("UPDATE_GOLDEN") != ""

// golden compares text with a file, or writes the file when it is to be
// updated.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what was made:\n%s", path, got)
	}
}

// schemaOf gives the statements that make a database's schema.
func schemaOf(t *testing.T, c *conn) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"application_id", "user_version"} {
		n, err := c.integer("PRAGMA " + name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "PRAGMA %s = %d;\n", name, n)
	}
	err := c.each(func(r row) error {
		_, err := fmt.Fprintf(&b, "\n%s;\n", r.text(0))
		return err
	}, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// dumpOf gives the statements that make a database with its data.
func dumpOf(t *testing.T, c *conn) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(schemaOf(t, c))
	for _, table := range tablesOf(t, c) {
		columns := columnsOf(t, c, table)
		for _, values := range rowsOf(t, c, table, columns) {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), values)
		}
	}
	return b.String()
}

// rowsOf gives the values in columns of a table's rows, as SQL has them.
func rowsOf(t *testing.T, c *conn, table string, columns []string) (rows []string) {
	t.Helper()
	err := c.each(func(r row) error {
		rows = append(rows, r.text(0))
		return nil
	}, fmt.Sprintf("SELECT concat_ws(', ', quote(%s)) FROM %s ORDER BY 1", strings.Join(columns, "), quote("), table))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func tablesOf(t *testing.T, c *conn) (names []string) {
	t.Helper()
	err := c.each(func(r row) error {
		names = append(names, r.text(0))
		return nil
	}, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func columnsOf(t *testing.T, c *conn, table string) (names []string) {
	t.Helper()
	err := c.each(func(r row) error {
		names = append(names, r.text(0))
		return nil
	}, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestGoldenSchemaIsWhatTheMigrationsGive(t *testing.T) {
	golden(t, "schema.sql", schemaOf(t, opened(t).writer.conn))
}

// sample fills a ledger with a little of everything.
func sample(t *testing.T, d *DB) {
	t.Helper()
	c := &chain{}
	sale := movement(1, -15000, 45000)
	sale.OccurredAt = start - 3_600_000
	sale.ExternalID = "order-1"
	sale.Notes = &store.Text{Salt: [16]byte{1}, Body: "a note"}
	rows := []store.Row{
		c.row(document(store.DocLocation, id(500), `{"id":"`+id(500).String()+`","name":"Main Street"}`), 0, 0),
		c.row(document(store.DocProduct, id(600), `{"id":"`+id(600).String()+`","sku":"BD-35","name":"Blue Dreem","unit":"g"}`), 0, 0),
		c.row(document(store.DocItem, id(1001), `{"id":"`+id(1001).String()+`","no":1,"product_id":"`+id(600).String()+
			`","location_id":"`+id(500).String()+`","room_type":"vault"}`), 0, 0),
		c.row(document(store.DocProduct, id(600), `{"id":"`+id(600).String()+`","sku":"BD-35","name":"Blue Dream","unit":"g"}`), 0, 0),
		c.row(movement(1, 60000, 60000), 1, 0),
		c.row(sale, 1, 5),
		c.row(hold(1, 20000, 45000, 20000), 1, 6),
		c.row(event(`{"level":1}`), 0, 0),
	}
	write(t, d, &store.Batch{
		Rows:   rows,
		Keys:   []store.Key{{Seq: 5, Count: 2, Hash: [16]byte{1}, Print: [16]byte{2}, At: start}},
		Tokens: []*store.Token{{ID: id(3), Name: "boss", Role: store.RoleAdmin, Hash: store.HashToken("a"), CreatedAt: start}},
	})
	head := store.Head{Epoch: 1, Seq: c.seq, Hash: c.hash, RecordedAt: start}
	put := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	put(d.PutHead(t.Context(), head))
	put(d.PutBalances(t.Context(), store.Balances{Seq: c.seq, RecordedAt: start, Body: []byte("balances")}))
	d.remember(t, remembered("central"))
	d.rememberPOS(t, "pos", rememberedPOS("pos"))
	d.rememberWebhook(t)
}

// TestGoldenLedgerOfAReleaseOpens opens the dump of each schema. `make golden`
// writes that of the newest only when it is missing: a released one stays.
func TestGoldenLedgerOfAReleaseOpens(t *testing.T) {
	made := opened(t)
	sample(t, made)
	all := steps(t)
	path := func(m migration) string { return fmt.Sprintf("testdata/v%d.sql", m.version) }
	if newest := path(all[len(all)-1]); update && !exists(newest) {
		golden(t, newest, dumpOf(t, made.writer.conn))
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			d := openDump(t, path(m))
			defer shut(t, d)
			checkSample(t, d)
			if got, want := schemaOf(t, d.writer.conn), schemaOf(t, made.writer.conn); got != want {
				t.Errorf("the schema is\n%s\nwant\n%s", got, want)
			}
			want := rememberedPOS("pos")
			d.rememberPOS(t, "pos", want)
			if got := d.posRecords(t, "pos"); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// openDump opens the database that a dump makes, and holds it to every row
// that the dump has.
func openDump(t *testing.T, path string) *DB {
	t.Helper()
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t.TempDir())
	c, err := connect(t.Context(), dsnOf(filepath.Join(o.Dir, FileName), "&mode=rwc"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, c.script(string(dump)))
	columns, rows := map[string][]string{}, map[string][]string{}
	for _, table := range tablesOf(t, c) {
		columns[table] = columnsOf(t, c, table)
		rows[table] = rowsOf(t, c, table, columns[table])
	}
	must(t, c.close())
	d := open(t, o)
	for table, want := range rows {
		got := rowsOf(t, d.writer.conn, table, columns[table])
		if table == "schema_history" {
			got = got[:len(want)]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has\n%q\nwant\n%q", table, got, want)
		}
	}
	return d
}

// checkSample holds a database to the ledger that sample made.
func checkSample(t *testing.T, d *DB) {
	t.Helper()
	heads, err := d.ListHeads(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != 8 || m.Hash != heads[0].Hash {
		t.Fatalf("meta %+v, %v", m, err)
	}
	var chain store.Hash
	err = d.Scan(t.Context(), 0, 8, func(s *store.Stored) error {
		if chain = chain.Next(s.Bytes); chain != s.Hash {
			return fmt.Errorf("the chain breaks at %d", s.Seq)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// steps gives the migrations of this program and more.
func steps(t *testing.T, more ...string) []migration {
	t.Helper()
	list, err := migrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range more {
		list = append(list, migration{version: list[len(list)-1].version + 1, name: "more", sql: sql})
	}
	return list
}

func TestAnUpgradeKeepsACopy(t *testing.T) {
	o := options(t.TempDir())
	d := open(t, o)
	sample(t, d)
	shut(t, d)
	base := o.steps
	o.steps = steps(t, "CREATE TABLE later (a INTEGER) STRICT")
	d = open(t, o)
	if _, err := d.writer.conn.integer("SELECT count(*) FROM later"); err != nil {
		t.Error(err)
	}
	if n, err := d.writer.conn.integer("SELECT count(*) FROM schema_history WHERE program = '1.2.3'"); err != nil || n != int64(len(o.steps)) {
		t.Errorf("%d steps in the history, %v", n, err)
	}
	shut(t, d)
	if _, err := Open(t.Context(), Options{Dir: o.Dir, steps: base}); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("the older program: %v", err)
	}
	was := options(t.TempDir())
	version := o.steps[len(o.steps)-2].version
	if err := os.Rename(fmt.Sprintf("%s/%s.schema-%d", o.Dir, FileName, version), filepath.Join(was.Dir, FileName)); err != nil {
		t.Fatal(err)
	}
	d = open(t, was)
	defer shut(t, d)
	if m, err := d.Meta(t.Context()); err != nil || m.Seq != 8 {
		t.Errorf("the copy has %+v, %v", m, err)
	}
}

func TestAnUpgradeSaysWhatItDidAndKeepsFewCopies(t *testing.T) {
	o := options(t.TempDir())
	d := open(t, o)
	sample(t, d)
	if u := d.Upgraded(); u.From != 0 || u.Copy != "" {
		t.Errorf("a new ledger says %+v", u)
	}
	shut(t, d)
	base := int64(len(steps(t)))
	for n := range keptCopies + 2 {
		o.steps = append(steps(t), make([]migration, n+1)...)
		for i := range n + 1 {
			o.steps[base+int64(i)] = migration{version: base + int64(i) + 1, name: "more", sql: fmt.Sprintf("CREATE TABLE t%d (a INTEGER) STRICT", i)}
		}
		d = open(t, o)
		have := base + int64(n)
		want := Upgrade{From: have, To: have + 1, Copy: fmt.Sprintf("%s.schema-%d", filepath.Join(o.Dir, FileName), have)}
		if u := d.Upgraded(); u != want {
			t.Errorf("it says %+v, want %+v", u, want)
		}
		shut(t, d)
	}
	d = open(t, o)
	if u := d.Upgraded(); u.From != u.To || u.Copy != "" {
		t.Errorf("without an upgrade it says %+v", u)
	}
	shut(t, d)
	copies, err := filepath.Glob(filepath.Join(o.Dir, FileName+".schema-*"))
	if err != nil || len(copies) != keptCopies || exists(fmt.Sprintf("%s.schema-%d", filepath.Join(o.Dir, FileName), base)) {
		t.Errorf("the copies are %q, %v; want the newest %d", copies, err, keptCopies)
	}
}

func TestAFailedUpgradeChangesNothing(t *testing.T) {
	o := options(t.TempDir())
	d := open(t, o)
	before := schemaOf(t, d.writer.conn)
	shut(t, d)
	bad := o
	// The first of them is right, and goes with the others.
	bad.steps = steps(t, "CREATE TABLE first (a INTEGER) STRICT", "CREATE TABLE later (a INTEGER) STRICT; CREATE TABLE entry (a)")
	if _, err := Open(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "left everything as it was") {
		t.Fatalf("a wrong step ends with %v", err)
	}
	d = open(t, o)
	defer shut(t, d)
	if after := schemaOf(t, d.writer.conn); after != before {
		t.Errorf("the schema is now\n%s", after)
	}
}

func TestMigrationsAreInOrderAndNamed(t *testing.T) {
	list, err := migrations(fstest.MapFS{
		"migrations/0002_two.sql": {Data: []byte("2")}, "migrations/0001_one.sql": {Data: []byte("1")}, "migrations/README.md": {},
	})
	if err != nil || len(list) != 2 || list[0] != (migration{1, "one", "1"}) || list[1] != (migration{2, "two", "2"}) {
		t.Errorf("%+v, %v", list, err)
	}
	for i, m := range steps(t) {
		if m.version != int64(i+1) {
			t.Errorf("migration %d_%s is number %d", m.version, m.name, i+1)
		}
	}
}

func TestViewsReadWell(t *testing.T) {
	d := opened(t)
	sample(t, d)
	for view, want := range map[string]string{
		"SELECT id, occurred_at, recorded_at, quantity_change, quantity_after, reason_code, external_id, notes FROM movements WHERE seq = 6": "1-6|2025-06-15T14:06:40.123Z|2025-06-15T15:06:46.123Z|-1.5|4.5|SALE|order-1|a note",
		"SELECT count(*), sum(quantity_change) FROM movements":                                                                               "2|4.5",
		"SELECT id, reserved_change, reserved_after, why, expires_at FROM holds":                                                             "1-7|2|2|created|2025-06-15T15:21:40.123Z",
		"SELECT id, type, body ->> '$.name' FROM documents WHERE newest AND type = 'product'":                                                "1-4|product|Blue Dream",
		"SELECT id, type, body FROM events":                                                                                                  `1-8|low_stock|{"level":1}`,
		"SELECT sku, product, location, room_type, quantity, reserved_quantity, available_quantity FROM stock":                               "BD-35|Blue Dream|Main Street|vault|4.5|2|2.5",
	} {
		var got []string
		err := d.writer.conn.each(func(r row) error {
			for _, v := range r {
				got = append(got, fmt.Sprint(v))
			}
			return nil
		}, view)
		if text := strings.Join(got, "|"); err != nil || text != want {
			t.Errorf("%s\ngave %s, %v\nwant %s", view, text, err, want)
		}
	}
}

// TestSQLiteAndItsLibraryAreInStep holds modernc.org/libc to the version that
// the driver was made with: another one corrupts memory.
func TestSQLiteAndItsLibraryAreInStep(t *testing.T) {
	if err := checkSQLite(lib.SQLITE_VERSION_NUMBER); err != nil {
		t.Error(err)
	}
	ours := requirements(t, filepath.Join("..", "..", "go.mod"))
	if got := ours["modernc.org/sqlite"]; got != "v1.62.0" {
		t.Errorf("the driver is %s; a change is a decision of its own", got)
	}
	if got := ours["modernc.org/libc"]; got != "v1.80.1" {
		t.Errorf("modernc.org/libc is %s; modernc.org/sqlite v1.62.0 asks for v1.80.1", got)
	}
}

func requirements(t *testing.T, path string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse(path, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, r := range f.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	return versions
}
