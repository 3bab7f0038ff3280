package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// TestFailedFsyncAnswersUnknownAndEndsTheProcess makes the n-th sync of the
// ledger fail. The change under way is answered as unknown, the process ends
// for its service manager, and the next start has every acknowledged change
// and the unknown one at most once.
func TestFailedFsyncAnswersUnknownAndEndsTheProcess(t *testing.T) {
	strace := needStrace(t)
	for _, nth := range []int{1, 2, 7} {
		t.Run(fmt.Sprint("sync ", nth), func(t *testing.T) { failSync(t, strace, nth) })
	}
}

func needStrace(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("injecting faults needs strace, which is for Linux")
	}
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; apt-get install strace")
	}
	return path
}

func failSync(t *testing.T, strace string, nth int) {
	dir := t.TempDir()
	s := start(t, dir)
	item := s.stocked(t, 1, 1000)[0]
	// From here on the nth sync fails, and only that one.
	attached := attach(t, strace, s.cmd.Process.Pid, nth)
	path, acknowledged := "/api/v1/inventory/"+item, 0
	unknown := false
	for n := 0; n < 50 && !unknown; n++ {
		key := fmt.Sprint("sale-", n)
		status, answer, err := s.try(http.MethodPatch, path, key, sale(key))
		switch {
		case err != nil:
			unknown = true
		case status == http.StatusOK:
			acknowledged++
		case status == http.StatusServiceUnavailable && code(answer) == "outcome_unknown":
			unknown = true
		default:
			t.Fatalf("%d %s", status, answer)
		}
	}
	if !unknown {
		t.Fatalf("no sync failed; strace said:\n%s", attached)
	}
	select {
	case <-s.exited:
	case <-time.After(15 * time.Second):
		t.Fatal("the process goes on after a failed sync")
	}
	if s.code != 9 {
		t.Fatalf("exit code %d, want 9:\n%s", s.code, s.log)
	}
	again := start(t, dir)
	key := fmt.Sprint("sale-", acknowledged)
	if status, answer, err := again.try(http.MethodPatch, path, key, sale(key)); err != nil || status != http.StatusOK {
		t.Fatalf("the unknown change, sent again: %d %v %s", status, err, answer)
	}
	ledger := again.references(t)
	for n := range acknowledged + 1 {
		if k := fmt.Sprint("sale-", n); ledger[k] != 1 {
			t.Fatalf("%s is in the ledger %d times", k, ledger[k])
		}
	}
	again.stop(t)
	verify(t, dir)
}

func sale(reference string) map[string]any {
	return map[string]any{"quantity_change": -1, "reason_code": "SALE", "reference": reference}
}

func code(answer []byte) string {
	var p struct{ Code string }
	_ = json.Unmarshal(answer, &p) // no JSON has no code
	return p.Code
}
