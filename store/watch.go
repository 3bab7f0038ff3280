package store

import (
	"slices"
	"sync"
	"sync/atomic"
)

// watchers are those who want to know of new entries.
type watchers struct {
	// mu serialises changes of the list; the writer reads it without.
	mu   sync.Mutex
	list atomic.Pointer[[]chan struct{}]
}

// Watch gives a channel that gets a value after every commit with at least one
// entry besides finished sync runs. Values that nobody took in time are one.
// stop ends it; the channel is never closed.
func (l *Ledger) Watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	l.watchers.change(func(list []chan struct{}) []chan struct{} { return append(list, c) })
	return c, func() {
		l.watchers.change(func(list []chan struct{}) []chan struct{} {
			return slices.DeleteFunc(list, func(other chan struct{}) bool { return other == c })
		})
	}
}

// change replaces the list by a changed copy.
func (w *watchers) change(edit func([]chan struct{}) []chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []chan struct{}
	if old := w.list.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = edit(list)
	w.list.Store(&list)
}

// wake tells the watchers of what was committed.
func (w *watchers) wake(rows []Row) {
	list := w.list.Load()
	if list == nil || len(*list) == 0 || !slices.ContainsFunc(rows, isNews) {
		return
	}
	for _, c := range *list {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// isNews tells whether anyone should be woken for a row: not for a finished
// sync run, which would start the next.
func isNews(r Row) bool {
	return r.Entry.Kind != KindEvent || r.Entry.Event.Type != EventSyncRun
}
