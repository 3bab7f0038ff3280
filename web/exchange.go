package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/shelfd/shelfd/store"
)

// exchange is one request and its answer, with what every handler needs.
type exchange struct {
	*gin.Context
	s     *front
	route *route
	// ledger is what the request is about: the store's own, or head office's
	// mirror of one; synced says of its rows when they were last confirmed.
	ledger *store.Ledger
	synced func(*store.Item) store.Instant
	// id names the request in the answer and the log.
	id  string
	who principal
	// key is the Idempotency-Key, "" for none; dryRun whether to write.
	key    string
	dryRun bool
	// body is the raw request body of a write.
	body []byte
	// claimed are the query parameters that a handler has read.
	query query
}

// handler answers one exchange; an error is rendered as a problem.
type handler func(x *exchange) error

// adapt makes gin's handler of a route: everything that is done for every
// request alike, in one place and in order.
func (s *front) adapt(r *route) gin.HandlerFunc {
	return func(c *gin.Context) {
		x := &exchange{Context: c, s: s, route: r, ledger: s.ledger, synced: s.synced}
		started := s.clock.Mono()
		defer func() {
			if v := recover(); v != nil {
				x.fail(fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
			s.finish(x, s.clock.Mono()-started)
		}()
		if err := x.serve(); err != nil {
			x.fail(err)
		}
	}
}

// serve checks the request in the order in which an attacker meets the
// checks, then lets the route's handler answer.
func (x *exchange) serve() error {
	x.identify()
	header := x.Writer.Header()
	header["X-Content-Type-Options"] = noSniff
	if err := x.s.guard.check(x.Request); err != nil {
		return err
	}
	if x.route.role != open {
		if err := x.authenticate(); err != nil {
			return err
		}
		header["Cache-Control"] = noStore
		if err := x.s.limits.take(x); err != nil {
			return err
		}
	}
	if x.route.writes {
		if err := x.prepareWrite(); err != nil {
			return err
		}
	} else if err := x.query.parse(x.Request.URL.RawQuery); err != nil {
		return err
	}
	return x.route.handle(x)
}

var (
	noSniff = []string{"nosniff"}
	noStore = []string{"no-store"}
)

// identify takes the client's request id, or makes one.
func (x *exchange) identify() {
	id := x.Request.Header.Get("X-Request-Id")
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = x.s.metrics.requestID()
	}
	x.id = id
	x.Writer.Header()["X-Request-Id"] = []string{id}
}

// prepareWrite reads body, dry_run and Idempotency-Key.
func (x *exchange) prepareWrite() (err error) {
	if x.body, err = x.readBody(); err != nil {
		return err
	}
	if err = x.query.parse(x.Request.URL.RawQuery); err != nil {
		return err
	}
	if x.dryRun = x.query.flag("dry_run"); x.dryRun {
		x.Writer.Header().Set("Dry-Run", "true")
	}
	key := x.Request.Header.Get("Idempotency-Key")
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = key[1 : n-1]
	}
	switch {
	case len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }):
		return invalid("Idempotency-Key has at most 200 printable ASCII characters.")
	case key == "" && x.s.cfg.RequireIdempotencyKey && x.route.keyed:
		return invalid("This server wants an Idempotency-Key with every write.")
	}
	x.key = key
	return nil
}

// finish counts and logs the request once.
func (s *front) finish(x *exchange, took time.Duration) {
	status := x.Writer.Status()
	x.route.observe(status, took)
	if s.cfg.LogRequests {
		s.log.Info("request", "method", x.Request.Method, "path", x.Request.URL.Path, "status", status,
			"took", took, "actor", x.who.actor, "request_id", x.id)
	}
}

// etag sends a version and answers whether If-None-Match has it already.
func (x *exchange) etag(version int64) (known bool) {
	tag := etagOf(version)
	x.Writer.Header()["Etag"] = []string{tag}
	return x.Request.Header.Get("If-None-Match") == tag
}

func etagOf(version int64) string {
	b := strconv.AppendInt(append(make([]byte, 0, 24), '"'), version, 10)
	return string(append(b, '"'))
}

// ifMatch reads the version a client has seen: 0 for any, −1 for one that
// never was.
func (x *exchange) ifMatch() int64 {
	tag := x.Request.Header.Get("If-Match")
	if tag == "" || tag == "*" {
		return 0
	}
	var version int64
	if _, err := fmt.Sscanf(strings.Trim(tag, `"`), "%d", &version); err != nil || version <= 0 {
		return -1
	}
	return version
}

// pathID reads the id in the path; an id that cannot be is not found.
func (x *exchange) pathID(noun string) (store.ID, error) {
	id, ok := store.ParseID(x.Param("id"))
	if !ok {
		return id, &store.Error{Code: store.CodeNotFound, Message: fmt.Sprintf("There is no %s %.60s.", noun, x.Param("id"))}
	}
	return id, nil
}

// created answers 201 with the place of what was made.
func (x *exchange) created(path string, w *writer) error {
	x.Writer.Header().Set("Location", path)
	return x.send(http.StatusCreated, w)
}
