package cmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

// examined runs doctor and gives what it found, by code. Without a configuration
// nobody's address is asked, as another program may have the usual one.
func examined(t *testing.T, dir string, args ...string) (code int, r doctorReport, found map[string]finding) {
	t.Helper()
	if !slices.Contains(args, "--config") {
		args = append(args, "--config", writeConfig(t, "listen: 127.0.0.1:0\n"))
	}
	code, stdout, stderr := call(t, dir, append([]string{"doctor", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("it ends with %d and says %q, %s", code, stdout, stderr)
	}
	found = map[string]finding{}
	for _, f := range r.Checks {
		found[f.Code] = f
		if f.State != standsGood && f.Detail == "" {
			t.Errorf("%s says nothing", f.Code)
		}
	}
	return code, r, found
}

// finds holds a report to what must be in it.
func finds(t *testing.T, found map[string]finding, code string, state standing, say string) {
	t.Helper()
	f, ok := found[code]
	if !ok || f.State != state || !strings.Contains(f.Detail+" > "+f.Action, say) {
		t.Errorf("%s is %+v; want %s saying %q; found were %v", code, f, state, say, slices.Sorted(maps.Keys(found)))
	}
}

// freeListen configures an address that nobody else has.
func freeListen(t *testing.T) (config, address string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	return writeConfig(t, "listen: "+address+"\n"), address
}

func newLedger(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	}
	return dir
}

func TestDoctorWithoutAServerChangesNothing(t *testing.T) {
	dir := newLedger(t)
	config, _ := freeListen(t)
	before := filesIn(t, dir)
	code, r, found := examined(t, dir, "--config", config)
	if code != exitOK || r.State != standsLook || !strings.HasPrefix(r.Verdict, "shelfd can run; ") {
		t.Errorf("it ends with %d: %+v", code, r)
	}
	for _, good := range []string{"version", "configuration", "data_dir", "database", "tail", "clock", "webhooks"} {
		finds(t, found, good, standsGood, "")
	}
	finds(t, found, "address.silent", standsLook, "no server runs")
	finds(t, found, "backup.none", standsLook, "shelfd backup FILE")
	finds(t, found, "tail", standsGood, "newest 3 is whole")
	if !maps.Equal(before, filesIn(t, dir)) {
		t.Error("it changed something")
	}
}

func TestDoctorWithoutAnythingMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	code, _, found := examined(t, dir, "--offline")
	finds(t, found, "data_dir.missing", standsLook, "shelfd serve makes one")
	finds(t, found, "database.missing", standsLook, "there is no ledger")
	if _, err := os.Stat(dir); err == nil || code != exitOK {
		t.Errorf("it ends with %d and made %s", code, dir)
	}
}

func TestDoctorBesideAServer(t *testing.T) {
	dir := newLedger(t)
	config, address := freeListen(t)
	startProgram(t, func(*rootOptions) {}, dir, "--listen", address)
	_, _, found := examined(t, dir, "--config", config)
	finds(t, found, "address", standsGood, "shelfd 1.2.3 answers at "+address)
	finds(t, found, "server", standsGood, "it is well")
	if f, ok := found["stop.unclean"]; ok {
		t.Errorf("a server that runs is no unclean stop: %+v", f)
	}
	_, _, found = examined(t, newLedger(t), "--config", config)
	finds(t, found, "address.other_data", standsLook, "is data_dir right")
	elsewhere, _ := freeListen(t)
	_, _, found = examined(t, dir, "--config", elsewhere)
	finds(t, found, "address.silent", standsLook, "the server runs at http://"+address)
}

func TestDoctorMissesTheKeyOfWebhooksSecrets(t *testing.T) {
	dir := newLedger(t)
	if _, _, found := examined(t, dir, "--offline"); found["keys.seal"].Code != "" {
		t.Errorf("without a webhook there is nothing to seal: %+v", found["keys.seal"])
	}
	succeed(t, dir, "webhook", "add", "https://screens.example.com/hooks")
	if err := os.Remove(filepath.Join(dir, sealFile)); err != nil {
		t.Fatal(err)
	}
	code, _, found := examined(t, dir, "--offline")
	finds(t, found, "keys.seal", standsMend, "put back seal.key")
	if code != exitUnwell {
		t.Errorf("it ends with %d", code)
	}
}

func TestDoctorFindsAnotherProgramAtItsAddress(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	config := writeConfig(t, "listen: "+other.Listener.Addr().String()+"\n")
	code, _, found := examined(t, newLedger(t), "--config", config)
	finds(t, found, "address.taken", standsMend, "another program answers")
	if code != exitUnwell {
		t.Errorf("it ends with %d", code)
	}
}

func TestDoctorPassesOnWhyAServerDoesNotWork(t *testing.T) {
	for answer, want := range map[string]finding{
		`{"version":"1.2.3","status":"starting","problems":[]}`:                                                               {Code: "address.starting", State: standsLook, Detail: "is opening its data"},
		`{"version":"1.2.3","status":"failing","problems":[{"code":"x","detail":"The disk is full.","action":"Make room."}]}`: {Code: "address.failing", State: standsMend, Detail: "The disk is full. > Make room."},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		_, _, found := examined(t, newLedger(t), "--config", writeConfig(t, "listen: "+server.Listener.Addr().String()+"\n"))
		finds(t, found, want.Code, want.State, want.Detail)
		server.Close()
	}
}

func TestDoctorGoesOnWithABrokenConfiguration(t *testing.T) {
	dir := newLedger(t)
	config := writeConfig(t, "listen: here\nlog: {level: loud}\n")
	code, r, found := examined(t, dir, "--config", config, "--offline")
	finds(t, found, "configuration.invalid", standsMend, config+":1:9: listen")
	finds(t, found, "database", standsGood, "3 entries")
	if code != exitUnwell || !strings.HasPrefix(r.Verdict, "1 thing must be mended, ") {
		t.Errorf("it ends with %d: %s", code, r.Verdict)
	}
	code, _, found = examined(t, dir, "--config", filepath.Join(dir, "none.yaml"), "--offline")
	finds(t, found, "configuration.invalid", standsMend, "cannot be read")
	finds(t, found, "database", standsGood, "3 entries")
	if code != exitUnwell {
		t.Errorf("without its configuration it ends with %d", code)
	}
}

func TestDoctorFindsWhatIsWrongWithTheData(t *testing.T) {
	for name, x := range map[string]struct {
		spoil func(*testing.T, string)
		code  string
		say   string
	}{
		"zeroed":        {overwrite(func(b []byte) []byte { return make([]byte, len(b)) }), "database.exit_8", "damaged from its first bytes"},
		"foreign":       {both16, "database.exit_16", "not a ledger"},
		"newer":         {statement("PRAGMA user_version = 9999"), "database.exit_17", "newer than this one"},
		"lost":          {statement("DROP TRIGGER entry_no_delete; DELETE FROM entry WHERE seq = 3"), "database.lost", "newest changes are missing"},
		"changed":       {statement("DROP TRIGGER entry_no_update; UPDATE entry SET body = replace(body, 'Office', 'Encore') WHERE seq = 2"), "database.damaged", "damaged at entry 2"},
		"gap":           {statement("DROP TRIGGER entry_no_delete; DELETE FROM entry WHERE seq = 2"), "database.damaged", "damaged at entry 3"},
		"the key":       {spoilt(keyFile), "keys.ledger", "put back ledger.key"},
		"the seal":      {spoilt(sealFile), "keys.seal", "put back seal.key"},
		"backup failed": {backupSays(`{"error":"the disk is full"}`), "backup.failed", "the disk is full"},
		"the clock":     {statement("DROP TRIGGER entry_no_update; UPDATE entry SET recorded_at = recorded_at + 864000000 WHERE seq = 3"), "clock.behind", "set the clock"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newLedger(t)
			x.spoil(t, dir)
			before := filesIn(t, dir)
			code, _, found := examined(t, dir, "--offline")
			finds(t, found, x.code, standsMend, x.say)
			if code != exitUnwell {
				t.Errorf("it ends with %d", code)
			}
			if !maps.Equal(before, filesIn(t, dir)) {
				t.Error("it changed something")
			}
		})
	}
}

func backupSays(text string) func(*testing.T, string) { return holding(backupFileName, text) }

func spoilt(name string) func(*testing.T, string) { return holding(name, "x") }

// holding replaces a file of a data directory.
func holding(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDoctorLeavesOlderDataToTheNextStart(t *testing.T) {
	dir := newLedger(t)
	statement("PRAGMA user_version = 1")(t, dir)
	_, _, found := examined(t, dir, "--offline")
	finds(t, found, "database.older", standsLook, "start this one once")
}

func TestDoctorTellsTheAgeOfABackup(t *testing.T) {
	dir := newLedger(t)
	now := store.InstantOf(time.Now())
	for text, want := range map[string]string{
		fmt.Sprintf(`{"at":%d,"file":"/x/a.backup"}`, now-3_600_000):  "backup",
		fmt.Sprintf(`{"at":%d,"file":"/x/a.backup"}`, now-9*86400000): "backup.old",
		fmt.Sprintf(`{"at":%d,"file":"/x/a.backup"}`, now+9*86400000): "backup.unknown",
		`{}`: "backup.none",
		`{`:  "backup.unknown",
	} {
		backupSays(text)(t, dir)
		if _, _, found := examined(t, dir, "--offline"); found[want].Code != want {
			t.Errorf("%s is not %s: %v", text, want, found)
		}
	}
}

func TestDoctorFindsWhatOthersMayRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights are inherited on Windows")
	}
	dir := newLedger(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, keyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, found := examined(t, dir, "--offline")
	finds(t, found, "data_dir.readable", standsMend, dir+", "+keyFile)
}

func TestDoctorFindsSyncedFolders(t *testing.T) {
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "plain", ".stfolder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"OneDrive - Green Leaf", "Dropbox", "Mobile Documents", "plain"} {
		dir := filepath.Join(base, name, "data")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, _, found := examined(t, dir, "--offline")
		finds(t, found, "disk.synced", standsMend, "make backups")
	}
	if folder := syncedFolder(filepath.Join(base, "other", "data")); folder != "" {
		t.Errorf("an ordinary folder is %s's", folder)
	}
}

func TestDoctorWritesForPeople(t *testing.T) {
	dir := newLedger(t)
	out := succeed(t, dir, "doctor", "--offline", "--config", writeConfig(t, "listen: 127.0.0.1:0\n"))
	if !strings.Contains(out, "ok              database        3 entries") || !strings.Contains(out, "look at this    backup") || strings.Contains(out, "\x1b") {
		t.Errorf("it says\n%s", out)
	}
	if last := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]; !strings.HasPrefix(last, "shelfd can run; ") {
		t.Errorf("its last line is %q", last)
	}
	r := doctorReport{Checks: []finding{good("a", "a", "fine"), bad("b", "b", "mend it", "wrong")}}
	r.judge()
	var b strings.Builder
	if err := r.writeText(&b, true); err != nil || !strings.Contains(b.String(), "\x1b[31mmust be mended") || !strings.Contains(b.String(), "> mend it\n") {
		t.Errorf("%v in colour it is %q", err, b.String())
	}
	d := &doctor{rootOptions: &rootOptions{env: []string{"NO_COLOR=1"}, stdout: os.Stdout}}
	if d.colourful() {
		t.Error("NO_COLOR is not heeded")
	}
}
