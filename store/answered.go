package store

import "context"

// Answered gives what a request with this Idempotency-Key was answered the
// first time; ok is false when no such request has changed anything. It
// changes nothing itself. Codes: idempotency_mismatch.
func (l *Ledger) Answered(ctx context.Context, r Request) (receipt Receipt, ok bool, err error) {
	if r.Key == nil || r.DryRun {
		return Receipt{}, false, nil
	}
	l.mu.RLock()
	seq := l.keys.find(r.Key.Hash)
	l.mu.RUnlock()
	if seq == 0 {
		return Receipt{}, false, nil
	}
	key, err := l.j.FindKey(ctx, seq)
	switch {
	case CodeOf(err) == CodeNotFound:
		return Receipt{}, false, nil
	case err != nil:
		return Receipt{}, false, err
	case key.Hash != r.Key.Hash:
		return Receipt{}, false, nil
	}
	receipt, err = l.replay(ctx, r, seq)
	return receipt, err == nil, err
}
