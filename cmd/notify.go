package cmd

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// manager is the service manager that started this process and wants to know how
// it goes: systemd, or one that speaks like it. A nil manager hears nothing.
type manager struct {
	conn *net.UnixConn
	// every is how often it wants a sign of life; 0 for never.
	every time.Duration
}

// managerOf finds the manager that the environment names, nil for none.
func managerOf(env []string) (*manager, error) {
	path := variable(env, "NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if strings.HasPrefix(path, "@") {
		path = "\x00" + path[1:] // a name that is no file
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	m := &manager{conn: conn}
	if pid := variable(env, "WATCHDOG_PID"); pid == "" || pid == strconv.Itoa(os.Getpid()) {
		us, err := strconv.ParseInt(variable(env, "WATCHDOG_USEC"), 10, 64)
		if err == nil && us > 0 {
			m.every = time.Duration(us) * time.Microsecond
		}
	}
	return m, nil
}

// variable gives the value of an environment variable, "" for none.
func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func (m *manager) tell(lines ...string) error {
	if m == nil {
		return nil
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\n", " ")
	}
	_, err := m.conn.Write([]byte(strings.Join(lines, "\n")))
	return err
}

func (m *manager) close() {
	if m != nil {
		_ = m.conn.Close()
	}
}

// tell tells the service manager how it goes. One that went away is not a
// reason to stop.
func (h *host) tell(lines ...string) {
	if err := h.manager.tell(lines...); err != nil && !errors.Is(err, net.ErrClosed) {
		h.log.Debug("the service manager does not hear", "err", err)
	}
}

// openLimit is how long opening the data may take before the service manager
// may think that it hangs.
const openLimit = 15 * time.Minute

// feed gives the service manager its signs of life for as long as there is life.
// It may hang together with what it asks, which is the purpose; nothing waits
// for it.
func (h *host) feed(ctx context.Context) {
	if h.manager == nil || h.manager.every == 0 {
		return
	}
	for {
		if h.well(ctx) {
			h.tell("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-h.clock.After(h.manager.every / 3):
		}
	}
}

// well tells whether the server does its work: the writer answers, or the data
// are being opened for less than openLimit.
func (h *host) well(ctx context.Context) bool {
	if a := h.app.Load(); a != nil {
		return a.ledger.Ping(ctx) == nil
	}
	return h.clock.Mono()-time.Duration(h.openingSince.Load()) < openLimit
}
