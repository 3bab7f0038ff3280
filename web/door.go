package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/shelfd/shelfd/store"
)

// Door is what answers at a server's address from its first moment. It says that
// the data are being opened, or what keeps them from it, until the API takes
// over; no connection ends for that.
type Door struct {
	*front
	state atomic.Pointer[doorState]
}

// doorState is what is behind a door: the API, or else trouble, or else data
// that are being opened.
type doorState struct {
	api     *Server
	trouble *Trouble
}

// Trouble is why the data of a store cannot be opened, for the person who has
// to mend it. Nothing in it is secret.
type Trouble struct {
	// Code names the kind, such as ledger_damaged.
	Code string
	// Title, Safe and Wrong are a sentence or two each; Safe tells what did not
	// happen to the data.
	Title, Safe, Wrong string
	// Steps are what to do, in order.
	Steps []Step
	// Since is when it was found first.
	Since store.Instant
}

// Step is one thing to do: a sentence, and the command for it, "" for none.
type Step struct{ Text, Command string }

// NewDoor makes a door behind which data are being opened.
func NewDoor(cfg Config, clock store.Clock, log *slog.Logger) (*Door, error) {
	d := &Door{front: newFront(cfg, clock, log, nobody{})}
	d.closed = true
	d.state.Store(&doorState{})
	return d, d.mount([]*route{
		{method: http.MethodGet, path: "/healthz", role: open, handle: d.healthz},
		{method: http.MethodGet, path: "/readyz", role: open, handle: d.readyz},
		{method: http.MethodGet, path: "/openapi.yaml", role: open, handle: d.serveSpec},
		{method: http.MethodGet, path: "/docs", role: open, handle: d.serveDocs},
		{method: http.MethodGet, path: "/", role: open, handle: d.recovery},
	}, func(bool) handler { return d.notYet })
}

// nobody is the tokens of a store whose data are not open.
type nobody struct{}

func (nobody) find(context.Context, string) (*store.Token, error) { return nil, nil }

// Open lets the API answer.
func (d *Door) Open(api *Server) { d.state.Store(&doorState{api: api}) }

// Refuse says what keeps the data from being opened.
func (d *Door) Refuse(t *Trouble) { d.state.Store(&doorState{trouble: t}) }

// ServeHTTP answers as things are now.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if api := d.state.Load().api; api != nil {
		api.engine.ServeHTTP(w, r)
		return
	}
	d.engine.ServeHTTP(w, r)
}

// Serve answers on a listener until ctx ends; then it ends the live feeds,
// takes no more and finishes what is under way, for at most 8 seconds.
func (d *Door) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		if api := d.state.Load().api; api != nil {
			api.feed.end()
		}
	})
	defer stop()
	err := d.serve(ctx, ln, d)
	if api := d.state.Load().api; api != nil {
		api.feed.wait()
	}
	return err
}

// healthz answers that the process is well while the data are being opened, and
// what is wrong when they cannot be.
func (d *Door) healthz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	t := d.state.Load().trouble
	status, word := http.StatusOK, "starting"
	w := newWriter().open().key("version").text(d.cfg.Version).key("problems").list()
	if t != nil {
		status, word = http.StatusServiceUnavailable, "failing"
		w.open().key("code").text(t.Code).key("detail").text(t.Title + " " + t.Wrong)
		w.key("since").text(t.Since.String()).key("action").text(t.action()).close()
	}
	return x.send(status, w.end().key("status").text(word).close())
}

// readyz answers that no requests are taken yet, and why.
func (d *Door) readyz(x *exchange) error {
	if err := x.query.done(); err != nil {
		return err
	}
	x.Header("Retry-After", retryDoor)
	reason := "starting"
	if t := d.state.Load().trouble; t != nil {
		reason = t.Code
	}
	w := newWriter().open().key("ready").bool(false).key("reason").text(reason)
	return x.send(http.StatusServiceUnavailable, w.close())
}

// retryDoor is when to ask again, in seconds.
const retryDoor = "1"

// notYet refuses what only open data can answer.
func (d *Door) notYet(x *exchange) error {
	x.Header("Retry-After", retryDoor)
	if t := d.state.Load().trouble; t != nil {
		return &store.Error{Code: store.CodeUnavailable, Message: t.Title + " " + t.Safe + " The page at / of this server says what to do."}
	}
	return &store.Error{Code: store.CodeStarting, Message: "The server is opening its data. Ask again in a moment."}
}

// action is the first step in one line.
func (t *Trouble) action() string {
	if len(t.Steps) == 0 {
		return ""
	}
	s := t.Steps[0]
	if s.Command == "" {
		return s.Text
	}
	return s.Text + " " + s.Command
}
