package cmd

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

func verified(t *testing.T, dir string) (int, verifyReport) {
	t.Helper()
	code, stdout, stderr := call(t, dir, "verify", "-o", "json")
	var r verifyReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("verify ended with %d and says %q, %s", code, stdout, stderr)
	}
	return code, r
}

func TestVerifyBesideARunningServerSeesTheNewestEntry(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	for range 5 {
		if status, body := s.ask(http.MethodPost, "/api/v1/tokens", s.Token, `{"name":"till","role":"terminal"}`); status != http.StatusCreated {
			t.Fatalf("%d: %s", status, body)
		}
	}
	if code, r := verified(t, dir); code != exitOK || !r.OK || r.Seq != 6 || r.Events != 6 {
		t.Errorf("it ends with %d: %+v", code, r)
	}
}

func TestVerifyReadsWhatAKilledServerLeft(t *testing.T) {
	dir, left := t.TempDir(), t.TempDir()
	startServer(t, dir)
	// As a power cut would leave them: the first token is in the WAL alone.
	for _, name := range []string{sqlite.FileName, sqlite.FileName + "-wal", keyFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(left, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if code, r := verified(t, left); code != exitOK || r.Seq != 1 || r.Clean {
		t.Errorf("it ends with %d: %+v", code, r)
	}
}

func TestVerifyNamesTheFirstBadEntry(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"Office", "Counter", "Back door"} {
		succeed(t, dir, "token", "create", "--name", name, "--role", "admin")
	}
	tamper(t, filepath.Join(dir, sqlite.FileName), `"name":"Counter"`, `"name":"Encoder"`)
	code, r := verified(t, dir)
	if code != exitDamaged || r.OK || r.Damage == nil || r.Damage.Seq != 2 {
		t.Errorf("it ends with %d: %+v", code, r)
	}
	code, stdout, stderr := call(t, dir, "verify")
	if code != exitDamaged || stdout != "" || !strings.Contains(stderr, "damaged at entry 2") {
		t.Errorf("it ends with %d: %s%s", code, stdout, stderr)
	}
}

func TestVerifySaysThatTheNewestChangesAreMissing(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	}
	statement("DROP TRIGGER entry_no_delete; DELETE FROM entry WHERE seq = 3; DELETE FROM head; DELETE FROM state; DELETE FROM balances")(t, dir)
	code, r := verified(t, dir)
	if code != exitDamaged || r.OK || r.Damage == nil || r.Damage.Seq != 3 || !strings.Contains(r.Damage.Reason, "the newest changes are missing") {
		t.Errorf("it ends with %d: %+v", code, r)
	}
}

func TestVerifyFindsAForgedHead(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	_, before := verified(t, dir)
	if before.Signed != 1 {
		t.Fatalf("no head is signed: %+v", before)
	}
	key, err := readSigner(dir, mustID(t, before.Store))
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, filepath.Join(dir, sqlite.FileName), key.sign.Name()+"/1\n1\n", key.sign.Name()+"/1\n9\n")
	if code, r := verified(t, dir); code != exitDamaged || r.Damage == nil || !strings.Contains(r.Damage.Reason, "signature of the head") {
		t.Errorf("it ends with %d: %+v", code, r)
	}
}

func TestVerifyWithoutTheKeySaysSo(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	if out := succeed(t, dir, "verify"); !strings.Contains(out, "1 saved heads were signed with a key that is not in ledger.key") {
		t.Errorf("it says %s", out)
	}
}

func TestServeRefusesADamagedLedger(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	s.ask(http.MethodPost, "/api/v1/tokens", s.Token, `{"name":"Counter","role":"terminal"}`)
	s.stop()
	path := filepath.Join(dir, sqlite.FileName)
	tamper(t, path, `"name":"Counter"`, `"name":"Encoder"`)
	// Without the saved state, the start folds what it reads.
	forget(t, dir)
	code, _, stderr := call(t, dir, "serve", "--listen", "127.0.0.1:0")
	if code != exitDamaged || !strings.Contains(stderr, "damaged at entry 2") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

// tamper changes bytes of a closed file, as many as there are.
func tamper(t *testing.T, path, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(old) != len(replacement) || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(old), []byte(replacement)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// forget drops the saved state, as a start from an old backup has none.
func forget(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err == nil {
		_, err = db.ExecContext(t.Context(), "DELETE FROM state")
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func mustID(t *testing.T, text string) store.ID {
	t.Helper()
	id, ok := store.ParseID(text)
	if !ok {
		t.Fatalf("%q is no id", text)
	}
	return id
}
