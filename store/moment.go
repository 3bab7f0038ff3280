package store

import (
	"context"
	"time"
)

// Moment says which past is asked for, on two axes: what had happened, and
// what was known. With Seq the ledger is cut there and the others are unused.
type Moment struct {
	Seq int64
	// AsOf is when it must have happened; KnownAt when the store must have
	// learned it, zero for all that is known today.
	AsOf, KnownAt Instant
}

// lateAfter is how long after it happened an entry may be recorded before it
// counts as late.
const lateAfter = lateAfterMillis * time.Millisecond

// balancesAt gives the balances right after seq, by item number − 1: the
// nearest saved balances and at most Rules.SaveEvery entries.
func (l *Ledger) balancesAt(ctx context.Context, seq int64) ([]balance, error) {
	balances, from, err := l.savedBalances(ctx, seq)
	if err != nil {
		return nil, err
	}
	err = l.h.ScanChanges(ctx, from, seq, func(c Change) error {
		balances = grow(balances, c.Item)
		balances[c.Item-1] = balance{c.After, c.ReservedAfter}
		return nil
	})
	return balances, err
}

// savedBalances gives the newest saved balances at or before seq, and theirs.
func (l *Ledger) savedBalances(ctx context.Context, seq int64) ([]balance, int64, error) {
	full, since, err := l.h.FindBalances(ctx, seq)
	if err != nil {
		return nil, 0, err
	}
	l.mu.RLock()
	balances := make([]balance, 0, len(l.s.byNo))
	l.mu.RUnlock()
	if balances, err = readBalances(full.Body, balances); err != nil {
		return nil, 0, err
	}
	balances, err = readBalances(since.Body, balances)
	return balances, max(full.Seq, since.Seq), err
}

func grow(b []balance, no int64) []balance {
	for int64(len(b)) < no {
		b = append(b, balance{})
	}
	return b
}

// balancesAsOf gives the balances of everything that had occurred by a
// moment, as far as the entries up to known tell: saved balances from before
// the moment, the entries recorded around it that had occurred by then, and
// those recorded later whose lateness is flagged.
func (l *Ledger) balancesAsOf(ctx context.Context, asOf Instant, known int64) ([]balance, error) {
	// An entry may say that it occurred up to futureLimit after it was
	// recorded, so balances are safe to start from only that much earlier.
	start, err := l.h.FindSeq(ctx, asOf.Add(-futureLimit))
	if err != nil {
		return nil, err
	}
	window, err := l.h.FindSeq(ctx, asOf.Add(lateAfter))
	if err != nil {
		return nil, err
	}
	window = min(window, known)
	balances, from, err := l.savedBalances(ctx, min(start, known))
	if err != nil {
		return nil, err
	}
	add := func(c Change) error {
		if c.OccurredAt <= asOf {
			balances = grow(balances, c.Item)
			b := &balances[c.Item-1]
			b.quantity += c.Quantity
			b.reserved += c.Reserved
		}
		return nil
	}
	if err := l.h.ScanChanges(ctx, from, window, add); err != nil {
		return nil, err
	}
	return balances, l.h.ScanLate(ctx, asOf, window, known, add)
}

// knownSeq is the newest entry known at a moment; zero asks for today.
func (l *Ledger) knownSeq(ctx context.Context, at Instant) (int64, error) {
	if at == 0 {
		return l.Head().Seq, nil
	}
	return l.h.FindSeq(ctx, at)
}
