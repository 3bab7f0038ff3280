package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestCommandsEndWithTheDocumentedCodes(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "token", "create", "--name", "Office", "--role", "admin")
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("listen: here\nlog: {level: loud}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		want int
		say  string
	}{
		{"", exitOK, ""},
		{"help", exitOK, ""},
		{"help exit-codes", exitOK, ""},
		{"version", exitOK, ""},
		{"completion bash", exitOK, ""},
		{"token", exitOK, ""},
		{"config check", exitOK, ""},
		{"verify", exitOK, ""},
		{"tokem", exitUsage, "Did you mean this?\n\ttoken\n\nSee shelfd --help"},
		{"token made", exitUsage, `unknown command "made" for "shelfd token"; see shelfd token --help`},
		{"verify now", exitUsage, `unknown command "now"`},
		{"verify --fast", exitUsage, "unknown flag: --fast"},
		{"service logs -n few", exitUsage, `invalid argument "few" for "-n, --lines" flag; see shelfd service logs --help`},
		{"version -o xml", exitUsage, "-o xml: must be text or json"},
		{"token create", exitUsage, "--name and --role must be given"},
		{"token create --name Till", exitUsage, "--role must be given; see shelfd token create --help"},
		{"token create --name Till --role terminal --expires soon", exitUsage, "--expires soon: must be a time from now"},
		{"token revoke", exitUsage, "it is called as: shelfd token revoke ID [flags]; see shelfd token revoke --help"},
		{"--config " + broken + " config check", exitConfig, "2 things are wrong:\n  " + broken + ":1:9: listen"},
		{"--config " + broken + " serve", exitConfig, broken + ":2:14: log.level"},
		{"serve --listen 0.0.0.0:0", exitConfig, "--listen: listen: opens 0.0.0.0:0 to the network"},
		{"token revoke 019bfefd-0000-7000-8000-000000000000", exitNotFound, "There is no token"},
		{"token create --name Till --role terminal --location Nowhere", exitNotFound, `there is no location "Nowhere"`},
		{"token create --name Till --role owner", exitRefused, "role"},
		{"sync --force", exitUsage, "--force goes with --type full"},
		{"sync statis", exitUsage, `unknown command "statis"`},
		{"sync", exitNotFound, "shelfd sync enroll"},
		{"sync status", exitOK, ""},
		{"sync --type sideways", exitUsage, "must be incremental or full"},
		{"sync forget", exitNotFound, "not enrolled"},
		{"sync enroll http://central.example CODE", exitRefused, "without encryption"},
		{"sync enroll http://127.0.0.1:1 CODE", exitUnreachable, ""},
		{"central", exitConfig, "central.database is not set"},
		{"central stores", exitConfig, "central.database is not set"},
		{"central --database postgres://127.0.0.1:1/x?connect_timeout=1", exitUnreachable, "127.0.0.1"},
		{"--data-dir " + filepath.Join(dir, "none") + " sync", exitNotFound, "there is no ledger in"},
		{"--data-dir " + filepath.Join(dir, "none") + " adopt", exitNotFound, "there is no ledger in"},
		{"--data-dir " + filepath.Join(dir, "none") + " token list", exitNotFound, "there is no ledger in"},
	} {
		code, _, stderr := call(t, dir, strings.Fields(tc.args)...)
		if code != tc.want || !strings.Contains(stderr, tc.say) || (code != exitOK) != (stderr != "") {
			t.Errorf("shelfd %s ends with %d and says %q", tc.args, code, stderr)
		}
	}
}

func TestErrorsAreProblemsForMachines(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]failure{
		"-o json verify --fast": {
			problem{Type: "about:blank", Title: "wrong usage; nothing was done", Detail: "unknown flag: --fast; see shelfd verify --help"}, exitUsage,
		},
		"-o json token create --name Till --role owner": {problem{Status: 422, Code: "invalid_request"}, exitRefused},
	} {
		code, stdout, stderr := call(t, dir, strings.Fields(args)...)
		var got failure
		if err := json.Unmarshal([]byte(stderr), &got); err != nil || stdout != "" || got.ExitCode != want.ExitCode || code != want.ExitCode {
			t.Fatalf("%s ends with %d, %v: %s", args, code, err, stderr)
		}
		if got.Code != want.Code || want.Detail != "" && (got.Detail != want.Detail || got.Title != want.Title) {
			t.Errorf("%s: %s", args, stderr)
		}
	}
}

func TestAnInterruptedCommandSaysSo(t *testing.T) {
	dir := t.TempDir()
	startServer(t, dir)
	o, _, _ := testOptions(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := execute(ctx, o, []string{"token", "list"}); code != exitInterrupted {
		t.Errorf("it ends with %d", code)
	}
}

// TestHelpSaysHowEveryCommandEnds walks the whole tree, so that a new command
// cannot forget it.
func TestHelpSaysHowEveryCommandEnds(t *testing.T) {
	o, _, _ := testOptions(t, t.TempDir())
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" && !c.HasSubCommands() {
			t.Errorf("%s has no help", c.CommandPath())
		}
		if !c.HasSubCommands() && !strings.Contains(c.Long, "EXIT STATUS") {
			t.Errorf("the help of %s has no EXIT STATUS", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(o))
}

func TestExitCodesAreInHelpAndManual(t *testing.T) {
	manual, err := os.ReadFile("../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(manual, []byte("\n| ")) - 1; n != len(exitMeanings) {
		t.Errorf("the manual documents %d codes, help %d", n, len(exitMeanings))
	}
}

func TestTokenCreateWritesTheSecretAlone(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := call(t, dir, "token", "create", "--name", "Till 1", "--role", "terminal", "--terminal", "Till 1", "--expires", "90d")
	if code != exitOK || !tokenFormat.MatchString(strings.TrimSuffix(stdout, "\n")) {
		t.Errorf("it ends with %d and writes %q", code, stdout)
	}
	if !strings.Contains(stderr, "shown this once") || strings.Contains(stderr, strings.TrimSpace(stdout)) {
		t.Errorf("beside it says %q", stderr)
	}
	list := tokensOf(t, dir)
	if len(list) != 1 || list[0].Terminal == nil || *list[0].Terminal != "Till 1" || list[0].ExpiresAt == nil {
		t.Errorf("the list has %+v", list)
	}
	if text := succeed(t, dir, "token", "list"); !strings.Contains(text, "until 20") || strings.Contains(text, "shelfd_") {
		t.Errorf("as text it is %s", text)
	}
}

func TestTokenCreateFindsALocationByName(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	for _, name := range []string{"Main Street", "Harbour", "harbour"} {
		if status, body := s.ask("POST", "/api/v1/locations", s.Token, `{"name":"`+name+`","timezone":"America/Chicago","currency":"USD"}`); status != 201 {
			t.Fatalf("%d: %s", status, body)
		}
	}
	succeed(t, dir, "token", "create", "--name", "Till", "--role", "terminal", "--location", "main street")
	if list := tokensOf(t, dir); list[0].LocationID == nil && list[1].LocationID == nil {
		t.Errorf("neither token is bound: %+v", list)
	}
	code, _, stderr := call(t, dir, "token", "create", "--name", "Till", "--role", "terminal", "--location", "Harbour")
	if code != exitRefused || !strings.Contains(stderr, "2 locations are named") {
		t.Errorf("with two of that name it ends with %d: %s", code, stderr)
	}
}

func TestConfigShowHidesSecretsAndTellsOrigins(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"config", "show"}, {"config", "show", "--origins"}, {"config", "show", "-o", "json"}} {
		o, stdout, stderr := testOptions(t, dir)
		secret := newSecret()
		o.env = append(o.env, "SHELFD_ADMIN_TOKEN="+secret, "SHELFD_LOG_LEVEL=warn")
		if code := execute(t.Context(), o, args); code != exitOK {
			t.Fatalf("%v ends with %d: %s", args, code, stderr)
		}
		out := stdout.String()
		if strings.Contains(out, secret) || !strings.Contains(out, redacted) || !strings.Contains(out, "warn") {
			t.Errorf("%v shows %s", args, out)
		}
		if len(args) > 2 && !strings.Contains(out, "SHELFD_LOG_LEVEL") {
			t.Errorf("%v does not say who set log.level: %s", args, out)
		}
	}
}

func TestVersionSaysWhatTheProgramIsMadeOf(t *testing.T) {
	var b buildInfo
	if err := json.Unmarshal([]byte(succeed(t, t.TempDir(), "version", "-o", "json")), &b); err != nil {
		t.Fatal(err)
	}
	if b.Version != "1.2.3" || b.Commit != "0123abc" || !strings.HasPrefix(b.Go, "go1.") || !strings.HasPrefix(b.SQLite, "3.") {
		t.Errorf("it says %+v", b)
	}
	if text := succeed(t, t.TempDir(), "version"); !strings.HasPrefix(text, "shelfd 1.2.3\ncommit 0123abc\n") {
		t.Errorf("as text: %s", text)
	}
	if b := buildOf(Program{}); b.Version == "" || b.Commit == "" {
		t.Errorf("without the linker's help it says %+v", b)
	}
}
