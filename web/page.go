package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// page is which part of a list is asked for.
type page struct{ number, limit int }

const (
	defaultLimit = 50
	maxLimit     = 200
)

// page reads page and limit.
func (q *query) page() page {
	return page{
		number: int(q.int("page", 1, 1<<40, 1)),
		limit:  int(q.int("limit", 1, maxLimit, defaultLimit)),
	}
}

func (p page) offset() int { return (p.number - 1) * p.limit }

// cut gives the part of a whole list.
func cut[T any](p page, all []T) []T {
	from := min(p.offset(), len(all))
	return all[from:min(from+p.limit, len(all))]
}

// pagination writes the envelope's member, and the Link header.
func (x *exchange) pagination(w *writer, p page, total int) {
	w.key("pagination").open().key("page").int(int64(p.number)).key("limit").int(int64(p.limit)).
		key("total").int(int64(total)).close()
	x.Writer.Header()["Link"] = []string{x.links(p, total)}
}

// links names the pages around this one (RFC 8288).
func (x *exchange) links(p page, total int) string {
	last := max(1, (total+p.limit-1)/p.limit)
	values := url.Values{}
	for k, v := range x.query.values {
		if k != "page" {
			values[k] = v
		}
	}
	rest := values.Encode()
	var b strings.Builder
	add := func(rel string, number int) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("<" + x.Request.URL.Path + "?")
		if rest != "" {
			b.WriteString(rest + "&")
		}
		b.WriteString("page=" + strconv.Itoa(number) + `>; rel="` + rel + `"`)
	}
	add("first", 1)
	if p.number > 1 {
		add("prev", min(p.number-1, last))
	}
	if p.number < last {
		add("next", p.number+1)
	}
	add("last", last)
	return b.String()
}

// cursor reads an opaque place in a history that goes on below a seq: 0 for
// the newest.
func (q *query) cursor() int64 { return q.place(q.text("cursor")) }

// place is the place that a cursor stands for.
func (q *query) place(cursor string) int64 {
	if cursor == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(cursor, "s"), 36, 64)
	if err != nil || n <= 0 || !strings.HasPrefix(cursor, "s") {
		q.wrong("cursor", "is no next_cursor of an earlier answer")
		return 0
	}
	return n
}

// nextCursor writes where a history goes on, null at its end.
func (w *writer) nextCursor(seq int64) {
	w.key("next_cursor")
	if seq == 0 {
		w.null()
		return
	}
	w.text(fmt.Sprintf("s%s", strconv.FormatInt(seq, 36)))
}
