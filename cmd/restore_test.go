package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/sqlite"
)

// restored restores a backup, which must succeed, and gives what it reports.
func restored(t *testing.T, dir, file string, args ...string) (r restoreReport) {
	t.Helper()
	out := succeed(t, dir, append([]string{"restore", "-o", "json", file}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestABackupRestoresOnANewMachine(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	was := whole(t, dir)
	b := backedUp(t, dir)
	fresh := filepath.Join(t.TempDir(), "fresh")
	o, out, errs := testOptions(t, fresh)
	o.moveTo("new")
	if code := execute(t.Context(), o, []string{"restore", b.File, "-o", "json"}); code != exitOK {
		t.Fatalf("it ends with %d: %s", code, errs)
	}
	var r restoreReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Epoch != 1 || r.Seq != was.Seq || r.NewEpoch != 2 || r.Proven || r.Aside != "" || r.Key != b.Key {
		t.Errorf("it reports %+v", r)
	}
	is := whole(t, fresh)
	if is.Store != was.Store || is.Epoch != 2 || is.Seq != was.Seq+1 || is.Items != was.Items || !is.Clean {
		t.Errorf("restored it is %+v, and was %+v", is, was)
	}
	// Bound to the machine it was restored on.
	for machine, want := range map[string]bool{"new": false, "third": true} {
		db, err := sqlite.Open(t.Context(), sqlite.Options{Dir: fresh, NewStore: newID, Machine: machine})
		if err != nil {
			t.Fatal(err)
		}
		m, err := db.Meta(t.Context())
		if err := errors.Join(err, db.Close()); err != nil || m.Moved != want {
			t.Errorf("on %s it counts as moved: %v, %v", machine, m.Moved, err)
		}
	}
	shop := box(t, fresh, "new")
	if q := shop.item("A")["quantity"]; fmt.Sprint(q) != "5" {
		t.Errorf("it has %v of A", q)
	}
	shop.stop()
	entries, err := os.ReadDir(fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "restor") || strings.HasPrefix(e.Name(), "replaced") {
			t.Errorf("it leaves %s", e.Name())
		}
	}
}

func TestARestoredBackupIsProvenByTheKey(t *testing.T) {
	dir, fresh := t.TempDir(), t.TempDir()
	stocked(t, dir)
	b := backedUp(t, dir)
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(fresh, keyFile), string(key))
	if r := restored(t, fresh, b.File); !r.Proven {
		t.Errorf("with the key it reports %+v", r)
	}
	if v := whole(t, fresh); v.Foreign != 0 || v.Signed == 0 {
		t.Errorf("verify says %+v", v)
	}
	// A key that was lost and made anew.
	other := t.TempDir()
	id := mustID(t, b.Store)
	if _, _, err := openSigner(other, id); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := call(t, other, "restore", b.File)
	if code != exitRefused || !strings.Contains(stderr, "--accept-key "+b.Key) {
		t.Errorf("with another key it ends with %d: %s", code, stderr)
	}
	if code, _, stderr := call(t, other, "restore", b.File, "--accept-key", strings.Repeat("0", 32)); code != exitRefused || !strings.Contains(stderr, b.Key) {
		t.Errorf("with a wrong fingerprint it ends with %d: %s", code, stderr)
	}
	if r := restored(t, other, b.File, "--accept-key", b.Key); !r.Proven {
		t.Errorf("with the fingerprint it reports %+v", r)
	}
}

func TestRestoringOverALedgerMovesItAside(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	b := backedUp(t, dir)
	revoked := strings.TrimSpace(succeed(t, dir, "token", "create", "--name", "Late", "--role", "viewer"))
	shop.sell("A", -1)
	code, _, stderr := call(t, dir, "restore", b.File, "--replace")
	if code != exitInUse || !strings.Contains(stderr, "in use") {
		t.Errorf("beside a server it ends with %d: %s", code, stderr)
	}
	shop.stop()
	before := whole(t, dir)
	if code, _, stderr = call(t, dir, "restore", b.File); code != exitRefused || !strings.Contains(stderr, "--replace") {
		t.Errorf("without --replace it ends with %d: %s", code, stderr)
	}
	if after := whole(t, dir); after != before {
		t.Errorf("refused, it changed %+v to %+v", before, after)
	}
	r := restored(t, dir, b.File, "--replace")
	if !r.Proven || r.Beyond != before.Seq-b.Seq || filepath.Dir(r.Aside) != dir {
		t.Errorf("it reports %+v", r)
	}
	if aside := whole(t, r.Aside); aside.Seq != before.Seq || aside.Hash != before.Hash {
		t.Errorf("aside is %+v, before it was %+v", aside, before)
	}
	token := shop.Token
	shop = box(t, dir, "box")
	shop.Token = token
	if q := shop.item("A")["quantity"]; fmt.Sprint(q) != "5" {
		t.Errorf("it has %v of A", q)
	}
	// Issued after the backup, and still good.
	if status, body := shop.ask("GET", "/api/v1/inventory", revoked, ""); status != 200 {
		t.Errorf("the newer token gets %d: %s", status, body)
	}
}

func TestTwoRestoresOfOneSecondKeepBothLedgers(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	b := backedUp(t, dir)
	// What the first one would be named, whichever second it is.
	o, _, _ := testOptions(t, dir)
	s := &restoring{dir: dir, now: store.InstantOf(o.clock.Wall())}
	first := s.asideName()
	if err := os.Mkdir(filepath.Join(dir, first), 0o700); err != nil {
		t.Fatal(err)
	}
	if second := s.asideName(); second == first {
		t.Errorf("the second goes over the first, %s", second)
	}
	was := restored(t, dir, b.File, "--replace")
	is := restored(t, dir, b.File, "--replace")
	for _, aside := range []string{was.Aside, is.Aside} {
		if _, err := os.Stat(filepath.Join(aside, sqlite.FileName)); err != nil {
			t.Error(err)
		}
	}
	if was.Aside == is.Aside {
		t.Errorf("both are in %s", is.Aside)
	}
}

func TestABackupOfALedgerWithoutEntriesIsOneLikeOthers(t *testing.T) {
	dir, place := t.TempDir(), t.TempDir()
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), o, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	b := backedUp(t, dir, place)
	if b.Seq != 0 || !isBackupName(filepath.Base(b.File), mustID(t, b.Store)) {
		t.Errorf("it is %+v", b)
	}
	if r := restored(t, dir, b.File, "--replace"); r.Beyond != 0 {
		t.Errorf("of the ledger that it is from it reports %+v", r)
	}
	if r := restored(t, t.TempDir(), b.File); r.NewEpoch != 1 || r.Seq != 0 {
		t.Errorf("elsewhere it reports %+v", r)
	}
}

func TestABackupOfDemoDataIsNotRestoredOverAShop(t *testing.T) {
	shop, demo := t.TempDir(), t.TempDir()
	stocked(t, shop)
	o, _, _ := testOptions(t, demo)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), o, slog.New(slog.DiscardHandler), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	b := backedUp(t, demo)
	before := whole(t, shop)
	code, _, stderr := call(t, shop, "restore", b.File, "--replace")
	if code != exitRefused || !strings.Contains(stderr, "demo data") || whole(t, shop) != before {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	if out := succeed(t, t.TempDir(), "restore", b.File); !strings.Contains(out, "serve --demo") {
		t.Errorf("elsewhere it says %s", out)
	}
}

func TestATokenRevokedAfterTheBackupStaysRevoked(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	secret := strings.TrimSpace(succeed(t, dir, "token", "create", "--name", "Gone", "--role", "viewer"))
	b := backedUp(t, dir)
	var list []struct{ ID, Name string }
	var page struct{ Data *[]struct{ ID, Name string } }
	page.Data = &list
	if err := json.Unmarshal([]byte(succeed(t, dir, "token", "list", "-o", "json")), &page); err != nil {
		t.Fatal(err)
	}
	for _, token := range list {
		if token.Name == "Gone" {
			succeed(t, dir, "token", "revoke", token.ID)
		}
	}
	shop.stop()
	restored(t, dir, b.File, "--replace")
	shop = box(t, dir, "box")
	if status, body := shop.ask("GET", "/api/v1/inventory", secret, ""); status != 401 {
		t.Errorf("it gets %d: %s", status, body)
	}
}

func TestAnotherStoresBackupTakesItsKeysAlong(t *testing.T) {
	ours, theirs := t.TempDir(), t.TempDir()
	stocked(t, ours)
	stocked(t, theirs)
	b := backedUp(t, theirs)
	if code, _, stderr := call(t, ours, "restore", b.File); code != exitRefused || !strings.Contains(stderr, "another store") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
	was := whole(t, ours)
	r := restored(t, ours, b.File, "--replace")
	if r.Proven || r.Beyond != -1 {
		t.Errorf("it reports %+v", r)
	}
	if is := whole(t, ours); is.Store == was.Store {
		t.Errorf("it is still %+v", is)
	}
	if v := whole(t, r.Aside); v.Store != was.Store || v.Foreign != 0 {
		t.Errorf("aside is %+v", v)
	}
}

func TestWhatIsNoGoodBackupIsNotRestored(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	b := backedUp(t, dir)
	good, err := os.ReadFile(b.File)
	if err != nil {
		t.Fatal(err)
	}
	before := whole(t, dir)
	flip := func(at int) string {
		bad := append([]byte{}, good...)
		bad[at] ^= 0x40
		return string(bad)
	}
	for name, tc := range map[string]struct {
		text string
		code int
		says string
	}{
		"a text":        {"hello", exitForeign, "not a backup"},
		"nothing":       {"", exitForeign, "not a backup"},
		"another zstd":  {"\x28\xb5\x2f\xfd\x04\x00\x31\x00\x00\x61\x62\x63\x64\x65\x66", exitDamaged, "damaged"},
		"cut":           {string(good[:len(good)-100]), exitDamaged, "damaged"},
		"cut early":     {string(good[:200]), exitDamaged, "damaged"},
		"a bit flipped": {flip(len(good) / 2), exitDamaged, "damaged"},
		"a bit at last": {flip(len(good) - 2), exitDamaged, "damaged"},
	} {
		file := filepath.Join(t.TempDir(), "bad.backup")
		write(t, file, tc.text)
		for _, how := range []string{"--replace", "--drill"} {
			code, _, stderr := call(t, dir, "restore", file, how)
			if code != tc.code || !strings.Contains(stderr, tc.says) {
				t.Errorf("%s, %s: it ends with %d, want %d: %s", name, how, code, tc.code, stderr)
			}
		}
	}
	if code, _, _ := call(t, dir, "restore", filepath.Join(dir, "nowhere")); code != exitNotFound {
		t.Errorf("without a file it ends with %d", code)
	}
	if code, _, stderr := call(t, dir, "restore", dir, "--drill"); code != exitForeign && code != exitDamaged {
		t.Errorf("a directory ends with %d: %s", code, stderr)
	}
	if after := whole(t, dir); after != before {
		t.Errorf("the ledger was %+v and is %+v", before, after)
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.StagingName)); err == nil {
		t.Error("the staging folder is left")
	}
}

func TestABackupWithAnotherDatabaseInItIsNotRestored(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	stocked(t, dir)
	b, err := openBackup(backedUp(t, dir).File)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	m, database := b.manifest, filepath.Join(work, "other.db")
	write(t, database, strings.Repeat("x", int(m.Bytes)))
	f, err := os.Create(filepath.Join(work, "other.backup"))
	if err := errors.Join(err, packBackup(t.Context(), f, database, &m), f.Close()); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call(t, dir, "restore", f.Name(), "--drill"); code != exitDamaged || !strings.Contains(stderr, "does not have the sum") {
		t.Errorf("it ends with %d: %s", code, stderr)
	}
}

// TestAForgedBackupIsNotRestored changes the ledger in a backup and packs it
// again with a manifest that fits.
func TestAForgedBackupIsNotRestored(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	stocked(t, dir)
	r := backedUp(t, dir)
	b, err := openBackup(r.File)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	database := filepath.Join(work, "forged.db")
	f, err := os.Create(database)
	if err != nil || b.unpack(t.Context(), f) != nil || f.Close() != nil {
		t.Fatal(err)
	}
	tamper(t, database, `"unit":"each"`, `"unit":"eech"`)
	for name, change := range map[string]func(*manifest){
		"an entry changed":   func(*manifest) {},
		"an epoch changed":   func(m *manifest) { m.Epoch = 7 },
		"an unsigned head":   func(m *manifest) { m.Note = "" },
		"another key inside": func(m *manifest) { m.Key = strings.Replace(m.Key, "+", "+0", 1) },
		"a newer format":     func(m *manifest) { m.Format = 2 },
	} {
		m := b.manifest
		change(&m)
		forged := filepath.Join(t.TempDir(), "forged.backup")
		if err := writeBackup(t.Context(), forged, database, &m); err != nil {
			t.Fatal(err)
		}
		want := exitDamaged
		if m.Format == 2 {
			want = exitNewer
		}
		if code, _, stderr := call(t, dir, "restore", forged, "--replace"); code != want {
			t.Errorf("%s: it ends with %d, want %d: %s", name, code, want, stderr)
		}
	}
}

func TestADrillTouchesNothingAndComparesWithTheLedgerInUse(t *testing.T) {
	dir := t.TempDir()
	stocked(t, dir)
	shop := box(t, dir, "box")
	b := backedUp(t, dir)
	shop.sell("A", -1)
	if r := restored(t, dir, b.File, "--drill"); r.Live != livePrefix || r.Beyond < 1 || !r.Proven {
		t.Errorf("beside the server it reports %+v", r)
	}
	shop.stop()
	before := whole(t, dir)
	restored(t, dir, b.File, "--drill")
	if after := whole(t, dir); after != before {
		t.Errorf("it changed %+v to %+v", before, after)
	}
	if r := restored(t, t.TempDir(), b.File, "--drill"); r.Live != liveNone {
		t.Errorf("without a ledger it reports %+v", r)
	}
	other := t.TempDir()
	stocked(t, other)
	if r := restored(t, other, b.File, "--drill"); r.Live != liveOther {
		t.Errorf("with another store's it reports %+v", r)
	}
	// An older copy, and one that went another way.
	newer := backedUp(t, dir)
	older := t.TempDir()
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(older, keyFile), string(key))
	restored(t, older, b.File)
	if code, _, stderr := call(t, older, "restore", newer.File, "--drill"); code != exitDamaged {
		t.Errorf("with an older copy it ends with %d: %s", code, stderr)
	}
	apart := box(t, older, "box")
	apart.Token = shop.Token
	for range 10 {
		apart.sell("B", 1)
	}
	if code, _, stderr := call(t, older, "restore", newer.File, "--drill"); code != exitDamaged || !strings.Contains(stderr, "different histories") {
		t.Errorf("with another history it ends with %d: %s", code, stderr)
	}
}
