//go:build slow

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestLitestreamReplicatesALedgerInUse lets Litestream follow a server under
// load, kills both, and restores as docs/backup.md says.
func TestLitestreamReplicatesALedgerInUse(t *testing.T) {
	tool := os.Getenv("LITESTREAM")
	if tool == "" {
		t.Skip("LITESTREAM names no program; make test-slow installs it and does")
	}
	dir, work := t.TempDir(), t.TempDir()
	config, replica := filepath.Join(work, "litestream.yml"), filepath.Join(work, "replica")
	database := filepath.Join(dir, "shelfd.db")
	text := fmt.Sprintf("dbs:\n  - path: %s\n    truncate-page-n: 0\n    replica:\n      type: file\n      path: %s\n", database, replica)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	items := s.stocked(t, 20, 1_000_000)
	log := filepath.Join(work, "log")
	kill := follow(t, tool, config, log)

	var w writers
	w.start(s, items, 8)
	awaitSeq(t, dir, 4000)
	// Without Litestream the server moves its log into the database by itself,
	// several times over; coming back, Litestream has to notice.
	kill()
	awaitSeq(t, dir, 16_000)
	kill = follow(t, tool, config, log)
	before := w.acknowledged()
	seq := seqOf(t, dir)
	restored := func() string {
		to := t.TempDir()
		out, err := exec.Command(tool, "restore", "-config", config, "-o", filepath.Join(to, "shelfd.db"), database).CombinedOutput()
		if err != nil {
			said, _ := os.ReadFile(log)
			t.Fatalf("litestream restore: %v\n%s\n%s", err, out, said)
		}
		return to
	}
	for deadline := time.Now().Add(time.Minute); ; wait(time.Second) {
		if seqOf(t, restored()) >= seq {
			break
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log)
			t.Fatalf("Litestream does not follow:\n%s", said)
		}
	}
	if w.failed() != nil {
		t.Fatalf("beside Litestream: %v", w.failed())
	}
	if info, err := os.Stat(database + "-wal"); err != nil || info.Size() > 64<<20 {
		t.Errorf("the log is not moved into the database: %v, %v", info.Size(), err)
	}
	s.kill()
	kill()
	w.stop.Store(true)
	w.group.Wait()
	verify(t, dir)

	copied := restored()
	key, err := os.ReadFile(filepath.Join(dir, "ledger.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(copied, "ledger.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	verify(t, copied)
	backup, fresh := filepath.Join(work, "shop.backup"), filepath.Join(work, "fresh")
	var b backedUp
	answered(t, &b, "backup", backup, "--data-dir", copied)
	var r struct {
		NewEpoch int64 `json:"new_epoch"`
	}
	answered(t, &r, "restore", backup, "--data-dir", fresh)
	if b.Seq < seq || r.NewEpoch != 2 {
		t.Errorf("it restores to %d in epoch %d; %d was there before", b.Seq, r.NewEpoch, seq)
	}
	verify(t, fresh)
	again := start(t, fresh)
	has := again.references(t)
	for key := range before {
		if has[key] != 1 {
			t.Fatalf("%s is there %d times", key, has[key])
		}
	}
	again.stop(t)
}

// follow starts Litestream; kill ends it at once.
func follow(t *testing.T, tool, config, log string) (kill func()) {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(tool, "replicate", "-config", config)
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = c.Wait() }()
	kill = func() { _ = c.Process.Kill(); <-ended }
	t.Cleanup(kill)
	return kill
}

// seqOf gives the newest entry of a data directory.
func seqOf(t *testing.T, dir string) int64 {
	t.Helper()
	var v struct{ Seq int64 }
	answered(t, &v, "verify", "--data-dir", dir)
	return v.Seq
}

func awaitSeq(t *testing.T, dir string, seq int64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); seqOf(t, dir) < seq; wait(time.Second) {
		if time.Now().After(deadline) {
			t.Fatal("the writers do not get on")
		}
	}
}
