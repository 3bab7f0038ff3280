package cmd

import (
	"context"
	"log/slog"
)

// eventHandler also writes what is an error to the event log of Windows.
type eventHandler struct{ slog.Handler }

// Handle writes a record.
func (h eventHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool {
			text += "\n" + a.String()
			return true
		})
		tellSystem(text)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the attributes for the log.
func (h eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return eventHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the group for the log.
func (h eventHandler) WithGroup(name string) slog.Handler {
	return eventHandler{h.Handler.WithGroup(name)}
}

// alsoToSystem has errors written to the event log too.
func (s *serviceOptions) alsoToSystem(log *slog.Logger) *slog.Logger {
	return slog.New(eventHandler{log.Handler()})
}
