package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// backedUp makes a backup that must succeed, and gives what it reports.
func backedUp(t *testing.T, dir string, args ...string) (r backupReport) {
	t.Helper()
	if len(args) == 0 {
		args = []string{filepath.Join(t.TempDir(), "shop.backup")}
	}
	out := succeed(t, dir, append([]string{"backup", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// whole gives what verify says of a data directory, which must be whole.
func whole(t *testing.T, dir string) verifyReport {
	t.Helper()
	code, r := verified(t, dir)
	if code != exitOK || !r.OK {
		t.Fatalf("verify ends with %d: %+v", code, r)
	}
	return r
}

func TestABackupIsMadeBesideARunningServer(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	shop.sell("A", -1)
	was := whole(t, dir)
	r := backedUp(t, dir)
	if r.Seq != was.Seq || r.Hash != was.Hash || r.Store != was.Store || r.Epoch != 1 || len(r.Key) != 32 {
		t.Errorf("it reports %+v; the ledger is %+v", r, was)
	}
	if info, err := os.Stat(r.File); err != nil || info.Size() != r.Bytes || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(r.File), "*.part")); err != nil || left != nil {
		t.Errorf("it leaves %q, %v", left, err)
	}
	_, health := shop.ask("GET", "/healthz", "", "")
	if !strings.Contains(health, `"scheduled":true`) {
		t.Errorf("health says %s", health)
	}
	shop.stop()
	if again := backedUp(t, dir); again.Seq < r.Seq {
		t.Errorf("without a server it ends at %d, before %d", again.Seq, r.Seq)
	}
}

func TestABackupInADirectorySaysWhatItIs(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	stocked(t, dir)
	r := backedUp(t, dir, to)
	id, _ := store.ParseID(r.Store)
	if filepath.Dir(r.File) != to || !isBackupName(filepath.Base(r.File), id) || !strings.Contains(r.File, r.Store) {
		t.Errorf("it is %s", r.File)
	}
}

func TestABackupThatCannotBeMadeSaysWhy(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	stocked(t, dir)
	file := filepath.Join(to, "shop.backup")
	backedUp(t, dir, file)
	before, _ := os.ReadFile(file)
	for _, tc := range []struct {
		dir, to string
		code    int
		says    string
	}{
		{dir, file, exitRefused, "--force"},
		{dir, filepath.Join(to, "nowhere", "x"), exitNotFound, "nowhere does not exist"},
		{dir, filepath.Join(to, "nowhere") + string(filepath.Separator), exitNotFound, "nowhere does not exist"},
		{dir, filepath.Join(file, "x"), exitNoAccess, "shop.backup"},
		{t.TempDir(), filepath.Join(to, "y"), exitNotFound, "no ledger"},
		{dir, "", exitUsage, "FILE is empty"},
	} {
		code, _, stderr := call(t, tc.dir, "backup", tc.to)
		if code != tc.code || !strings.Contains(stderr, tc.says) {
			t.Errorf("to %s it ends with %d, want %d: %s", tc.to, code, tc.code, stderr)
		}
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("a refused backup changed the file that was there")
	}
	backedUp(t, dir, file, "--force")
}

func TestABackupNeedsTheKeyAndRoom(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	job := o.backupJob()
	job.free = func(string) (int64, error) { return 1 << 20, nil }
	to := t.TempDir()
	if _, err := job.make(t.Context(), backupPlace{dir: to}); exitCode(err) != exitFull || !strings.Contains(err.Error(), "make room") {
		t.Errorf("on a full disk: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, keyFile), filepath.Join(t.TempDir(), "away")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call(t, dir, "backup", to); code != exitNotFound || !strings.Contains(stderr, keyFile) {
		t.Errorf("without the key it ends with %d: %s", code, stderr)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

func TestADamagedLedgerIsNotBackedUp(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	stocked(t, dir)
	tamper(t, filepath.Join(dir, sqlite.FileName), `"unit":"each"`, `"unit":"eech"`)
	if code, _, stderr := call(t, dir, "backup", to); code != exitDamaged {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// TestABackupHoldsNoSecret looks for the secrets of a data directory in what a
// backup unpacks to.
func TestABackupHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	secret := strings.TrimSpace(succeed(t, dir, "webhook", "add", "https://screens.example.com/hooks"))
	token := strings.TrimSpace(succeed(t, dir, "token", "create", "--name", "Till", "--role", "terminal"))
	if err := writeEnrolment(dir, enrolment{URL: "https://central.example", Key: "shelfd_canary-of-the-enrolment"}); err != nil {
		t.Fatal(err)
	}
	control, err := readControl(dir)
	if err != nil {
		t.Fatal(err)
	}
	canaries := []string{secret, strings.TrimPrefix(secret, "whsec_"), token, control.Token, shop.Token, "canary-of-the-enrolment"}
	for _, name := range []string{keyFile, sealFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		// The public key is no secret.
		canaries = append(canaries, strings.Split(string(data), "\n")[0])
	}
	b, err := openBackup(backedUp(t, dir).File)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	var database bytes.Buffer
	text, err := json.Marshal(b.manifest)
	if err := errors.Join(err, b.unpack(t.Context(), &database)); err != nil {
		t.Fatal(err)
	}
	for _, c := range canaries {
		if len(c) < 10 {
			t.Fatalf("%q is no canary", c)
		}
		if bytes.Contains(database.Bytes(), []byte(c)) || bytes.Contains(text, []byte(c)) {
			t.Errorf("it holds %s…", c[:12])
		}
	}
	if !bytes.Contains(database.Bytes(), []byte("screens.example.com")) {
		t.Error("it does not hold what it should either")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
