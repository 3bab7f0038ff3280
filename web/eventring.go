package web

import (
	"sort"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// event is news as it is sent, made once for all clients.
type event struct {
	epoch    int64
	seq      int64
	nth      int
	kind     store.NewsType
	location store.ID
	frame    []byte
}

// newEvent renders the nth news of an entry, counted from 1.
func newEvent(n *store.News, nth int) event {
	b := make([]byte, 0, len(n.Data)+192)
	b = append(append(b, "id: "...), n.ID...)
	b = append(append(b, "\nevent: "...), n.Type...)
	b = n.AppendBody(append(b, "\ndata: "...))
	return event{
		epoch: n.Position.Epoch, seq: n.Position.Seq, nth: nth,
		kind: n.Type, location: n.Location, frame: append(b, "\n\n"...),
	}
}

const (
	// ringEvents and ringBytes bound what is kept for clients that keep up.
	ringEvents = 4096
	ringBytes  = 4 << 20
	// takeEvents is how many events a client takes at once.
	takeEvents = 256
)

// ring is the newest events: those of the entries after from, up to upTo.
// Clients that are further behind read the ledger.
type ring struct {
	mu     sync.Mutex
	events []event
	bytes  int
	from   int64
	upTo   int64
	// head is the position at upTo, once the newest entry was read.
	head store.Position
	// changed is closed when there is more.
	changed chan struct{}
}

func newRing(head store.Head) *ring {
	return &ring{from: head.Seq, upTo: head.Seq, changed: make(chan struct{})}
}

// add keeps the events of the entries up to a seq, and wakes the clients.
func (r *ring) add(events []event, upTo int64, head store.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
	for i := range events {
		r.bytes += len(events[i].frame)
	}
	r.upTo, r.head = upTo, head
	r.trim()
	close(r.changed)
	r.changed = make(chan struct{})
}

// trim forgets the oldest above the bounds.
func (r *ring) trim() {
	n := 0
	for len(r.events)-n > ringEvents || r.bytes > ringBytes && n < len(r.events) {
		r.bytes -= len(r.events[n].frame)
		r.from = r.events[n].seq
		r.events[n] = event{}
		n++
	}
	r.events = r.events[n:]
}

// taken is what a client finds.
type taken struct {
	events []event
	at     cursor
	// behind: the events were forgotten, up to upTo they are in the ledger.
	behind bool
	upTo   int64
	// head is the ledger's newest position when the client is told of all, else
	// zero; changed is closed when there is more.
	head    store.Position
	changed <-chan struct{}
}

// take gives the next events after a cursor, appended to list.
func (r *ring) take(at cursor, list []event) taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := taken{events: list, at: at, upTo: r.upTo, changed: r.changed}
	if at.seq < r.from || at.seq == r.from && at.told < allNews && r.from > 0 {
		t.behind = true
		return t
	}
	first := sort.Search(len(r.events), func(n int) bool { return at.before(&r.events[n]) })
	last := min(len(r.events), first+takeEvents)
	t.events = append(t.events, r.events[first:last]...)
	if last < len(r.events) {
		t.at = cursor{r.events[last-1].seq, r.events[last-1].nth}
		return t
	}
	if r.upTo >= at.seq {
		t.at = cursor{r.upTo, allNews}
		t.head = r.head
	}
	return t
}
