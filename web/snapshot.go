package web

import (
	"cmp"
	"context"
	"encoding/hex"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
)

// ask is which past a snapshot is asked for.
type ask struct {
	date      string
	at, known store.Instant
	seq       int64 // −1 when it was not given
	locations []store.ID
	page      page
	paged     bool
}

// part is the locations that share one moment.
type part struct {
	moment    store.Moment
	locations []store.ID
}

// placeTime is the moment that holds for one location.
type placeTime struct {
	location *store.Location
	at       store.Instant
}

// past is a snapshot with what its envelope says.
type past struct {
	*store.Snapshot
	places  []placeTime
	known   store.Instant
	partial bool
	// digest is that of the snapshot, made once for an answer.
	digest string
	// many tells that it is of several stores: then it has no one seq.
	many bool
}

// snapshot answers stock at a moment.
func (s *Server) snapshot(x *exchange) error {
	a, err := x.readAsk()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.Request.Context(), 30*time.Second)
	defer cancel()
	p, err := pastOf(ctx, s.ledger, a)
	if err != nil {
		return err
	}
	return x.sendPast(a, p)
}

// sendPast answers a snapshot in the form that the client prefers.
func (x *exchange) sendPast(a ask, p *past) error {
	header := x.Writer.Header()
	header.Set("Snapshot-As-Of", p.At.String())
	if !p.many {
		header.Set("Snapshot-Seq", strconv.FormatInt(p.Seq, 10))
	}
	header.Set("Snapshot-Digest", p.digest)
	switch {
	case x.wants("text/csv"):
		return x.sendCSV(a.rows(p), nil)
	case x.wants("application/x-ndjson"):
		return x.sendLines(a.rows(p))
	}
	return x.sendSnapshot(a, p)
}

func (x *exchange) readAsk() (ask, error) {
	q := &x.query
	a := ask{date: q.text("date"), at: q.time("at"), known: q.time("known_at"), seq: -1, locations: q.ids("location_id")}
	given := 0
	for _, name := range []string{"date", "at", "seq"} {
		if _, ok := q.values[name]; ok {
			given++
		}
	}
	if given > 1 {
		q.wrong("date", "does not go with at or seq: give one of the three")
	}
	a.seq = q.int("seq", 0, 1<<62, -1)
	a.page, a.paged = q.page(), q.values.Has("limit")
	if day, err := time.Parse(time.DateOnly, a.date); a.date != "" && (err != nil || day.Year() < 2000 || day.Year() > 2199) {
		q.wrong("date", "is a day from 2000 to 2199 in the form YYYY-MM-DD")
	}
	x.bind(&a.locations)
	return a, q.done()
}

// rows gives the rows of the page that was asked for, all without a limit.
func (a *ask) rows(p *past) iter.Seq[*store.Item] {
	return func(yield func(*store.Item) bool) {
		n := 0
		for i := range p.Rows() {
			if !a.paged || (n >= a.page.offset() && n < a.page.offset()+a.page.limit) {
				if !yield(i) {
					return
				}
			}
			n++
		}
	}
}

// pastOf reads the snapshot of one store: one for each distinct end of day,
// joined.
func pastOf(ctx context.Context, l *store.Ledger, a ask) (*past, error) {
	now, _ := l.Now()
	head := l.Head()
	p := &past{known: a.known}
	if a.known == 0 {
		p.known = now
	}
	parts, err := p.parts(l, a, now, head)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		snap, err := l.Snapshot(ctx, part.moment, part.locations)
		if err != nil {
			return nil, err
		}
		if p.Snapshot == nil {
			p.Snapshot = snap
		} else {
			p.Join(snap)
		}
	}
	for _, place := range p.places {
		p.At = max(p.At, place.at)
	}
	digest := p.Digest()
	p.digest = "sha256:" + hex.EncodeToString(digest[:])
	return p, nil
}

// parts says which moment holds for which locations.
func (p *past) parts(from *store.Ledger, a ask, now store.Instant, head store.Head) ([]part, error) {
	m := store.Moment{AsOf: a.at, KnownAt: a.known}
	switch {
	case a.date != "":
		return p.dayParts(from, a, now, head)
	case a.at > now, a.seq > head.Seq:
		return nil, &store.Error{Code: store.CodeFutureTime, Message: "That is in the future; the newest position is " +
			strconv.FormatInt(head.Seq, 10) + ", the time " + now.String() + "."}
	case a.seq == 0:
		m.AsOf = 1
	case a.seq > 0:
		m.Seq = a.seq
	case a.at == 0:
		m = present(a, now, head)
	}
	for _, l := range chosen(from, a.locations) {
		p.places = append(p.places, placeTime{l, m.AsOf})
	}
	return []part{{m, a.locations}}, nil
}

// present is the moment that is now.
func present(a ask, now store.Instant, head store.Head) store.Moment {
	if a.known == 0 && head.Seq > 0 {
		return store.Moment{Seq: head.Seq}
	}
	return store.Moment{AsOf: now, KnownAt: a.known}
}

// dayParts gives the end of a day in each location's own time zone. A day
// that is not over ends now.
func (p *past) dayParts(from *store.Ledger, a ask, now store.Instant, head store.Head) ([]part, error) {
	var parts []part
	index := map[store.Moment]int{}
	for _, l := range chosen(from, a.locations) {
		day, err := time.ParseInLocation(time.DateOnly, a.date, l.Zone())
		if err != nil {
			return nil, err
		}
		end := store.InstantOf(day.AddDate(0, 0, 1))
		if store.InstantOf(day) > now {
			return nil, &store.Error{Code: store.CodeFutureTime, Message: a.date + " has not begun at " + l.Name + "."}
		}
		m := store.Moment{AsOf: end - 1, KnownAt: a.known}
		if end > now {
			m, end, p.partial = present(a, now, head), now, true
		}
		p.places = append(p.places, placeTime{l, end})
		n, ok := index[m]
		if !ok {
			n = len(parts)
			index[m] = n
			parts = append(parts, part{moment: m})
		}
		parts[n].locations = append(parts[n].locations, l.ID)
	}
	if len(parts) == 0 { // no such location: an empty snapshot
		parts = []part{{store.Moment{AsOf: now, KnownAt: a.known}, []store.ID{{0xff}}}}
	}
	return parts, nil
}

// chosen lists the locations of a store with these ids, all for none.
func chosen(from *store.Ledger, ids []store.ID) []*store.Location {
	if len(ids) == 0 {
		return from.Locations()
	}
	var list []*store.Location
	for _, id := range ids {
		if l, ok := from.Location(id); ok {
			list = append(list, l)
		}
	}
	return list
}

// flushAt is how many bytes of a long answer are gathered before they go out.
const flushAt = 64 << 10

// sendSnapshot streams the rows and the envelope after them.
func (x *exchange) sendSnapshot(a ask, p *past) error {
	x.Writer.Header()["Content-Type"] = contentTypes["application/json"]
	if a.paged {
		x.Writer.Header()["Link"] = []string{x.links(a.page, p.Items)}
	}
	x.Writer.WriteHeader(http.StatusOK)
	w := newWriter().open().key("data").list()
	defer w.free()
	as, first := x.look(), true
	for i := range a.rows(p) {
		if !first {
			w.b = append(w.b, ",\n"...)
		}
		first = false
		w.open().item(i, as)
		w.close()
		if len(w.b) > flushAt {
			if _, err := x.Writer.Write(w.b); err != nil {
				return nil // the client went away
			}
			w.b = w.b[:0]
		}
	}
	w.end()
	w.envelope(p, as.hideCost)
	if a.paged {
		x.pagination(w, a.page, p.Items)
	}
	_, _ = x.Writer.Write(w.close().b)
	return nil
}

// envelope writes what a snapshot says of itself.
func (w *writer) envelope(p *past, hideCost bool) {
	w.key("as_of").time(p.At).key("timezone")
	zone := ""
	for _, place := range p.places {
		if zone != "" && zone != place.location.TimeZone {
			zone = ""
			break
		}
		zone = place.location.TimeZone
	}
	w.orNull(zone).key("known_at").time(p.known).key("seq")
	if p.many {
		w.null()
	} else {
		w.int(p.Seq)
	}
	w.key("partial").bool(p.partial)
	w.key("digest").text(p.digest)
	w.key("totals").open().key("items").int(int64(p.Items)).key("quantity").quantity(p.Quantity).key("value")
	if hideCost {
		w.null()
	} else {
		w.money(p.Value)
	}
	w.close().key("locations").list()
	for _, place := range p.places {
		w.open().key("id").id(place.location.ID).key("as_of").time(cmp.Or(place.at, p.At)).
			key("timezone").text(place.location.TimeZone).close()
	}
	w.end()
}

// sendLines streams rows as NDJSON.
func (x *exchange) sendLines(rows iter.Seq[*store.Item]) error {
	x.Writer.Header().Set("Content-Type", "application/x-ndjson")
	x.Writer.WriteHeader(http.StatusOK)
	w := newWriter()
	defer w.free()
	for i := range rows {
		w.open().item(i, x.look())
		w.close()
		w.b = append(w.b, '\n')
		if len(w.b) > flushAt {
			if _, err := x.Writer.Write(w.b); err != nil {
				return nil // the client went away
			}
			w.b = w.b[:0]
		}
	}
	_, _ = x.Writer.Write(w.b)
	return nil
}
