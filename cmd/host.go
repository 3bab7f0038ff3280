package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/web"
)

// lookAgain is how long a service waits before it tries again to open data that
// could not be opened.
const lookAgain = 3 * time.Second

// host is a server from its first moment to its last. It answers at its address
// at once, opens the data behind that, and stops in order.
type host struct {
	*rootOptions
	log  *slog.Logger
	demo bool
	// stays keeps the address when the data cannot be opened, says there what to
	// do, and makes no ledger where there is none. Without it that is the end.
	stays bool
	// letIn sees to it that somebody has access to the data, and gives the secret
	// to show for that; announce tells a person that the server is ready. Both may
	// be nil.
	letIn    func(ctx context.Context, a *app) (secret string, err error)
	announce func(a *app, url, secret string) error

	manager *manager
	door    *web.Door
	control control
	secret  string
	app     atomic.Pointer[app]
	// openingSince is when the data began to be opened, in monotonic time.
	openingSince atomic.Int64
}

// run is the life of a server: everything from the listener to the orderly
// stop. A stop on request is a success, unless the data could not be opened.
func (h *host) run(ctx context.Context) error {
	front, err := h.begin(ctx)
	if err != nil {
		return err
	}
	defer h.manager.close()
	a, err := h.openWhile(ctx, front)
	if err != nil {
		h.tell("STOPPING=1")
		if h.stays && errors.Is(err, context.Canceled) {
			err = nil
		}
		return errors.Join(err, front.end())
	}
	stayLean()
	h.door.Open(a.web)
	if h.announce != nil {
		if err := h.announce(a, h.control.URL, h.secret); err != nil {
			return errors.Join(err, front.end(), a.close())
		}
	}
	h.log.Info("serving", "url", h.control.URL, "data_dir", a.dir, "version", h.version)
	h.tell("STATUS=Serving " + h.control.URL)
	defer context.AfterFunc(ctx, func() { h.tell("STOPPING=1", "STATUS=Stopping") })()
	err = a.run(ctx, front.until)
	if e := removeControl(a.dir, h.control.Token); e != nil {
		h.log.Warn("the control file could not be removed", "err", e)
	}
	if err == nil {
		h.log.Info("stopped", "seq", a.ledger.Head().Seq)
	}
	return err
}

// begin opens the address, with a door behind which the data are still closed,
// and tells the service manager.
func (h *host) begin(ctx context.Context) (*front, error) {
	ln, err := h.listen(ctx)
	if err != nil {
		return nil, err
	}
	if h.door, err = web.NewDoor(webConfig(h.config, h.version, newSecret()), h.clock, h.log); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	if h.manager, err = managerOf(h.env); err != nil {
		h.log.Warn("the service manager cannot be told how it goes", "err", err)
	}
	f := h.serve(ctx, ln)
	h.openingSince.Store(int64(h.clock.Mono()))
	h.tell("READY=1", "STATUS=Opening the data")
	go h.feed(ctx)
	return f, nil
}

// listen opens the listener, with TLS where that is configured. When the address
// is taken by a server of the same data, that is what the error says.
func (h *host) listen(ctx context.Context) (ln net.Listener, err error) {
	if ln, err = listen(ctx, h.config.Listen); err != nil {
		if c := connectServer(ctx, string(h.config.DataDir)); c != nil {
			return nil, withExit(exitInUse, errors.Join(fmt.Errorf("%s is in use by a shelfd that runs already, at %s", h.config.DataDir, c.base), c.close()))
		}
		return nil, err
	}
	h.control = control{URL: "http://" + reachable(ln.Addr()), PID: os.Getpid()}
	if h.config.TLS == (TLSConfig{}) {
		return ln, nil
	}
	encrypted, pin, err := encrypt(ln, h.config.TLS)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	h.control.URL, h.control.Certificate = "https://"+reachable(ln.Addr()), pin
	return encrypted, nil
}

// front is the door while it is served.
type front struct {
	stop  context.CancelFunc
	ended chan struct{}
	err   error
}

// serve lets the door answer until the front is ended.
func (h *host) serve(ctx context.Context, ln net.Listener) *front {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	f := &front{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		f.err = h.door.Serve(serving, ln)
	}()
	return f
}

// until waits for the end of ctx, or of the listener, and then ends the front.
func (f *front) until(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-f.ended:
	}
	return f.end()
}

// end takes no more requests, and waits for those under way.
func (f *front) end() error {
	f.stop()
	<-f.ended
	return f.err
}

// openWhile opens the data while the front answers. Who stays tries again until
// it works or ctx ends; then the error is what was wrong.
func (h *host) openWhile(ctx context.Context, f *front) (*app, error) {
	var last string
	for {
		h.openingSince.Store(int64(h.clock.Mono()))
		a, err := h.open(ctx)
		if err == nil {
			h.app.Store(a)
			return a, nil
		}
		if !h.stays || ctx.Err() != nil || !canWait(err) {
			return nil, err
		}
		if text := err.Error(); text != last {
			last = text
			h.refuse(err)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-f.ended:
			return nil, err
		case <-h.clock.After(lookAgain):
		}
	}
}

// open opens the data and says on this machine how to reach them.
func (h *host) open(ctx context.Context) (*app, error) {
	if h.stays {
		// An empty directory where a disk should be is not an empty shop.
		if err := h.needLedger(); exitCode(err) == exitNotFound {
			return nil, withExit(exitNotFound, fmt.Errorf("there is no ledger in %s", h.config.DataDir))
		} else if err != nil {
			return nil, openingError(err)
		}
	}
	a, err := openApp(ctx, h.rootOptions, h.log, h.demo)
	if err != nil {
		return nil, err
	}
	if h.letIn != nil {
		if h.secret, err = h.letIn(ctx, a); err != nil {
			return nil, errors.Join(openingError(err), a.close())
		}
	}
	h.control.Token = a.secret
	if err := writeControl(a.dir, h.control); err != nil {
		return nil, errors.Join(openingError(fmt.Errorf("the control file cannot be written: %w", err)), a.close())
	}
	return a, nil
}

// refuse says what is wrong: in the log, to the service manager and at the
// address.
func (h *host) refuse(err error) {
	h.log.Error("the data cannot be opened; it is tried again", "err", err, "exit_code", exitCode(err))
	t := troubleOf(err, string(h.config.DataDir))
	t.Since = store.InstantOf(h.clock.Wall().Truncate(time.Second))
	for i := range t.Steps {
		t.Steps[i].Command = h.asAdmin(t.Steps[i].Command)
	}
	h.door.Refuse(t)
	h.tell("STATUS=" + t.Title + " See " + h.control.URL)
}
