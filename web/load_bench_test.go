package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is one closed-loop client population: every client keeps one
// connection and sends its next request when the answer is there. It speaks
// just enough HTTP/1.1 to cost little beside the server it measures.
type load struct {
	addr    string
	clients int
	// request appends the n-th request of a client.
	request func(b []byte, client, n int) []byte
}

// get builds a bodyless request; patch one with a JSON body.
func getRequest(b []byte, host, path, token string) []byte {
	return fmt.Appendf(b, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", path, host, token)
}

func patchRequest(b []byte, host, path, token, key, body string) []byte {
	b = fmt.Appendf(b, "PATCH %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n",
		path, host, token, len(body))
	if key != "" {
		b = append(append(append(b, "Idempotency-Key: "...), key...), "\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}

// run keeps the load up for a while and gives the answers per second. Answers
// outside 2xx are counted apart.
func (l *load) run(tb testing.TB, d time.Duration) (rate float64, refused int64) {
	tb.Helper()
	var done, bad atomic.Int64
	var stop atomic.Bool
	var group sync.WaitGroup
	failures := make(chan error, l.clients)
	started := time.Now()
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	for c := range l.clients {
		group.Go(func() {
			if err := l.client(c, &stop, &done, &bad); err != nil {
				failures <- err
				stop.Store(true)
			}
		})
	}
	group.Wait()
	took := time.Since(started)
	select {
	case err := <-failures:
		tb.Fatal(err)
	default:
	}
	return float64(done.Load()) / took.Seconds(), bad.Load()
}

func (l *load) client(c int, stop *atomic.Bool, done, bad *atomic.Int64) error {
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	var out []byte
	for n := 0; !stop.Load(); n++ {
		out = l.request(out[:0], c, n)
		if _, err := conn.Write(out); err != nil {
			return err
		}
		status, err := readAnswer(r)
		if err != nil {
			return err
		}
		if status/100 != 2 {
			bad.Add(1)
		}
		done.Add(1)
	}
	return nil
}

// readAnswer reads one answer with a Content-Length, and drops its body.
func readAnswer(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, fmt.Errorf("status line %q: %w", line, err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("answer %d has no Content-Length", status)
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return status, err
}
