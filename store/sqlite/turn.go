package sqlite

import "sync"

// turn lets one after another write: first those that append to the ledger,
// whoever else waits.
type turn struct {
	mu    sync.Mutex
	taken bool
	// first and rest wait, in the order in which they came.
	first, rest []chan struct{}
}

// take waits for the turn; give ends it.
func (t *turn) take(first bool) {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return
	}
	mine := make(chan struct{})
	if first {
		t.first = append(t.first, mine)
	} else {
		t.rest = append(t.rest, mine)
	}
	t.mu.Unlock()
	<-mine
}

// give hands the turn over to who waits.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := &t.first
	if len(*from) == 0 {
		from = &t.rest
	}
	if len(*from) == 0 {
		t.taken = false
		return
	}
	close((*from)[0])
	*from = (*from)[1:]
}
