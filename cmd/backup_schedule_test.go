package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

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
		age  time.Duration // of the ledger
		want bool
	}{
		{"never made, the ledger is new", 0, 0, false},
		{"never made, and the ledger is older than that", 0, 2 * time.Hour, true},
		{"made by a clock that was ahead", -26 * time.Hour, 2 * time.Hour, true},
		{"made a while ago", 30 * time.Minute, 2 * time.Hour, false},
		{"missed while no server ran", 26 * time.Hour, 0, true},
	} {
		b.began, b.status = now.Time().Add(-tc.age), backupStatus{}
		if tc.last != 0 {
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

func TestAShopThatIsOffAtNightGetsItsFirstBackup(t *testing.T) {
	_, a := scheduled(t, func(*rootOptions) {})
	o, _, _ := testOptions(t, a.dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	// As a server that was started anew the next morning.
	b, err := newBackups(t.Context(), a, o)
	if err != nil {
		t.Fatal(err)
	}
	now, _ := a.ledger.Now()
	b.now = func() (store.Instant, bool) { return now.Add(day), true }
	if !b.isDue() {
		t.Error("the one of the night before is not due")
	}
}

func TestABackupOutlivesThoseOfAClockThatWasAhead(t *testing.T) {
	b, a := scheduled(t, func(o *rootOptions) { o.config.Backup.Keep = 2 })
	dir := filepath.Join(a.dir, "backups")
	meta, err := a.ledger.Journal().Meta(t.Context())
	if err != nil || os.Mkdir(dir, 0o700) != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"20880101T000000Z-1-1", "20880102T000000Z-1-2"} {
		write(t, filepath.Join(dir, backupPrefix(meta.Store)+name+backupSuffix), "old")
	}
	b.make(t.Context())
	list, err := filepath.Glob(filepath.Join(dir, "*"+backupSuffix))
	if err != nil || len(list) != 2 || !strings.Contains(list[0], fmt.Sprintf("-%d-%d.", meta.Head.Epoch, meta.Seq)) || !strings.Contains(list[1], "-1-2.") {
		t.Errorf("these stay: %q", list)
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
