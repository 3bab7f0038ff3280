package central_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/central"
)

// branchStore is a shop that pushes to a fake central.
type branchStore struct {
	*storetest.Shop
	*fake
	t      testing.TB
	client *central.Client
	item   store.ID
	steps  []syncer.Step
	url    string
	// l is the ledger that is pushed.
	l syncer.Ledger
}

var silent = slog.New(slog.DiscardHandler)

// open opens a shop with one item and 20 sales, and a fake central.
func open(t testing.TB) *branchStore {
	t.Helper()
	s := &branchStore{Shop: storetest.Open(t), fake: newFake(t), t: t}
	s.l = s.Ledger
	s.item = s.Stocked("FLW-001", 1000)
	s.sell(20)
	server := httptest.NewServer(s.fake)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.client = s.another(central.Deps{})
	return s
}

func (s *branchStore) connect(cfg central.Config, deps central.Deps) *central.Client {
	s.t.Helper()
	deps.Clock, deps.Log = s.Clock, silent
	c, err := central.New(cfg, deps)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *branchStore) sell(n int) {
	s.t.Helper()
	for range n {
		s.Adjust(s.item, -1, store.Sale)
	}
}

// push does what the engine does: it asks for the cursor and pushes from it.
func (s *branchStore) push(ctx context.Context) error {
	s.steps = nil
	from, _, err := s.client.Cursor(ctx)
	if err != nil {
		return err
	}
	return s.client.Push(ctx, s.l, from, s.l.Head().Seq, s.note)
}

func (s *branchStore) note(step syncer.Step) error {
	s.steps = append(s.steps, step)
	return nil
}

// mustPush pushes, and checks that central ends with the ledger's chain.
func (s *branchStore) mustPush() {
	s.t.Helper()
	if err := s.push(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.mustEqual()
}

func (s *branchStore) mustEqual() {
	s.t.Helper()
	s.fake.mu.Lock()
	theirs := s.fake.head()
	s.fake.mu.Unlock()
	own := s.Ledger.Head()
	if theirs.Epoch != own.Epoch || theirs.Seq != own.Seq || theirs.Hash != own.Hash {
		s.t.Fatalf("central stands at %d-%d, the ledger at %d-%d", theirs.Epoch, theirs.Seq, own.Epoch, own.Seq)
	}
}

// acked is the newest entry that central has.
func (f *fake) acked() store.Head {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head()
}

// fails checks how a push fails, and that no step was reported.
func (s *branchStore) fails(class syncer.Class, code string, says ...string) {
	s.t.Helper()
	failure(s.t, s.push(s.t.Context()), class, code, says...)
	if len(s.steps) > 0 {
		s.t.Fatalf("the cursor moved to %+v", s.steps)
	}
}

func failure(t testing.TB, err error, class syncer.Class, code string, says ...string) {
	t.Helper()
	f, ok := errors.AsType[*syncer.Failure](err)
	if !ok || f.Class != class || f.Code != code {
		t.Fatalf("got %v, want a %s with code %s", err, class, code)
	}
	if f.Detail == "" && f.Err == nil {
		t.Fatal("it does not say why")
	}
	for _, part := range says {
		if !strings.Contains(f.Detail, part) {
			t.Errorf("%q does not say %q", f.Detail, part)
		}
	}
}

func (s *branchStore) quantity() store.Quantity {
	s.t.Helper()
	i, ok := s.Item(s.item)
	if !ok {
		s.t.Fatal("the item is gone")
	}
	return i.Quantity
}

// must ends the test unless err is nil.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clone opens a copy of the data directory as it is now, which pushes to the
// same central.
func (s *branchStore) clone() *branchStore {
	s.t.Helper()
	shop := *s.Shop
	shop.Dir = s.Crash(s.t)
	must(s.t, shop.TryOpen())
	s.t.Cleanup(func() { _ = shop.Ledger.Close() })
	other := *s
	other.Shop, other.l = &shop, shop.Ledger
	other.client = s.another(central.Deps{})
	return &other
}

// another is one more client of the same central.
func (s *branchStore) another(deps central.Deps) *central.Client {
	s.t.Helper()
	return s.connect(central.Config{URL: s.url, Key: key}, deps)
}

// sold counts the units that entries of a stream at central took out of stock.
func (f *fake) sold(t testing.TB, epoch int64) (units store.Quantity) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.streams[epoch].lines {
		e, err := store.ParseEntry(l.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == store.KindMovement && e.Movement.Reason == store.Sale {
			units -= e.Movement.Change
		}
	}
	return units
}
