package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// settleLimit is how long a start may take until it is told how it went.
	settleLimit = 20 * time.Second
	settleEvery = 200 * time.Millisecond
)

// startService starts the service, waits until it serves or failed, and says
// which.
func (s *serviceOptions) startService(ctx context.Context) error {
	svc, u, err := s.needInstalled()
	if err != nil {
		return err
	}
	return s.settle(ctx, u, svc.Start())
}

// restartService stops the service in order and starts it.
func (s *serviceOptions) restartService(ctx context.Context) error {
	svc, u, err := s.needInstalled()
	if err != nil {
		return err
	}
	return s.settle(ctx, u, svc.Restart())
}

// settle waits until a service that was started serves, or does not.
func (s *serviceOptions) settle(ctx context.Context, u *unit, started error) error {
	var status *serviceStatus
	for waited := time.Duration(0); ; waited += settleEvery {
		var err error
		if status, err = s.look(ctx, u); err != nil {
			return errors.Join(started, err)
		}
		done := status.State == stateRunning || status.State == stateFailed || started != nil
		if done || waited >= settleLimit {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.clock.After(settleEvery):
		}
	}
	if started != nil && status.State != stateRunning && status.Reason == "" {
		status.State, status.Reason = stateFailed, "the service manager says: "+started.Error()
	}
	return s.tellStatus(status)
}

// stopService stops the service in order.
func (s *serviceOptions) stopService(ctx context.Context) error {
	svc, u, err := s.needInstalled()
	if err != nil {
		return err
	}
	seen, err := s.see(ctx)
	if err != nil {
		return err
	}
	if seen.active {
		if err := svc.Stop(); err != nil {
			return fmt.Errorf("the service cannot be stopped: %w", err)
		}
	}
	if s.asJSON() {
		status, err := s.look(ctx, u)
		if err != nil {
			return err
		}
		return s.json(status)
	}
	word := "is stopped"
	if !seen.active {
		word = "was not running"
	}
	_, err = fmt.Fprintf(s.stdout, "The service %s %s.\n", serviceName, word)
	return err
}

// uninstall stops and removes the service, and keeps account and data.
func (s *serviceOptions) uninstall(ctx context.Context) error {
	svc, u, err := s.needInstalled()
	if err != nil {
		return err
	}
	if seen, err := s.see(ctx); err == nil && seen.active {
		if err := svc.Stop(); err != nil {
			return fmt.Errorf("the service cannot be stopped, so it stays: %w", err)
		}
	}
	if err := svc.Uninstall(); err != nil {
		return fmt.Errorf("the service cannot be removed: %w", err)
	}
	forgetRunLevels()
	dir := "its data directory"
	if s.loadService(u.Args) == nil {
		dir = string(s.config.DataDir)
	}
	if s.asJSON() {
		return s.json(map[string]any{"installed": false, "data_dir": dir})
	}
	kept := ""
	if !s.user {
		kept = ", and so does the account " + serviceAccount
	}
	_, err = fmt.Fprintf(s.stdout, "The service %s is removed. Its data stay in %s%s.\n", serviceName, dir, kept)
	return err
}

// forgetRunLevels removes the links of System V init, which the library leaves.
func forgetRunLevels() {
	if platform() != onSysv {
		return
	}
	links, _ := filepath.Glob("/etc/rc[0-6].d/[SK][0-9][0-9]" + serviceName)
	for _, link := range links {
		_ = os.Remove(link) // a link to nothing does no harm
	}
}
