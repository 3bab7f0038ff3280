package central_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer/central"
)

// memory is a network within a synctest bubble, so that time passes only when
// everybody waits.
type memory struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.calls:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.calls <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble is open over a network in memory, within a synctest bubble. The
// ledger stays outside: while it works, no time passes.
func inBubble(t *testing.T, cfg central.Config, run func(*testing.T, *branchStore)) {
	t.Helper()
	s := &branchStore{Shop: storetest.Open(t)}
	s.t = t
	s.item = s.Stocked("FLW-001", 1000)
	s.sell(200)
	out := &outside{Ledger: s.Ledger, work: make(chan func()), done: make(chan struct{})}
	go out.run()
	defer close(out.work)
	s.l = out
	synctest.Test(t, func(t *testing.T) {
		s.fake, s.t = newFake(t), t
		network := &memory{calls: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: s.fake}
		go func() { _ = server.Serve(network) }()
		transport := &http.Transport{DialContext: network.dial}
		defer server.Close()
		defer transport.CloseIdleConnections()
		cfg.URL, cfg.Key = "http://127.0.0.1", key
		s.client = s.connect(cfg, central.Deps{Transport: transport})
		run(t, s)
	})
}

// outside is a ledger that is written from outside of a bubble, because the
// channels of a command are used again by others.
type outside struct {
	*store.Ledger
	work chan func()
	done chan struct{}
}

func (o *outside) run() {
	for work := range o.work {
		work()
		o.done <- struct{}{}
	}
}

func (o *outside) do(work func()) {
	o.work <- work
	<-o.done
}

func (o *outside) Do(ctx context.Context, r store.Request, cmd store.Command) (receipt store.Receipt, err error) {
	o.do(func() { receipt, err = o.Ledger.Do(context.WithoutCancel(ctx), r, cmd) })
	return receipt, err
}
