package metrc

import (
	"sync"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/pos"
)

// behindFor is how long METRC may go on showing what a package had before the
// last change: its reads lag its writes by seconds.
const behindFor = time.Minute

// memory is what was sent lately. It is lost with the process: then what METRC
// shows late is refused rather than waited for.
type memory struct {
	mu   sync.Mutex
	last map[string]sending
}

// sending is the last change that was sent of a package.
type sending struct {
	reference     string
	before, after store.Quantity
	at            time.Duration
	// taken: METRC said so; else it is not known.
	taken bool
}

// arrived tells that a change is there which was sent before.
func (s *sending) arrived(p *pack, ch *pos.Change) bool {
	return s.reference == ch.Reference && s.after == ch.Quantity && p.quantity == ch.Quantity
}

// behind tells that METRC shows what was before the last change: although that
// was taken, and the next builds on it; or when it is not known whether it was,
// and it is to be sent again.
func (s *sending) behind(p *pack, ch *pos.Change) bool {
	if p.quantity != s.before || s.before == s.after {
		return false
	}
	if s.taken || s.reference != ch.Reference {
		return *ch.Seen == s.after
	}
	return true
}

// put remembers a group.
func (m *memory) put(now time.Duration, w *writing, group []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = make(map[string]sending)
	}
	for label, s := range m.last {
		if now-s.at > behindFor {
			delete(m.last, label)
		}
	}
	for _, i := range group {
		ch := &w.changes[i]
		m.last[ch.Lot] = sending{reference: ch.Reference, before: w.before[i], after: ch.Quantity, at: now}
	}
}

// take notes that METRC took a group.
func (m *memory) take(w *writing, group []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range group {
		s := m.last[w.changes[i].Lot]
		s.taken = true
		m.last[w.changes[i].Lot] = s
	}
}

// drop forgets a group that METRC refused.
func (m *memory) drop(w *writing, group []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range group {
		delete(m.last, w.changes[i].Lot)
	}
}

func (m *memory) get(now time.Duration, label string) (s sending, recent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.last[label]
	return s, ok && now-s.at <= behindFor
}
