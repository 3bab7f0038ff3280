//go:build unix

package cmd

import (
	"context"
	"log/slog"
	"os"
	"runtime"
)

// underManager runs the server; the service manager ends it by SIGTERM.
func (s *serviceOptions) underManager(ctx context.Context, run func(context.Context) error) error {
	return run(ctx)
}

// alsoToSystem changes nothing: the log is enough here.
func (s *serviceOptions) alsoToSystem(log *slog.Logger) *slog.Logger { return log }

// windowsUnit, writeWindows and seeWindows are for Windows.
func windowsUnit() (*unit, error) { return nil, errNotInstalled }

func (s *serviceOptions) writeWindows(*unit, bool) error { return nil }

func seeWindows() (*sighting, error) { return nil, errNotInstalled }

// defaultLogFile is where a service without a journal writes.
func defaultLogFile(user bool, _ string) string {
	if runtime.GOOS != "darwin" {
		return "/var/log/shelfd/shelfd.log"
	}
	if home, err := os.UserHomeDir(); err == nil && user {
		return home + "/Library/Logs/shelfd/shelfd.log"
	}
	return "/Library/Logs/shelfd/shelfd.log"
}
