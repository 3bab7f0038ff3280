package store

import "sync/atomic"

// Memo keeps one value derived from an immutable version, such as a rendered
// fragment. It starts empty, is safe for concurrent use, and forgets nothing:
// a new version starts with a new Memo.
type Memo struct{ p atomic.Pointer[[]byte] }

// Get gives what was kept, or makes, keeps and gives it.
func (m *Memo) Get(make func() []byte) []byte {
	if b := m.p.Load(); b != nil {
		return *b
	}
	b := make()
	m.p.Store(&b)
	return b
}
