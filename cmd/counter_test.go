package cmd

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/web"
)

// fakeCounter is a syncer with points of sale that the test sets.
type fakeCounter struct {
	*syncing
	location   *store.Location
	pos        []store.POS
	checks     map[string]store.POSCheck
	calls      []store.POSCall
	rows       []store.LinkRow
	found      store.MapResult
	reconciled []store.Reconciled
	// down are those that cannot be reached, done what was done.
	down, done []string
	asked      store.ReconcileFilter
}

// startCounter serves the API of a shop with two tills and a state's register,
// as another process would.
func startCounter(t *testing.T, dir string) *fakeCounter {
	t.Helper()
	f := &fakeCounter{checks: map[string]store.POSCheck{}}
	serveWith(t, dir, func(a *app) web.Syncer {
		f.syncing, f.location = a.sync, a.ledger.Locations()[0]
		return f
	})
	f.fill()
	return f
}

// serveWith serves the API of a shop over a syncer, as another process would.
func serveWith(t *testing.T, dir string, over func(*app) web.Syncer) {
	t.Helper()
	stocked(t, dir)
	o, _, _ := testOptions(t, dir)
	if err := o.load(); err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), o, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	api, err := web.New(webConfig(o.config, "test", a.secret), web.Deps{Ledger: a.ledger, Clock: a.clock, Log: a.log, Sync: over(a)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	if err := writeControl(dir, control{URL: server.URL, PID: os.Getpid(), Token: a.secret}); err != nil {
		t.Fatal(err)
	}
}

func (f *fakeCounter) fill() {
	at := store.InstantOf(time.Date(2026, 1, 27, 10, 30, 0, 0, time.UTC))
	one := store.POS{
		Name: "till", Kind: "square", Title: "Square", LocationID: f.location.ID, SaleSource: "pos:till", Linked: 412, Unlinked: 3, OpenCases: 2,
		Capabilities: []string{"read_stock", "write_delta"}, Checked: &store.POSCheck{At: at, Identity: "Main"},
	}
	f.pos = []store.POS{one, {Name: "bar", Kind: "http", Title: "Bar", LocationID: f.location.ID, SaleSource: "api"}, one}
	f.pos[2].Name, f.pos[2].State = "register", true
	f.pos[2].Checked = &store.POSCheck{At: at, Code: "unauthorized", Detail: "Metrc refuses our key."}
	f.rows = []store.LinkRow{
		{Kind: store.LinkProduct, Ours: "id-a", Name: "Apple", SKU: "A/1", Link: &store.Link{Theirs: "W62U", Name: "Apples", How: "sku"}},
		{Kind: store.LinkProduct, Ours: "id-b", Name: "Beet", SKU: "B"},
		{Kind: store.LinkLot, Ours: "id-l", Name: "Apple", SKU: "A/1", Tag: "1A40"},
		{Kind: store.LinkRoom, Ours: "vault", Name: "vault", Link: &store.Link{How: "manual"}},
	}
}

func (f *fakeCounter) POS(context.Context) ([]store.POS, error) { return slices.Clone(f.pos), nil }

func (f *fakeCounter) CheckPOS(_ context.Context, name string) (store.POSCheck, error) {
	return f.checks[name], nil
}

// reach fails when a point of sale is down, and remembers what was done.
func (f *fakeCounter) reach(what, name string) error {
	f.done = append(f.done, what+" "+name)
	if slices.Contains(f.down, name) {
		return &store.Error{Code: store.CodeUnavailable, Message: "Square cannot be reached."}
	}
	return nil
}

func (f *fakeCounter) PreviewPOS(_ context.Context, name string, limit int) ([]store.POSCall, error) {
	return f.calls[:min(limit, len(f.calls))], f.reach("preview", name)
}

func (f *fakeCounter) Links(_ context.Context, _ string, kind store.LinkKind) (list []store.LinkRow, err error) {
	for _, r := range f.rows {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list, nil
}

func (f *fakeCounter) PutLink(_ context.Context, _ store.Request, l store.Link) (store.LinkRow, error) {
	for i := range f.rows {
		if r := &f.rows[i]; r.Kind == l.Kind && r.Ours == l.Ours {
			l.How, r.Link = "manual", &l
			return *r, nil
		}
	}
	return store.LinkRow{}, &store.Error{Code: store.CodeNotFound, Message: "There is no " + string(l.Kind) + " " + l.Ours + "."}
}

func (f *fakeCounter) DeleteLink(_ context.Context, _ store.Request, _ string, kind store.LinkKind, ours string) error {
	for i := range f.rows {
		if r := &f.rows[i]; r.Kind == kind && r.Ours == ours && r.Link != nil {
			r.Link = nil
			return nil
		}
	}
	return &store.Error{Code: store.CodeNotFound, Message: "There is no such link."}
}

func (f *fakeCounter) MapPOS(_ context.Context, name string) (store.MapResult, error) {
	return f.found, f.reach("map", name)
}

func (f *fakeCounter) ComparePOS(_ context.Context, name string) ([]store.Case, error) {
	return nil, f.reach("compare", name)
}

func (f *fakeCounter) Reconciliation(_ context.Context, want store.ReconcileFilter) ([]store.Reconciled, error) {
	f.asked = want
	return slices.Clone(f.reconciled), nil
}

// says fails the test unless a command ends with a code and says all of that.
func says(t *testing.T, dir, args string, want int, lines ...string) string {
	t.Helper()
	code, stdout, stderr := call(t, dir, splitArgs(args)...)
	if code != want || (code != exitOK) != (stderr != "") {
		t.Errorf("shelfd %s ends with %d: %s", args, code, stderr)
	}
	for _, line := range lines {
		if !strings.Contains(stdout+stderr, line) {
			t.Errorf("shelfd %s does not say %q:\n%s%s", args, line, stdout, stderr)
		}
	}
	return stdout
}

// splitArgs splits at spaces; ” is an empty argument.
func splitArgs(args string) []string {
	list := strings.Fields(args)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "”", "")
	}
	return list
}
