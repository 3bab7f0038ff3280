package cmd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const exampleConfig = "../config.example.yaml"

// writeConfig writes a configuration file and gives its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loadText loads a configuration file that holds text.
func loadText(t *testing.T, text string, env ...string) (Config, error) {
	t.Helper()
	c, _, err := loadConfig(writeConfig(t, text), env)
	return c, err
}

// wantConfigErrors checks that err says exactly these lines, where FILE stands
// for the file, and ends the process with exitConfig.
func wantConfigErrors(t *testing.T, path string, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("loaded")
	}
	got := strings.Split(strings.ReplaceAll(err.Error(), path, "FILE"), "\n")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("said\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if code := exitCode(err); code != exitConfig {
		t.Errorf("exit code %d, want %d", code, exitConfig)
	}
}

func TestConfigExampleHoldsTheDefaults(t *testing.T) {
	got, _, err := loadConfig(exampleConfig, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.DataDir = "/var/lib/shelfd" // the one default that differs by system
	want.AllowedHosts = []string{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("loaded\n%+v\nwant\n%+v", got, want)
	}
}

func TestConfigExampleDocumentsEveryKey(t *testing.T) {
	tree, err := parser.ParseFile(exampleConfig, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	commented := map[string]bool{}
	var walk func(string, ast.Node)
	walk = func(path string, n ast.Node) {
		mapping, ok := n.(*ast.MappingNode)
		if !ok {
			return
		}
		for i, entry := range mapping.Values {
			key := joinKey(path, entry.Key.GetToken().Value)
			// The library gives the comment of a first entry to its mapping.
			commented[key] = entry.GetComment() != nil || i == 0 && mapping.GetComment() != nil
			walk(key, entry.Value)
		}
	}
	walk("", tree.Docs[0].Body)
	for key := range keysOf(new(Config)) {
		if documented, present := commented[key]; !present || !documented {
			t.Errorf("%s: present %t, with a comment %t", key, present, documented)
		}
	}
}

func TestConfigManualNamesEveryKeyAndVariable(t *testing.T) {
	manual, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for key, v := range keysOf(new(Config)) {
		if !bytes.Contains(manual, []byte("| `"+key+"` |")) {
			t.Errorf("docs/configuration.md does not document %s", key)
		}
		if v.Kind() != reflect.Slice && !bytes.Contains(manual, []byte("`"+envName(key)+"`")) {
			t.Errorf("docs/configuration.md does not name %s", envName(key))
		}
	}
}

func TestConfigTellsEveryFaultAtOnceWithItsPlace(t *testing.T) {
	path := writeConfig(t, `# shop
lisen: 127.0.0.1:1
data_dir: [a]
insecure_lan: yes
insecure_lan: true
level: debug
log:
  level: loud
  formt: json
limits:
  body: 1 lot
  read_timeout: 100d
rules:
  backdate_limit: -1h
  notes_required_above: {THEFT: 1.23456, SALE: 3}
  low_stock_hysteresis: 10.5%
  sub_reasons:
    - {code: Sample, reason: [SALE], description: x}
    - {code: gift, reasons: [SALE, BAD, SALE], description: y}
    - {code: gift, reasons: [SALE], description: &a z}
    - opening
checkpoints:
frobnicate: 1
`)
	_, _, err := loadConfig(path, []string{"SHELFD_LOG_FORMAT=xml", "SHELFD_LISTEM=x", "SHELFD_NOTHING_LIKE_IT=x", "OTHER=x"})
	wantConfigErrors(t, path, err,
		`SHELFD_LISTEM: is not a variable of shelfd; did you mean SHELFD_LISTEN (listen)?`,
		`SHELFD_NOTHING_LIKE_IT: is not a variable of shelfd; config.example.yaml lists all keys, and SHELFD_LOG_LEVEL is log.level, for one`,
		`SHELFD_LOG_FORMAT: log.format: is "xml"; allowed are text, json`,
		`FILE:2:1: lisen: is not a key; did you mean listen?`,
		`FILE:3:11: data_dir: must be one value, not a list or a mapping`,
		`FILE:4:15: insecure_lan: must be true or false`,
		`FILE:5:1: insecure_lan: is set twice; remove one of the two`,
		`FILE:6:1: level: is not a key; did you mean log.level?`,
		`FILE:8:10: log.level: is "loud"; allowed are debug, info, warn, error`,
		`FILE:9:3: log.formt: is not a key; did you mean log.format?`,
		`FILE:11:9: limits.body: must be a size such as 512KiB, 1MiB or 1048576 (bytes)`,
		`FILE:12:17: limits.read_timeout: is 100d; allowed is 1s to 1h`,
		`FILE:14:19: rules.backdate_limit: must be a duration such as 45d, 12h, 1m30s or 500ms`,
		`FILE:15:33: rules.notes_required_above.THEFT: must be a quantity from 0 to 1000000000 with at most four decimals`,
		`FILE:15:42: rules.notes_required_above.SALE: is not a key; config.example.yaml lists all keys`,
		`FILE:16:25: rules.low_stock_hysteresis: must be a whole percentage such as 10%`,
		`FILE:18:7: rules.sub_reasons[0].reasons: is empty; must list one or more of SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER, AUDIT`,
		`FILE:18:14: rules.sub_reasons[0].code: is "Sample"; must be 1 to 40 small letters, digits and _, starting with a letter`,
		`FILE:18:22: rules.sub_reasons[0].reason: is not a key; did you mean rules.sub_reasons[0].reasons?`,
		`FILE:19:36: rules.sub_reasons[1].reasons[1]: is "BAD"; allowed are SALE, RETURN, ADJUSTMENT, DAMAGE, THEFT, TRANSFER, AUDIT`,
		`FILE:19:41: rules.sub_reasons[1].reasons[2]: is "SALE" a second time; remove one of the two`,
		`FILE:20:14: rules.sub_reasons[2].code: is "gift", which rules.sub_reasons[1] has already; each must differ`,
		`FILE:20:50: rules.sub_reasons[2].description: must be written out; anchors, aliases and tags are not allowed`,
		`FILE:21:7: rules.sub_reasons[3]: must be a mapping of keys to values`,
		`FILE:23:1: frobnicate: is not a key; config.example.yaml lists all keys`,
	)
	var one *keyError
	if !errors.As(err, &one) || one.Key == "" && one.At.Source == "" {
		t.Errorf("the error carries %+v, no *keyError with a place", one)
	}
}

func TestConfigRefusesWhatIsNotOneYAMLMapping(t *testing.T) {
	for text, want := range map[string]string{
		"listen: [a\n":                          "FILE:1:9: is not YAML: sequence end token ']' not found",
		"- a\n":                                 "FILE:1:1: must be a mapping of keys to values",
		"log:\n---\nlog:\n":                     "FILE:3:1: is a second document; a configuration file holds one",
		"listen:\n":                             `FILE:1:9: listen: has no value; remove the line for the default, or write "" for none`,
		"<<: {listen: a}\n":                     "FILE:1:1: <<: is not a key; config.example.yaml lists all keys",
		"allowed_hosts: a.local":                "FILE:1:16: allowed_hosts: must be a list, such as [one, two]; [] is the empty list",
		"log: text\n":                           "FILE:1:6: log: must be a mapping of keys to values",
		"limits: {burst: 0x10}\n":               "FILE:1:17: limits.burst: must be a whole number",
		"admin_token: shelfd_abc":               "FILE:1:14: admin_token: must be shelfd_ and then 43 to 128 random letters, digits, _ or -; leave it empty to have one made",
		"tls: {key: k.pem}":                     "FILE:1:6: tls.cert: is missing while tls.key is set; name the file of the certificate too",
		"log: # c\r\n  level: info\r\nx: 1\r\n": "FILE:3:1: x: is not a key; config.example.yaml lists all keys",
	} {
		t.Run(text, func(t *testing.T) {
			path := writeConfig(t, text)
			_, _, err := loadConfig(path, nil)
			wantConfigErrors(t, path, err, want)
		})
	}
}

func TestConfigFileMayBeEmptyOrWrittenByNotepad(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "\ufefflog:\r\n  level: debug # more\r\n  format: json\r\n"} {
		c, err := loadText(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if strings.Contains(text, "debug") && (c.Log.Level != "debug" || c.Log.Format != "json") {
			t.Errorf("%q: log is %+v", text, c.Log)
		}
	}
}

func TestConfigTakesFlagsBeforeVariablesBeforeTheFile(t *testing.T) {
	path := writeConfig(t, "listen: 127.0.0.1:1\nlog: {level: error, format: json}\n")
	env := []string{"SHELFD_LISTEN=127.0.0.1:2", "SHELFD_LOG_LEVEL=warn", "SHELFD_ALLOWED_HOSTS=a.local, b.local"}
	c, _, err := loadConfig(path, env, flagValue{"--listen", "listen", "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Log.Level != "warn" || c.Log.Format != "json" || c.Limits != defaultConfig().Limits {
		t.Errorf("got %+v", c)
	}
	if want := []string{"a.local", "b.local"}; !reflect.DeepEqual(c.AllowedHosts, want) {
		t.Errorf("allowed hosts are %q, want %q", c.AllowedHosts, want)
	}
}

func TestConfigStrongerSourceMendsAWeakerOnesFault(t *testing.T) {
	c, _, err := loadConfig(writeConfig(t, "limits: {body: lots}\nlisten: 0.0.0.0:1\n"),
		[]string{"SHELFD_LIMITS_BODY=2MiB"}, flagValue{"--listen", "listen", "localhost:0"})
	if err != nil || c.Limits.Body != 2<<20 {
		t.Errorf("got %s, %v", c.Limits.Body, err)
	}
	_, _, err = loadConfig(writeConfig(t, ""), nil, flagValue{"--listen", "listen", "8321"})
	if want := `--listen: listen: is "8321"; must be address:port`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("said %v, want %s", err, want)
	}
}

func TestConfigReadsSecretsFromFiles(t *testing.T) {
	token := "shelfd_" + strings.Repeat("x", 43)
	path := writeConfig(t, "admin_token: file:token\n")
	secret := filepath.Join(filepath.Dir(path), "token")
	if err := os.WriteFile(secret, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string][]string{
		"file: relative to the file": nil,
		"file: in a variable":        {"SHELFD_ADMIN_TOKEN=file:" + secret},
		"_FILE":                      {"SHELFD_ADMIN_TOKEN_FILE=" + secret},
	} {
		if c, _, err := loadConfig(path, env); err != nil || string(c.AdminToken) != token {
			t.Errorf("%s: %q, %v", name, string(c.AdminToken), err)
		}
	}
	_, _, err := loadConfig(path, []string{"SHELFD_ADMIN_TOKEN_FILE=" + secret + ".gone"})
	if err == nil || !strings.HasPrefix(err.Error(), "SHELFD_ADMIN_TOKEN_FILE: admin_token: must name a file that can be read") {
		t.Errorf("said %v for a secret that is not there", err)
	}
	_, err = loadText(t, "", "SHELFD_LISTEN_FILE="+secret)
	if err == nil || !strings.Contains(err.Error(), "is not a variable of shelfd") {
		t.Errorf("said %v for a _FILE variable of a key that is no secret", err)
	}
}

func TestConfigNeverShowsASecret(t *testing.T) {
	c := defaultConfig()
	c.AdminToken = "shelfd_hush"
	var shown bytes.Buffer
	if err := c.Redacted().WriteYAML(&shown); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&shown, "%v %+v %#v %s", c, c, c, c.AdminToken.LogValue())
	if strings.Contains(shown.String(), "hush") || !strings.Contains(shown.String(), `admin_token: "[redacted]"`) {
		t.Errorf("shows %s", shown.String())
	}
	_, err := loadText(t, "admin_token: shelfd_hush\nrules: {backdate_limit: 1s}")
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("said %v", err)
	}
}

func TestConfigWrittenIsConfigRead(t *testing.T) {
	c := defaultConfig()
	c.DataDir, c.AllowedHosts = "/srv/shop", []string{"shop.local:8321"}
	c.AdminToken = Secret("shelfd_" + strings.Repeat("y", 43))
	c.Rules.NotesRequiredAbove.Theft = "0.5"
	c.Limits.ReadTimeout, c.Limits.Body = Duration(90*time.Second), 1500
	var text strings.Builder
	if err := c.WriteYAML(&text); err != nil {
		t.Fatal(err)
	}
	got, err := loadText(t, text.String())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("wrote\n%s\nread\n%+v", text.String(), got)
	}
}

func TestConfigOpensTheLANOnlyWithTLSOrInSoManyWords(t *testing.T) {
	cert, key := makeCertificate(t)
	encrypted := fmt.Sprintf("tls: {cert: %q, key: %q}\n", cert, key)
	for _, tc := range []struct {
		text string
		ok   bool
	}{
		{"listen: 127.0.0.1:0", true},
		{"listen: localhost:80", true},
		{`listen: "[::1]:80"`, true},
		{"listen: 0.0.0.0:8321", false},
		{`listen: ":8321"`, false},
		{"listen: 192.168.1.10:8321", false},
		{"listen: 0.0.0.0:8321\ninsecure_lan: true", true},
		{encrypted + "listen: 0.0.0.0:8321", true},
	} {
		_, err := loadText(t, tc.text)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.text, err)
		}
		if err != nil && !strings.Contains(err.Error(), "set tls.cert and tls.key, or insecure_lan: true") {
			t.Errorf("%s: %v does not say what to do", tc.text, err)
		}
	}
	_, err := loadText(t, fmt.Sprintf("tls: {cert: %q, key: %q}\n", key, cert))
	if err == nil || !strings.Contains(err.Error(), "tls: cannot be used") {
		t.Errorf("said %v for a certificate and key in each other's place", err)
	}
}

// makeCertificate writes a certificate and its key and gives their files.
func makeCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: public},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

func TestConfigFileThatIsNamedMustExistAndBeShort(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.yaml")
	for _, env := range [][]string{nil, {"SHELFD_CONFIG=" + gone}} {
		path := gone
		if env != nil {
			path = ""
		}
		_, _, err := loadConfig(path, env)
		if !errors.Is(err, os.ErrNotExist) || exitCode(err) != exitConfig {
			t.Errorf("env %q: %v", env, err)
		}
	}
	_, err := loadText(t, strings.Repeat("# long\n", 10_000))
	if err == nil || !strings.HasSuffix(err.Error(), "has more than 64KiB") || exitCode(err) != exitConfig {
		t.Errorf("said %v for a file that is too long", err)
	}
	if data, err := readConfigFile(gone, false); data != nil || err != nil {
		t.Errorf("the default file, absent: %q, %v", data, err)
	}
}

func TestConfigPathsInTheFileAreRelativeToIt(t *testing.T) {
	path := writeConfig(t, "data_dir: data")
	c, _, err := loadConfig(path, nil)
	if want := filepath.Join(filepath.Dir(path), "data"); err != nil || string(c.DataDir) != want {
		t.Errorf("data_dir is %s, %v, want %s", c.DataDir, err, want)
	}
	c, _, err = loadConfig(path, []string{"SHELFD_DATA_DIR=here"})
	if err != nil || c.DataDir != "here" {
		t.Errorf("data_dir from a variable is %s, %v, want here", c.DataDir, err)
	}
}

func TestConfigNeedsADataDirectory(t *testing.T) {
	c := defaultConfig()
	c.DataDir = ""
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "data_dir: is not set") {
		t.Errorf("said %v", err)
	}
}

func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"listen: 127.0.0.1:1 # c\nlog: {level: warn}\nallowed_hosts: [a, b]\n",
		"rules:\n  sub_reasons:\n    - code: a\n      reasons: [SALE]\n",
		"a: [", "- a", "? x\n: y", "log: {level: &a !!str x}", "a: *b", "\ufeff", "---\n---\n", "listen: |\n  x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &configLoader{config: defaultConfig(), origins: map[string]origin{}}
		l.readFile("f", data)
		l.validate()
		for _, e := range l.errs {
			if e.Text == "" || strings.ContainsAny(e.Key, "\n") && e.At.Line == 0 {
				t.Errorf("%q: fault without text or place: %+v", data, e)
			}
		}
	})
}
