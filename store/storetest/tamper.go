package storetest

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// Tamper changes the database of a closed ledger behind its back: it takes the
// witness away, drops the triggers that guard the ledger and runs the
// statements.
func Tamper(t testing.TB, dir string, statements ...string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, sqlite.WitnessFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	guards := []string{
		"DROP TRIGGER IF EXISTS entry_no_update", "DROP TRIGGER IF EXISTS entry_no_delete",
		"DROP TRIGGER IF EXISTS entry_notes_no_update", "PRAGMA ignore_check_constraints = ON",
	}
	for _, statement := range append(guards, statements...) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Saved are the seqs at which a ledger's database has saved balances and heads.
type Saved struct{ Balances, Heads []int64 }

// Seqs lists what the database of a closed ledger has saved.
func (s *Shop) Seqs(t testing.TB) (saved Saved) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, sqlite.FileName)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := func(query string) (seqs []int64) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			seqs = append(seqs, 0)
			if err := rows.Scan(&seqs[len(seqs)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return seqs
	}
	return Saved{read("SELECT seq FROM balances ORDER BY seq"), read("SELECT seq FROM head ORDER BY seq")}
}

// Rewrite changes the text of one entry of a closed ledger, and all hashes
// from there on, as somebody could who knows how they are made.
func Rewrite(t testing.TB, dir string, seq int64, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.FileName)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT seq, hash, body FROM entry WHERE seq >= ? ORDER BY seq", seq-1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var statements []string
	var last store.Hash
	for rows.Next() {
		var at int64
		var hash []byte
		var body string
		if err := rows.Scan(&at, &hash, &body); err != nil {
			t.Fatal(err)
		}
		if at < seq {
			copy(last[:], hash)
			continue
		}
		if at == seq {
			changed := strings.Replace(body, from, to, 1)
			if changed == body {
				t.Fatalf("entry %d is %s: no %s", seq, body, from)
			}
			body = changed
		}
		last = last.Next([]byte(body))
		statements = append(statements, fmt.Sprintf("UPDATE entry SET body = '%s', hash = x'%x' WHERE seq = %d", strings.ReplaceAll(body, "'", "''"), last, at))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	_ = rows.Close()
	statements = append(statements, "DELETE FROM head", "DELETE FROM state", "DELETE FROM balances")
	Tamper(t, dir, statements...)
}
