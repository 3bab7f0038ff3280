package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kardianos/service"
)

// see asks the service manager about the service.
func (s *serviceOptions) see(ctx context.Context) (*sighting, error) {
	switch platform() {
	case onSystemd:
		return s.seeSystemd(ctx)
	case onSysv:
		return seeSysv(ctx)
	case onLaunchd:
		return seeLaunchd(ctx)
	case onWindows:
		return seeWindows()
	}
	return s.seeOther()
}

// systemctl makes the call of systemctl, for the service of the account where
// that is meant.
func (s *serviceOptions) systemctl(ctx context.Context, args ...string) *exec.Cmd {
	if s.user {
		args = append([]string{"--user"}, args...)
	}
	c := exec.CommandContext(ctx, "systemctl", args...)
	c.Env = slices.Concat(s.env, []string{"TZ=UTC", "LC_ALL=C"})
	return c
}

func (s *serviceOptions) seeSystemd(ctx context.Context) (*sighting, error) {
	out, err := s.systemctl(ctx, "show", serviceName+".service", "--property",
		"LoadState,ActiveState,SubState,Result,ExecMainStatus,ExecMainCode,MainPID,NRestarts,ActiveEnterTimestamp,InactiveEnterTimestamp").Output()
	if err != nil {
		return nil, fmt.Errorf("systemd cannot be asked about the service: %w", err)
	}
	return parseSystemd(string(out)), nil
}

// parseSystemd reads the properties of a unit.
func parseSystemd(text string) *sighting {
	of := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		of[name] = value
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(of[name])
		return n
	}
	v := &sighting{exit: number("ExecMainStatus"), pid: number("MainPID"), restarts: number("NRestarts"), since: systemdTime(of["ActiveEnterTimestamp"])}
	switch of["ActiveState"] {
	case "active", "reloading", "deactivating":
		v.active = true
	case "activating":
		// Between two attempts there is no process.
		v.active, v.failed = of["SubState"] != "auto-restart", of["SubState"] == "auto-restart"
	case "failed":
		v.failed = true
	}
	if !v.active {
		v.since = systemdTime(of["InactiveEnterTimestamp"])
	}
	if v.failed {
		v.said = "systemd says " + of["Result"]
		if of["ExecMainCode"] != "1" { // not by itself, but by a signal
			v.said += fmt.Sprintf(" (signal %d)", v.exit)
			v.exit = -1
		} else if exitMeaning(v.exit) == "" {
			v.said += fmt.Sprintf(" (status %d)", v.exit)
		}
	}
	return v
}

// systemdTime reads a time of systemd's; it was asked for in UTC.
func systemdTime(text string) string {
	at, err := time.Parse("Mon 2006-01-02 15:04:05 MST", text)
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// seeSysv asks our own script, which answers as LSB says.
func seeSysv(ctx context.Context) (*sighting, error) {
	err := exec.CommandContext(ctx, "/etc/init.d/"+serviceName, "status").Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return &sighting{active: true}, nil
	case !ended:
		return nil, fmt.Errorf("the script of the service cannot be run: %w", err)
	case exit.ExitCode() == 1:
		return &sighting{failed: true, exit: -1, said: "its process is gone"}, nil
	}
	return &sighting{}, nil
}

var (
	launchdPID  = regexp.MustCompile(`"PID" = (\d+);`)
	launchdExit = regexp.MustCompile(`"LastExitStatus" = (\d+);`)
)

func seeLaunchd(ctx context.Context) (*sighting, error) {
	// It fails for a service that is not loaded, which is one that is stopped.
	out, err := exec.CommandContext(ctx, "launchctl", "list", serviceName).Output()
	if err != nil {
		return &sighting{}, nil //nolint:nilerr // See above.
	}
	return parseLaunchd(string(out)), nil
}

// parseLaunchd reads what launchctl list says. The status is that of wait: the
// exit code above eight bits for a signal.
func parseLaunchd(text string) *sighting {
	if m := launchdPID.FindStringSubmatch(text); m != nil {
		pid, _ := strconv.Atoi(m[1])
		return &sighting{active: true, pid: pid}
	}
	v := &sighting{exit: -1}
	if m := launchdExit.FindStringSubmatch(text); m != nil {
		status, _ := strconv.Atoi(m[1])
		v.failed = status != 0
		if status&0x7f == 0 {
			v.exit = status >> 8
		}
		v.said = "launchd says status " + m[1]
	}
	return v
}

// seeOther asks the library, which cannot tell failed from stopped everywhere.
func (s *serviceOptions) seeOther() (*sighting, error) {
	svc, err := s.manage(&unit{})
	if err != nil {
		return nil, err
	}
	state, err := svc.Status()
	switch {
	case errors.Is(err, service.ErrNotInstalled):
		return nil, errNotInstalled
	case err != nil:
		return &sighting{failed: true, exit: -1, said: "the service manager says: " + err.Error()}, nil //nolint:nilerr // That is what there is to see.
	}
	return &sighting{active: state == service.StatusRunning}, nil
}

// health is what a server says about itself.
type health struct {
	Status   string `json:"status"`
	Version  string `json:"version"`
	Problems []struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Action string `json:"action"`
	} `json:"problems"`
}

// readHealth asks a server how it is.
func readHealth(ctx context.Context, c *http.Client, url string) (*health, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	h := new(health)
	if err := json.NewDecoder(answer.Body).Decode(h); err != nil || h.Version == "" {
		return nil, errors.Join(err, errors.New("another program answers"))
	}
	return h, nil
}
