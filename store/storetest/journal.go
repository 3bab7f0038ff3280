package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/shelfd/shelfd/store"
)

// Faulty is a journal whose next appends can be made to fail.
type Faulty struct {
	store.Journal

	mu    sync.Mutex
	fault func(*store.Batch) error
	// appended counts the appends that were let through.
	appended int
}

// Fail asks fault before every append: what it returns is the outcome, nil
// lets the append through. Fail(nil) heals the journal.
func (f *Faulty) Fail(fault func(*store.Batch) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Appended is how many appends were let through.
func (f *Faulty) Appended() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appended
}

// Append fails as it was told to, or passes the batch on.
func (f *Faulty) Append(ctx context.Context, b *store.Batch) error {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	if fault != nil {
		if err := fault(b); err != nil {
			return err
		}
	}
	f.mu.Lock()
	f.appended++
	f.mu.Unlock()
	return f.Journal.Append(ctx, b)
}

// OpenFaulty opens a shop over a journal that can be made to fail.
func OpenFaulty(t testing.TB, options ...func(*store.Rules)) (*Shop, *Faulty) {
	t.Helper()
	f := &Faulty{}
	s := OpenOver(t, func(j store.Journal) store.Journal {
		f.Journal = j
		return f
	}, options...)
	return s, f
}
