package web

import (
	"net/http"
	"time"

	"github.com/shelfd/shelfd/store"
)

const (
	// feedBeat is how often a client hears something.
	feedBeat = 15 * time.Second
	// feedPatience is how long a client may take to read what it was sent.
	feedPatience = 10 * time.Second
)

// viewer is one client of the live feed.
type viewer struct {
	x    *exchange
	feed *feed
	ring *ring
	want interest
	at   cursor
	// told is the newest position that the client knows as its last.
	told store.Position
	// list and out are used again for every write.
	list []event
	out  []byte
	beat <-chan time.Time
}

// run tells the client what happens until it goes away, does not read, may not
// see it any more, or the server stops.
func (v *viewer) run() {
	if !v.greet() {
		return
	}
	v.beat = v.feed.clock.After(feedBeat)
	for v.going() {
		t := v.ring.take(v.at, v.list[:0])
		if t.behind && !v.catchUp(&t) {
			return
		}
		v.list, v.at = t.events, t.at
		if !v.tell(t.events) {
			return
		}
		if t.behind || len(t.events) == takeEvents {
			continue
		}
		if !v.rest(t) {
			return
		}
	}
}

// greet begins the answer. It names where the client stands, so that one that
// loses its connection before the first event goes on from here too.
func (v *viewer) greet() bool {
	header := v.x.Writer.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	// The time-outs of an ordinary request would cut it off. A caller within
	// this process has none.
	_ = http.NewResponseController(v.x.Writer).SetReadDeadline(time.Time{})
	v.x.Writer.WriteHeader(http.StatusOK)
	v.out = append(v.out[:0], "retry: 2000\n"...)
	if head := v.feed.ledger.Head(); v.at == (cursor{head.Seq, allNews}) {
		v.name(store.Position{Epoch: head.Epoch, Seq: head.Seq})
	}
	v.out = append(v.out, '\n')
	return v.flush()
}

// name adds the client's place to what is sent.
func (v *viewer) name(p store.Position) {
	if p.IsZero() || p == v.told {
		return
	}
	v.told = p
	v.out = append(p.Append(append(v.out, "id: "...)), '\n')
}

// going tells whether anybody still listens, and beats when it is time.
func (v *viewer) going() bool {
	select {
	case <-v.x.Request.Context().Done():
		return false
	case <-v.feed.ending:
		return false
	case <-v.beat:
		return v.pulse(store.Position{})
	default:
		return true
	}
}

// rest waits until there is more.
func (v *viewer) rest(t taken) bool {
	select {
	case <-v.x.Request.Context().Done():
		return false
	case <-v.feed.ending:
		return false
	case <-t.changed:
		return true
	case <-v.beat:
		return v.pulse(t.head)
	}
}

// pulse shows the client that the connection lives, and where it stands when
// it was told of everything, so that it need not go far back. It ends the feed
// of whose token is not valid any more.
func (v *viewer) pulse(head store.Position) bool {
	v.beat = v.feed.clock.After(feedBeat)
	if err := v.x.authenticate(); err != nil {
		return false
	}
	v.out = append(v.out[:0], ":\n"...)
	v.name(head)
	v.out = append(v.out, '\n')
	return v.flush()
}

// catchUp reads what the ring has forgotten, a page of it.
func (v *viewer) catchUp(t *taken) bool {
	upTo := min(t.upTo, v.at.seq+feedPage)
	events, err := v.feed.page(v.x.Request.Context(), v.at.seq-1, upTo)
	if err != nil {
		if v.x.Request.Context().Err() == nil {
			v.feed.log.Error("the live feed cannot read the ledger", "after", v.at.seq, "err", err, "request_id", v.x.id)
		}
		return false
	}
	for i := range events {
		if v.at.before(&events[i]) {
			t.events = append(t.events, events[i])
		}
	}
	t.at = cursor{max(upTo, v.at.seq), allNews}
	return true
}

// tell writes the events that the client wants.
func (v *viewer) tell(events []event) bool {
	v.out = v.out[:0]
	for i := range events {
		if e := &events[i]; v.want.wants(e) {
			v.out = append(v.out, e.frame...)
			v.told = store.Position{Epoch: e.epoch, Seq: e.seq}
		}
	}
	clear(events)
	return len(v.out) == 0 || v.flush()
}

// flush sends what is to be sent; false when the client does not read it.
func (v *viewer) flush() bool {
	c := http.NewResponseController(v.x.Writer)
	// A caller within this process has no time-outs.
	_ = c.SetWriteDeadline(v.feed.clock.Wall().Add(feedPatience))
	if _, err := v.x.Writer.Write(v.out); err != nil {
		return false
	}
	if err := c.Flush(); err != nil {
		return false
	}
	if cap(v.out) > 256<<10 {
		v.out = nil
	}
	return true
}
