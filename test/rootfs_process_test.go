//go:build slow && linux

package test

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// dial connects within the machine's network. The socket belongs to the network
// of the thread that makes it, so one thread enters it and is then given up.
func (m *machine) dial(ctx context.Context, _, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	namespace := fmt.Sprintf("/proc/%d/ns/net", m.init)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this
		network, err := os.Open(namespace)
		if err != nil {
			done <- result{err: err}
			return
		}
		defer network.Close()
		if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{err: err}
			return
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}

// firstOf finds, below a process, the first process of the container that it
// starts; 0 when there is none yet.
func firstOf(starter int) int {
	parent, depth := map[int]int{}, map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		ids := processIDs(pid)
		parent[pid] = ids.parent
		if len(ids.nested) > 0 && ids.nested[len(ids.nested)-1] == 1 {
			depth[pid] = len(ids.nested)
		}
	}
	first := 0
	for pid := range depth {
		for above := parent[pid]; above > 1; above = parent[above] {
			if above == starter && depth[pid] > depth[first] {
				first = pid
			}
		}
	}
	return first
}

// identity is what a process is called: by its parent's number, and by its own
// in each nested PID namespace.
type identity struct {
	parent int
	nested []int
}

func processIDs(pid int) (ids identity) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		for field := range strings.FieldsSeq(value) {
			n, _ := strconv.Atoi(field)
			switch name {
			case "PPid":
				ids.parent = n
			case "NSpid":
				ids.nested = append(ids.nested, n)
			}
		}
	}
	return ids
}
