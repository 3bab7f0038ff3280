package cmd

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canaries are secrets that are put wherever one can be, each another one, by
// where that is.
type canaries map[string]string

// put makes the canary of a place.
func (c canaries) put(place string) string {
	sum := sha256.Sum256([]byte(place))
	c[place] = "Canary" + hex.EncodeToString(sum[:9])
	return c[place]
}

// forms are how a secret may be written.
func forms(secret string) []string {
	list := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for shift := range 3 {
		// What encodes the same whatever stands before and after it.
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret + "xx"))
		list = append(list, text[4:len(text)-8])
	}
	return list
}

// findIn names the canaries that a text has.
func (c canaries) findIn(t *testing.T, where string, text []byte) {
	t.Helper()
	for place, secret := range c {
		for _, form := range forms(secret) {
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("%s has the secret of %s, as %s", where, place, form)
				break
			}
		}
	}
}

// unpack gives the files of a bundle.
func unpack(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if all[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return all
}

// secretShop is a shop whose every field has a canary, and a program that looks
// at it.
type secretShop struct {
	t    *testing.T
	dir  string
	env  []string
	seen canaries
}

func newSecretShop(t *testing.T) *secretShop {
	t.Helper()
	s := &secretShop{t: t, dir: t.TempDir(), seen: canaries{}}
	// A neighbour that repeats what it was told, as some do.
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":%q}`, r.Header.Get("Authorization")+r.URL.String())
	}))
	t.Cleanup(echo.Close)
	config := fmt.Sprintf(`insecure_lan: true
log: {level: debug, requests: true}
sync:
  first_contact: 0s
  pos:
    - {name: till, kind: http, file: vendure, location: Main Street, url: "%s/api", user: %s, key: %s}
    - {name: state, kind: metrc, url: "%s", user: %s, key: %s, options: {state: co, license: %s}}
    - {name: gone, kind: square, url: "http://127.0.0.1:1?token=%s", key: %s, options: {location_id: %s}}
`, echo.URL, s.seen.put("user of a POS"), s.seen.put("key of a POS"),
		echo.URL, s.seen.put("user of the state"), s.seen.put("key of the state"), s.seen.put("option of the state"),
		s.seen.put("query of another POS"), s.seen.put("key of another POS"), s.seen.put("option of another POS"))
	s.env = []string{
		"SHELFD_DATA_DIR=" + s.dir, "SHELFD_CONFIG=" + writeConfig(t, config), machineVariable + s.seen.put("machine id"),
		"SHELFD_ADMIN_TOKEN=shelfd_" + strings.Repeat(s.seen.put("admin token"), 3)[:48],
		"SHELFD_CENTRAL_DATABASE=postgres://office:" + s.seen.put("password of central's database") + "@127.0.0.1:1/office",
		"OTHER=" + s.seen.put("a variable of another program"),
	}
	if err := writeEnrolment(s.dir, enrolment{URL: echo.URL, Key: s.seen.put("key of the enrolment")}); err != nil {
		t.Fatal(err)
	}
	return s
}

// configured is the program with the shop's environment.
func (s *secretShop) configured(o *rootOptions) { o.env = s.env }

// run runs a command, and gives all that it says.
func (s *secretShop) run(args ...string) (code int, said string) {
	s.t.Helper()
	o, out, errs := testOptions(s.t, s.dir)
	s.configured(o)
	code = execute(s.t.Context(), o, args)
	return code, out.String() + errs.String()
}

// fill puts canaries into the ledger, over the API.
func (s *secretShop) fill(server *served) {
	s.t.Helper()
	admin := "shelfd_" + strings.Repeat(s.seen["admin token"], 3)[:48]
	ask := func(method, path, body string) map[string]any {
		status, text := server.ask(method, "/api/v1"+path, admin, body)
		var answer map[string]any
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status >= 300 {
			s.t.Fatalf("%s %s: %d %s", method, path, status, text)
		}
		return answer
	}
	sheet := writeSheet(s.t, "SKU,Name,Unit,Price,Qty", s.seen.put("a product")+",Apple,g,7654321.98,5")
	if code, said := s.run(append([]string{"import", sheet}, mainStreet...)...); code != exitOK {
		s.t.Fatal(said)
	}
	s.seen["a price"] = "7654321.98"
	items := ask("GET", "/inventory", "")["data"].([]any)
	item := items[0].(map[string]any)["id"].(string)
	ask("PATCH", "/inventory/"+item, fmt.Sprintf(`{"quantity_change":-1,"reason_code":"ADJUSTMENT","notes":%q,"reference":%q}`,
		s.seen.put("notes"), s.seen.put("a customer's reference")))
	token := ask("POST", "/tokens", fmt.Sprintf(`{"name":%q,"role":"terminal"}`, s.seen.put("name of a token")))
	s.seen["a token"] = token["token"].(string)
	sum := sha256.Sum256([]byte(s.seen["a token"]))
	s.seen["hash of a token"] = hex.EncodeToString(sum[:])
	hook := ask("POST", "/webhooks", fmt.Sprintf(`{"url":%q,"lan":true,"description":%q}`,
		"http://127.0.0.1:1/"+s.seen.put("path of a webhook")+"?k="+s.seen.put("query of a webhook"), s.seen.put("description of a webhook")))
	s.seen["secret of a webhook"] = strings.TrimPrefix(hook["secret"].(string), "whsec_")
}

// keys adds what is in the key files.
func (s *secretShop) keys() {
	s.t.Helper()
	for _, name := range []string{sealFile, keyFile} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		s.seen[name] = strings.Fields(string(data))[0]
	}
	if c, err := readControl(s.dir); err == nil {
		s.seen[controlFile] = c.Token
	}
}

func TestNoSecretLeavesTheMachine(t *testing.T) {
	s := newSecretShop(t)
	server := startProgram(t, s.configured, s.dir)
	s.fill(server)
	s.keys()
	look := func(when string) {
		path := filepath.Join(t.TempDir(), "support.zip")
		if _, said := s.run("doctor", "--bundle", path); said != "" {
			s.seen.findIn(t, "doctor "+when, []byte(said))
		}
		bundle := unpack(t, path)
		for name, text := range bundle {
			s.seen.findIn(t, name+" "+when, text)
			if name != "manifest.txt" && !bytes.Contains(bundle["manifest.txt"], []byte("  "+name+" ")) {
				t.Errorf("the manifest does not tell of %s", name)
			}
		}
		for _, args := range [][]string{{"config", "show"}, {"config", "show", "-o", "json"}, {"config", "show", "--origins"}, {"config", "check"}, {"doctor", "-o", "json"}, {"doctor", "--offline"}} {
			_, said := s.run(args...)
			if args[0] == "config" {
				// Whoever configured it may see it; it goes no further.
				said = strings.ReplaceAll(said, s.seen["machine id"], "")
			}
			s.seen.findIn(t, strings.Join(args, " ")+" "+when, []byte(said))
		}
	}
	look("beside a server")
	bad := "shelfd_" + s.seen.put("a wrong token") + strings.Repeat("a", 40)
	for _, ask := range []struct{ method, path, token, body string }{
		{"GET", "/metrics", "", ""},
		{"GET", "/metrics", s.seen["a token"], ""},
		{"GET", "/api/v1/tokens", bad, ""},
		{"GET", "/api/v1/tokens", s.seen["a token"], ""},
		{"POST", "/api/v1/tokens", s.seen["a token"], `{"name":7}`},
		{"GET", "/healthz", bad, ""},
	} {
		_, said := server.ask(ask.method, ask.path, ask.token, ask.body)
		s.seen.findIn(t, ask.method+" "+ask.path, []byte(said))
	}
	server.stop()
	s.seen.findIn(t, "the log", server.stderr.Bytes())
	look("without a server")
}

// A configuration that is refused is shown too, with what stands where it must
// not.
func TestNoSecretOfABrokenConfigurationIsShown(t *testing.T) {
	seen := canaries{}
	for name, text := range map[string]string{
		"userinfo":  fmt.Sprintf("sync: {pos: [{name: a, kind: http, file: vendure, url: 'https://%s:%s@pos.example/?k=%s#%s', key: %s}]}\n", seen.put("user"), seen.put("password"), seen.put("query"), seen.put("fragment"), seen.put("key")),
		"central":   fmt.Sprintf("sync: {central: {url: 'https://a:%s@central.example/', key_file: none}}\n", seen.put("central")),
		"address":   fmt.Sprintf("sync: {pos: [{name: a, kind: http, file: vendure, url: 'https://%%zz%s', key: k}]}\n", seen.put("address")),
		"database":  fmt.Sprintf("central: {database: 'postgres://a:%s@[::1'}\n", seen.put("database")),
		"token":     fmt.Sprintf("admin_token: %s\n", seen.put("short token")),
		"unknown":   fmt.Sprintf("admin_tokn: %s\nlisten: 8\n", seen.put("misspelt")),
		"list":      fmt.Sprintf("admin_token: [%s]\n", seen.put("list")),
		"not YAML":  fmt.Sprintf("admin_token: %s\n  listen: [\n\t%s: }\n", seen.put("not YAML"), seen.put("not YAML, a key")),
		"not YAML2": fmt.Sprintf("admin_token: \"%s\nlog: {level: loud}\n", seen.put("open quote")),
		"option":    fmt.Sprintf("sync: {pos: [{name: a, kind: square, key: %s, options: {location_id: [%s]}}]}\n", seen.put("a key"), seen.put("an option")),
	} {
		t.Run(name, func(t *testing.T) {
			dir, config := t.TempDir(), writeConfig(t, text)
			path := filepath.Join(t.TempDir(), "b.zip")
			for _, args := range [][]string{{"config", "check"}, {"config", "check", "-o", "json"}, {"config", "show"}, {"serve"}, {"doctor", "--offline"}, {"doctor", "--offline", "-o", "json", "--bundle", path}} {
				code, stdout, stderr := call(t, dir, append(slices.Clone(args), "--config", config)...)
				if code == exitOK {
					t.Errorf("%v takes it", args)
				}
				seen.findIn(t, strings.Join(args, " "), []byte(stdout+stderr))
			}
			for file, text := range unpack(t, path) {
				seen.findIn(t, file, text)
			}
		})
	}
}

func TestABundleIsWrittenWhateverIsBroken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(filepath.Join(dir, "shelfd.db"), make([]byte, 9000), 0o600); err != nil {
		t.Fatal(err)
	}
	config := writeConfig(t, "listen: here\n")
	if code, _, stderr := call(t, dir, "doctor", "--offline", "--bundle", path, "--config", config); code != exitUnwell || !strings.Contains(stderr, "is written") {
		t.Fatalf("it ends with %d: %s", code, stderr)
	}
	all := unpack(t, path)
	for name, want := range map[string]string{
		"manifest.txt": "schema.sql         is missing: the database cannot be opened", "report.txt": "must be mended", "config.yaml": "# " + config + ":1:9: listen",
		"files.json": `"shelfd.db"`, "version.json": "1.2.3",
	} {
		if !strings.Contains(string(all[name]), want) {
			t.Errorf("%s has no %q: %s", name, want, all[name])
		}
	}
	if strings.Contains(string(all["manifest.txt"]), "things are wrong:\n") {
		t.Errorf("the manifest does not say why in a line: %s", all["manifest.txt"])
	}
	if code, _, stderr := call(t, dir, "doctor", "--offline", "--bundle", path); code != exitRefused || !strings.Contains(stderr, "is there already") {
		t.Errorf("over another file it ends with %d: %s", code, stderr)
	}
	if code, _, stderr := call(t, dir, "doctor", "--offline", "--bundle", filepath.Join(t.TempDir(), "none", "b.zip")); code != exitNoAccess || !strings.Contains(stderr, "cannot be written") {
		t.Errorf("into no directory it ends with %d: %s", code, stderr)
	}
}
