package web

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/shelfd/shelfd/store"
)

// writer appends JSON. Objects and lists are opened and closed by the caller;
// commas come by themselves.
type writer struct{ b []byte }

var writers = sync.Pool{New: func() any { return &writer{b: make([]byte, 0, 4<<10)} }}

func newWriter() *writer {
	w := writers.Get().(*writer)
	w.b = w.b[:0]
	return w
}

// free gives the writer back; its bytes must not be used any more.
func (w *writer) free() {
	if cap(w.b) <= 1<<20 {
		writers.Put(w)
	}
}

// comma separates from the value before, if there is one.
func (w *writer) comma() *writer {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':', '\n':
		default:
			w.b = append(w.b, ',')
		}
	}
	return w
}

func (w *writer) open() *writer {
	w.comma()
	w.b = append(w.b, '{')
	return w
}

func (w *writer) close() *writer {
	w.b = append(w.b, '}')
	return w
}

func (w *writer) list() *writer {
	w.comma()
	w.b = append(w.b, '[')
	return w
}

func (w *writer) end() *writer {
	w.b = append(w.b, ']')
	return w
}

// key starts a member; names are our own and need no escaping.
func (w *writer) key(name string) *writer {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(append(w.b, name...), '"', ':')
	return w
}

func (w *writer) text(s string) *writer {
	w.comma()
	w.b = store.AppendString(w.b, s)
	return w
}

// orNull writes a text, null when it is empty.
func (w *writer) orNull(s string) *writer {
	if s == "" {
		return w.null()
	}
	return w.text(s)
}

func (w *writer) null() *writer { return w.raw("null") }

// raw writes a JSON value that is known to be one.
func (w *writer) raw(s string) *writer {
	w.comma()
	w.b = append(w.b, s...)
	return w
}

func (w *writer) id(id store.ID) *writer {
	if id.IsZero() {
		return w.null()
	}
	w.comma()
	w.b = append(id.Append(append(w.b, '"')), '"')
	return w
}

func (w *writer) int(n int64) *writer {
	w.comma()
	w.b = strconv.AppendInt(w.b, n, 10)
	return w
}

func (w *writer) bool(v bool) *writer {
	if v {
		return w.raw("true")
	}
	return w.raw("false")
}

func (w *writer) quantity(q store.Quantity) *writer {
	w.comma()
	w.b = q.Append(w.b)
	return w
}

func (w *writer) threshold(q *store.Quantity) *writer {
	if q == nil {
		return w.null()
	}
	return w.quantity(*q)
}

func (w *writer) money(m store.Money) *writer {
	w.comma()
	w.b = m.Append(w.b)
	return w
}

// time writes an instant, null when there is none.
func (w *writer) time(i store.Instant) *writer {
	if i == 0 {
		return w.null()
	}
	w.comma()
	w.b = append(i.Append(append(w.b, '"')), '"')
	return w
}

// position writes a ledger position, null when there is none.
func (w *writer) position(p store.Position) *writer {
	if p.IsZero() {
		return w.null()
	}
	w.comma()
	w.b = append(p.Append(append(w.b, '"')), '"')
	return w
}

// send answers JSON and frees the writer.
func (x *exchange) send(status int, w *writer) error {
	x.write(status, "application/json", w)
	return nil
}

var contentTypes = map[string][]string{
	"application/json":         {"application/json; charset=utf-8"},
	"application/problem+json": {"application/problem+json"},
}

func (x *exchange) write(status int, contentType string, w *writer) {
	header := x.Writer.Header()
	header["Content-Type"] = contentTypes[contentType]
	header["Content-Length"] = []string{strconv.Itoa(len(w.b))}
	x.Writer.WriteHeader(status)
	if x.Request.Method != http.MethodHead {
		_, _ = x.Writer.Write(w.b) // a client that went away is no fault
	}
	w.free()
}
