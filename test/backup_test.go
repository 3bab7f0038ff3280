package test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// backedUp is what `shelfd backup -o json` says.
type backedUp struct {
	File, Hash string
	Epoch, Seq int64
}

// answered runs the program to its end and decodes what it says as JSON.
func answered(t *testing.T, out any, args ...string) {
	t.Helper()
	c := exec.Command(binary, append(args, "-o", "json")...)
	said, err := c.Output()
	if err != nil {
		var stderr []byte
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			stderr = e.Stderr
		}
		t.Fatalf("%v: %v\n%s", args, err, stderr)
	}
	if err := json.Unmarshal(said, out); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, said)
	}
}

// writers adjust through a server until they are stopped, and can be asked
// what was acknowledged so far.
type writers struct {
	stop  atomic.Bool
	group sync.WaitGroup

	mu     sync.Mutex
	booked map[string]int
	wrong  error
}

func (w *writers) start(s *server, items []string, n int) {
	w.booked = map[string]int{}
	for id := range n {
		w.group.Go(func() {
			for i := 0; !w.stop.Load(); i++ {
				key := fmt.Sprintf("writer-%d-%d", id, i)
				status, answer, err := s.try("PATCH", "/api/v1/inventory/"+items[(id+i)%len(items)], key, map[string]any{
					"quantity_change": -1, "reason_code": "SALE", "reference": key,
				})
				w.mu.Lock()
				if err != nil || status != 200 {
					w.wrong = fmt.Errorf("%s: %d %s: %w", key, status, answer, cmp.Or(err, errors.New("refused")))
					w.stop.Store(true)
				} else {
					w.booked[key]++
				}
				w.mu.Unlock()
				// A shop with many tills, not a benchmark.
				wait(10 * time.Millisecond)
			}
		})
	}
}

// acknowledged gives what was booked by now.
func (w *writers) acknowledged() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.booked)
}

// failed gives the first answer that should not have come.
func (w *writers) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrong
}

func (w *writers) end(t *testing.T) {
	t.Helper()
	w.stop.Store(true)
	w.group.Wait()
	if w.wrong != nil {
		t.Fatal(w.wrong)
	}
}

// TestABackupTakenUnderLoadRestoresToExactlyTheSignedHead backs up while
// clients write. Each backup restores to the entry that it was signed at, and
// has all that was acknowledged before it began.
func TestABackupTakenUnderLoadRestoresToExactlyTheSignedHead(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	items := s.stocked(t, 20, 1_000_000)
	var w writers
	w.start(s, items, 8)
	type taken struct {
		backedUp
		before map[string]int
	}
	var list []taken
	for n := range 3 {
		wait(200 * time.Millisecond)
		x := taken{before: w.acknowledged()}
		answered(t, &x.backedUp, "backup", filepath.Join(t.TempDir(), fmt.Sprint(n, ".backup")), "--data-dir", dir)
		list = append(list, x)
	}
	w.end(t)
	s.kill()
	for n, x := range list {
		fresh := filepath.Join(t.TempDir(), "data")
		var r struct {
			Seq      int64
			NewEpoch int64 `json:"new_epoch"`
		}
		answered(t, &r, "restore", x.File, "--data-dir", fresh)
		var v struct {
			OK    bool
			Seq   int64
			Epoch int64
		}
		answered(t, &v, "verify", "--data-dir", fresh)
		if r.Seq != x.Seq || !v.OK || v.Seq != x.Seq+1 || v.Epoch != 2 {
			t.Errorf("backup %d was signed at %d and restored as %+v; verify says %+v", n, x.Seq, r, v)
		}
		var drill struct{ Live string }
		answered(t, &drill, "restore", x.File, "--drill", "--data-dir", dir)
		if drill.Live != "prefix" {
			t.Errorf("backup %d is %s of the ledger that it was taken of", n, drill.Live)
		}
		restored := start(t, fresh)
		has := restored.references(t)
		for key := range x.before {
			if has[key] != 1 {
				t.Errorf("backup %d has %s %d times, which was acknowledged before it began", n, key, has[key])
			}
		}
		if len(x.before) == 0 {
			t.Error("nothing was acknowledged before it began")
		}
		restored.stop(t)
	}
}

// TestAKilledRestoreLeavesTheOldOrTheNew kills restores at random moments. The
// server that starts over what is left has one of the two ledgers, whole.
func TestAKilledRestoreLeavesTheOldOrTheNew(t *testing.T) {
	base := t.TempDir()
	s := start(t, base)
	s.stocked(t, 30, 10)
	var b backedUp
	answered(t, &b, "backup", filepath.Join(t.TempDir(), "shop.backup"), "--data-dir", base)
	var product struct{ ID string }
	s.must(t, "POST", "/api/v1/products", map[string]any{"sku": "LATE", "name": "Late"}, &product)
	s.stop(t)
	restore := func() (*exec.Cmd, string) {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(binary, "restore", b.File, "--replace", "--data-dir", dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c, dir
	}
	began := time.Now()
	c, _ := restore()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	left := map[bool]int{}
	for range restoreKills {
		c, dir := restore()
		wait(time.Duration(rand.Int64N(int64(whole))))
		_ = c.Process.Kill()
		_ = c.Wait()
		after := start(t, dir)
		status, _, err := after.try("GET", "/api/v1/products?sku=LATE", "", nil)
		if err != nil || status != 200 {
			t.Fatalf("%d, %v", status, err)
		}
		after.stop(t)
		var v struct {
			OK         bool
			Epoch, Seq int64
		}
		answered(t, &v, "verify", "--data-dir", dir)
		if old := v.Epoch == 1 && v.Seq > b.Seq; !v.OK || !old && (v.Epoch != 2 || v.Seq <= b.Seq) {
			t.Errorf("a start after the kill has %+v; the backup ends at %d", v, b.Seq)
		}
		left[v.Epoch == 1]++
		for _, name := range []string{"restoring", "restore.json"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s is left", name)
			}
		}
	}
	t.Logf("%d kills left the old ledger, %d the new one", left[true], left[false])
}
