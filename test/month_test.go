package test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/central/centraltest"
	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// TestAMonthWithoutNetworkIsCaughtUp lets a store work for thirty days by
// itself and only then reach head office, while its tills go on selling.
// Afterwards the two have the same chain and the same sums to the last
// ten-thousandth.
func TestAMonthWithoutNetworkIsCaughtUp(t *testing.T) {
	o := openOffice(t, centraltest.NewCluster(t))
	shop, items := monthOfWork(t)
	dir := shop.Dir
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	idle := s.latencies(t, items, make(chan struct{}), 1000)
	enroll(t, dir, o)
	done := make(chan struct{})
	var busy []time.Duration
	var group sync.WaitGroup
	group.Go(func() { busy = s.latencies(t, items, done, 1<<30) })
	began, used := time.Now(), s.cpu(t)
	s.drained(t)
	took := time.Since(began)
	used = s.cpu(t) - used
	close(done)
	group.Wait()
	s.drained(t)
	t.Logf("%d entries caught up in %s: %.0f a second", monthEntries, took.Round(time.Millisecond), monthEntries/took.Seconds())
	t.Logf("the store's process used %.2f cores, its tills included", used.Seconds()/took.Seconds())
	t.Logf("p99 of adjusting an item: %s idle, %s meanwhile; the store's process took at most %s",
		p99(idle), p99(busy), s.peak(t))
	s.stop(t)
	shop.Clock.Step(time.Until(shop.Clock.Wall()) * -1)
	if err := shop.TryOpen(); err != nil {
		t.Fatal(err)
	}
	o.same(shop)
}

// monthOfWork makes a ledger of monthEntries movements over thirty days.
func monthOfWork(t *testing.T) (*storetest.Shop, []string) {
	t.Helper()
	s := storetest.Open(t)
	var items []store.ID
	var names []string
	for n := 0; n < 2000; n += store.MaxImportRows {
		rows := make([]store.ImportRow, store.MaxImportRows)
		for i := range rows {
			rows[i] = storetest.Row(n+i, 1_000_000)
		}
		s.Must(&store.Import{Location: s.Location, Room: store.SalesFloor, Rows: rows})
	}
	all, _ := s.Items(store.ItemFilter{}, 0, 1<<20)
	for _, i := range all {
		items, names = append(items, i.ID), append(names, i.ID.String())
	}
	random := rand.New(rand.NewPCG(30, 1))
	for n := 0; n < monthEntries; n += store.MaxBulkLines {
		lines := make([]*store.Adjust, min(store.MaxBulkLines, monthEntries-n))
		for i := range lines {
			lines[i] = &store.Adjust{
				Item: items[random.IntN(len(items))], Change: -store.Quantity(1 + random.IntN(30_000)),
				Reason: store.Sale, Reference: fmt.Sprintf("order-%07d", n+i),
			}
		}
		s.Must(&store.BulkAdjust{Lines: lines})
		s.Clock.Advance(30 * 24 * time.Hour * store.MaxBulkLines / monthEntries)
	}
	return s, names
}

// latencies adjusts items one after the other until done, at most so often,
// and gives how long each took.
func (s *server) latencies(t *testing.T, items []string, done <-chan struct{}, most int) (took []time.Duration) {
	t.Helper()
	for n := range most {
		select {
		case <-done:
			return took
		case <-time.After(5 * time.Millisecond):
		}
		began := time.Now()
		status, answer, err := s.try(http.MethodPatch, "/api/v1/inventory/"+items[n%len(items)], "",
			map[string]any{"quantity_change": 1, "reason_code": "RETURN"})
		if err != nil || status != http.StatusOK {
			t.Errorf("%d %v\n%s", status, err, answer)
			return took
		}
		took = append(took, time.Since(began))
	}
	return took
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}

// peak is the most memory that the process had, as Linux counts it.
func (s *server) peak(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}

// cpu is the processor time that the process has used, in steps of Linux's
// clock tick, 10 ms.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), ") ")
	fields, ticks := strings.Fields(after), 0
	for _, field := range fields[11:13] { // utime and stime, proc(5)
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
