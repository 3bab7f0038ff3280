package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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

// scheduled is the backups of a server whose clock is in the test's hands.
func scheduled(t *testing.T, change func(*rootOptions)) (*backups, *app) {
	t.Helper()
	dir := t.TempDir()
	stocked(t, dir)
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	change(o)
	a, err := openApp(t.Context(), o, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close() })
	return a.backups, a
}

func TestScheduledBackupsAreMadeKeptAndPruned(t *testing.T) {
	b, a := scheduled(t, func(o *rootOptions) { o.config.Backup.Keep = 2 })
	dir := filepath.Join(a.dir, "backups")
	meta, err := a.ledger.Journal().Meta(t.Context())
	if err != nil || os.Mkdir(dir, 0o700) != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"20200101T000000Z-1-1", "20200102T000000Z-1-2", "20200103T000000Z-1-3"} {
		write(t, filepath.Join(dir, backupPrefix(meta.Store)+name+backupSuffix), "old")
	}
	others := []string{"notes.txt", "shelfd-" + newID().String() + "-20200101T000000Z-1-1.backup", backupPrefix(meta.Store) + "mine.backup"}
	for _, name := range others {
		write(t, filepath.Join(dir, name), "another's")
	}
	b.make(t.Context())
	s := b.LastBackup()
	if s.Failed || s.At == 0 || s.Bytes == 0 {
		t.Fatalf("it went %+v", s)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, e := range entries {
		if isBackupName(e.Name(), meta.Store) {
			ours = append(ours, e.Name())
		} else if !slices.Contains(others, e.Name()) {
			t.Errorf("%s is there", e.Name())
		}
	}
	if len(ours) != 2 || len(entries) != 2+len(others) || !strings.Contains(ours[0], "20200103") {
		t.Errorf("these stay: %q of %v", ours, entries)
	}
	if known, err := readBackupStatus(a.dir); err != nil || known.At != s.At || known.Seq != meta.Seq {
		t.Errorf("it wrote down %+v, %v", known, err)
	}
}

func TestAFailedScheduledBackupIsToldAndRetriedAndRemovesNothing(t *testing.T) {
	b, a := scheduled(t, func(o *rootOptions) { o.config.Backup.Keep = 1 })
	b.make(t.Context())
	good := b.LastBackup()
	b.free = func(string) (int64, error) { return backupReserve, nil }
	b.make(t.Context())
	s := b.LastBackup()
	if !s.Failed || s.At != good.At {
		t.Errorf("after a failure it says %+v, before %+v", s, good)
	}
	if b.retry <= a.clock.Mono() || b.isDue() {
		t.Error("it is tried again at once")
	}
	if list, err := filepath.Glob(filepath.Join(a.dir, "backups", "*.backup")); err != nil || len(list) != 1 {
		t.Errorf("the good one is gone: %q, %v", list, err)
	}
	o, _, _ := testOptions(t, a.dir)
	c, _ := a.client()
	defer c.close()
	var health struct {
		Status   string
		Problems []struct{ Code string }
	}
	if err := c.get(t.Context(), "/healthz", nil, &health); err != nil || health.Status != "degraded" || health.Problems[0].Code != "backup_failed" {
		t.Errorf("health says %+v, %v; %v", health, err, o.version)
	}
}

func TestADirectoryThatIsNotMountedIsNotMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nas")
	b, _ := scheduled(t, func(o *rootOptions) { o.config.Backup.Dir = Path(dir) })
	b.make(t.Context())
	if s := b.LastBackup(); !s.Failed || s.At != 0 {
		t.Errorf("it went %+v", s)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it was made")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b.make(t.Context())
	if s := b.LastBackup(); s.Failed || s.At == 0 {
		t.Errorf("then it went %+v", s)
	}
}

func TestABackupIsDueBySchedule(t *testing.T) {
	b, a := scheduled(t, func(*rootOptions) {})
	now, _ := a.ledger.Now()
	b.due = func(after time.Time) time.Time { return after.Add(time.Hour) }
	for _, tc := range []struct {
		name string
		last time.Duration // before now; 0 for never
		up   time.Duration
		want bool
	}{
		{"never made, just started", 0, 0, false},
		{"never made, up for longer than that", 0, 2 * time.Hour, true},
		{"made a while ago", 30 * time.Minute, 2 * time.Hour, false},
		{"missed while no server ran", 26 * time.Hour, 0, true},
	} {
		b.started, b.status = now.Time().Add(-tc.up), backupStatus{}
		if tc.last > 0 {
			b.status.At = now.Add(-tc.last)
		}
		if got := b.isDue(); got != tc.want {
			t.Errorf("%s: due is %v", tc.name, got)
		}
	}
	b.due = nil
	if b.isDue() {
		t.Error("without a schedule one is due")
	}
}

// tick is a clock whose waits end when the test says so.
type tick struct {
	store.Clock
	ticks chan time.Time
}

func (c tick) After(time.Duration) <-chan time.Time { return c.ticks }

func TestAServerMakesABackupOnceItIsDue(t *testing.T) {
	b, a := scheduled(t, func(*rootOptions) {})
	now, _ := a.ledger.Now()
	clock := tick{b.clock, make(chan time.Time)}
	b.clock = clock
	made := make(chan int, 1)
	asked := 0
	b.due = func(after time.Time) time.Time {
		if asked++; asked == 2 {
			return now.Time()
		}
		return now.Time().Add(day)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = b.run(ctx); made <- asked }()
	for range 4 {
		clock.ticks <- time.Time{}
	}
	stop()
	if n := <-made; n < 3 {
		t.Errorf("it looked %d times", n)
	}
	list, err := filepath.Glob(filepath.Join(a.dir, "backups", "*.backup"))
	if err != nil || len(list) != 1 {
		t.Errorf("it made %q, %v", list, err)
	}
}

func TestNothingIsRemovedWhileTheClockIsNotTrusted(t *testing.T) {
	b, a := scheduled(t, func(o *rootOptions) { o.config.Backup.Keep = 1 })
	b.make(t.Context())
	if _, trusted := a.ledger.Now(); !trusted {
		t.Fatal("the clock is not trusted to begin with")
	}
	b.now = func() (store.Instant, bool) {
		now, _ := a.ledger.Now()
		return now.Add(time.Minute), false
	}
	b.make(t.Context())
	list, err := filepath.Glob(filepath.Join(a.dir, "backups", "*.backup"))
	if err != nil || len(list) != 2 {
		t.Errorf("these are there: %q, %v; want both", list, err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
