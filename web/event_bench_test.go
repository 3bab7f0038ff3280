//go:build unix

package web

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// readersVariable makes this program the clients of a benchmark, so that what
// they cost is not counted for the server.
const readersVariable = "SHELFD_TEST_FEED_READERS"

// TestReadFeeds is no test but the process of so many clients that read the
// feed at an address until they are killed.
func TestReadFeeds(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(readersVariable))
	if err != nil {
		t.Skip("only a benchmark starts it")
	}
	f := &feedServer{t: t, url: os.Getenv("SHELFD_TEST_FEED_URL")}
	var group sync.WaitGroup
	for range n {
		s := f.follow("", "")
		group.Go(func() { _, _ = io.Copy(io.Discard, s.in) })
	}
	if _, err := os.Stdout.WriteString("ready\n"); err != nil {
		t.Fatal(err)
	}
	group.Wait()
}

// BenchmarkEvents has 1,000 movements a second told to so many clients of
// another process, and gives how many cores this process needs, movements
// included: the difference to no clients is what the feed costs.
func BenchmarkEvents(b *testing.B) {
	for _, clients := range []int{0, 1, 200} {
		b.Run(strconv.Itoa(clients)+"_clients", func(b *testing.B) {
			f := openFeed(b)
			item := f.Stocked("A", 100_000_000)
			f.readers(b, clients)
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
			started, moved := time.Now(), 0
			b.ResetTimer()
			for time.Since(started) < 8*time.Second {
				f.burst(b, item, 10)
				moved += 10
				<-time.After(time.Until(started.Add(time.Duration(moved) * time.Millisecond)))
			}
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			took := time.Since(started)
			used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
			b.ReportMetric(used.Seconds()/took.Seconds(), "cores")
			b.ReportMetric(float64(moved)/took.Seconds(), "movements/s")
		})
	}
}

// burst makes so many movements at once, as that many tills.
func (f *feedServer) burst(b *testing.B, item store.ID, n int) {
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if _, err := f.Do(b.Context(), storetest.Request, &store.Adjust{Item: item, Change: -1_0000, Reason: store.Sale}); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
}

// readers starts so many clients and waits until they follow.
func (f *feedServer) readers(b *testing.B, n int) {
	if n == 0 {
		return
	}
	c := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestReadFeeds$", "-test.timeout", "5m")
	c.Env = append(os.Environ(), readersVariable+"="+strconv.Itoa(n), "SHELFD_TEST_FEED_URL="+f.url)
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() })
	said := make([]byte, 512)
	if n, err := out.Read(said); err != nil || !strings.HasPrefix(string(said[:n]), "ready") {
		b.Fatalf("%v: %s", err, said[:n])
	}
}
