package web

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
)

// narrow is a listener whose connections hold little that was not read.
type narrow struct{ net.Listener }

func narrowed(ln net.Listener) net.Listener { return narrow{ln} }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		err = tcp.SetWriteBuffer(4 << 10)
	}
	return c, err
}

// hasty is a clock that is behind, so that a client that does not read has a
// second of its patience left.
type hasty struct{ store.Clock }

func (h hasty) Wall() time.Time { return h.Clock.Wall().Add(time.Second - feedPatience) }

// block opens the feed as a client that reads no more once it is let in.
func (f *feedServer) block() {
	f.t.Helper()
	c, err := new(net.Dialer).DialContext(f.t.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		f.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", c.RemoteAddr(), feedSecret); err != nil {
		f.t.Fatal(err)
	}
	answer := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 200" {
		f.t.Fatalf("%s, %v", answer, err)
	}
}

// clients is how many follow the feed.
func (f *feedServer) clients() int {
	f.server.feed.mu.Lock()
	defer f.server.feed.mu.Unlock()
	return f.server.feed.clients
}

func TestAClientThatNeverReadsIsCutOffAndTheOthersGetEverything(t *testing.T) {
	f := openFeedOver(t, storetest.OpenReal(t), hasty{store.SystemClock()}, narrowed)
	item := f.Stocked("A", 200_000)
	reads := f.follow("", "")
	for range 3 {
		f.block()
	}
	got := make(chan string, 1<<17)
	go func() {
		defer close(got)
		for {
			e, ok := reads.next()
			if !ok {
				return
			}
			if !e.comment {
				got <- e.id
			}
		}
	}()
	var want []string
	for len(want) < 100_000 && f.clients() > 1 {
		want = append(want, f.sell(item, 1)...)
	}
	if n := f.clients(); n != 1 {
		t.Fatalf("after %d events there are %d clients", len(want), n)
	}
	want = append(want, f.sell(item, 5)...)
	var told []string
	for len(told) < len(want) {
		id, ok := <-got
		if !ok {
			t.Fatalf("who reads was cut off after %d of %d events", len(told), len(want))
		}
		told = append(told, id)
	}
	if !slices.Equal(told, want) {
		t.Errorf("who reads was told something else than the %d events that happened", len(want))
	}
}

// TestClientsThatNeverReadCostNoMemoryForWhatTheyMiss blocks 20 clients while
// 4 MB of events happen for each of them.
func TestClientsThatNeverReadCostNoMemoryForWhatTheyMiss(t *testing.T) {
	const blocked, each = 20, 512 << 10
	f := openFeedOver(t, storetest.OpenReal(t), store.SystemClock(), narrowed)
	item := f.Stocked("A", 200_000)
	reads := f.follow("", "")
	f.sellAtOnce(item, ringEvents)
	reads.ids(ringEvents)
	before := heap()
	for range blocked {
		f.block()
	}
	f.sellAtOnce(item, ringEvents)
	reads.ids(ringEvents)
	if more := heap() - before; more > blocked*each {
		t.Errorf("%d clients that do not read cost %d bytes", blocked, more)
	}
}

// sellAtOnce sells one unit so many times, by many at once.
func (f *feedServer) sellAtOnce(item store.ID, times int) {
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() { f.sell(item, times/64) })
	}
	group.Wait()
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
