package webhook

import (
	"context"
	"errors"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// Ledger is what is read to be told.
type Ledger interface {
	Head() store.Head
	// Now is the time that would be recorded, and whether it is trusted.
	Now() (store.Instant, bool)
	Journal() store.Journal
	// News gives what an entry tells subscribers.
	News(ctx context.Context, s *store.Stored) ([]store.News, error)
}

const (
	// pageEntries bounds how much of the ledger is held for an endpoint.
	pageEntries = 64
	// recentEntries is how many of the newest entries are kept as messages, so
	// that many endpoints that keep up cost making them once.
	recentEntries = 4096
)

// told is an entry as it is told.
type told struct {
	at       store.Head
	messages []*message
}

// reader reads the ledger for all endpoints, a page at a time: what is held
// does not grow with what an endpoint has before it.
type reader struct {
	ledger Ledger

	mu     sync.Mutex
	recent [recentEntries]told
}

// page gives up to pageEntries entries after one.
func (r *reader) page(ctx context.Context, after, upTo int64) ([]told, error) {
	upTo = min(upTo, after+pageEntries)
	if r.ledger.Head().Seq-after > recentEntries/2 {
		return r.read(ctx, after, upTo)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]told, 0, upTo-after)
	for seq := after + 1; seq <= upTo; seq++ {
		t := r.recent[seq%recentEntries]
		if t.at.Seq != seq {
			break
		}
		list = append(list, t)
	}
	rest, err := r.read(ctx, after+int64(len(list)), upTo)
	for _, t := range rest {
		r.recent[t.at.Seq%recentEntries] = t
	}
	return append(list, rest...), err
}

// read reads entries from the disk.
func (r *reader) read(ctx context.Context, after, upTo int64) ([]told, error) {
	if after >= upTo {
		return nil, nil
	}
	stored := make([]store.Stored, 0, upTo-after)
	err := r.ledger.Journal().Scan(ctx, after, upTo, func(s *store.Stored) error {
		kept := *s
		kept.Bytes = append([]byte(nil), s.Bytes...)
		stored = append(stored, kept)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		return nil, errors.New("the ledger lacks entries")
	}
	list := make([]told, 0, len(stored))
	for i := range stored {
		t, err := r.tell(ctx, &stored[i])
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func (r *reader) tell(ctx context.Context, s *store.Stored) (t told, err error) {
	e, err := s.Entry()
	if err != nil {
		return t, err
	}
	news, err := r.ledger.News(ctx, s)
	for _, n := range news {
		t.messages = append(t.messages, messageOf(n))
	}
	t.at = store.Head{Epoch: e.Epoch, Seq: s.Seq, Hash: s.Hash}
	return t, err
}

// find gives one message of an entry; not_found when it tells no such thing.
func (r *reader) find(ctx context.Context, at store.Position, id string) (*message, error) {
	s, err := r.ledger.Journal().FindEntry(ctx, at.Seq)
	if err != nil {
		return nil, err
	}
	t, err := r.tell(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, m := range t.messages {
		if m.ID == id {
			return m, nil
		}
	}
	return nil, &store.Error{Code: store.CodeNotFound, Message: "The ledger does not tell this any more: it was restored from a backup."}
}
