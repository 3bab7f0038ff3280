package central

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer/wire"
)

// Handler serves the protocol of package wire.
func (c *Central) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST "+wire.PathEnroll, c.answer(c.serveEnroll))
	m.HandleFunc("GET "+wire.PathCursor, c.known(c.serveCursor))
	m.HandleFunc("POST "+wire.PathEntries, c.known(c.servePush))
	m.HandleFunc("GET "+wire.PathEntries, c.known(c.serveTail))
	m.HandleFunc("POST "+wire.PathCompare, c.known(c.serveCompare))
	m.HandleFunc("GET "+wire.PathCommands, c.known(c.serveCommands))
	m.HandleFunc("/sync/v1/", func(w http.ResponseWriter, _ *http.Request) {
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemNotFound, "There is no such path or method."))
	})
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		wire.WriteProblem(w, wire.NewProblem(wire.ProblemUnsupportedVersion, "This head office speaks version 1 of the protocol."))
	})
	return m
}

// exchange is one request of a store.
type exchange struct {
	*http.Request
	w http.ResponseWriter
	// who asks; nobody while enrolling.
	who  caller
	gate *gate
}

// bodyTime is how long a body may take to arrive: 256 KiB over a very slow
// link. strangerTime is that of the few hundred bytes of who has no key yet.
const (
	bodyTime     = 90 * time.Second
	strangerTime = 15 * time.Second
)

// answer serves what needs no key.
func (c *Central) answer(serve func(exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { c.finish(exchange{r, w, caller{}, &c.strangers}, serve) }
}

// known serves stores that show their key, and notes what they say about
// themselves.
func (c *Central) known(serve func(exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := exchange{r, w, caller{}, &c.gate}
		var err error
		if x.who, err = c.authenticate(r.Context(), r.Header.Get("Authorization")); err != nil {
			wire.WriteProblem(w, c.problemOf(err, x.who.id))
			return
		}
		health := wire.ReadHealth(r.Header)
		x.who.health = &health
		c.finish(x, serve)
		c.note(x.who)
	}
}

func (c *Central) finish(x exchange, serve func(exchange) error) {
	if err := serve(x); err != nil {
		wire.WriteProblem(x.w, c.problemOf(err, x.who.id))
	}
}

// receive reads the whole body, however slowly it comes, before anything else
// is held. Codes: rate_limited, payload_too_large, unavailable.
func (c *Central) receive(x exchange, most int64) ([]byte, error) {
	leave, err := x.gate.receive(x.who.id)
	if err != nil {
		return nil, err
	}
	defer leave()
	// Deadlines of connections are of the machine's own time, whatever the clock.
	deadline := store.SystemClock().Wall().Add(x.gate.arrive)
	if err := http.NewResponseController(x.w).SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(x.Body, most+1))
	switch {
	case err != nil:
		return nil, wire.NewProblem(wire.ProblemUnavailable, "The body did not come to its end.")
	case int64(len(body)) > most:
		return nil, wire.NewProblem(wire.ProblemTooLarge, "The body is above "+strconv.FormatInt(most, 10)+" bytes.")
	}
	return body, nil
}

// message reads a JSON body that has the right digest.
func (c *Central) message(x exchange, into any) error {
	body, err := c.receive(x, wire.MaxQuestion)
	if err != nil {
		return err
	}
	return wire.ReadMessage(body, x.Header, into)
}

func (c *Central) serveEnroll(x exchange) error {
	var e wire.Enrolment
	if err := c.message(x, &e); err != nil {
		return err
	}
	return c.within(x, func() (any, error) { return c.enroll(x.Context(), e) })
}

// enter waits for a slot as long as the patience lasts.
func (c *Central) enter(x exchange) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(x.Context(), c.cfg.Patience)
	defer cancel()
	return x.gate.enter(ctx, x.who.id)
}

// within answers from a slot of its own.
func (c *Central) within(x exchange, work func() (any, error)) error {
	leave, err := c.enter(x)
	if err != nil {
		return err
	}
	defer leave()
	answer, err := work()
	if err == nil {
		wire.WriteAnswer(x.w, http.StatusOK, answer)
	}
	return err
}

func (c *Central) servePush(x exchange) error {
	body, err := c.receive(x, wire.MaxBody)
	if err != nil {
		return err
	}
	return c.within(x, func() (any, error) {
		in, err := wire.ReadBatch(bytes.NewReader(body), x.Header)
		if err != nil {
			return nil, err
		}
		ack, err := c.push(x.Context(), x.who, in)
		if err == nil {
			c.contacts.due(x.who.id, c.clock.Mono()) // it was written with the batch
		}
		return ack, err
	})
}

func (c *Central) serveCompare(x exchange) error {
	var q wire.Compare
	if err := c.message(x, &q); err != nil {
		return err
	}
	return c.within(x, func() (any, error) { return c.compare(x.Context(), x.who, q) })
}
