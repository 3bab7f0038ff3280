package cmd

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store/sqlite"
)

// TestAnotherVersion is the program that the tests below try: this one under
// another version.
func TestAnotherVersion(t *testing.T) {
	version := os.Getenv("SHELFD_TEST_VERSION")
	if version == "" {
		t.Skip("runs only as another program")
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SHELFD_TEST_VERSION=") {
			env = append(env, v)
		}
	}
	os.Exit(Execute(Program{Version: version, Commit: "0", Args: flag.Args(), Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
}

// another makes a program of a script.
func another(t *testing.T, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a script is no program on Windows")
	}
	path := filepath.Join(t.TempDir(), "shelfd-new")
	write(t, path, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func anotherVersion(t *testing.T, version string) string {
	t.Helper()
	return another(t, fmt.Sprintf("SHELFD_TEST_VERSION=%s exec %s -test.run='^TestAnotherVersion$' -- \"$@\"", version, os.Args[0]))
}

// released makes a data directory with the tables of a released schema and a
// ledger that verifies.
func released(t *testing.T, schema int) string {
	t.Helper()
	now, then := t.TempDir(), t.TempDir()
	stocked(t, now)
	dump, err := os.ReadFile(fmt.Sprintf("../store/sqlite/testdata/v%d.sql", schema))
	if err != nil {
		t.Fatal(err)
	}
	var tables strings.Builder
	for line := range strings.Lines(string(dump)) {
		if !strings.HasPrefix(line, "INSERT INTO ") {
			tables.WriteString(line)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(then, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	run := func(text string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	run(tables.String())
	run("ATTACH ? AS now", filepath.Join(now, sqlite.FileName))
	for _, table := range columnOf(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
		columns := strings.Join(columnOf(t, db, "SELECT name FROM pragma_table_info(?)", table), ", ")
		run("INSERT INTO " + table + " (" + columns + ") SELECT " + columns + " FROM now." + table)
	}
	run("DELETE FROM schema_history WHERE version > ?", schema)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(now, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(then, keyFile), string(key))
	return then
}

// columnOf gives the first column of a query.
func columnOf(t *testing.T, db *sql.DB, query string, args ...any) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestANewVersionIsTriedOnACopy(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	next := anotherVersion(t, "2.0.0")
	before := whole(t, dir)
	var r upgradeReport
	if err := json.Unmarshal([]byte(succeed(t, dir, "upgrade", "--check", next, "-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.FromVersion != "1.2.3" || r.ToVersion != "2.0.0" || r.FromSchema != r.ToSchema || r.Entries != before.Entries || r.File != next {
		t.Errorf("it reports %+v", r)
	}
	if after := whole(t, dir); after != before {
		t.Errorf("the ledger was %+v and is %+v", before, after)
	}
	shop.stop()
}

func TestEveryReleasedSchemaIsTriedAndUpgraded(t *testing.T) {
	dumps, err := filepath.Glob("../store/sqlite/testdata/v*.sql")
	if err != nil || len(dumps) < 4 {
		t.Fatalf("there are %d dumps, %v", len(dumps), err)
	}
	newest := len(dumps)
	for schema := 1; schema < newest; schema++ {
		dir := released(t, schema)
		before, err := os.ReadFile(filepath.Join(dir, sqlite.FileName))
		if err != nil {
			t.Fatal(err)
		}
		var r upgradeReport
		if err := json.Unmarshal([]byte(succeed(t, dir, "upgrade", "--check", anotherVersion(t, "2.0.0"), "-o", "json")), &r); err != nil {
			t.Fatal(err)
		}
		if r.FromSchema != int64(schema) || r.ToSchema != int64(newest) || r.Entries == 0 {
			t.Errorf("of schema %d it reports %+v", schema, r)
		}
		after, err := os.ReadFile(filepath.Join(dir, sqlite.FileName))
		if err != nil || !bytes.Equal(after, before) {
			t.Errorf("schema %d: the ledger in use was changed, %v", schema, err)
		}
		// And as a start does it.
		if u := succeed(t, dir, copyCommand); !strings.Contains(u, fmt.Sprintf(`"from_schema": %d`, schema)) {
			t.Errorf("of schema %d the start says %s", schema, u)
		}
		whole(t, dir)
	}
}

func TestAProgramThatCannotTakeOverIsRefused(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	is := `{"version":"2.0.0","sqlite":"3.53.0"}`
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		write(t, path, text)
		return path
	}
	garbage := file("\x7fELF nothing that runs")
	if err := os.Chmod(garbage, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file string
		code int
		says string
	}{
		"an older version":      {anotherVersion(t, "1.0.0"), exitRefused, "older than this one"},
		"another program":       {another(t, "echo hello"), exitForeign, "not a shelfd"},
		"one that fails":        {another(t, "exit 1"), exitForeign, "not a shelfd"},
		"one that is no script": {garbage, exitForeign, "does not run on this system"},
		"a text":                {file("hello"), exitNoAccess, "chmod +x"},
		"a directory":           {t.TempDir(), exitForeign, "directory"},
		"nothing":               {filepath.Join(t.TempDir(), "nothing"), exitNotFound, "does not exist"},
		"one without the command": {
			another(t, `[ "$1" = version ] && { echo '`+is+`'; exit 0; }; exit 2`), exitRefused, "too old",
		},
		"one for older schemas": {
			another(t, `[ "$1" = version ] && { echo '`+is+`'; exit 0; }; echo '{"detail":"was written by shelfd 9"}' >&2; exit 17`), exitRefused, "too old for this ledger",
		},
		"one that finds damage": {
			another(t, `[ "$1" = version ] && { echo '`+is+`'; exit 0; }; echo '{"detail":"it is damaged"}' >&2; exit 8`), exitDamaged, "do not install it: it is damaged",
		},
		"one that crashes": {
			another(t, `[ "$1" = version ] && { echo '`+is+`'; exit 0; }; kill -9 $$`), exitFailure, "do not install it",
		},
	} {
		code, _, stderr := call(t, dir, "upgrade", "--check", tc.file)
		if code != tc.code || !strings.Contains(stderr, tc.says) {
			t.Errorf("%s: it ends with %d, want %d: %s", name, code, tc.code, stderr)
		}
	}
	if code, _, stderr := call(t, dir, "upgrade"); code != exitUsage || !strings.Contains(stderr, "check") {
		t.Errorf("without a file it ends with %d: %s", code, stderr)
	}
}

func TestALedgerOfANewerVersionSaysWhichOne(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err == nil {
		_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 9999; UPDATE meta SET value = '7.8.9' WHERE key = 'version'")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"verify"}, {"backup", t.TempDir()}, {"token", "list"}} {
		if code, _, stderr := call(t, dir, args...); code != exitNewer || !strings.Contains(stderr, "7.8.9") {
			t.Errorf("%v ends with %d: %s", args, code, stderr)
		}
	}
}
