package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/shelfd/shelfd/store"
)

// allNews is after every news of an entry: no entry tells that many.
const allNews = 1 << 30

// cursor is how far a client has been told: all entries before seq, and the
// first told news of seq.
type cursor struct {
	seq  int64
	told int
}

// before tells whether an event is still to be told.
func (c cursor) before(e *event) bool {
	return e.seq > c.seq || e.seq == c.seq && e.nth > c.told
}

// parseEventID reads what an event has as its id: a position and, for the
// second news of an entry, a dot and 2.
func parseEventID(s string) (p store.Position, told int, ok bool) {
	at, nth, second := strings.Cut(s, ".")
	p, ok = store.ParsePosition(at)
	if second {
		ok = ok && nth == "2"
		return p, 2, ok
	}
	return p, 1, ok
}

// interest is which events a client wants, and may see.
type interest struct {
	// types are all when empty, locations too. News of no one location is for
	// everybody but those who are bound to one.
	types     []store.NewsType
	locations []store.ID
	bound     store.ID
}

func (i *interest) wants(e *event) bool {
	if !i.bound.IsZero() && e.location != i.bound {
		return false
	}
	return (len(i.types) == 0 || slices.Contains(i.types, e.kind)) &&
		(len(i.locations) == 0 || e.location.IsZero() || slices.Contains(i.locations, e.location))
}

// parseNewsType reads the name of an event that subscribers may choose.
func parseNewsType(s string) (store.NewsType, bool) {
	return store.NewsType(s), slices.Contains(webhookEvents, s)
}

// streamEvents tells a client what happens, as it happens, until one of both
// goes away: server-sent events (WHATWG HTML, section 9.2).
func (s *Server) streamEvents(x *exchange) error {
	want := interest{
		types:     listOf(&x.query, "types", parseNewsType, "is one of "+strings.Join(webhookEvents, ", ")),
		locations: x.query.ids("location_id"),
		bound:     x.who.location,
	}
	from, err := s.eventCursor(x)
	if err != nil {
		return err
	}
	r, leave, ok := s.feed.join()
	if !ok {
		x.Writer.Header().Set("Retry-After", strconv.Itoa(feedRetrySeconds))
		return &problem{status: http.StatusTooManyRequests, err: &store.Error{
			Code:    store.CodeRateLimited,
			Message: fmt.Sprintf("There are %d live feeds already.", maxFeeds),
		}}
	}
	defer leave()
	v := &viewer{x: x, feed: s.feed, ring: r, want: want, at: from}
	v.run()
	return nil
}

// eventCursor reads where a client wants to go on: after the event that it was
// told last, else from now.
func (s *Server) eventCursor(x *exchange) (cursor, error) {
	id := x.query.text("after")
	if last := x.Request.Header.Get("Last-Event-ID"); last != "" {
		id = last
	}
	p, told, ok := parseEventID(id)
	if id != "" && !ok {
		x.query.wrong("after", "is the id of an event, such as 1-8842")
	}
	if err := x.query.done(); err != nil {
		return cursor{}, err
	}
	if id == "" {
		return cursor{s.ledger.Head().Seq, allNews}, nil
	}
	seq, err := s.ledger.Resume(x.Request.Context(), p)
	if seq != p.Seq {
		told = allNews
	}
	return cursor{seq, told}, err
}
