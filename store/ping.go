package store

import "context"

// ping is a command that changes nothing.
type ping struct{}

func (ping) decide(*tx) error { return nil }

// Ping asks the writer for an answer, behind all that waits, and readers' access
// to the state. It gives an error when the writer has stopped, and no answer at
// all when the writer hangs.
func (l *Ledger) Ping(ctx context.Context) error {
	r := SystemRequest()
	r.DryRun = true
	if _, err := l.Do(ctx, r, ping{}); err != nil {
		return err
	}
	l.Head()
	return nil
}
