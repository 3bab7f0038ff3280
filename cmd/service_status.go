package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The states of a service.
const (
	stateRunning      = "running"
	stateStarting     = "starting"
	stateStopped      = "stopped"
	stateFailed       = "failed"
	stateNotInstalled = "not installed"
)

// serviceStatus is how the service is.
type serviceStatus struct {
	State string `json:"state"`
	// Reason is why it is not running, in a sentence or two.
	Reason  string `json:"reason,omitempty"`
	Since   string `json:"since,omitempty"`
	URL     string `json:"url,omitempty"`
	Version string `json:"version,omitempty"`
	DataDir string `json:"data_dir,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// Restarts counts how often the service manager started it again by itself.
	Restarts int `json:"restarts,omitempty"`
	// Manager is the service manager.
	Manager string `json:"manager"`
}

// sighting is what a service manager says about the service.
type sighting struct {
	// active tells that there is a process; failed that there is none because it
	// ended by itself.
	active, failed bool
	// exit is what the process ended with, −1 when that is not known.
	exit     int
	since    string
	pid      int
	restarts int
	// said is what the service manager itself says about the end.
	said string
}

// showStatus tells how the service is, by its words and by its exit code.
func (s *serviceOptions) showStatus(ctx context.Context) error {
	u, err := s.installedUnit()
	if errors.Is(err, errNotInstalled) {
		return s.tellStatus(&serviceStatus{State: stateNotInstalled, Manager: platform()})
	}
	if err != nil {
		return err
	}
	status, err := s.look(ctx, u)
	if err != nil {
		return err
	}
	return s.tellStatus(status)
}

// look puts together what the service manager says and what the server itself
// answers.
func (s *serviceOptions) look(ctx context.Context, u *unit) (*serviceStatus, error) {
	seen, err := s.see(ctx)
	if err != nil {
		return nil, err
	}
	status := &serviceStatus{State: stateStopped, Since: seen.since, PID: seen.pid, Restarts: seen.restarts, Manager: platform()}
	loaded := s.loadService(u.Args)
	if loaded == nil {
		status.DataDir = string(s.config.DataDir)
	}
	switch {
	case seen.failed:
		status.State, status.Reason = stateFailed, s.whyEnded(ctx, seen)
	case seen.active:
		status.State = stateStarting
		if loaded == nil {
			s.ask(ctx, status)
		}
	}
	return status, nil
}

// whyEnded says why the process ended: the last error in the log, else what its
// exit code means.
func (s *serviceOptions) whyEnded(ctx context.Context, seen *sighting) string {
	if text := s.lastError(ctx); text != "" {
		return text
	}
	if text := exitMeaning(seen.exit); text != "" && seen.exit > 0 {
		return text
	}
	return seen.said
}

// ask asks the server itself.
func (s *serviceOptions) ask(ctx context.Context, status *serviceStatus) {
	c, err := readControl(string(s.config.DataDir))
	if err != nil || !alive(c.PID) {
		c = s.guessControl()
	}
	transport := networkTransport(c.Certificate)
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	status.URL = c.URL
	h, err := readHealth(ctx, &http.Client{Transport: transport}, c.URL)
	if err != nil {
		status.Reason = "it does not answer at " + c.URL + " yet"
		return
	}
	status.Version = h.Version
	switch h.Status {
	case "starting":
		status.Reason = "it is opening its data"
	case "failing":
		status.State = stateFailed
		if len(h.Problems) > 0 {
			status.Reason = h.Problems[0].Detail + " " + h.Problems[0].Action
		}
	default:
		status.State = stateRunning
		for _, p := range h.Problems {
			status.Reason += sentence(p.Detail) + " "
		}
	}
}

// guessControl is where the server should be by its configuration.
func (s *serviceOptions) guessControl() control {
	c := control{URL: "http://" + reachableText(s.config.Listen)}
	if s.config.TLS != (TLSConfig{}) {
		c.URL = "https://" + reachableText(s.config.Listen)
		c.Certificate, _ = pinOfFile(string(s.config.TLS.Cert))
	}
	return c
}

// tellStatus writes a status, and gives the error that ends the process with the
// exit code of the state.
func (s *serviceOptions) tellStatus(status *serviceStatus) error {
	if s.asJSON() {
		if err := s.json(status); err != nil {
			return err
		}
	} else if err := s.writeStatus(status); err != nil {
		return err
	}
	switch status.State {
	case stateNotInstalled:
		return errNotInstalled
	case stateStopped:
		return withExit(exitStopped, errors.New("the service is installed and does not run; "+s.asAdmin("shelfd service start")+" starts it"))
	case stateFailed:
		return withExit(exitFailed, errors.New("the service failed; "+s.asAdmin("shelfd service logs")+" shows more"))
	}
	return nil
}

func (s *serviceOptions) writeStatus(status *serviceStatus) error {
	since := ""
	if at, err := time.Parse(time.RFC3339, status.Since); err == nil {
		since = " since " + at.Local().Format("2006-01-02 15:04:05")
	}
	if _, err := fmt.Fprintf(s.stdout, "%s%s\n", status.State, since); err != nil {
		return err
	}
	restarts := ""
	if status.Restarts > 0 {
		restarts = fmt.Sprintf("started again by itself %s", counted(status.Restarts, "time", "times"))
	}
	for _, line := range [][2]string{
		{"reason", status.Reason},
		{"address", status.URL},
		{"version", status.Version},
		{"data directory", status.DataDir},
		{"restarts", restarts},
	} {
		if line[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(s.stdout, "  %-14s  %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
