package cmd

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// filesIn reads what is in a directory, but for what looking makes: the lock and
// SQLite's index of the log.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock") {
			return err
		}
		data, err := os.ReadFile(path)
		if len(data) > 0 || !strings.HasSuffix(path, "-wal") {
			all[path] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// statement changes the database of a closed ledger.
func statement(text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
		if err == nil {
			_, err = db.ExecContext(t.Context(), text)
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// overwrite replaces the database file.
func overwrite(fn func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		path := filepath.Join(dir, sqlite.FileName)
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, fn(data), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func removed(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// unusable is each way in which data cannot be used, with the code that ends
// serve and the beginning of a heading in docs/troubleshooting.md.
var unusable = map[string]struct {
	spoil func(*testing.T, string)
	code  int
	say   string
}{
	"zeroed":                   {overwrite(func(b []byte) []byte { return make([]byte, len(b)) }), exitDamaged, "is damaged from its first bytes on"},
	"cut off":                  {overwrite(func(b []byte) []byte { return b[:len(b)-4096] }), exitDamaged, "is damaged"},
	"deleted":                  {removed(sqlite.FileName), exitNotFound, "is missing, though its entries"},
	"emptied":                  {overwrite(func([]byte) []byte { return nil }), exitNotFound, "is missing, though its entries"},
	"newest entry deleted":     {statement("DROP TRIGGER entry_no_delete; DELETE FROM entry WHERE seq = 2"), exitDamaged, "the newest changes are missing"},
	"another program's":        {both16, exitForeign, "is not a ledger of shelfd's"},
	"a text":                   {bothText, exitForeign, "is not a ledger of shelfd's"},
	"written by a newer":       {statement("PRAGMA user_version = 9999; UPDATE meta SET value = '9.9.9' WHERE key = 'version'"), exitNewer, "was written by shelfd"},
	"made up":                  {statement("UPDATE meta SET value = '1' WHERE key = 'demo'"), exitRefused, "holds demo data"},
	"a damaged key":            {spoilt(keyFile), exitFailure, "is damaged"},
	"a directory for the file": {directoryForFile, exitNoAccess, "is a directory, where a file of the ledger belongs"},
}

func both16(t *testing.T, dir string) {
	removed(sqlite.WitnessFile)(t, dir)
	statement("PRAGMA application_id = 7")(t, dir)
}

func bothText(t *testing.T, dir string) {
	removed(sqlite.WitnessFile)(t, dir)
	overwrite(func([]byte) []byte { return []byte(strings.Repeat("hello ", 500)) })(t, dir)
}

func directoryForFile(t *testing.T, dir string) {
	removed(sqlite.FileName)(t, dir)
	if err := os.Mkdir(filepath.Join(dir, sqlite.FileName), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestWhatKeepsDataFromBeingOpenedHasACodeAndASentence(t *testing.T) {
	for name, x := range unusable {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for range 2 {
				succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
			}
			x.spoil(t, dir)
			before := filesIn(t, dir)
			for _, args := range []string{"serve --listen 127.0.0.1:0", "token create --name A --role admin", "serve --listen 127.0.0.1:0 -o json"} {
				code, stdout, stderr := call(t, dir, strings.Fields(args)...)
				if args[0] == 't' && x.code == exitRefused {
					continue // commands go on with made-up data
				}
				if code != x.code || !strings.Contains(stderr, x.say) || stdout != "" {
					t.Errorf("%s ends with %d: %s%s; want %d and %q", args, code, stdout, stderr, x.code, x.say)
				}
				if strings.Contains(stderr, "SQLITE") || strings.Contains(stderr, "goroutine ") {
					t.Errorf("that helps nobody: %s", stderr)
				}
			}
			if x.code != exitRefused && !maps.Equal(before, filesIn(t, dir)) {
				t.Error("what was refused was changed")
			}
		})
	}
}

func TestEveryErrorOfAnOpeningHasItsCode(t *testing.T) {
	for want, errs := range map[int][]error{
		exitNoAccess: {&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, fmt.Errorf("x: %w", syscall.EROFS), sqlite.ErrNoAccess},
		exitFull:     {&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, &store.Error{Code: store.CodeStorageFull}},
		exitDamaged:  {&store.DamageError{}, sqlite.ErrDamaged, sqlite.ErrLost, errors.Join(sqlite.ErrDamaged, syscall.EACCES)},
		exitInUse:    {sqlite.ErrLocked},
		exitForeign:  {sqlite.ErrForeign},
		exitNewer:    {sqlite.ErrNewerSchema},
		exitRefused:  {sqlite.ErrDemo},
		exitNotFound: {&store.Error{Code: store.CodeNotFound}},
		exitStorage:  {&store.Error{Code: store.CodeOutcomeUnknown}},
		exitFailure:  {errors.New("anything else")},
		exitOK:       {nil},
	} {
		for _, err := range errs {
			if got := exitCode(openingError(err)); got != want {
				t.Errorf("%v ends the process with %d, want %d", err, got, want)
			}
		}
	}
}

// What keeps shelfd from running is explained, by what it says and the code it
// ends with.
func TestTroubleshootingExplainsWhatKeepsShelfdFromRunning(t *testing.T) {
	manual, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := regexp.MustCompile(`(?m)^## `).Split(string(manual), -1)
	explained := func(say string, code int) bool {
		for _, s := range sections {
			if strings.Contains(s, say) && strings.Contains(s, fmt.Sprintf("\nExit code %d.", code)) {
				return true
			}
		}
		return false
	}
	for name, x := range unusable {
		if x.code != exitFailure && !explained(x.say, x.code) {
			t.Errorf("%s: no section has %q and exit code %d", name, x.say, x.code)
		}
	}
	for _, code := range []int{exitConfig, exitInUse, exitStorage, exitAddress, exitNoAccess, exitFull} {
		if !explained("", code) {
			t.Errorf("no section is about exit code %d", code)
		}
	}
}
