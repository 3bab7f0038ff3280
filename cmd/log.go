package cmd

import (
	"io"
	"log/slog"
)

// newLogger makes the one logger of the process. Nothing below least is
// written, whatever the configuration says.
func newLogger(w io.Writer, c LogConfig, least slog.Level) *slog.Logger {
	var level slog.Level
	// Validate allowed only names that slog knows.
	_ = level.UnmarshalText([]byte(c.Level))
	options := &slog.HandlerOptions{Level: max(level, least)}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
