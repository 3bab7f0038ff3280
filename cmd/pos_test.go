package cmd

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestPointsOfSaleAreListed(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	text := says(t, dir, "pos list", exitOK,
		"till      square  Main Street  read stock, write delta  pos:till       412           3                 2  good\n",
		"bar       http    Main Street                           api              0           0                 0  not checked\n",
		"\nregister: Metrc refuses our key. (unauthorized)\n  Enter a new key in the configuration (sync.pos)")
	if strings.Contains(text, "\ntill: ") {
		t.Errorf("it speaks of what is good: %s", text)
	}
	f.pos[0].Checked = &store.POSCheck{Code: "unreachable", Detail: "Square cannot be reached."}
	says(t, dir, "pos list", exitOK, "  not known\n", "\ntill: Square cannot be reached. (unreachable)\n")
	says(t, dir, "pos list -o json", exitOK, `"linked": 412`, `"code": "unreachable"`)
	f.pos = nil
	says(t, dir, "pos list", exitOK, "There is no point of sale.")
	says(t, dir, "pos check", exitNotFound, "docs/pos.md says how")
}

func TestKindsOfPointsOfSaleAreListedWithTheirSettings(t *testing.T) {
	kinds := []pos.Kind{
		{Name: "http", Title: "HTTP"},
		{
			Name: "square", Title: "Square", Capabilities: pos.Capabilities{ReadStock: true, WriteDelta: true, Rate: "10 a second"},
			Options: []pos.Option{{Name: "location_id", Required: true, Help: "Square's id."}, {Name: "version", Help: "A date."}},
		},
	}
	o, stdout, _ := testOptions(t, t.TempDir())
	if err := o.showPOSKinds(kinds); err != nil {
		t.Fatal(err)
	}
	const want = `kind    name    can do                   how often
http    HTTP    what its settings say
square  Square  read stock, write delta  10 a second

Settings of square:
  location_id (required): Square's id.
  version: A date.
`
	if stdout.String() != want {
		t.Errorf("it says\n%s\nnot\n%s", stdout, want)
	}
	var list struct{ Data []posKind }
	if err := json.Unmarshal([]byte(succeed(t, t.TempDir(), "pos", "list", "--kinds", "-o", "json")), &list); err != nil || len(list.Data) != len(posKinds()) {
		t.Errorf("as JSON they are %+v, %v", list, err)
	}
}

func TestACheckSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	at := store.Instant(1)
	f.checks = map[string]store.POSCheck{
		"till":     {At: at, Identity: "Main", ClockKnown: true, Skew: 59 * time.Second},
		"bar":      {At: at, Identity: "The Bar", ClockKnown: true, Skew: -7 * time.Minute},
		"register": {At: at},
	}
	says(t, dir, "pos check", exitOK, "till: good. Square answers as \"Main\".\n", "register: good. Square answers.\n",
		"bar: good. Bar answers as \"The Bar\". Its clock is 7m0s behind this machine's: set the one that is wrong.\n")
	f.checks["till"] = store.POSCheck{At: at, Code: "tls", Detail: "Square could not prove\nwho it is."}
	f.checks["bar"] = store.POSCheck{At: at, Code: "odd", Detail: "It is odd."}
	says(t, dir, "pos check", exitUnsynced, "till: Square could not prove who it is. (tls)\n  Is the address right",
		"bar: It is odd. (odd)\n", "register: good.", "2 of 3 points of sale cannot be used now")
	says(t, dir, "pos check till", exitUnsynced, "1 of 1 point of sale cannot be used now")
	says(t, dir, "pos check register", exitOK)
	says(t, dir, "pos check bar -o json", exitUnsynced, `"name": "bar"`, `"code": "odd"`, `"exit_code": 11`)
	says(t, dir, "pos check nobody", exitNotFound, "There is no point of sale nobody.")
	says(t, dir, "pos check a b", exitUsage, "it is called as: shelfd pos check")
}

// Every failure that a point of sale can have has a remedy.
func TestEveryFailureHasARemedy(t *testing.T) {
	for _, code := range []string{
		pos.CodeUnreachable, pos.CodeTimeout, pos.CodeTLS, pos.CodeUnauthorized, pos.CodeRateLimited, pos.CodeServer, pos.CodeRefused,
		pos.CodeNotPOS, pos.CodeClock,
	} {
		if posRemedies[code] == "" {
			t.Errorf("nothing says what to do about %s", code)
		}
	}
}

func TestAPreviewShowsWhatWouldBeSent(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	says(t, dir, "pos preview till", exitOK, "Nothing waits for till.\n")
	f.calls = []store.POSCall{
		{Method: "POST", Path: "/v2/inventory", Body: `{"b":1.50,"a":["x"]}`, Items: []string{"Apple by -1", "Beet\x1b by 2"}},
		{Method: "PUT", Path: "/packages", Query: "license=1"},
	}
	text := says(t, dir, "pos preview till", exitOK)
	const want = `Apple by -1
Beet  by 2
  POST /v2/inventory
  {
    "b": 1.50,
    "a": [
      "x"
    ]
  }

  PUT /packages?license=1

2 requests would be sent. Nothing was sent.
`
	if text != want {
		t.Errorf("it says\n%s\nnot\n%s", text, want)
	}
	says(t, dir, "pos preview till --limit 1", exitOK, "1 request would be sent.")
	says(t, dir, "pos preview till -o json", exitOK, `"b": 1.50`, `"query": "license=1"`, `"body": null`)
	says(t, dir, "pos preview till --limit 0", exitRefused, "limit")
	says(t, dir, "pos preview nobody", exitNotFound, "There is no point of sale nobody.")
	f.down = []string{"till"}
	says(t, dir, "pos preview till", exitUnsynced, "Square cannot be reached.")
}

func TestLinksAreShownAndMadeByHand(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	text := says(t, dir, "pos map till", exitOK)
	const want = `kind     name   known by  theirs    called  found by
product  Apple  A/1       W62U      Apples  sku
product  Beet   B
lot      Apple  1A40
room     vault  vault     left out          manual

2 not linked. By itself: shelfd pos map till --auto. By hand: shelfd pos map till KIND OURS THEIRS
`
	if text != want {
		t.Errorf("it says\n%s\nnot\n%s", text, want)
	}
	if text := says(t, dir, "pos map till --unlinked --kind product", exitOK, "Beet"); strings.Contains(text, "Apple") {
		t.Errorf("it shows more: %s", text)
	}
	says(t, dir, "pos map till --unlinked -o json", exitOK, `"package_tag": "1A40"`, `"link": null`)
	says(t, dir, "pos map till product a/1 X9 --called Äpfel", exitOK, "Apple (A/1) is X9 at till.\n")
	if l := f.rows[0].Link; l.Theirs != "X9" || l.Name != "Äpfel" {
		t.Errorf("it is linked to %+v", l)
	}
	says(t, dir, "pos map till lot 1a40 L7", exitOK, "Apple (1A40) is L7 at till.\n")
	says(t, dir, "pos map till product id-b ”", exitOK, "Beet (B) is left out at till.\n")
	says(t, dir, "pos map till product B Y1 -o json", exitOK, `"theirs": "Y1"`)
	says(t, dir, "pos map till --unlinked", exitOK, "Everything is linked.\n")
	says(t, dir, "pos map till product B --remove", exitOK, "Beet (B) is not linked at till any more.\n")
	says(t, dir, "pos map till room vault --remove -o json", exitOK, `"removed": true`)
	says(t, dir, "pos map till product B --remove", exitNotFound, "There is no such link.")
	says(t, dir, "pos map till product nothing X", exitNotFound, "There is no product nothing.")
	says(t, dir, "pos map nobody product B X", exitNotFound, "There is no point of sale nobody.")
}

func TestLinkingByItselfSaysWhatIsLeft(t *testing.T) {
	dir := t.TempDir()
	f := startCounter(t, dir)
	f.found = store.MapResult{Linked: 400, Known: 12}
	if text := says(t, dir, "pos map till --auto", exitOK, "400 are linked now, 12 were before.\n"); strings.Contains(text, "left") {
		t.Errorf("it says that something is left: %s", text)
	}
	f.found.UnlinkedThere = 8
	says(t, dir, "pos map till --auto", exitOK, "0 of ours and 8 of theirs are left: shelfd pos map till --unlinked\n")
	says(t, dir, "pos map till --auto -o json", exitOK, `"unlinked_there": 8`)
	f.down = []string{"till"}
	says(t, dir, "pos map till --auto", exitUnsynced, "Square cannot be reached.")
}

func TestCommandsAboutPointsOfSaleAreReadStrictly(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]string{
		"pos lst":                             `unknown command "lst"`,
		"pos list now":                        `unknown command "now"`,
		"pos preview":                         "it is called as: shelfd pos preview NAME",
		"pos preview till --limit many":       "invalid argument",
		"pos map":                             "accepts NAME",
		"pos map till product":                "accepts NAME",
		"pos map till product B":              "say what it is over there, or --remove",
		"pos map till product B X Y":          "accepts NAME",
		"pos map till colour B X":             "colour is no kind of link: product, lot, room, reason",
		"pos map till --kind colour":          "--kind colour: must be product, lot, room, reason",
		"pos map till --remove":               "--remove goes with NAME KIND OURS",
		"pos map till product B X --remove":   "--remove goes with NAME KIND OURS",
		"pos map till product B X --auto":     "go with NAME alone",
		"pos map till product B X --kind lot": "go with NAME alone",
		"pos map till --called Beet":          "--called goes with",
		"pos map till --auto --unlinked":      "these do not go together: --",
		"reconcile till":                      `unknown command "till"`,
		"reconcile --class big":               "--class big: must be one of quantity, missing_package, mapping",
		"reconcile -o xml":                    "-o xml: must be text, json, csv, ndjson or xlsx",
		"pos list -o csv":                     "-o csv: must be text or json",
	} {
		says(t, dir, args, exitUsage, want)
	}
	for _, args := range []string{"pos list", "pos check", "pos preview till", "pos map till", "reconcile"} {
		says(t, dir, args, exitNotFound, "there is no ledger in "+dir)
	}
}
