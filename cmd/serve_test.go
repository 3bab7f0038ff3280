package cmd

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store/sqlite"
)

func TestServeLetsSomebodyInOnceAndStopsInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startServer(t, dir)
	if s.DataDir != dir || !strings.HasPrefix(s.Token, "shelfd_") {
		t.Fatalf("the first start says %+v", s)
	}
	if status, body := s.ask(http.MethodGet, "/api/v1/me", s.Token, ""); status != http.StatusOK {
		t.Fatalf("the first token gets %d: %s", status, body)
	}
	if status, _ := s.ask(http.MethodGet, "/api/v1/me", "shelfd_no", ""); status != http.StatusUnauthorized {
		t.Errorf("a made-up token gets %d", status)
	}
	if code := s.stop(); code != exitOK {
		t.Fatalf("a stop on request ends with %d: %s", code, s.stderr)
	}
	again := startServer(t, dir)
	if again.Token != "" {
		t.Error("the second start shows a token too")
	}
	if status, body := again.ask(http.MethodGet, "/api/v1/me", s.Token, ""); status != http.StatusOK {
		t.Errorf("after a new start the first token gets %d: %s", status, body)
	}
	if out := succeed(t, dir, "verify"); !strings.Contains(out, "1 signed with this ledger's key") {
		t.Errorf("the stop saved no signed head: %s", out)
	}
}

func TestServeSaysWhereItsDataAreFromTheRoot(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if s := startServer(t, "data"); s.DataDir != filepath.Join(here, "data") {
		t.Errorf("it says %q", s.DataDir)
	}
}

func TestServeNeverLocksEverybodyOut(t *testing.T) {
	dir := t.TempDir()
	first := startServer(t, dir)
	id := tokensOf(t, dir)[0].ID
	succeed(t, dir, "token", "revoke", id)
	if status, _ := first.ask(http.MethodGet, "/api/v1/me", first.Token, ""); status != http.StatusUnauthorized {
		t.Errorf("a revoked token gets %d", status)
	}
	first.stop()
	second := startServer(t, dir)
	if second.Token == "" || second.Token == first.Token {
		t.Fatal("with its only admin token revoked, a store shows no new one")
	}
	if status, body := second.ask(http.MethodGet, "/api/v1/tokens", second.Token, ""); status != http.StatusOK {
		t.Errorf("the new token gets %d: %s", status, body)
	}
}

func TestServeTakesTheConfiguredAdminTokenAndDoesNotShowIt(t *testing.T) {
	dir, secret := t.TempDir(), newSecret()
	change := func(o *rootOptions) { o.env = append(o.env, "SHELFD_ADMIN_TOKEN="+secret) }
	s := startProgram(t, change, dir)
	if s.Token != "" {
		t.Error("the configured token is shown")
	}
	if status, body := s.ask(http.MethodGet, "/api/v1/tokens", secret, ""); status != http.StatusOK {
		t.Errorf("the configured token gets %d: %s", status, body)
	}
	succeed(t, dir, "token", "revoke", tokensOf(t, dir)[0].ID)
	s.stop()
	again := startProgram(t, change, dir)
	if again.Token == "" {
		t.Error("after the configured token was revoked, nobody gets in")
	}
	if status, _ := again.ask(http.MethodGet, "/api/v1/tokens", secret, ""); status != http.StatusUnauthorized {
		t.Errorf("a new start brought a revoked token back: %d", status)
	}
}

func TestServeWritesTheControlFileForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	path := filepath.Join(dir, controlFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	c, err := readControl(dir)
	if err != nil || c.URL != s.URL || c.PID != os.Getpid() {
		t.Errorf("it says %+v, %v", c, err)
	}
	if status, body := s.ask(http.MethodGet, "/api/v1/tokens", c.Token, ""); status != http.StatusOK {
		t.Errorf("its token gets %d: %s", status, body)
	}
	s.stop()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after the stop it is still there: %v", err)
	}
	again := startServer(t, dir)
	if status, _ := again.ask(http.MethodGet, "/api/v1/tokens", c.Token, ""); status != http.StatusUnauthorized {
		t.Errorf("the token of the start before gets %d", status)
	}
}

func TestServeRefusesADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	code, _, stderr := call(t, dir, "serve", "--listen", "127.0.0.1:0")
	if want := fmt.Sprintf("(process %d)", os.Getpid()); code != exitInUse || !strings.Contains(stderr, want) {
		t.Errorf("a second server ends with %d: %s", code, stderr)
	}
	if status, _ := s.ask(http.MethodGet, "/healthz", "", ""); status != http.StatusOK {
		t.Errorf("the first one answers %d", status)
	}
	if _, err := readControl(dir); err != nil {
		t.Errorf("the second one took the control file away: %v", err)
	}
}

func TestServeSaysThatAPortIsTaken(t *testing.T) {
	s := startServer(t, t.TempDir())
	dir := t.TempDir()
	address := strings.TrimPrefix(s.URL, "http://")
	code, _, stderr := call(t, dir, "serve", "--listen", address)
	if code != exitAddress || !strings.Contains(stderr, address+" is in use by another program") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); !os.IsNotExist(err) {
		t.Errorf("it made a ledger that nobody serves: %v", err)
	}
}

func TestServeSaysThatItRunsAlready(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	code, _, stderr := call(t, dir, "serve", "--listen", strings.TrimPrefix(s.URL, "http://"))
	if code != exitInUse || !strings.Contains(stderr, "runs already, at "+s.URL) {
		t.Errorf("a second server at the same address ends with %d: %s", code, stderr)
	}
}

func TestServeRefusesToMixDemoAndRealData(t *testing.T) {
	dir := t.TempDir()
	startServer(t, dir).stop()
	code, _, stderr := call(t, dir, "serve", "--demo", "--listen", "127.0.0.1:0")
	if code != exitRefused || !strings.Contains(stderr, "real data") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

func TestServeEncryptsAndTheCommandsKnowItsCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := makeCertificate(t)
	s := startProgram(t, func(o *rootOptions) { o.env = append(o.env, "SHELFD_TLS_CERT="+cert, "SHELFD_TLS_KEY="+key) }, dir)
	if !strings.HasPrefix(s.URL, "https://") {
		t.Fatalf("it serves %s", s.URL)
	}
	if list := tokensOf(t, dir); len(list) != 1 {
		t.Errorf("the commands see %d tokens", len(list))
	}
	c, err := readControl(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Certificate = strings.Repeat("00", 32)
	if err := writeControl(dir, c); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call(t, dir, "token", "list"); code != exitInUse {
		t.Errorf("with another certificate than announced, a command ends with %d: %s", code, stderr)
	}
}

func TestServeKeepsItsFilesToTheirOwner(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the directory's access list does it there")
	}
	dir := t.TempDir()
	startServer(t, dir)
	err := filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Error(err)
	}
}

// tokensOf lists the tokens with the command.
func tokensOf(t *testing.T, dir string) []tokenView {
	t.Helper()
	var list struct{ Data []tokenView }
	if err := json.Unmarshal([]byte(succeed(t, dir, "token", "list", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Data
}
