package central

import (
	"sync"

	"github.com/shelfd/shelfd/syncer/wire"
)

// minBytes is the smallest batch by its bytes; by its entries it is one.
const minBytes = 4 << 10

// size is how large batches are: halved when one did not get through, grown by
// an eighth of the limit when one did.
type size struct {
	mu      sync.Mutex
	most    wire.Limits
	current wire.Limits
}

// within sets the limits of central.
func (s *size) within(l wire.Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most != l {
		s.most, s.current = l, l
	}
}

func (s *size) limits() wire.Limits {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// halve makes batches smaller than one of so many entries; false when they
// cannot be.
func (s *size) halve(entries int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.Entries = max(1, min(s.current.Entries, entries)/2)
	s.current.Bytes = max(min(minBytes, s.most.Bytes), s.current.Bytes/2)
	return entries > 1
}

func (s *size) grow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.Entries = min(s.most.Entries, s.current.Entries+max(1, s.most.Entries/8))
	s.current.Bytes = min(s.most.Bytes, s.current.Bytes+max(1, s.most.Bytes/8))
}
